"""`manage.py up`: a whole instance on one machine, without any other server."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string


class Command(BaseCommand):
    """Runs until Ctrl-C or SIGTERM, and then leaves no process behind."""

    help = "Migrate, then serve and deliver: the guard, Django and one worker under one supervisor."
    requires_system_checks: list[str] = []  # the public page must come up whatever is wrong behind it

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and whether to load the demonstration."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
        parser.add_argument("--demo", action="store_true", help="load the reference incident; kept under var/demo")

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        """Start everything and wait."""
        # By name: the domain app does not know how it is wired and run.
        import_string("statuspage.running.up")(host, port, is_demo=demo)

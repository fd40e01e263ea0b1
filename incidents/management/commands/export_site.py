"""`manage.py export_site`: the public site as static files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from incidents.publishing import store
from incidents.publishing.export import NotExported, export_site


class Command(BaseCommand):
    """Publishes first what waits to be; without a database it copies what was published last."""

    help = "Write the whole public site as static files that any web server, bucket or CDN can serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("folder", metavar="DIR", type=Path, help="missing, empty, or an earlier export")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Export."""
        try:
            store.republish()
        except DatabaseError:
            self.stderr.write("The database does not answer: this is the page as it was published last.")
        try:
            count = export_site(folder)
        except NotExported as fault:
            raise CommandError(fault.sentence) from None
        self.stdout.write(f"{count} pages are in {folder}.")

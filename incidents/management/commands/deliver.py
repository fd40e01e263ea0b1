"""`manage.py deliver`: works off what waits without any broker."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from incidents import relay

log = logging.getLogger(__name__)
EVERY_SECONDS = 2.0


class Command(BaseCommand):
    """Does the worker's round by itself, until Ctrl-C or once."""

    help = "Publish, fan out and deliver what waits, every two seconds, without any broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="One round, until nothing is due; then end.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            relay.sweep()
            return
        is_over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_caught: is_over.set())
        while not is_over.is_set():
            try:
                relay.sweep()
            except DatabaseError:
                log.exception("The database does not answer; the next round tries again.")
            close_old_connections()
            is_over.wait(EVERY_SECONDS)

"""`manage.py deliver`: works off what waits without any broker."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

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
            if relay.follow_upstreams():
                relay.keep_current()
            return
        is_over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_caught: is_over.set())
        page = threading.Thread(target=_repeat, args=(relay.keep_current, is_over, relay.pause_at_most))
        page.start()
        # Not waited for at the end: somebody else's server may be holding it.
        threading.Thread(target=_repeat, args=(relay.follow_upstreams, is_over), daemon=True).start()
        _repeat(relay.deliver, is_over)
        page.join()


def _repeat(
    work: Callable[[], object], is_over: threading.Event, pause: Callable[[float], float] = float
) -> None:  # fmt: skip
    while not is_over.is_set():
        seconds = EVERY_SECONDS
        try:
            work()
            seconds = pause(EVERY_SECONDS)
        except Exception:
            log.exception("A round failed; the next one follows in %s s.", EVERY_SECONDS)
        close_old_connections()
        is_over.wait(seconds)

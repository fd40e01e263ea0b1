"""`manage.py verify_record`: reads the public record and the audit log and says whether they hold."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents.chain import log
from incidents.chain.verification import verify
from incidents.publishing import store


class Command(BaseCommand):
    """Verifies both hash chains, the public one against the tables, and hashes that were published earlier."""

    help = "Verify the public record and the audit log. Exit code 1 if anything does not agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect", action="append", default=[], metavar="HASH", help="A hash published earlier; may be repeated."
        )
        parser.add_argument(
            "--expect-log", action="append", default=[], metavar="HASH",
            help="A hash of the audit log that was kept earlier; may be repeated.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        with store.one_state():
            done, logged = verify(options["expect"]), log.verify(tuple(options["expect_log"]))
        for finding in (*done.findings, *logged.findings):
            self.stderr.write(str(finding))
        outcome = f"{len(done.findings)} found" if done.findings else "nothing found"
        self.stdout.write(f"{done.entries} entries, head {done.head}, {outcome}")
        told = f"{len(logged.findings)} found" if logged.findings else "nothing found"
        self.stdout.write(f"log: {logged.entries} entries, head {logged.head}, {told}")
        if done.findings or logged.findings:
            raise SystemExit(1)

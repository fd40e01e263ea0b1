"""`manage.py verify_record`: reads the public record and says whether it holds."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents.chain.verification import verify
from incidents.publishing import store


class Command(BaseCommand):
    """Verifies the hash chain, the chain against the tables, and hashes that were published earlier."""

    help = "Verify the public record. Exit code 1 if anything does not agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--expect", action="append", default=[], metavar="HASH", help="A hash published earlier; may be repeated."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with store.one_state():
            done = verify(options["expect"])
        for finding in done.findings:
            self.stderr.write(str(finding))
        outcome = f"{len(done.findings)} found" if done.findings else "nothing found"
        self.stdout.write(f"{done.entries} entries, head {done.head}, {outcome}")
        if done.findings:
            raise SystemExit(1)

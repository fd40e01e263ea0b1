"""`manage.py import_history`: take over what another page told, or whom it told."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.actions.refusals import Refused
from incidents.importing import IMPORTERS, Options, Unreadable
from incidents.publishing.csp import csp
from incidents.publishing.review_pages import version_page


class Command(BaseCommand):
    """Prints what became of everything; run twice, it changes nothing."""

    help = "Take over the history of another page (statuspage, feed), or subscribers (CSV). Nobody is notified."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """KIND, SOURCE and how."""
        parser.add_argument("kind", choices=sorted(IMPORTERS))
        parser.add_argument("source", help="an address, a folder or a file")
        parser.add_argument("--dry-run", action="store_true", help="say what would be taken over; write nothing")
        parser.add_argument(
            "--own", action="store_true", help="of an export: it is ours; pinned pages keep their script"
        )
        parser.add_argument("--page", action="store_true", help="take the name, zone and id of the page too")

    def handle(self, *args: Any, kind: str, source: str, **options: Any) -> None:
        """Read it whole, then write it. Raises CommandError with a sentence."""
        importer = IMPORTERS[kind]
        how = Options(
            is_dry=options["dry_run"], is_page_wanted=options["page"], render=version_page,
            policy=None if options["own"] else csp(),
        )  # fmt: skip
        try:
            report = importer.write(importer.read(source), how)
        except (Unreadable, Refused) as fault:
            raise CommandError(fault.sentence) from None
        for line in report.lines():
            self.stdout.write(line)

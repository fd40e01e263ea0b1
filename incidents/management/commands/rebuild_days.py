"""`manage.py rebuild_days`: the day table made anew from the ledger, or held against it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.actions import days


class Command(BaseCommand):
    """With `--check` nothing is written: it says which rows differ, and fails if any does."""

    help = "Count the days of all components anew from the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether only to look."""
        parser.add_argument("--check", action="store_true", help="say which rows differ from the ledger; write nothing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Rebuild, or compare."""
        if not check:
            days.rebuild()
            self.stdout.write("The days were counted anew from the ledger.")
            return
        wrong = list(days.differences())
        for (component_id, region_id, day), stands, right in wrong:
            place = f"component {component_id}, {f'region {region_id}' if region_id else 'anywhere'}, {day}"
            self.stdout.write(f"{place}: {_said(stands)}; by the ledger {_said(right)}")
        if wrong:
            raise CommandError(f"Rows that differ from the ledger: {len(wrong)}. `manage.py rebuild_days` mends them.")
        self.stdout.write("Every row is as the ledger says.")


def _said(amounts: Any) -> str:
    return " ".join(f"{name} {value} us" for name, value in amounts._asdict().items()) if amounts else "no row"

"""Print the one-time link of last resort."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from incidents.actions import accounts
from incidents.actions.one_time import VALID, Opens, one_time_token
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor


class Command(BaseCommand):
    """Needs this machine and the database, nothing else: no mail, no single sign-on, no second factor."""

    help = "Print a link that lets an administrator in once, for when nobody can sign in any more."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose account."""
        parser.add_argument(
            "username", nargs="?", default=accounts.LAST_RESORT_NAME, help="an administrator's own name"
        )

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        """Print the link, and how long it opens anything. The other administrators are mailed."""
        try:
            user = accounts.make_last_resort(actor=Actor("command", "break_glass"), username=username)
        except Refused as refused:
            raise CommandError(refused.sentence) from None
        path = reverse("console:last-resort", args=[one_time_token(user, Opens.LAST_RESORT)])
        minutes = int(VALID[Opens.LAST_RESORT].total_seconds() // 60)
        self.stdout.write(settings.SITE_URL + path)
        self.stdout.write(
            f"Opens the account “{username}” once, within {minutes} minutes, for an hour. It is in the log."
        )

"""Print the one-time link that makes the first administrator."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from incidents.actions.first_link import first_link_token


class Command(BaseCommand):
    """Prints the link; says so when somebody can sign in already."""

    help = "Print the one-time link that makes the first administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line."""
        token = first_link_token()
        if token:
            self.stdout.write(settings.SITE_URL + reverse("console:set-up", args=[token]))
        else:
            self.stdout.write("There is an administrator already: sign in, or use `manage.py createsuperuser`.")

"""`manage.py seed_demo`: the reference incident, through the ordinary actions."""

from __future__ import annotations

import json
import os
import secrets
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from incidents.management.demo import story

STORY_DAY = datetime(2026, 6, 23, tzinfo=UTC)


class Command(BaseCommand):
    """Loads the demonstration once; run again, it keeps the data and prints the login."""

    help = "Load the reference incident of 23 June 2026, with older history and an open incident that are invented."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--until` and `--live` exclude each other."""
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--until", metavar="TIME", help="stop the story here: 15:10, or 2026-06-23T15:10 (UTC)")
        when.add_argument("--live", metavar="HH:MM", help="shift the story so that this time of it (UTC) is now")

    def handle(self, *args: Any, until: str | None = None, live: str | None = None, **options: Any) -> None:
        """Play what is not played yet; a run that was cut off is taken up where it stopped."""
        call_command("migrate", verbosity=0)
        now = timezone.now().replace(microsecond=0)
        end = _story_time(text) if (text := until or live) else None
        kept = Path(settings.DATA_DIR) / "demo.json"
        state = json.loads(kept.read_text()) if kept.exists() else _begin(kept, end if until and end else now)
        if not state["is_complete"]:
            anchor = datetime.fromisoformat(state["now"])
            story.play(anchor, until=end, shift=anchor - end if live and end else timedelta(0))
            _keep(kept, state | {"is_complete": True})
        if not User.objects.filter(username=state["username"]).exists():
            User.objects.create_superuser(state["username"], password=state["password"])
        self.stdout.write(f"console login: {state['username']} / {state['password']}")


def _begin(kept: Path, now: datetime) -> dict[str, Any]:
    state = {"now": now.isoformat(), "is_complete": False, "username": "demo", "password": secrets.token_urlsafe(12)}
    _keep(kept, state)
    return state


def _keep(kept: Path, state: dict[str, Any]) -> None:
    temporary = kept.with_suffix(".tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(state))
    os.replace(temporary, kept)


def _story_time(text: str) -> datetime:
    """An instant of the story: a time of 23 June 2026, or a whole instant; UTC. Raises CommandError."""
    try:
        moment = (
            datetime.fromisoformat(text)
            if "T" in text
            else datetime.combine(STORY_DAY, datetime.strptime(text, "%H:%M").time())
        )
    except ValueError:
        raise CommandError(f"{text!r} is no time: write 15:10 or 2026-06-23T15:10.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

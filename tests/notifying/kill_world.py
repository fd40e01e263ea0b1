"""Writes what the kill test needs, from a process of its own: `python -m tests.notifying.kill_world open|update`."""

from __future__ import annotations

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from incidents import outbox  # noqa: E402
from incidents.models import Incident, Subscriber  # noqa: E402
from tests.factories import open_incident, post_update  # noqa: E402


def open_two(readers: int) -> None:
    """A database with this many confirmed readers and two incidents of which they are to be told."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    Subscriber.objects.bulk_create(
        Subscriber(address=f"r{n}@example.org", address_key=f"r{n}@example.org", confirmed_at=now, created_at=now)
        for n in range(readers)
    )
    for title in ("Alpha", "Beta"):
        open_incident(title=title, body=f"{title} one.")


def update_first() -> None:
    """A second update of the first incident."""
    post_update(Incident.objects.get(title="Alpha"), body="Alpha two.")


if __name__ == "__main__":
    outbox.ring = lambda: None
    if sys.argv[1] == "open":
        open_two(int(sys.argv[2]))
    else:
        update_first()

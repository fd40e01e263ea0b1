"""That somebody tried what they may not do is a happening of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from incidents.actions import guards
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb


def note_refusal(*, actor: Actor, what: str, now: datetime | None = None) -> None:
    """Keep in the log that somebody tried what their roles do not allow. `what`: the method and the path."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        record(actor=actor, verb=Verb.ACT_REFUSED, subject=page, now=now, changes={"request": ["", what[:300]]})

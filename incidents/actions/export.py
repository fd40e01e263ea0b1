"""That somebody took the records away is a happening of its own."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from incidents.actions import guards, roles
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb


def record_export(*, actor: Actor, is_everything: bool, now: datetime | None = None) -> None:
    """Write into the audit log that the records were exported; call it before the first line leaves.

    Raises Refused for anybody but an administrator.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        contents = "everything" if is_everything else "public"
        record(actor=actor, verb=Verb.RECORD_EXPORTED, subject=page, now=now, changes={"contents": ["", contents]})


def record_log_export(*, actor: Actor, search: dict[str, str], now: datetime | None = None) -> None:
    """Write into the audit log that it was exported, or what a search (`search`: its filters) found of it; call it
    before the first line leaves. Raises Forbidden for anybody but an administrator."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        record(
            actor=actor, verb=Verb.LOG_EXPORTED, subject=page, now=now,
            changes={name: ["", value] for name, value in search.items()},
        )  # fmt: skip

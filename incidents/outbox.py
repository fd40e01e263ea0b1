"""The hinge between writes and deliveries: append an event inside the transaction, ring the bell after commit.

The write side knows only a task *name*; the row is the truth, and the sweep finds it when no broker answers.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import transaction

from incidents.domain.verbs import Reach, Verb
from incidents.models import Incident, OutboxEvent

log = logging.getLogger(__name__)
RELAY_TASK = "incidents.relay"


def append(
    *,
    verb: Verb,
    reach: Reach,
    facts: dict[str, Any],
    audience: dict[str, Any],
    occurred_at: datetime,
    incident: Incident | None = None,
    sequence: int = 0,
    expires_at: datetime | None = None,
    held_until: datetime | None = None,
    before: dict[str, Any] | None = None,
) -> OutboxEvent:
    """Store an event with its facts as they are now, and ring for the relay once the transaction has committed.

    `facts` and `audience` are JSON; times are UTC. Must run inside the transaction of the write that it tells of.
    """
    event = OutboxEvent.objects.create(
        verb=verb,
        reach=reach,
        facts=facts,
        audience=audience,
        occurred_at=occurred_at,
        incident=incident,
        sequence=sequence,
        expires_at=expires_at,
        held_until=held_until,
        before=before or {},
        created_at=occurred_at,
    )
    # robust: a broker that is down must not turn a committed update into an error page.
    transaction.on_commit(ring, robust=True)
    return event


def ring() -> None:
    """Tell a worker that there is something to relay. Raises what the broker's client raises; Django logs it."""
    current_app.send_task(RELAY_TASK, ignore_result=True, retry=False)

"""What is kept for a time and then deleted, beside what each action forgets itself (`subscriber`, `guards`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from incidents.models import Attempt, Delivery

ATTEMPTS_KEPT = timedelta(days=30)
_OPEN = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.HELD)


def forget_attempts(*, now: datetime | None = None) -> int:
    """Delete what servers answered to single attempts more than thirty days ago; the delivery keeps how it ended.
    Returns how many. What is still open keeps all of them."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        return Attempt.objects.filter(at__lt=now - ATTEMPTS_KEPT).exclude(delivery__state__in=_OPEN).delete()[0]

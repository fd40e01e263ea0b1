"""What the tests of deliveries begin with: readers, an incident, and the clock of its story."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incidents.models import Delivery, OutboxEvent
from incidents.notifying import fanout
from tests.factories import make_component, make_subscriber, open_incident, utc

T0 = utc("2026-06-23 14:52")


def minutes(count: float) -> datetime:
    """So many minutes after the incident was opened."""
    return T0 + timedelta(minutes=count)


def fan_out_all() -> None:
    """Fan out every event, each at its own instant."""
    for event in OutboxEvent.objects.filter(reach="subscribers").order_by("id"):
        fanout.fan_out(event, event.occurred_at)


def given_readers(count: int = 1) -> None:
    """So many subscribers to everything."""
    for number in range(count):
        make_subscriber(f"reader{number}@example.org", now=minutes(-60))


def given_incident(**overrides: Any) -> Any:
    """An incident opened at T0."""
    return open_incident(make_component(now=minutes(-90)), now=T0, **overrides)


def states() -> list[str]:
    """The states of all deliveries, in the order in which they were made."""
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))

"""Promises in a small world: a calendar, a policy, a resolved incident."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from incidents.actions import calendar, promise
from incidents.domain.actor import SYSTEM
from incidents.models import BusinessCalendar, Incident, Promise, PromisePolicy
from tests.factories import make_component, open_incident, post_update, utc

BEGIN = utc("2026-06-23 14:30")
RESOLVED = utc("2026-06-23 18:15")
DUE = utc("2026-06-30 23:59:59")


def make_calendar(**overrides: Any) -> BusinessCalendar:
    """A business calendar in UTC with free weekends."""
    return calendar.save_calendar(**{"actor": SYSTEM, "name": "Office", **overrides})


def make_policy(**overrides: Any) -> PromisePolicy:
    """A final review within five business days of the resolution, for major impact or worse."""
    given = dict(overrides)
    known = BusinessCalendar.objects.first()
    calendar_id = given.pop("calendar_id", None) or (known or make_calendar()).pk
    return promise.save_policy(**{"actor": SYSTEM, "name": "Review", "calendar_id": calendar_id, **given})


def resolved(begin: datetime = BEGIN, end: datetime = RESOLVED, **overrides: Any) -> Incident:
    """An incident of critical impact that was resolved."""
    row = open_incident(make_component(overrides.pop("component", "API")), now=begin, **overrides)
    post_update(row, "resolved", now=end)
    row.refresh_from_db()
    return row


def make_promise(**overrides: Any) -> Promise:
    """A promise in words, due in ten days."""
    now = overrides.get("now", BEGIN)
    values = {
        "actor": SYSTEM, "sentence": "We will share more.", "due_at": now + timedelta(days=10), "now": now,
    }  # fmt: skip
    return promise.make_promise(**{**values, **overrides})


def person(name: str = "lena", **overrides: Any) -> User:
    """Somebody with an address."""
    return User.objects.create_user(name, **{"email": f"{name}@example.org", "password": "x", **overrides})

"""The acts of promises, for the table of `tests/actions/test_record.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from incidents.actions import promise, promise_reminders
from incidents.domain.actor import SYSTEM
from incidents.models import Promise
from tests.promise_world import BEGIN, make_calendar, make_policy, make_promise

LATER = BEGIN + timedelta(days=20)


def _on_promise() -> dict[str, Any]:
    return {"actor": SYSTEM, "promise_id": make_promise().pk, "now": BEGIN + timedelta(days=1)}


def _somebody_is_to_be_reminded() -> Promise:
    lena = User.objects.create_user("lena", email="lena@example.org")
    return make_promise(owner_id=lena.pk)


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "promise.made": lambda: make_promise,
    "promise.extended": lambda: (
        lambda on: lambda: promise.extend_promise(**on, due_at=LATER, reason="R")
    )(_on_promise()),
    "promise.met": lambda: (
        lambda on: lambda: promise.meet_promise(**on, fulfilled_by="/incidents/x")
    )(_on_promise()),
    "promise.waived": lambda: (lambda on: lambda: promise.waive_promise(**on, reason="R"))(_on_promise()),
    "promise.assigned": lambda: (lambda on: lambda: promise.assign_promise(**on, owner_id=None))(_on_promise()),
    "policy.saved": lambda: (lambda _calendar: make_policy)(make_calendar()),
    "policy.archived": lambda: (
        lambda row: lambda: promise.archive_policy(actor=SYSTEM, policy_id=row.pk)
    )(make_policy()),
    "calendar.saved": lambda: make_calendar,
    "person.reminded": lambda: (lambda _none: lambda: promise_reminders.remind_owners(LATER))(
        _somebody_is_to_be_reminded()
    ),
}  # fmt: skip

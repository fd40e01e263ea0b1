"""When what was promised to be done is late, and by how much: remediations after their review was published.

A due date is the day by the end of which a remediation is to be delivered. That is the owner's word alone: it stays
open until somebody else has verified it, and one that is found wanting is late again from its date on.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import date, timedelta

from incidents.domain.review import SETTLED_STATES, RemediationState

# Nothing more is owed by the due date in these.
IN_TIME_STATES = (*SETTLED_STATES, RemediationState.DELIVERED)


def is_settled(state: str) -> bool:
    """Whether nothing more is to come: verified, declined or superseded."""
    return state in SETTLED_STATES


def is_overdue(state: str, due_on: date | None, today: date) -> bool:
    """Whether it should have been delivered before `today` (the day in the zone of the page)."""
    return due_on is not None and state not in IN_TIME_STATES and due_on < today


def overdue_from(due_on: date) -> date:
    """The first day on which it is overdue."""
    return due_on + timedelta(days=1)


def slip_days(original_due_on: date | None, due_on: date | None) -> int | None:
    """By how many days the date was moved in all, negative for earlier; None where there is none."""
    return (due_on - original_due_on).days if original_due_on and due_on else None


def median_days(slips: Iterable[int]) -> float | None:
    """The median; None of nothing."""
    found = list(slips)
    return float(statistics.median(found)) if found else None

"""Promises counted in business days, such as "a review within five business days"."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FRIDAY = 4
_END_OF_DAY = time(23, 59, 59)


def business_day_due(start: date, days: int, zone: str, holidays: AbstractSet[date] = frozenset()) -> datetime:
    """The last second, as aware UTC, of the business day that is `days` business days after `start`.

    Monday to Friday count, unless they are in `holidays`; the day of `start` itself does not. `zone` is an IANA name:
    the day ends there. Raises ValueError for fewer than one day, ZoneInfoNotFoundError for an unknown zone.
    """
    if days < 1:
        raise ValueError("A promise in business days needs at least one day.")
    day = start
    remaining = days
    while remaining:
        day += timedelta(days=1)
        if day.weekday() <= _FRIDAY and day not in holidays:
            remaining -= 1
    return datetime.combine(day, _END_OF_DAY, tzinfo=ZoneInfo(zone)).astimezone(UTC)

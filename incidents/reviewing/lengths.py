"""Lengths of time and instants as reviews print them: whole minutes rounded half up, the sum of minutes beside hours,
and a range where an end is known only to the hour or the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.review import Precision

# How long the stretch is of which a time names the beginning. A minute is exact enough to be printed as it is.
UNCERTAINTY: dict[str, timedelta] = {
    Precision.SECOND: timedelta(0),
    Precision.MINUTE: timedelta(0),
    Precision.QUARTER_HOUR: timedelta(minutes=15),
    Precision.HOUR: timedelta(hours=1),
    Precision.DAY: timedelta(days=1),
    Precision.MONTH: timedelta(days=31),
}
_IN_DAYS = (Precision.DAY, Precision.MONTH)


def whole_minutes(seconds: int) -> int:
    """Minutes, rounded half up (away from zero for what is negative)."""
    return (seconds + 30) // 60 if seconds >= 0 else -((-seconds + 30) // 60)


def plain(seconds: int) -> str:
    """`45 s`, `22 min`, `3 h 45 min`, `2 d 4 h`. The sign is not kept."""
    seconds = abs(seconds)
    if seconds < 60:
        return _("%(count)s s") % {"count": seconds}
    minutes = whole_minutes(seconds)
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return _("%(count)s min") % {"count": rest}
    if hours < 48:
        return " ".join([_("%(count)s h") % {"count": hours}] + [_("%(count)s min") % {"count": rest}] * bool(rest))
    days, rest = divmod(round(minutes / 60), 24)
    return " ".join([_("%(count)s d") % {"count": days}] + [_("%(count)s h") % {"count": rest}] * bool(rest))


def length(seconds: int) -> str:
    """The same with the minutes beside the hours: `3 h 45 min (225 min)`. The sign is not kept."""
    minutes = whole_minutes(abs(seconds))
    if not 60 < minutes < 48 * 60:
        return plain(seconds)
    return _("%(length)s (%(count)s min)") % {"length": plain(seconds), "count": minutes}


def days(count: int) -> str:
    """`14 days`."""
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def between(start: datetime, end: datetime, start_precision: str, end_precision: str) -> tuple[int, str]:
    """Seconds from one time to another and the words for them: a range where one is known no better than to a quarter
    of an hour, days where to the day. May be negative; the words carry no sign."""
    seconds = int((end - start).total_seconds())
    if start_precision in _IN_DAYS or end_precision in _IN_DAYS:
        count = abs((end.astimezone(UTC).date() - start.astimezone(UTC).date()).days)
        if count == 0:
            return seconds, _("on the same day")
        if Precision.MONTH in (start_precision, end_precision):
            return (end - start).days * 86400, _("about %(days)s") % {"days": days(count)}
        return (1 if end > start else -1) * count * 86400, days(count)
    least, most = seconds - _seconds(start_precision), seconds + _seconds(end_precision)
    if least == most:
        return seconds, length(seconds)
    if least <= 0 <= most:
        return seconds, _("at most %(length)s") % {"length": plain(max(-least, most))}
    return seconds, _("%(least)s to %(most)s") % {"least": plain(least), "most": plain(most)}


def is_coarse(precision: str) -> bool:
    """Whether a time of this precision may not be printed as if it were exact."""
    return bool(UNCERTAINTY.get(precision, timedelta(0)))


def moment(at: datetime) -> str:
    """`2026-06-23 14:30 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _seconds(precision: str) -> int:
    return int(UNCERTAINTY.get(precision, timedelta(0)).total_seconds())

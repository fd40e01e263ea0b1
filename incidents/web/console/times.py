"""Times as people type them: UTC, 24 hours, exact; what is ambiguous is refused with a sentence, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ]([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))? ?(?:Z|UTC|([+-])(\d{2}):?([0-5]\d))?",
    re.ASCII | re.IGNORECASE,
)
LONGEST = 40
YEARS = range(1970, 2200)  # the year 206 is a slip, and the history would get a page for each of its months since


def parse_past(raw: str, now: datetime) -> datetime:
    """`14:30` (its last occurrence), or `2026-06-23 14:30[:05]`, in UTC unless an offset says otherwise.

    Raises ValidationError for anything else, for a time that does not exist and for one after `now`.
    """
    clock = CLOCK.fullmatch(raw)
    if clock:
        today = _at_clock(now, clock)
        return today if today <= now else today - timedelta(days=1)
    moment = _parse_moment(raw)
    if moment > now:
        raise forms.ValidationError(_("The time is in the future."), code="future")
    return moment


def parse_coming(raw: str, now: datetime) -> datetime:
    """As `parse_past`, for a time to come: a clock time is its next occurrence. Raises ValidationError for the past."""
    clock = CLOCK.fullmatch(raw)
    if clock:
        today = _at_clock(now, clock)
        return today if today > now else today + timedelta(days=1)
    moment = _parse_moment(raw)
    if moment <= now:
        raise forms.ValidationError(_("The time has passed already."), code="past")
    return moment


class UtcField(forms.CharField):
    """A time in UTC as text; the clean value is an aware datetime, or None when it was left empty."""

    def __init__(self, *, is_coming: bool = False, **options: Any) -> None:
        super().__init__(max_length=LONGEST, **options)
        self.is_coming = is_coming
        # The instant that `14:30` is relative to; a form sets it, so that a repeated post means the same times.
        self.now: datetime | None = None
        self.widget.attrs |= {
            "placeholder": gettext_lazy("14:30 or 2026-06-23 14:30"),
            "autocomplete": "off",
            "inputmode": "text",
            "size": 18,
        }

    def prepare_value(self, value: Any) -> Any:
        """A datetime as it is typed; text as it was typed."""
        return as_typed(value) if isinstance(value, datetime) else value

    def clean(self, value: Any) -> Any:
        """The instant, aware and in UTC, or None. Raises ValidationError."""
        raw = super().clean(value)
        if not raw:
            return None
        now = self.now or datetime.now(UTC)
        return (parse_coming if self.is_coming else parse_past)(raw.strip(), now)


def as_typed(moment: datetime) -> str:
    """A moment in the form that the field reads back; seconds only where there are any."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def _at_clock(now: datetime, clock: re.Match[str]) -> datetime:
    hour, minute, second = (int(part or 0) for part in clock.groups())
    return now.astimezone(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)


def _parse_moment(raw: str) -> datetime:
    found = MOMENT.fullmatch(raw)
    if found is None:
        raise forms.ValidationError(
            _("That is not a time. Write it in UTC, as 14:30 or 2026-06-23 14:30."), code="invalid"
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    sign, off_hours, off_minutes = found.groups()[6:]
    offset = timedelta(hours=int(off_hours or 0), minutes=int(off_minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        if year not in YEARS:
            raise ValueError(year)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise forms.ValidationError(
            _("There is no such time. Write it in UTC, as 14:30 or 2026-06-23 14:30."), code="invalid"
        ) from None

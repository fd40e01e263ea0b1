"""Clock times as they are written in English prose, with or without a date or a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction

# What stands before a figure and makes it inexact.
ABOUT = re.compile(
    r"(?:\b(?:nearly|almost|about|around|roughly|approximately|approx\.?|some|circa|ca\.?|close\s+to|just\s+(?:over|under))"
    r"|[~≈])\s*$",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}\.?\s+{_MONTH}(?:\s+\d{{4}})?|{_MONTH}\s+\d{{1,2}}(?!\d|:)(?:,?\s+\d{{4}})?)"
)
_ZONES: dict[str, tuple[float, ...]] = {
    "UTC": (0,), "GMT": (0,), "Z": (0,), "PDT": (-7,), "PST": (-8,), "PT": (-7, -8), "MDT": (-6,), "MST": (-7,),
    "CDT": (-5,), "CST": (-6,), "CT": (-5, -6), "EDT": (-4,), "EST": (-5,), "ET": (-4, -5), "BST": (1,), "IST": (5.5,),
    "CET": (1,), "CEST": (2,), "EET": (2,), "EEST": (3,), "MSK": (3,), "SGT": (8,), "HKT": (8,), "JST": (9,),
    "KST": (9,), "AEST": (10,), "AEDT": (11,), "NZST": (12,), "NZDT": (13,),
}  # fmt: skip
_NAMED = "|".join(sorted(_ZONES, key=len, reverse=True))
_ZONE = rf"(?:(?:UTC|GMT)?[+−-]\d{{1,2}}(?::?\d{{2}})?(?![\d:])|(?:{_NAMED})(?!\w))"
_CLOCK = re.compile(
    rf"(?:(?P<before>{_DATE})(?:T|,?\s+(?:at\s+)?))?"
    rf"(?<![\w:.,])?(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:]|\.\d)"
    rf"(?:\s*(?P<half>[ap])\.?m\b\.?)?(?:\s*\(?(?P<zone>{_ZONE})\)?)?(?:,?\s+on\s+(?P<after>{_DATE}))?",
    re.IGNORECASE,
)
_TO_NEXT = re.compile(r"\s*(?:-|–|—|to|until|and|till)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class ClockTime:
    """A time of day in UTC: the minutes after midnight that it can mean (several if the zone leaves it open), or the
    instants where a date stands beside it. `slack` is how far off it may be, in seconds."""

    text: str
    minutes: tuple[Fraction, ...]
    instants: tuple[datetime, ...]
    slack: int


def clock_times(text: str) -> Iterator[tuple[int, int, ClockTime | None]]:
    """Where each stands, and what it says; None for what only looks like a clock time."""
    matches = list(_CLOCK.finditer(text))
    for place, found in enumerate(matches):
        following = matches[place + 1] if place + 1 < len(matches) else None
        zone = found["zone"]
        if not zone and following and _TO_NEXT.fullmatch(text[found.end() : following.start()]):
            zone = following["zone"]  # `14:30–18:15 UTC`
        yield *found.span(), _clock_time(text, found, zone)


def _clock_time(text: str, found: re.Match[str], zone: str | None) -> ClockTime | None:
    hour, minute = int(found["hour"]), int(found["minute"])
    preceding = text[found.start() - 1 : found.start()] if found.start() else ""
    if preceding and re.match(r"[\w:.,/+−]", preceding):
        return None
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    if hour > 23:
        return None
    at = time(hour, minute, int(found["second"] or 0))
    offsets = _offsets(zone)
    slack = 900 if ABOUT.search(text[max(0, found.start() - 20) : found.start()]) else 0
    of_day = Fraction(at.hour * 3600 + at.minute * 60 + at.second, 60)
    minutes = tuple((of_day - Fraction(offset) * 60) % 1440 for offset in offsets)
    day = _date(found["before"] or found["after"])
    instants: tuple[datetime, ...] = ()
    if day is not None:
        zones = [timezone(timedelta(hours=offset)) for offset in offsets]
        instants = tuple(datetime.combine(day, at, tzinfo=each).astimezone(UTC) for each in zones)
    return ClockTime(found.group().strip(" ,."), minutes, instants, slack)


def _offsets(zone: str | None) -> tuple[float, ...]:
    """The hours east of UTC that a zone can mean; UTC where none is written."""
    if not zone:
        return (0,)
    if zone.upper() in _ZONES:
        return _ZONES[zone.upper()]
    found = re.search(r"([+−-])(\d{1,2}):?(\d{2})?$", zone)
    if found is None:
        return (0,)
    hours = int(found[2]) + int(found[3] or 0) / 60
    return (hours if found[1] == "+" else -hours,)


def _date(text: str | None) -> date | None:
    """A date with its year; a date without one cannot place a time."""
    if not text:
        return None
    year = re.search(r"\b(\d{4})\b", text)
    month = re.search(r"[a-z]{3}", text, re.IGNORECASE)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        day = re.search(r"(?<!\d)\d{1,2}(?!\d)", text)
        if not (year and month and day):
            return None
        return date(int(year[1]), _MONTHS.index(month.group().lower()) + 1, int(day.group()))
    except ValueError:
        return None

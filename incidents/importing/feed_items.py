"""The HTML of one feed item in the Statuspage dialect: updates newest first, each with its time in the page's zone.

Form: `<p><small>Aug <var>21</var>, <var>00:37</var> UTC</small><br><strong>Resolved</strong> - text</p>`, with blanks
between the tags since May 2026 and without `<var>` in 2014. No year is told, and the zone is an abbreviation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from incidents.domain.status import Stage

STAGES = {
    "investigating": Stage.INVESTIGATING, "identified": Stage.IDENTIFIED, "monitoring": Stage.MONITORING,
    "resolved": Stage.RESOLVED, "postmortem": Stage.POSTMORTEM, "scheduled": Stage.SCHEDULED,
    "in progress": Stage.IN_PROGRESS, "verifying": Stage.VERIFYING, "completed": Stage.COMPLETED, "update": None,
}  # fmt: skip
_MINUTES_OFF = {
    "UTC": 0, "GMT": 0, "WET": 0, "BST": 60, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "AKST": -540, "AKDT": -480, "HST": -600, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780,
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UPDATE = re.compile(
    r"<p>\s*<small>(?P<when>[^\n]{0,300}?)</small>\s*<br\s*/?>\s*<strong>(?P<label>[A-Za-z ]{1,20})</strong>\s*-"
    r"(?P<html>.*?)(?=</p>\s*<p>\s*<small>|</p>\s*\Z|\Z)",
    re.DOTALL,
)
_SCHEDULED = re.compile(r"THIS IS A SCHEDULED EVENT(?P<when>.{0,400}?)</strong>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_DAY = r"(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2}),\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
_WHEN = re.compile(rf"{_DAY}\s*(?P<zone>[A-Z]{{2,5}}|[+-]\d{{2}}(?::?\d{{2}})?)")
_WINDOW = re.compile(rf"{_DAY}(?:\s*(?P<zone>[A-Z]{{2,5}}|[+-]\d{{2}}(?::?\d{{2}})?))?\s*-\s*(?P<end>.+)", re.DOTALL)
_END_TIME = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})\s*(?P<zone>[A-Z]{2,5}|[+-]\d{2}(?::?\d{2})?)")


@dataclass(frozen=True)
class Told:
    """One update: its stage (None: that of the one before), when it was posted (None: it cannot be told), its HTML."""

    stage: Stage | None
    at: datetime | None
    html: str


def told_in(html: str, anchor: datetime, now: datetime) -> list[Told]:
    """The updates of an item, oldest first; none if it is not in this form. `anchor`: the date of the item, by which
    years and an unknown zone are found."""
    found = [match for match in _UPDATE.finditer(html) if match["label"].strip().lower() in STAGES]
    told: list[Told] = []
    latest = min(anchor, now) + timedelta(days=1)
    shift = _shift(found[0]["when"], anchor) if found else None
    for match in found:
        at = _moment(match["when"], latest, shift)
        latest = min(latest, at + timedelta(days=1)) if at else latest
        told.append(Told(STAGES[match["label"].strip().lower()], at, match["html"].strip()))
    return told[::-1]


def window_in(html: str, anchor: datetime) -> tuple[datetime, datetime] | None:
    """The planned window that an item names, or None."""
    match = _SCHEDULED.search(html)
    whole = _WINDOW.search(_text(match["when"])) if match else None
    if whole is None:
        return None
    last = _WHEN.search(whole["end"]) or _END_TIME.search(whole["end"])
    if last is None:
        return None
    zone = whole["zone"] or last["zone"]
    begin = _nearest(whole, anchor, _minutes(zone))
    if begin is None:
        return None
    if "month" in last.groupdict():
        end = _nearest(last, begin, _minutes(last["zone"]))
    else:
        end = begin + timedelta(
            minutes=(int(last["hour"]) * 60 + int(last["minute"])) - (int(whole["hour"]) * 60 + int(whole["minute"]))
        )
    return (begin, end) if end and end > begin else None


def _moment(raw: str, latest: datetime, shift: int | None) -> datetime | None:
    """The last such time that is not after `latest`."""
    match = _WHEN.search(_text(raw))
    if match is None:
        return None
    minutes = _minutes(match["zone"])
    minutes = shift if minutes is None else minutes
    years = [_in_year(match, year, minutes) for year in (latest.year + 1, latest.year, latest.year - 1)]
    return next((at for at in years if at and at <= latest), None)


def _nearest(match: re.Match[str], anchor: datetime, minutes: int | None) -> datetime | None:
    years = [_in_year(match, year, minutes) for year in (anchor.year - 1, anchor.year, anchor.year + 1)]
    return min((at for at in years if at), key=lambda at: abs(at - anchor), default=None)


def _in_year(match: re.Match[str], year: int, minutes: int | None) -> datetime | None:
    if minutes is None or match["month"] not in _MONTHS:
        return None
    try:
        local = datetime(
            year,
            _MONTHS.index(match["month"]) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            tzinfo=UTC,
        )
        return local - timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        return None


def _shift(raw: str, anchor: datetime) -> int | None:
    """By how many minutes an unknown zone is off: the newest update was posted at the date of the item."""
    match = _WHEN.search(_text(raw))
    as_utc = _nearest(match, anchor, 0) if match else None
    if as_utc is None:
        return None
    quarters = round((as_utc - anchor).total_seconds() / 900)
    return quarters * 15 if abs(quarters) <= 14 * 4 else None


def _minutes(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone[0] in "+-":
        hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
        return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    return _MINUTES_OFF.get(zone)


def _text(markup: str) -> str:
    return " ".join(_TAG.sub("", markup).replace("\u00a0", " ").replace("&nbsp;", " ").split())

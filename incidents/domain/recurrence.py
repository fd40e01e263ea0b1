"""Windows that come again: RRULE texts (RFC 5545, section 3.3.10), in local time of a zone, each question bounded.

Days are counted in the last cycle of 400 years that the calendar of Python holds: its weekdays and leap years are those
of the days meant, and a rule that never comes true is given up after a few hundred years instead of eight thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from incidents.domain.marking import gettext_noop as _

MAX_RULE_CHARACTERS = 300
MAX_COUNT = 1000
MAX_INTERVAL = 1000
MAX_OCCURRENCES = 1000
SEARCHED = timedelta(days=5 * 366)
CYCLE_YEARS = 400
LOOKED_AHEAD_YEARS = 50
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS",
         "WKST")  # fmt: skip
_VALUE = re.compile(r"[A-Z0-9+\-,]{1,100}")


class NotARule(ValueError):
    """A rule that cannot be used: a sentence for the person, to be translated, and what stands in its places."""

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


@dataclass(frozen=True)
class Rule:
    """A rule that was read: its text for the library, without its last day, and that."""

    text: str
    until: str = ""


def parse_rule(raw: str) -> Rule:
    """Read an RRULE, with or without `RRULE:`. Raises NotARule for what is not one or is not for whole days."""
    text = raw.strip().upper().removeprefix("RRULE:")
    if not text or len(raw) > MAX_RULE_CHARACTERS:
        raise NotARule(
            _("A rule has 1 to %(most)s characters, such as FREQ=MONTHLY;BYDAY=1SU."), most=MAX_RULE_CHARACTERS
        )
    parts = _parts(text)
    if parts.get("FREQ") not in FREQUENCIES:
        raise NotARule(_("FREQ must be one of DAILY, WEEKLY, MONTHLY and YEARLY."))
    if "COUNT" in parts and "UNTIL" in parts:
        raise NotARule(_("A rule has COUNT or UNTIL, not both."))
    _refuse_number_beyond(parts, "INTERVAL", MAX_INTERVAL)
    _refuse_number_beyond(parts, "COUNT", MAX_COUNT)
    until = parts.pop("UNTIL", "")
    rule = Rule(";".join(f"{name}={value}" for name, value in parts.items()), until)
    try:
        _end_of(rule, ZoneInfo("UTC"))
        rrulestr(rule.text, dtstart=datetime(2000, 1, 1))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise NotARule(_("This is not a rule such as FREQ=MONTHLY;BYDAY=1SU.")) from None
    return rule


def occurrences(
    rule: Rule,
    first_day: date,
    starts_at: time,
    zone: ZoneInfo,
    after: datetime,
    until: datetime,
    limit: int = MAX_OCCURRENCES,
) -> list[datetime]:
    """The starts later than `after` and not later than `until`, in UTC, oldest first, at most `limit`.

    A wall time that a clock change leaves out comes as much later as the clock was put forward; of one that comes
    twice it is the first.
    """
    starts = (at for at in _starts(rule, first_day, starts_at, zone, until) if at > after)
    return list(islice(starts, limit))


def has_occurrence(rule: Rule, first_day: date, starts_at: time, zone: ZoneInfo, after: datetime) -> bool:
    """Whether there is an occurrence within five years after the first day and after `after`, whichever is later."""
    begin = max(after, datetime.combine(first_day, starts_at, zone).astimezone(UTC) - timedelta(seconds=1))
    return bool(occurrences(rule, first_day, starts_at, zone, begin, begin + SEARCHED, limit=1))


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, _sign, value = part.partition("=")
        if name not in PARTS or name in parts or not _VALUE.fullmatch(value):
            raise NotARule(_("“%(part)s” is not a part that a rule for whole days may have once."), part=part[:40])
        parts[name] = value
    return parts


def _refuse_number_beyond(parts: dict[str, str], name: str, most: int) -> None:
    value = parts.get(name, "1")
    if not re.fullmatch(r"[0-9]{1,6}", value) or not 1 <= int(value) <= most:
        raise NotARule(_("%(name)s must be a number from 1 to %(most)s."), name=name, most=most)


def _starts(rule: Rule, first_day: date, starts_at: time, zone: ZoneInfo, until: datetime) -> Iterator[datetime]:
    shift = (MAXYEAR - LOOKED_AHEAD_YEARS - first_day.year) // CYCLE_YEARS * CYCLE_YEARS
    dtstart = datetime.combine(first_day.replace(year=first_day.year + shift), starts_at.replace(tzinfo=None))
    last = _end_of(rule, zone)
    for found in _until_the_calendar_ends(rrulestr(rule.text, dtstart=dtstart)):
        wall = found.replace(year=found.year - shift)
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at > until or (last and wall > last):
            return
        yield at


def _until_the_calendar_ends(found: Iterable[datetime]) -> Iterator[datetime]:
    # For a week or an ordinal that a year does not have the library looks beyond its lists.
    with suppress(IndexError, ValueError, OverflowError):
        yield from found


def _end_of(rule: Rule, zone: ZoneInfo) -> datetime | None:
    """UNTIL as local wall time; a day means the whole of it."""
    if not rule.until:
        return None
    if len(rule.until) == 8:
        return datetime.combine(datetime.strptime(rule.until, "%Y%m%d").date(), time.max)
    if rule.until.endswith("Z"):
        at = datetime.strptime(rule.until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return at.astimezone(zone).replace(tzinfo=None)
    return datetime.strptime(rule.until, "%Y%m%dT%H%M%S")

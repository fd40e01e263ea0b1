"""Where the days off of a business calendar come from, and the terms that a promise freezes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import holidays
from dateutil.rrule import rrulestr
from icalendar import Calendar

from incidents.domain.promises import Unit
from incidents.domain.text import clean_line
from incidents.models import BusinessCalendar, PromisePolicy

Holiday = dict[str, str]
MOST_HOLIDAYS = 1000
MOST_CHARACTERS = 1_000_000
YEARS_BEFORE, YEARS_AFTER = 1, 3
LONGEST_EVENT_DAYS = 366
MOST_RULES = 200
NAME_LENGTH = 120
# What a yearly day off can say; nothing that a library could search for ever.
_YEARLY = re.compile(
    r"FREQ=YEARLY(;(INTERVAL=[1-9]|COUNT=[1-9]\d{0,2}|UNTIL=[\dTZ]+|WKST=\w\w|BY(MONTH|MONTHDAY|DAY)=[-\w,]+))*"
)


class NotHolidays(ValueError):
    """What was given holds no days off; the text says why: `country`, `subdivision`, `broken`, `empty`, `many`."""


def years_around(at: datetime) -> range:
    """The years for which days off are loaded at an instant."""
    return range(at.year - YEARS_BEFORE, at.year + YEARS_AFTER + 1)


def country_holidays(country: str, subdivision: str, years: Iterable[int]) -> list[Holiday]:
    """The public holidays of a country (ISO 3166-1 alpha-2) and its subdivision, by date, as the package `holidays`
    knows them. Raises NotHolidays for a place that it does not know."""
    supported = holidays.list_supported_countries()
    if country not in supported:
        raise NotHolidays("country")
    if subdivision and subdivision not in supported[country]:
        raise NotHolidays("subdivision")
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=list(years))
    return [{"date": day.isoformat(), "name": str(name)[:NAME_LENGTH]} for day, name in sorted(found.items())]


def icalendar_holidays(text: str, years: range) -> list[Holiday]:
    """The days of the events of an iCalendar text (RFC 5545) within these years, by date. An event of several days
    gives each of them; one that comes again must do so yearly.

    Raises NotHolidays for what cannot be read, holds no such event, or more than 1,000.
    """
    if len(text) > MOST_CHARACTERS:
        raise NotHolidays("many")
    try:
        events = [part for whole in Calendar.from_ical(text.strip(), multiple=True) for part in whole.walk("VEVENT")]
        if sum("rrule" in event for event in events) > MOST_RULES:
            raise NotHolidays("many")
        days = {day: name for event in events for day, name in _days_of(event, years)}
    except NotHolidays:
        raise
    except Exception as error:  # a parser of foreign text: whatever it stumbles over, the text is at fault
        raise NotHolidays("broken") from error
    if not days:
        raise NotHolidays("empty")
    if len(days) > MOST_HOLIDAYS:
        raise NotHolidays("many")
    return [{"date": day.isoformat(), "name": name} for day, name in sorted(days.items())]


def merged(*lists: Iterable[Mapping[str, str]]) -> list[Holiday]:
    """Several lists as one, each date once, by date; the first that names a date names it."""
    found: dict[str, str] = {}
    for row in (row for rows in lists for row in rows):
        found.setdefault(row["date"], row["name"])
    return [{"date": day, "name": found[day]} for day in sorted(found)]


def terms_of(policy: PromisePolicy, anchor_at: datetime) -> dict[str, Any]:
    """What a promise by this policy is counted by, to be frozen as JSON: of the holidays those that can matter.

    Years that the list of a calendar with a country does not reach are taken from the package, so that a calendar that
    nobody looks after goes on counting right.
    """
    calendar: BusinessCalendar = policy.calendar
    begins = anchor_at.date() - timedelta(days=2)
    reach = timedelta(days=policy.quantity * 4 + 60 if policy.unit == Unit.BUSINESS_DAYS else 60)
    known = merged(calendar.holidays, _beyond(calendar, range(begins.year, (begins + reach).year + 1)))
    within = [row for row in known if begins.isoformat() <= row["date"] <= (begins + reach).isoformat()]
    return {
        "quantity": policy.quantity,
        "unit": str(policy.unit),
        "anchor": str(policy.anchor),
        "cut_off": str(policy.cut_off),
        "start_rule": str(policy.start_rule),
        "calendar": calendar.name,
        "calendar_version": calendar.version,
        "zone": calendar.zone,
        "weekend": list(calendar.weekend),
        "holidays": within,
        "opens_at": calendar.opens_at.isoformat("minutes") if calendar.opens_at else None,
        "closes_at": calendar.closes_at.isoformat("minutes") if calendar.closes_at else None,
    }


def _beyond(calendar: BusinessCalendar, years: Sequence[int]) -> list[Holiday]:
    if not calendar.country:
        return []
    last = max((int(row["date"][:4]) for row in calendar.holidays), default=years[0] - 1)
    missing = [year for year in years if year > last]
    try:
        return country_holidays(calendar.country, calendar.subdivision, missing) if missing else []
    except NotHolidays:  # a newer version of the package may have dropped the place
        return []


def _days_of(event: Any, years: range) -> Iterable[tuple[date, str]]:
    if str(event.get("status", "")).upper() == "CANCELLED":
        return
    name = clean_line(str(event.get("summary", "")))[:NAME_LENGTH]
    first, last = _day(event["dtstart"].dt), _last_day(event)
    length = (last - first).days
    if length > LONGEST_EVENT_DAYS:
        raise NotHolidays("many")
    for begin in _beginnings(event, first, years):
        for offset in range(max(length, 0) + 1):
            day = begin + timedelta(days=offset)
            if day.year in years:
                yield day, name


def _beginnings(event: Any, first: date, years: range) -> Iterable[date]:
    rule = event.get("rrule")
    if not rule:
        return [first]
    text = rule.to_ical().decode().upper()
    if not _YEARLY.fullmatch(text):
        raise NotHolidays("broken")
    # The library wants both times with a zone or none; of a day off only the day counts.
    until = re.sub(r"(UNTIL=\d{8})(T\d{6}Z?)?", r"\1", text)
    repeated = rrulestr(until, dtstart=datetime(first.year, first.month, first.day))
    return [at.date() for at in repeated.between(datetime(years[0], 1, 1), datetime(years[-1], 12, 31), inc=True)]


def _last_day(event: Any) -> date:
    """The last day of an event: DTEND is the day after it (RFC 5545, section 3.6.1), or an instant on it."""
    first = _day(event["dtstart"].dt)
    if "dtend" not in event:
        return first
    end = event["dtend"].dt
    last = _day(end - timedelta(seconds=1)) if isinstance(end, datetime) else _day(end) - timedelta(days=1)
    return max(first, last)


def _day(value: Any) -> date:
    day: date = value.date() if isinstance(value, datetime) else value
    return day

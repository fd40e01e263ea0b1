"""What each day of a component came to: microseconds by level, each instant once, at its heaviest level.

Whole numbers throughout, one sweep for each component (and each of its regions), cut at midnights that were worked out
once: a thousand components with ten thousand incidents are counted in well under two seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from incidents.domain.status import Level
from incidents.domain.uptime import DayBar, uptime_percent

# Start, end (None: still open), level, region (None: all of them).
Stretch = tuple[datetime, datetime | None, str, Hashable | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
# The heaviest first, as the fields of Amounts stand.
_LEVELS = (Level.MAJOR_OUTAGE, Level.PARTIAL_OUTAGE, Level.DEGRADED_PERFORMANCE, Level.UNDER_MAINTENANCE)
_PLACE: Mapping[str, int] = {level.value: place for place, level in enumerate(_LEVELS)}
_SCALE = 10  # so that 0.3 is a whole number


class Amounts(NamedTuple):
    """Microseconds at each level."""

    major: int = 0
    partial: int = 0
    degraded: int = 0
    maintenance: int = 0

    @property
    def weighed(self) -> int:
        """Tenths of microseconds of outage as the Statuspage dialect weighs them: major whole, partial 0.3."""
        return _SCALE * self.major + 3 * self.partial

    @property
    def worst(self) -> Level:
        """The heaviest level that occurred."""
        return next((level for level, found in zip(_LEVELS, self, strict=True) if found), Level.OPERATIONAL)


NOTHING = Amounts()
ByDay = Mapping[date, Amounts]


class ComponentDays(NamedTuple):
    """One component: its days with trouble anywhere, and for each region the days on which it differs from that."""

    anywhere: ByDay
    regions: Mapping[Hashable, ByDay]

    def of_region(self, region: Hashable) -> dict[date, Amounts]:
        """The days of one region, those without a row of its own as they were anywhere."""
        merged = {**self.anywhere, **self.regions.get(region, {})}
        return {day: amounts for day, amounts in merged.items() if amounts != NOTHING}


NO_DAYS = ComponentDays({}, {})


class Calendar:
    """When each day of a zone begins, from one day to another, worked out once."""

    def __init__(self, first: date, last: date, zone: str) -> None:
        self.days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self.edges = [_us(beginning(day, zone)) for day in [*self.days, last + _DAY]]

    def cut(self, start: int, end: int) -> Iterable[tuple[date, int]]:
        """The days that a stretch of time touches, with the microseconds on each; what lies outside is left out."""
        place = max(bisect_right(self.edges, start) - 1, 0)
        while place < len(self.days) and self.edges[place] < end:
            length = min(end, self.edges[place + 1]) - max(start, self.edges[place])
            if length > 0:
                yield self.days[place], length
            place += 1


def local_date(at: datetime, zone: str) -> date:
    """The day of an instant in the zone."""
    return at.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=4_096)
def beginning(day: date, zone: str) -> datetime:
    """The instant in UTC at which a day of the zone begins."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar_of(stretches: Iterable[Stretch], now: datetime, zone: str, since: date | None = None) -> Calendar:
    """Days enough for all that the stretches touch up to `now`, or from `since`."""
    starts = [now]
    ends = [now]
    for start, end, _level, _region in stretches:
        starts.append(start)
        ends.append(end or now)
    last = local_date(max(ends), zone)
    return Calendar(min(since or local_date(min(starts), zone), last), last, zone)


def days_of(
    stretches: Collection[Stretch], calendar: Calendar, now: datetime, regions: Iterable[Hashable] = ()
) -> ComponentDays:
    """The days of one component. An open stretch lasts until `now`; nothing after `now` counts.

    `regions` names those in which it runs; with fewer than two there is nothing to tell apart.
    """
    limit = _us(now)
    spans = [
        (_us(start), limit if end is None else min(_us(end), limit), _PLACE[level], region)
        for start, end, level, region in stretches
        if level != Level.OPERATIONAL
    ]
    anywhere = _by_day(spans, calendar)
    known = set(regions)
    if len(known) < 2 or all(region is None for *_rest, region in spans):
        return ComponentDays(anywhere, {})
    found: dict[Hashable, ByDay] = {}
    for region in known:
        own = _by_day([span for span in spans if span[3] is None or span[3] == region], calendar)
        differing = {day: own.get(day, NOTHING) for day, amounts in anywhere.items() if own.get(day) != amounts}
        if differing:
            found[region] = differing
    return ComponentDays(anywhere, found)


def total(days: ByDay, first: date, last: date) -> Amounts:
    """The sum from one day to another, both included."""
    chosen = [amounts for day, amounts in days.items() if first <= day <= last]
    return Amounts(*map(sum, zip(*chosen, strict=True))) if chosen else NOTHING


def length_us(first: date, last: date, zone: str) -> int:
    """Microseconds from the beginning of one day to the end of another."""
    return _us(beginning(last + _DAY, zone)) - _us(beginning(first, zone))


def percent(window_us: int, weighed: int, parts: int = 1) -> Decimal | None:
    """floor(100 * (1 - weighed / window), 2 digits), `weighed` (see Amounts) being the sum over so many `parts`.

    None for an empty window: no data is not full uptime.
    """
    return uptime_percent(_SCALE * window_us * parts, weighed) if window_us > 0 else None


def worst_weighed(own: ComponentDays, regions: Sequence[Hashable], first: date, last: date) -> int:
    """What counts in the window: of the region with the most weighed time; without regions, of the one world."""
    if len(regions) < 2 or not own.regions:
        return total(own.anywhere, first, last).weighed
    return max(total(own.of_region(region), first, last).weighed for region in regions)


def bars_of(parts: Sequence[ByDay], calendar: Calendar, since: date | None = None) -> tuple[DayBar, ...]:
    """A bar for each day of the calendar; of several parts (a group) the mean of the seconds at each level, and the
    worst of the levels. Days before `since` have no data."""
    return tuple(
        _bar(day, end - start, [part[day] for part in parts if day in part], len(parts), since)
        for day, start, end in zip(calendar.days, calendar.edges, calendar.edges[1:], strict=False)
    )


def troubled_bars(parts: Sequence[ByDay], zone: str, since: date | None = None) -> tuple[DayBar, ...]:
    """The bars of the days with trouble alone, whatever their age, oldest first."""
    days = sorted({day for part in parts for day in part if since is None or day >= since})
    return tuple(
        _bar(day, length_us(day, day, zone), [part[day] for part in parts if day in part], len(parts), since)
        for day in days
    )


def months_since(first: date, today: date) -> list[date]:
    """The first days of the months from that of `first` to that of `today`, newest first."""
    found = []
    month = today.replace(day=1)
    while month >= first.replace(day=1):
        found.append(month)
        month = (month - _DAY).replace(day=1)
    return found


def last_of_month(month: date) -> date:
    """The last day of the month that begins on this day."""
    return (month + timedelta(days=31)).replace(day=1) - _DAY


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _by_day(spans: Iterable[tuple[int, int, int, Hashable | None]], calendar: Calendar) -> dict[date, Amounts]:
    found: dict[date, list[int]] = {}
    for start, end, place in _segments(spans):
        for day, length in calendar.cut(start, end):
            found.setdefault(day, [0, 0, 0, 0])[place] += length
    return {day: Amounts(*amounts) for day, amounts in sorted(found.items())}


def _segments(spans: Iterable[tuple[int, int, int, Hashable | None]]) -> Iterable[tuple[int, int, int]]:
    """Start, end and the place of the heaviest level, for each stretch in which something was open."""
    edges = []
    for start, end, place, _region in spans:
        if start < end:
            edges += [(start, place, 1), (end, place, -1)]
    edges.sort()
    is_open = [0, 0, 0, 0]
    before = edges[0][0] if edges else 0
    for at, place, by in edges:
        if at > before:
            heaviest = next((level for level, count in enumerate(is_open) if count), None)
            if heaviest is not None:
                yield before, at, heaviest
            before = at
        is_open[place] += by


def _bar(day: date, length: int, amounts: list[Amounts], parts: int, since: date | None) -> DayBar:
    seconds = length // 1_000_000
    if since is not None and day < since:
        return DayBar(day, seconds, None)
    if not amounts:
        return DayBar(day, seconds, Level.OPERATIONAL)
    sums = Amounts(*map(sum, zip(*amounts, strict=True)))
    told = {level: found // (parts * 1_000_000) for level, found in zip(_LEVELS, sums, strict=True) if found}
    return DayBar(day, seconds, sums.worst, told)

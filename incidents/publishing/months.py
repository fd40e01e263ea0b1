"""Uptime by calendar month, in the zone of the page: percentages, weighed downtime, and the days with trouble.

Counted under the default policy. A month counts from the first day of the component; while it runs, to the end of
today, as the last 90 days do, so that a page stays the same while nothing happens. One that was over before the
component began has no data, which is not 100 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from incidents.domain.intervals import Segment, Span, worst_by_instant
from incidents.domain.status import Level, painted, worst_of
from incidents.domain.uptime import DayBar, Entry, Policy, month_window, uptime_percent, weighed_seconds
from incidents.publishing import words
from incidents.publishing.periods import local_day
from incidents.publishing.public import ComponentView, IntervalView, Snapshot

# Ids of the frame of every page; a component that is called so gets another anchor.
_FRAME_IDS = frozenset(("main", "stale", "live", "age", "changed"))


@dataclass(frozen=True)
class MonthLink:
    """A month as pages name it: `June 2026` or `Jun 2026`, its address, and how many components had trouble in it."""

    first: date
    troubled: int = 0

    @property
    def path(self) -> str:
        """Its address on this site."""
        return f"/uptime/{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        """As people write it: `June 2026`."""
        return date_format(self.first, "F Y")

    @property
    def short_name(self) -> str:
        """As the head of a column has it: `Jun 2026`."""
        return f"{words.MONTHS[self.first.month - 1]} {self.first.year}"


@dataclass(frozen=True)
class Figure:
    """What a month came to: `percent` is floored text, "" for no data; weighed seconds and the window are exact."""

    percent: str = ""
    weighed: Fraction = Fraction(0)
    window: Fraction = Fraction(0)


@dataclass(frozen=True)
class Account:
    """A component or group with all it needs to be counted: `begun` None for a group without components.

    `by_month` holds the intervals that touch a month, by its first day; only months with some are there.
    """

    view: ComponentView
    begun: date | None
    by_month: dict[date, list[IntervalView]]
    children: tuple[Account, ...] = ()


@dataclass(frozen=True)
class Book:
    """The accounts in page order, a group before its components and the archived last; months newest first."""

    zone: str
    now: datetime
    months: tuple[date, ...]
    accounts: tuple[Account, ...]


def book(snapshot: Snapshot) -> Book:
    """The whole ledger laid out by component and month, each interval looked at once."""
    zone, now = snapshot.page.time_zone, snapshot.built_at
    accounts = tuple(_accounts((*snapshot.components, *snapshot.archived), zone, now))
    this = local_day(now, zone).replace(day=1)
    first = min([this, *(row.begun for row in accounts if row.begun)])
    return Book(zone, now, tuple(_months_back(this, first)), accounts)


@lru_cache(maxsize=512)
def span_of(month: date, zone: str) -> Span:
    """The calendar month whose first day is given, in UTC."""
    return month_window(month.year, month.month, zone)


def window_of(account: Account, month: date, zone: str, now: datetime) -> Span | None:
    """The part of the month that counts for a component; None when there is no such part."""
    if account.begun is None:
        return None
    whole = span_of(month, zone)
    tomorrow = _midnight(local_day(now, zone) + timedelta(days=1), zone)
    start, end = max(whole.start, _midnight(account.begun, zone)), min(whole.end, tomorrow)
    return Span(start, end) if start < end else None


def figure(account: Account, month: date, zone: str, now: datetime) -> Figure:
    """The month of a component, each of its regions counted and the worst taken; of a group, the mean of those of its
    components that have data."""
    if account.view.is_group:
        counted = [row for row in (figure(child, month, zone, now) for child in account.children) if row.percent]
        weighed = sum((row.weighed for row in counted), Fraction(0))
        window = sum((row.window for row in counted), Fraction(0))
        if not counted:
            return Figure()
        return Figure(str(uptime_percent(window, weighed)), weighed / len(counted), window / len(counted))
    window_span = window_of(account, month, zone, now)
    if window_span is None:
        return Figure()
    rows = account.by_month.get(month, [])
    weighed = _weighed(rows, window_span, zone, now) if rows else Fraction(0)
    return Figure(str(uptime_percent(window_span.seconds, weighed)), weighed, window_span.seconds)


def days(account: Account, month: date, zone: str, now: datetime) -> list[DayBar]:
    """Every day of the month: seconds by level, each instant at the heaviest level anywhere. Days before the component
    began, and those to come, have no data."""
    whole = span_of(month, zone)
    rows = account.by_month.get(month, [])
    shown = [(row.started_at, row.ended_at, painted(row.level, is_quality=row.is_quality)) for row in rows]
    segments = worst_by_instant(shown, now, whole)
    by_day = _by_day(segments, zone)
    today = local_day(now, zone)
    return [_day_bar(day, by_day.get(day, {}), account.begun, today, zone) for day in _days_of(month)]


def month_list(account: Account, book: Book) -> list[tuple[MonthLink, str, str]]:
    """The months of one component that have data, newest first: (month, percent, address of its place there)."""
    found = [(MonthLink(month), figure(account, month, book.zone, book.now)) for month in book.months]
    return [(link, row.percent, f"{link.path}#{anchor_of(account.view)}") for link, row in found if row.percent]


def anchor_of(view: ComponentView) -> str:
    """The id of a component in the page of a month: its slug."""
    return f"c-{view.slug}" if view.slug in _FRAME_IDS else view.slug


def touched(start: datetime, end: datetime | None, zone: str, now: datetime) -> Iterator[date]:
    """The first days of the months in which an interval has a part, oldest first; one of no length has none."""
    until = now if end is None else min(end, now)
    if start >= until:
        return
    month = local_day(start, zone).replace(day=1)
    last = local_day(until - timedelta.resolution, zone)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _accounts(views: Iterable[ComponentView], zone: str, now: datetime) -> Iterator[Account]:
    for view in views:
        children = tuple(_accounts(view.children, zone, now))
        if view.is_group:
            begun = min((child.begun for child in children if child.begun), default=None)
            yield Account(view, begun, {}, children)
            yield from children
        else:
            yield Account(view, _begun(view, zone), _by_month(view.intervals, zone, now))


def _begun(view: ComponentView, zone: str) -> date:
    """Its stated first day; else the month in which it is first on record: when it was added, or its first trouble."""
    known = [local_day(row.started_at, zone) for row in view.intervals[-1:]]
    return view.start_date or min([local_day(view.created_at, zone), *known]).replace(day=1)


def _by_month(intervals: Iterable[IntervalView], zone: str, now: datetime) -> dict[date, list[IntervalView]]:
    found: defaultdict[date, list[IntervalView]] = defaultdict(list)
    for row in intervals:
        for month in touched(row.started_at, row.ended_at, zone, now):
            found[month].append(row)
    return dict(found)


def _weighed(rows: Sequence[IntervalView], window: Span, zone: str, now: datetime) -> Fraction:
    entries = [
        Entry(0, row.region_key or None, row.level, row.started_at, row.ended_at, is_quality=row.is_quality)
        for row in rows
    ]
    regions = sorted({row.region_key for row in rows if row.region_key})
    return weighed_seconds(entries, window=window, now=now, policy=Policy(zone=zone), components=(0,), regions=regions)


def _by_day(segments: Iterable[Segment], zone: str) -> dict[date, dict[Level, Fraction]]:
    """The seconds of each level by day: every segment is cut at the midnights inside it."""
    found: defaultdict[date, dict[Level, Fraction]] = defaultdict(dict)
    for start, end, level in segments:
        while start < end:
            day = local_day(start, zone)
            cut = min(end, _midnight(day + timedelta(days=1), zone))
            levels = found[day]
            levels[level] = levels.get(level, Fraction(0)) + Span(start, cut).seconds
            start = cut
    return found


def _day_bar(day: date, levels: dict[Level, Fraction], begun: date | None, today: date, zone: str) -> DayBar:
    length = int(Span(_midnight(day, zone), _midnight(day + timedelta(days=1), zone)).seconds)
    if day > today or begun is None or day < begun:
        return DayBar(day, length, None)
    return DayBar(day, length, worst_of(levels), {level: int(seconds) for level, seconds in levels.items()})


def _months_back(month: date, first: date) -> Iterator[date]:
    while month >= first.replace(day=1):
        yield month
        month = (month - timedelta(days=1)).replace(day=1)


def _days_of(month: date) -> Iterator[date]:
    day = month
    while day.month == month.month:
        yield day
        day += timedelta(days=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)

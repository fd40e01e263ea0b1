"""Uptime, day bars and verdicts: functions of the ledger under a stated policy.

The percentage follows the public uptime formula of Atlassian Statuspage pages:
floor(100 * (1 - (1 * major + 0.3 * partial) / window), n digits). All sums are exact fractions: a verdict on a
contract may not hang on a rounding.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from incidents.domain.intervals import Interval, Span, seconds_between, worst_by_instant
from incidents.domain.status import Level, worst_of


class Clock(StrEnum):
    """When an incident's time begins to count: when users were hit, or when the page first said so."""

    IMPACT = "impact"
    FIRST_POST = "first_post"


class Rule(StrEnum):
    """How many become one: the one with the most weighed seconds over the window, or the mean of all."""

    WORST = "worst"
    MEAN = "mean"


@dataclass(frozen=True)
class Policy:
    """How impact is counted. Weights are shares of a full outage, from 0 to 1.

    `weight_after_monitoring` None: the level's own weight; otherwise the most that counts after the first *Monitoring*.
    What was served but wrong weighs 0 unless `is_quality_counted`; then as its level does.
    Maintenance that is not excluded weighs as a full outage, and so does maintenance that was announced less than
    `maintenance_notice_hours` before it began (or never, if notice is asked for). `zone` (IANA) is where days and
    months begin.
    """

    clock: Clock = Clock.IMPACT
    weight_major: Decimal = Decimal(1)
    weight_partial: Decimal = Decimal("0.3")
    weight_degraded: Decimal = Decimal(0)
    is_quality_counted: bool = False
    is_maintenance_excluded: bool = True
    maintenance_notice_hours: int = 0
    weight_after_monitoring: Decimal | None = None
    component_rule: Rule = Rule.WORST
    region_rule: Rule = Rule.WORST
    zone: str = "UTC"

    def weight_of(self, level: Level) -> Fraction:
        """The weight of one second at this level."""
        return Fraction(
            {
                Level.OPERATIONAL: Decimal(0),
                Level.UNDER_MAINTENANCE: Decimal(0 if self.is_maintenance_excluded else 1),
                Level.DEGRADED_PERFORMANCE: self.weight_degraded,
                Level.PARTIAL_OUTAGE: self.weight_partial,
                Level.MAJOR_OUTAGE: self.weight_major,
            }[level]
        )

    def weight_of_entry(self, entry: Entry) -> Fraction:
        """The weight of one second of this entry before its recovery: its level's, unless notice came too late, or it
        was served but wrong and that does not count."""
        if entry.is_quality and not self.is_quality_counted:
            return Fraction(0)
        if entry.level == Level.UNDER_MAINTENANCE and self.maintenance_notice_hours:
            notice = timedelta(hours=self.maintenance_notice_hours)
            if entry.first_post_at is None or entry.start - entry.first_post_at < notice:
                return Fraction(1)
        return self.weight_of(entry.level)


@dataclass(frozen=True)
class Entry:
    """One row of the ledger as counting sees it. `region` None: all regions. `end` None: still open.

    `first_post_at` and `monitoring_at` (the first *Monitoring*) are those of its incident; None: there is none.
    `is_quality`: served, but wrong.
    """

    component: Hashable
    region: Hashable | None
    level: Level
    start: datetime
    end: datetime | None
    first_post_at: datetime | None = None
    monitoring_at: datetime | None = None
    is_quality: bool = False


@dataclass(frozen=True)
class Verdict:
    """Counted against allowed seconds, both exact."""

    counted_seconds: Fraction
    allowed_seconds: Fraction

    @property
    def is_breached(self) -> bool:
        """Whether more was counted than is allowed; exactly as much is no breach."""
        return self.counted_seconds > self.allowed_seconds


@dataclass(frozen=True)
class DayBar:
    """One day of a component: whole seconds by level (only levels that occurred) and the worst of them.

    `worst` None: no data, the component did not exist yet. `length_seconds` is 82,800 or 90,000 when clocks change.
    """

    day: date
    length_seconds: int
    worst: Level | None
    seconds: dict[Level, int] = field(default_factory=dict)


def weighed_seconds(
    entries: Iterable[Entry],
    *,
    window: Span,
    now: datetime,
    policy: Policy,
    components: Sequence[Hashable],
    regions: Sequence[Hashable] = (),
) -> Fraction:
    """The seconds of outage in the window that count under the policy, for the set of components; exact, at least 0.

    Each (component, region) instant counts once, at its heaviest weight. `components` names the whole set, since those
    without trouble matter to a mean. No `regions`: the world is one. Nothing after `now` counts.
    Raises ValueError if `components` is empty.
    """
    by_component: dict[Hashable, list[Entry]] = {component: [] for component in components}
    if not by_component:
        raise ValueError("Uptime needs at least one component.")
    for entry in entries:
        if entry.component in by_component:
            by_component[entry.component].append(entry)
    return combined(
        (
            combined(
                (_weighed_once(_of_region(own, region), window, now, policy) for region in regions or (None,)),
                policy.region_rule,
            )
            for own in by_component.values()
        ),
        policy.component_rule,
    )


def uptime_percent(window_seconds: int | Fraction, weighed: int | Fraction, digits: int = 2) -> Decimal:
    """100 * (1 - weighed / window), floored to `digits` decimals, never rounded up; full uptime is Decimal("100").

    Raises ValueError for an empty window.
    """
    if window_seconds <= 0:
        raise ValueError("Uptime needs a window that is longer than nothing.")
    if weighed <= 0:
        return Decimal(100)
    scale = 10**digits
    floored = 100 * scale * (window_seconds - Fraction(weighed)) // window_seconds
    return Decimal(max(floored, 0)).scaleb(-digits)


def verdict(window_seconds: int | Fraction, weighed: int | Fraction, target_percent: Decimal) -> Verdict:
    """Whether the target (such as Decimal("99.5")) was missed; compares seconds, never printed percentages."""
    allowed = Fraction(window_seconds) * (100 - Fraction(target_percent)) / 100
    return Verdict(Fraction(weighed), allowed)


def combined(values: Iterable[Fraction], rule: Rule) -> Fraction:
    """Many weighed sums as one, by the rule; there is at least one."""
    known = list(values)
    return max(known) if rule == Rule.WORST else sum(known, Fraction(0)) / len(known)


def weighed_parts(entry: Entry, now: datetime, policy: Policy) -> Iterator[tuple[datetime, datetime, Fraction]]:
    """The entry as (start, end, weight) under the policy's clock, cut at the first *Monitoring* if that matters."""
    start, weight = entry.start, policy.weight_of_entry(entry)
    end = now if entry.end is None else min(entry.end, now)
    if policy.clock == Clock.FIRST_POST and entry.first_post_at is not None:
        start = max(start, entry.first_post_at)
    if policy.weight_after_monitoring is None or entry.monitoring_at is None:
        yield start, end, weight
        return
    cut = min(max(entry.monitoring_at, start), end)
    yield start, cut, weight
    # A level that weighs less than the recovery weight keeps its own: recovering never makes things worse.
    yield max(cut, start), end, min(weight, Fraction(policy.weight_after_monitoring))


def day_bars(
    intervals: Iterable[Interval], *, days: int, now: datetime, zone: str, since: date | None = None
) -> list[DayBar]:
    """The last `days` calendar days of one component in the zone, oldest first, today (up to `now`) last.

    Give the intervals of all its regions: a bar shows at each instant the heaviest level anywhere. Days before `since`
    (the day the component began, in the zone) have no data.
    """
    known = list(intervals)
    today = now.astimezone(ZoneInfo(zone)).date()
    return [_day_bar(known, today - timedelta(days=ago), now, zone, since) for ago in range(days - 1, -1, -1)]


def days_window(now: datetime, days: int, zone: str, since: date | None = None) -> Span:
    """The last `days` whole days in the zone, today included to its end, or from `since` when that is later."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first = today - timedelta(days=days - 1)
    if since is not None:
        first = min(max(first, since), today)
    return Span(_midnight(first, zone), _midnight(today + timedelta(days=1), zone))


def month_window(year: int, month: int, zone: str) -> Span:
    """The calendar month in the zone, as a span in UTC."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return Span(_midnight(date(year, month, 1), zone), _midnight(following, zone))


def _of_region(entries: Iterable[Entry], region: Hashable | None) -> list[Entry]:
    return [entry for entry in entries if region is None or entry.region is None or entry.region == region]


def _weighed_once(entries: Iterable[Entry], window: Span, now: datetime, policy: Policy) -> Fraction:
    """Weighed seconds of one component in one region: at each instant, the heaviest of the weights then open."""
    parts = [part for entry in entries for part in weighed_parts(entry, now, policy)]
    clipped = [(max(start, window.start), min(end, window.end), weight) for start, end, weight in parts]
    opening = sorted(((start, end, weight) for start, end, weight in clipped if start < end), key=lambda part: part[0])
    edges = sorted({edge for start, end, _ in opening for edge in (start, end)})
    total = Fraction(0)
    is_open: list[tuple[datetime, Fraction]] = []
    coming = 0
    for begins, ends in zip(edges, edges[1:], strict=False):
        while coming < len(opening) and opening[coming][0] <= begins:
            is_open.append(opening[coming][1:])
            coming += 1
        is_open = [(until, weight) for until, weight in is_open if until > begins]
        total += seconds_between(begins, ends) * max((weight for _, weight in is_open), default=Fraction(0))
    return total


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _day_bar(intervals: list[Interval], day: date, now: datetime, zone: str, since: date | None) -> DayBar:
    whole = Span(_midnight(day, zone), _midnight(day + timedelta(days=1), zone))
    length = int(whole.seconds)
    if since is not None and day < since:
        return DayBar(day, length, None)
    totals: dict[Level, Fraction] = {}
    for segment in worst_by_instant(intervals, now, whole):
        totals[segment.level] = totals.get(segment.level, Fraction(0)) + segment.seconds
    return DayBar(day, length, worst_of(totals), {level: int(total) for level, total in totals.items()})

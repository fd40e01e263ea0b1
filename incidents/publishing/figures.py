"""The figures of one component or group as pages print them: ninety bars, percentages, months, regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from incidents.domain import days
from incidents.domain.days import Calendar, ComponentDays
from incidents.domain.uptime import DayBar
from incidents.models import Component, Region

BAR_DAYS = 90


@dataclass(frozen=True)
class Counted:
    """One component: its row, its days, the regions in which it runs (in their order)."""

    row: Component
    days: ComponentDays
    regions: Sequence[Region]


@dataclass(frozen=True)
class Figures:
    """What `ComponentView` carries of uptime; see there."""

    bars: tuple[DayBar, ...]
    uptime_percent: str
    region_bars: tuple[tuple[str, tuple[DayBar, ...], str], ...]
    months: tuple[tuple[date, Decimal | None], ...]
    month_days: tuple[DayBar, ...]


class Counter:
    """Figures as of one instant in one zone. The days that all components share are worked out once."""

    def __init__(self, now: datetime, zone: str) -> None:
        self.zone = zone
        self.today = days.local_date(now, zone)
        self.first = self.today - timedelta(days=BAR_DAYS - 1)
        self.calendar = Calendar(self.first, self.today, zone)

    def figures(self, row: Component, parts: Sequence[Counted]) -> Figures:
        """Of a component (`parts` is itself alone) or a group (its components; a group of none has no data)."""
        begun = _begun(row, parts)
        anywhere = [part.days.anywhere for part in parts]
        return Figures(
            bars=days.bars_of(anywhere, self.calendar, begun),
            uptime_percent=self._percent(parts, begun),
            region_bars=() if row.is_group else self._regions(parts[0], begun),
            months=self._months(row, parts, begun),
            month_days=days.troubled_bars(anywhere, self.zone, begun),
        )

    def _percent(self, parts: Sequence[Counted], begun: date | None) -> str:
        first = self._first_counted(begun)
        found = self._uptime(parts, first, self.today)
        return "" if found is None else f"{found:.2f}"

    def _uptime(self, parts: Sequence[Counted], first: date, last: date) -> Decimal | None:
        """The mean over the parts, each by its region with the most weighed time in the window."""
        if not parts or first > last:
            return None
        weighed = sum(
            days.worst_weighed(part.days, [region.pk for region in part.regions], first, last) for part in parts
        )
        return days.percent(days.length_us(first, last, self.zone), weighed, len(parts))

    def _regions(self, part: Counted, begun: date | None) -> tuple[tuple[str, tuple[DayBar, ...], str], ...]:
        """Each region by itself, if any day of the window was not the same in all."""
        if not any(day >= self.first for own in part.days.regions.values() for day in own):
            return ()
        first = self._first_counted(begun)
        length = days.length_us(first, self.today, self.zone)
        found = []
        for region in part.regions:
            own = part.days.of_region(region.pk)
            percent = days.percent(length, days.total(own, first, self.today).weighed)
            found.append((region.name, days.bars_of([own], self.calendar, begun), f"{percent:.2f}"))
        return tuple(found)

    def _months(
        self, row: Component, parts: Sequence[Counted], begun: date | None
    ) -> tuple[tuple[date, Decimal | None], ...]:
        """From the month of the first day with data, or else of the first that is known of it; newest first.

        The running month counts up to the end of today, as the ninety days do: a figure moves with the truth and at
        midnight, not with every minute.
        """
        known = [days.local_date(row.created_at, self.zone), *(day for part in parts for day in part.days.anywhere)]
        return tuple(
            (
                month,
                self._uptime(parts, max(month, begun or month), min(days.last_of_month(month), self.today)),
            )
            for month in days.months_since(begun or min(known), self.today)
        )

    def _first_counted(self, begun: date | None) -> date:
        return self.first if begun is None else min(max(self.first, begun), self.today)


def _begun(row: Component, parts: Sequence[Counted]) -> date | None:
    """The first day with data: a group begins with its first component, if each of them has a first day."""
    if not row.is_group:
        return row.start_date
    starts = [part.row.start_date for part in parts if part.row.start_date]
    return min(starts) if parts and len(starts) == len(parts) else row.start_date

"""The days of all components: read from the day table where that is settled, computed where trouble goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from incidents import queries
from incidents.domain.days import Amounts, ComponentDays, Stretch, calendar_of, days_of
from incidents.domain.status import Level, painted
from incidents.models import Component, ComponentDay, ImpactInterval

# Component, region (None: anywhere), day: what names one row of the table.
Key = tuple[int, int | None, date]
COLUMNS = ("major_us", "partial_us", "degraded_us", "maintenance_us")


def figures(now: datetime) -> Mapping[int, ComponentDays]:
    """The days of each component that has any, as of `now`; in a constant number of queries.

    What is settled comes from the table. A component with an interval that is open, or that ends after `now`, is
    computed out of all its intervals.
    """
    moving = queries.standing_intervals().filter(Q(ended_at__isnull=True) | Q(ended_at__gt=now))
    theirs = queries.standing_intervals().filter(component__in=moving.values("component"))
    return {**_as_days(table()), **counted(theirs, now, queries.the_page().time_zone)}


def table(component_ids: Collection[int] | None = None, since: date | None = None) -> dict[Key, Amounts]:
    """The rows of the day table; of some components and from a day on, if given."""
    rows = ComponentDay.objects.all()
    if component_ids is not None:
        rows = rows.filter(component_id__in=component_ids)
    if since is not None:
        rows = rows.filter(day__gte=since)
    return {
        (component_id, region_id, day): Amounts(*amounts)
        for component_id, region_id, day, *amounts in rows.values_list("component_id", "region_id", "day", *COLUMNS)
    }


def settled(
    zone: str, component_ids: Collection[int] | None = None, since: datetime | None = None, first: date | None = None
) -> dict[Key, Amounts]:
    """The rows that the day table ought to hold: of every interval that has an end, out of the ledger.

    Of some components; and of the days from `first` on, which begins at the instant `since`.
    """
    rows = queries.standing_intervals().filter(ended_at__isnull=False)
    if component_ids is not None:
        rows = rows.filter(component_id__in=component_ids)
    if since is not None:
        rows = rows.filter(ended_at__gt=since)
    found: dict[Key, Amounts] = {}
    for component_id, own in counted(rows, None, zone, first).items():
        found.update({(component_id, None, day): amounts for day, amounts in own.anywhere.items()})
        for region_id, days in own.regions.items():
            found.update({(component_id, region_id, day): amounts for day, amounts in days.items()})  # type: ignore[misc]
    return found


def counted(
    intervals: QuerySet[ImpactInterval], now: datetime | None, zone: str, first: date | None = None
) -> dict[int, ComponentDays]:
    """The days of each component out of its intervals, in two queries. `now` None: none of them is open, and each
    counts to its end; `first`: nothing of the days before it."""
    by_component: dict[int, list[Stretch]] = defaultdict(list)
    fields = ("component_id", "started_at", "ended_at", "level", "region_id", "is_quality")
    for component_id, start, end, level, region_id, is_quality in intervals.order_by().values_list(*fields):
        # Served, but wrong: it shows on its day, and is no outage that weighs in a percentage.
        shown = painted(Level(level), is_quality=is_quality)
        by_component[component_id].append((start, end, shown, region_id))
    regions = _regions(by_component)
    stretches = [stretch for own in by_component.values() for stretch in own]
    until = now or max((end for _start, end, *_rest in stretches if end), default=timezone.now())
    calendar = calendar_of(stretches, until, zone, first)
    return {pk: days_of(own, calendar, until, regions[pk]) for pk, own in by_component.items()}


def _regions(component_ids: Collection[int]) -> Mapping[int, list[Hashable]]:
    """The regions in which each component runs."""
    found: dict[int, list[Hashable]] = defaultdict(list)
    places: Any = Component.regions.through.objects.values_list("component_id", "region_id")
    for component_id, region_id in places:
        if component_id in component_ids:
            found[component_id].append(region_id)
    return found


def _as_days(rows: Mapping[Key, Amounts]) -> dict[int, ComponentDays]:
    found: dict[int, tuple[dict[date, Amounts], dict[Hashable, dict[date, Amounts]]]] = {}
    for (component_id, region_id, day), amounts in rows.items():
        anywhere, regions = found.setdefault(component_id, ({}, {}))
        (anywhere if region_id is None else regions.setdefault(region_id, {}))[day] = amounts
    return {component_id: ComponentDays(*own) for component_id, own in found.items()}

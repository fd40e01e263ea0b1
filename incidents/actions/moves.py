"""How the ledger moves: the intervals that one holder (an incident, or the hand) opens, moves and closes.

A holder touches only its own intervals. One for all regions ends when one region is told apart from the others, and
intervals for the others begin in the same instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents.actions.refusals import Refused
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level, worst_of
from incidents.models import Component, ImpactInterval, Incident, Region


@dataclass(frozen=True)
class Holder:
    """Who holds intervals: an incident, or nobody (set by hand). `touched` gathers the rows that moved.

    What an import opened is held as if it had been opened here, so that it can be moved and ended here.
    """

    incident: Incident | None
    source: str
    touched: list[ImpactInterval] = field(default_factory=list)

    def open_intervals(self, component: Component) -> QuerySet[ImpactInterval]:
        """This holder's open intervals on a component."""
        return ImpactInterval.objects.filter(
            component=component,
            incident=self.incident,
            source__in=(self.source, "import"),
            ended_at__isnull=True,
            superseded_at__isnull=True,
        )


def apply(holder: Holder, change: ComponentChange, now: datetime) -> list[dict[str, Any]]:
    """Move the ledger as one change says; returns what is told of it, one entry per region that moved (JSON;
    times are ISO 8601 in UTC).

    Raises Refused for an unknown or archived component, a group, a foreign region, a time in the future, or an end
    before the beginning, or another time for what is so already.
    """
    component = component_of(change.component_id)
    since = change.since or now
    if since > now:
        raise Refused(
            _("%(name)s: the time is in the future. Give the time when it began, or leave it empty.")
            % {"name": component.name},
            "since",
        )
    regions = regions_of(component, change.region_ids)
    before = [_level_before(holder, component, region) for region in regions]
    told = [
        as_told(component, region, old, change.level, since)
        for region, old in zip(regions, before, strict=True)
        if _move(holder, component, region, regions, change, since, now) or old != change.level
    ]
    if change.since is not None and change.level == Level.OPERATIONAL and not told:
        raise _is_so_since_another_time(component)
    return told


def close_all(holder: Holder, now: datetime) -> list[dict[str, Any]]:
    """End every open interval of an incident, at `now`; returns what is told of it.

    One that began after `now` (a clock was set back) ends where it began.
    """
    told = []
    rows = ImpactInterval.objects.filter(incident=holder.incident, ended_at__isnull=True, superseded_at__isnull=True)
    for interval in rows.select_related("component__group", "region"):
        end = max(now, interval.started_at)
        told.append(as_told(interval.component, interval.region, Level(interval.level), Level.OPERATIONAL, end))
        interval.ended_at = end
        interval.save(update_fields=["ended_at"])
        holder.touched.append(interval)
    return told


def component_of(component_id: int) -> Component:
    """The component, if it can be in trouble. Raises Refused for an unknown or archived one and for a group."""
    component = Component.objects.select_related("group").filter(pk=component_id).first()
    if component is None:
        raise Refused(_("There is no such component."), "components")
    if component.archived_at:
        raise Refused(
            _("%(name)s is archived. Restore it first, or choose another component.") % {"name": component.name},
            "components",
        )
    if component.is_group:
        raise Refused(
            _("%(name)s is a group; its status follows from its components.") % {"name": component.name}, "components"
        )
    return component


def regions_of(component: Component, region_ids: tuple[int, ...]) -> list[Region | None]:
    """The regions of a component by id; one None for all of them. Raises Refused for one where it does not run."""
    known = {region.pk: region for region in component.regions.all()}
    if not region_ids or set(region_ids) == set(known):
        return [None]
    if not set(region_ids) <= set(known):
        raise Refused(_("%(name)s does not run in that region.") % {"name": component.name}, "regions")
    return [known[region_id] for region_id in region_ids]


def _level_before(holder: Holder, component: Component, region: Region | None) -> Level:
    rows = holder.open_intervals(component)
    return worst_of(
        Level(row.level) for row in rows if region is None or row.region_id is None or row.region_id == region.pk
    )


def _move(
    holder: Holder,
    component: Component,
    region: Region | None,
    named: list[Region | None],
    change: ComponentChange,
    since: datetime,
    now: datetime,
) -> bool:
    """Whether the ledger moved. `named`: all regions that the change names, of which this is one."""
    touched = [row for row in holder.open_intervals(component) if region is None or row.region_id in (None, region.pk)]
    if touched and _is_so_already(touched, region, change):
        if change.since is not None and any(row.started_at != since for row in touched):
            raise _is_so_since_another_time(component)
        return False
    for row in touched:
        _end(row, component, since)
        holder.touched.append(row)
        if region and row.region_id is None:
            for other in component.regions.exclude(pk__in=[each.pk for each in named if each]):
                _open(holder, component, other, Level(row.level), row.is_quality, since, now)
    if change.level != Level.OPERATIONAL:
        _open(holder, component, region, change.level, change.is_quality, since, now)
    return bool(touched) or change.level != Level.OPERATIONAL


def _is_so_since_another_time(component: Component) -> Refused:
    return Refused(
        _("%(name)s is at that level already, since another time. To move its start, correct the ledger.")
        % {"name": component.name},
        "since",
    )


def _is_so_already(touched: list[ImpactInterval], region: Region | None, change: ComponentChange) -> bool:
    return all(
        (row.level, row.is_quality) == (change.level, change.is_quality) and (region or row.region_id is None)
        for row in touched
    )


def _end(row: ImpactInterval, component: Component, since: datetime) -> None:
    if since < row.started_at:
        raise Refused(
            _("%(name)s: that is before its present level began (%(start)s UTC). To change that, correct the ledger.")
            % {"name": component.name, "start": f"{row.started_at:%Y-%m-%d %H:%M}"},
            "since",
        )
    row.ended_at = since
    row.save(update_fields=["ended_at"])


def _open(
    holder: Holder,
    component: Component,
    region: Region | None,
    level: Level,
    is_quality: bool,
    since: datetime,
    now: datetime,
) -> None:
    interval = ImpactInterval.objects.create(
        component=component,
        region=region,
        level=level,
        is_quality=is_quality,
        started_at=since,
        incident=holder.incident,
        source=holder.source,
        recorded_at=now,
    )
    holder.touched.append(interval)


def as_told(component: Component, region: Region | None, old: Level, new: Level, since: datetime) -> dict[str, Any]:
    """What an update tells of one component, in one region or all; JSON, times ISO 8601 in UTC."""
    return {
        "code": component.code,
        "slug": component.slug,
        "name": component.full_name,
        "region": region.name if region else "",
        "old_level": old.value,
        "new_level": new.value,
        "since": since.isoformat(),
    }

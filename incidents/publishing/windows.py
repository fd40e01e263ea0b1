"""What the public value says of an incident that was planned, in place of what is measured of trouble."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from incidents.domain.status import CLOSED_STAGES, RUNNING_STAGES, Kind, Level
from incidents.models import Incident, MaintenanceScope
from incidents.publishing.public import AffectedView, IncidentView, WindowView

MINUTE = timedelta(minutes=1)


def as_maintenance(view: IncidentView, row: Incident, scope: Iterable[MaintenanceScope]) -> IncidentView:
    """The view with its window instead of milestones and durations. `scope` in the order of the page."""
    assert row.scheduled_for, "a constraint of the table"
    assert row.scheduled_until, "the same"
    is_over = view.stage in CLOSED_STAGES
    begun_at = min((update.posted_at for update in view.updates if update.stage in RUNNING_STAGES), default=None)
    return replace(
        view,
        kind=Kind.MAINTENANCE,
        is_open=row.is_open and row.cancelled_at is None,
        window=WindowView(row.scheduled_for, row.scheduled_until),
        is_cancelled=row.cancelled_at is not None,
        calendar_sequence=row.calendar_sequence,
        started_at=min(row.scheduled_for, begun_at or row.scheduled_for),
        begun_at=begun_at,
        monitoring_at=None,
        resolved_at=row.cancelled_at or (view.newest.posted_at if is_over else None),
        affected=_planned(scope, view.affected),
        milestones=(),
        durations=(),
    )


def edges(view: IncidentView, window: WindowView, now: datetime) -> list[datetime]:
    """Instants after `now` at which a page says something else of a maintenance: its history begins, it is late, it
    runs over, and then by how many minutes."""
    found = [at for at in (window.scheduled_for, window.scheduled_until) if at > now]
    if view.is_running and window.scheduled_until <= now:
        found.append(window.scheduled_until + MINUTE * ((now - window.scheduled_until) // MINUTE + 1))
    return found


def _planned(scope: Iterable[MaintenanceScope], taken: tuple[AffectedView, ...]) -> tuple[AffectedView, ...]:
    """The components that it is planned for, and those that it took besides, at the levels that it gave them."""
    levels = {view.code: view for view in taken}
    rows: dict[int, list[MaintenanceScope]] = {}
    for each in scope:
        rows.setdefault(each.component_id, []).append(each)
    views = [_affected(found, levels.get(found[0].component.code)) for found in rows.values()]
    codes = {view.code for view in views}
    return (*views, *(view for view in taken if view.code not in codes))


def _affected(rows: list[MaintenanceScope], taken: AffectedView | None) -> AffectedView:
    component = rows[0].component
    regions = [row.region.name for row in rows if row.region]
    return AffectedView(
        code=component.code,
        slug=component.slug,
        name=component.full_name,
        level=taken.level if taken else Level.OPERATIONAL,
        worst_level=taken.worst_level if taken else Level.UNDER_MAINTENANCE,
        regions=tuple(regions) if len(regions) == len(rows) else (),
    )

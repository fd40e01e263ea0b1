"""How a maintenance is made and moves: its window, its scope, the ledger while it runs, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from incidents.actions import moves, texts, updates
from incidents.actions.codes import new_code
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.maintenance import MAX_LEAD_MINUTES, Plan, next_step_at
from incidents.domain.status import Kind, Level, Stage
from incidents.domain.verbs import Verb
from incidents.models import Component, Incident, MaintenanceScope, MaintenanceSeries, PublicPage

Scope = Sequence[tuple[int, tuple[int, ...]]]


def announce(
    *,
    actor: Actor,
    page: PublicPage,
    title: str,
    body: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    scope: Scope,
    reminder_lead_minutes: Sequence[int],
    is_notifying: bool,
    now: datetime,
    flags: Mapping[str, bool],
    series: MaintenanceSeries | None = None,
) -> Incident:
    """Make a maintenance with its first update, inside the caller's transaction. `flags`: the `is_…` of the model.

    Raises Refused.
    """
    text, html = texts.body(body)
    refuse_window(scheduled_for, scheduled_until, now)
    rows = scope_rows(scope)
    incident = Incident.objects.create(
        code=new_code(), kind=Kind.MAINTENANCE, title=texts.line(title, field="title", limit=255),
        stage=Stage.SCHEDULED, scheduled_for=scheduled_for, scheduled_until=scheduled_until,
        reminder_lead_minutes=leads(reminder_lead_minutes), series=series,
        occurrence_at=scheduled_for if series else None, created_at=now, updated_at=now, **flags,
    )  # fmt: skip
    keep_scope(incident, rows)
    update = updates.append(
        actor=actor, incident=incident, stage=Stage.SCHEDULED, text=text, html=html, now=now, is_notifying=is_notifying
    )
    plan_next_step(incident, now)
    updates.tell(actor, Verb.MAINTENANCE_SCHEDULED, page, incident, update, changes={"title": ["", incident.title]})
    return incident


def refuse_window(begin: datetime, end: datetime, now: datetime) -> None:
    """Raise Refused for a window that ends before it begins, or is over."""
    if end <= begin:
        raise Refused(_("The window must end after it begins."), "scheduled_until")
    if end <= now:
        raise Refused(_("The window is over already. Choose one that is still to come."), "scheduled_until")


def leads(raw: Sequence[int]) -> list[int]:
    """Lead times of reminders in minutes, longest first. Raises Refused."""
    if any(lead < 1 or lead > MAX_LEAD_MINUTES for lead in raw):
        raise Refused(_("A reminder goes out from 1 minute to 60 days before the window."), "reminder_lead_minutes")
    if len(set(raw)) != len(raw):
        raise Refused(_("Two reminders have the same lead time."), "reminder_lead_minutes")
    return sorted(raw, reverse=True)


def scope_rows(scope: Scope) -> list[tuple[int, int | None]]:
    """The scope as pairs of component and region (None: all). Raises Refused for none, an archived one, a group, a
    foreign region, or a component named twice."""
    if not scope:
        raise Refused(_("Choose at least one component that the maintenance takes."), "components")
    if len({component_id for component_id, _regions in scope}) != len(scope):
        raise Refused(_("A component is named twice."), "components")
    rows: list[tuple[int, int | None]] = []
    for component_id, region_ids in scope:
        regions = moves.regions_of(moves.component_of(component_id), region_ids)
        rows += [(component_id, region.pk if region else None) for region in regions]
    return rows


def keep_scope(incident: Incident, rows: Sequence[tuple[int, int | None]]) -> None:
    """Make these rows the scope, in the place of what it was."""
    incident.scope.all().delete()
    MaintenanceScope.objects.bulk_create(
        MaintenanceScope(incident=incident, component_id=component_id, region_id=region_id)
        for component_id, region_id in rows
    )


def begin(incident: Incident, since: datetime, now: datetime) -> tuple[list[dict[str, Any]], list[Model]]:
    """Put what the scope names under maintenance from `since`; returns what is told of it and the rows that moved.

    A component that was archived and a region that was taken away since the announcement are left out.
    """
    holder = moves.Holder(incident, "maintenance")
    wanted: dict[int, list[int]] = {}
    for row in incident.scope.select_related("component").prefetch_related("component__regions"):
        known = {region.pk for region in row.component.regions.all()}
        if row.component.archived_at is None and (row.region_id is None or row.region_id in known):
            wanted.setdefault(row.component_id, []).extend([row.region_id] if row.region_id else [])
    told: list[dict[str, Any]] = []
    for component_id, region_ids in wanted.items():
        change = ComponentChange(component_id, Level.UNDER_MAINTENANCE, min(since, now), tuple(region_ids))
        told += moves.apply(holder, change, now)
    return told, list(holder.touched)


def finish(incident: Incident, at: datetime) -> tuple[list[dict[str, Any]], list[Model]]:
    """End what the maintenance holds, at `at` but never before it began; returns as `begin`."""
    holder = moves.Holder(incident, "maintenance")
    return moves.close_all(holder, at), list(holder.touched)


def window_of(incident: Incident) -> tuple[datetime, datetime]:
    """Begin and end as planned, in UTC."""
    if incident.scheduled_for is None or incident.scheduled_until is None:
        raise ValueError("not a maintenance")
    return incident.scheduled_for, incident.scheduled_until


def plan_of(incident: Incident) -> Plan:
    """The maintenance as the schedule sees it. Readers were told of the window by the first update, by each that went
    out and by each reminder."""
    begin_at, end_at = window_of(incident)
    telling = incident.updates.filter(Q(is_notifying=True) | Q(is_reminder=True) | Q(sequence=1))
    told_at = telling.order_by("-sequence").values_list("posted_at", flat=True).first()
    return Plan(
        Stage(incident.stage), begin_at, end_at, incident.is_auto_starting, incident.is_auto_finishing,
        tuple(incident.reminder_lead_minutes), told_at or incident.created_at,
    )  # fmt: skip


def plan_next_step(incident: Incident, now: datetime) -> None:
    """Note when the schedule has something to do next; to be called after every write."""
    incident.next_step_at = None if incident.withdrawn_at else next_step_at(plan_of(incident), now)
    incident.save(update_fields=["next_step_at"])


def known_scope(scope: Scope) -> list[tuple[int, tuple[int, ...]]]:
    """What of a scope that was chosen long ago is still there."""
    found = []
    for component in Component.objects.filter(pk__in=[pk for pk, _ids in scope], archived_at__isnull=True):
        chosen = next(set(ids) for pk, ids in scope if pk == component.pk)
        left = chosen & set(component.regions.values_list("pk", flat=True))
        if left or not chosen:
            found.append((component.pk, tuple(sorted(left))))
    return found

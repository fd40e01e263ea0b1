"""Maintenance as rows, at any stage, without waiting for the schedule that would bring it there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from incidents.domain.markup import render_html
from incidents.domain.status import Kind, Level, Stage
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, MaintenanceScope
from tests.factories import utc

ANNOUNCED = utc("2026-06-20 09:00")
BODY = "The database moves to **new** hardware."


def plan(*components: Component, code: str = "mnt000000001", **given: Any) -> Incident:
    """A maintenance on 23 June, 14:00 to 16:00 UTC, announced three days before."""
    told_at = given.pop("told_at", ANNOUNCED)
    body = given.pop("body", BODY)
    regions = given.pop("regions", [None])
    row = Incident.objects.create(
        **{
            "code": code,
            "kind": Kind.MAINTENANCE,
            "title": "Database upgrade",
            "stage": Stage.SCHEDULED,
            "scheduled_for": utc("2026-06-23 14:00"),
            "scheduled_until": utc("2026-06-23 16:00"),
            "created_at": told_at,
            "updated_at": told_at,
            **given,
        }
    )
    for component in components:
        for region in regions:
            MaintenanceScope.objects.create(incident=row, component=component, region=region)
    tell(row, Stage.SCHEDULED, told_at, body)
    return row


def tell(row: Incident, stage: Stage, at: datetime, body: str = "So far so good.", **given: Any) -> IncidentUpdate:
    """One more update, and the maintenance at its stage."""
    sequence = row.updates.count() + 1
    Incident.objects.filter(pk=row.pk).update(stage=stage, updated_at=at)
    row.refresh_from_db()
    return IncidentUpdate.objects.create(
        incident=row, code=f"{row.code[-8:]}u{sequence}", sequence=sequence, stage=stage, body=body,
        body_html=render_html(body), posted_at=at, created_at=at, author_label="maria", **given,
    )  # fmt: skip


def begin(row: Incident, at: datetime) -> None:
    """The work begins: its components are under maintenance."""
    tell(row, Stage.IN_PROGRESS, at, "Work has begun.")
    for scope in row.scope.all():
        ImpactInterval.objects.create(
            component=scope.component, region=scope.region, incident=row, level=Level.UNDER_MAINTENANCE,
            started_at=at, recorded_at=at, source="update",
        )  # fmt: skip


def finish(row: Incident, at: datetime) -> None:
    """The work is done."""
    tell(row, Stage.COMPLETED, at, "All done.")
    row.intervals.update(ended_at=at)


def cancel(row: Incident, at: datetime) -> None:
    """It does not take place."""
    tell(row, Stage.COMPLETED, at, "Not this week.")
    Incident.objects.filter(pk=row.pk).update(cancelled_at=at, calendar_sequence=row.calendar_sequence + 1)

"""The facts of an update, frozen for those who will be told: public fields only, as they are in this transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from incidents import queries
from incidents.domain.impact import Spell
from incidents.domain.markup import render_text
from incidents.domain.status import CLOSED_STAGES, Level, Stage
from incidents.models import Component, Incident, IncidentUpdate, PublicPage

RUNNING_EXPIRY = timedelta(hours=6)
RESOLVED_EXPIRY = timedelta(hours=24)


def of_page(page: PublicPage) -> dict[str, str]:
    """What mails say of the page: its name, and its accent colour (#rrggbb, "" for none)."""
    return {"name": page.name, "accent": page.accent}


@dataclass(frozen=True)
class Standing:
    """How things stand with an update: `components` in the order of the page, `started_at` in UTC."""

    spells: list[Spell]
    started_at: datetime
    components: Sequence[Component]


def of_update(
    page: PublicPage, incident: Incident, update: IncidentUpdate, standing: Standing | None = None
) -> dict[str, Any]:
    """What mails and feeds may say of an update: JSON; times are ISO 8601 in UTC. `standing` of an update that is not
    written yet; None reads it from the ledger."""
    if standing is None:
        spells = queries.spells_of(incident)
        started_at = queries.impact_started_at(incident, spells)
        standing = Standing(spells, started_at, list(queries.components_of(incident)))
    spells = standing.spells
    return {
        "page": of_page(page),
        "incident": {
            "code": incident.code,
            "title": incident.title,
            "stage": incident.stage,
            "impact": queries.impact_of(incident, spells),
            "started_at": _iso(standing.started_at),
            "advice": render_text(incident.advice),
            "advice_html": incident.advice_html,
            "components": _components_now(standing, update.posted_at),
        },
        "maintenance": _window(incident) if incident.is_maintenance else None,
        "update": {
            "code": update.code,
            "sequence": update.sequence,
            "stage": update.stage,
            "is_reopening": update.is_reopening,
            "text": render_text(update.body),
            "html": update.body_html,
            "posted_at": _iso(update.posted_at),
            "next_update_due_at": _iso(update.next_update_due_at),
            "component_changes": update.component_changes,
        },
    }


def audience_of(incident: Incident) -> dict[str, Any]:
    """The audience rule: the components that the incident ever held or is going to take, with their groups."""
    rule = Q(intervals__incident=incident) | Q(pk__in=incident.scope.values("component"))
    rows = Component.objects.filter(rule).distinct().values_list("pk", "group_id")
    return {"component_ids": sorted({pk for row in rows for pk in row if pk})}


def expiry_of(update: IncidentUpdate) -> datetime:
    """When it is too late to begin telling of this update: an announcement says nothing once the window has begun."""
    if update.stage in CLOSED_STAGES:
        return update.posted_at + RESOLVED_EXPIRY
    begin = update.incident.scheduled_for
    if update.stage == Stage.SCHEDULED and begin and begin > update.posted_at:
        return begin
    return update.posted_at + RUNNING_EXPIRY


def _window(incident: Incident) -> dict[str, Any]:
    scope = incident.scope.select_related("component__group", "region")
    return {
        "scheduled_for": _iso(incident.scheduled_for),
        "scheduled_until": _iso(incident.scheduled_until),
        "is_cancelled": incident.cancelled_at is not None,
        "affects": [
            f"{row.component.full_name} ({row.region.name})" if row.region else row.component.full_name for row in scope
        ],
    }


def _components_now(standing: Standing, at: datetime) -> list[dict[str, Any]]:
    levels = queries.levels_held(standing.spells, at)
    return [
        {
            "code": component.code,
            "slug": component.slug,
            "name": component.full_name,
            "level": levels.get(component.pk, Level.OPERATIONAL),
        }
        for component in standing.components
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

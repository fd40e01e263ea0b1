"""The facts of an update, frozen for those who will be told: public fields only, as they are in this transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from incidents import queries
from incidents.domain.impact import Spell
from incidents.domain.markup import render_text
from incidents.domain.status import Stage
from incidents.models import Component, Incident, IncidentUpdate, PublicPage

RUNNING_EXPIRY = timedelta(hours=6)
RESOLVED_EXPIRY = timedelta(hours=24)


def of_update(page: PublicPage, incident: Incident, update: IncidentUpdate) -> dict[str, Any]:
    """What mails and feeds may say of an update: JSON; times are ISO 8601 in UTC."""
    spells = queries.spells_of(incident)
    return {
        "page": {"name": page.name},
        "incident": {
            "code": incident.code,
            "title": incident.title,
            "stage": incident.stage,
            "impact": queries.impact_of(incident, spells),
            "started_at": _iso(queries.impact_started_at(incident, spells)),
            "advice": render_text(incident.advice),
            "advice_html": incident.advice_html,
            "components": _components_now(incident, spells, update.posted_at),
        },
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
    """The audience rule: the components that the incident ever held, with their groups."""
    rows = Component.objects.filter(intervals__incident=incident).distinct().values_list("pk", "group_id")
    return {"component_ids": sorted({pk for row in rows for pk in row if pk})}


def expiry_of(update: IncidentUpdate) -> datetime:
    """When it is too late to begin telling of this update."""
    return update.posted_at + (RESOLVED_EXPIRY if update.stage == Stage.RESOLVED else RUNNING_EXPIRY)


def _components_now(incident: Incident, spells: list[Spell], at: datetime) -> list[dict[str, Any]]:
    levels = queries.levels_held(spells, at)
    return [
        {"code": component.code, "slug": component.slug, "name": component.full_name, "level": levels[component.pk]}
        for component in queries.components_of(incident)
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

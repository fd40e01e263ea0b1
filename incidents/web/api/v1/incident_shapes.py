"""From rows to answers: incidents with their updates, in a constant number of queries however many they are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch

from incidents import queries
from incidents.domain.impact import Spell
from incidents.domain.status import Level, Stage, worst_of
from incidents.models import (
    Component,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MaintenanceScope,
    PublicPage,
    Review,
    ReviewVersion,
)
from incidents.web.api.v1 import answers
from incidents.web.api.v1.shapes import Levels, component_answers, stamp, stamp_or_none

SUMMARY = "summary"


def incident_answers(rows: Sequence[Incident], page: PublicPage) -> list[answers.Incident]:
    """These incidents, in this order."""
    shelf = _Shelf(rows, page)
    return [shelf.answer(row) for row in rows]


def incident_answer(row: Incident, page: PublicPage) -> answers.Incident:
    """One incident."""
    return incident_answers([row], page)[0]


def update_answer(row: IncidentUpdate, page: PublicPage) -> answers.Update:
    """One update, its incident read along."""
    return answers.Update.model_validate(
        {
            "id": row.code,
            "status": row.stage,
            "body": row.body,
            "incident_id": row.incident.code,
            "created_at": stamp(row.created_at, page),
            "updated_at": stamp(row.amended_at or row.withheld_at or row.created_at, page),
            "display_at": stamp(row.posted_at, page),
            "affected_components": _affected(row.component_changes),
            "deliver_notifications": row.is_notifying,
        }
    )


def published_summary(review: Review) -> tuple[str | None, ReviewVersion | None]:
    """The summary as it was published last, and that version; (None, None) where nothing is, or it was retracted."""
    newest = max(review.versions.all(), key=lambda version: version.number, default=None)
    if newest is None or newest.withheld_at:
        return None, None
    told = json.loads(newest.document)["review"]
    if told is None:
        return None, None
    return next((part["text"] for part in told["sections"] if part["key"] == SUMMARY), None), newest


class _Shelf:
    """Everything about some incidents, read at once."""

    def __init__(self, rows: Sequence[Incident], page: PublicPage) -> None:
        ids = [row.pk for row in rows]
        self.page = page
        self.updates: dict[int, list[IncidentUpdate]] = defaultdict(list)
        for update in IncidentUpdate.objects.filter(incident__in=ids).select_related("incident").order_by("-sequence"):
            self.updates[update.incident_id].append(update)
        self.spells: dict[int, list[Spell]] = defaultdict(list)
        component_ids: dict[int, set[int]] = defaultdict(set)
        for interval in ImpactInterval.objects.filter(incident__in=ids, superseded_at__isnull=True):
            self.spells[interval.incident_id or 0].append(queries.spell_of(interval))
            component_ids[interval.incident_id or 0].add(interval.component_id)
        for scope in MaintenanceScope.objects.filter(incident__in=ids):
            component_ids[scope.incident_id].add(scope.component_id)
        wanted = set().union(*component_ids.values())
        known = Component.objects.filter(pk__in=wanted).select_related("group").order_by("position", "id")
        answered = dict(zip([row.pk for row in known], component_answers(known, page, Levels()), strict=True))
        self.components = {pk: [one for key, one in answered.items() if key in component_ids[pk]] for pk in ids}
        self.reviews: dict[int, Review] = {}
        versions = Prefetch("versions", ReviewVersion.objects.defer("page"))
        for review in Review.objects.filter(incidents__in=ids).prefetch_related("incidents", versions).order_by("id"):
            self.reviews |= {incident.pk: review for incident in review.incidents.all()}

    def answer(self, row: Incident) -> answers.Incident:
        """One of them."""
        page, updates = self.page, self.updates[row.pk]
        values: dict[str, Any] = {
            "id": row.code, "name": row.title, "status": row.stage,
            "created_at": self._kept(row, "created_at"), "updated_at": stamp(row.updated_at, page),
            "monitoring_at": stamp_or_none(_first(updates, (Stage.MONITORING, Stage.VERIFYING)), page),
            "resolved_at": None if row.is_open else stamp_or_none(_last_end(updates), page),
            "impact": queries.impact_of(row, self.spells[row.pk]).value,
            "shortlink": f"{settings.SITE_URL}/i/{row.code}", "started_at": self._kept(row, "started_at"),
            "page_id": page.code, "incident_updates": [update_answer(update, page) for update in updates],
            "components": self.components[row.pk], "impact_override": row.impact_override or None,
            "metadata": row.metadata,
        }  # fmt: skip
        return answers.Incident.model_validate(values | self._postmortem(row) | self._schedule(row, updates))

    def _kept(self, row: Incident, name: str) -> str:
        """A time of the row, or the one that an import kept."""
        kept = row.wire.get(name)
        return stamp(datetime.fromisoformat(kept) if kept else row.created_at, self.page)

    def _postmortem(self, row: Incident) -> dict[str, Any]:
        review = self.reviews.get(row.pk)
        body, version = published_summary(review) if review else (None, None)
        at = stamp_or_none(version.published_at if version else None, self.page)
        return {
            "postmortem_body": body, "postmortem_body_last_updated_at": at, "postmortem_published_at": at,
            "postmortem_notified_subscribers": version is not None,
        }  # fmt: skip

    def _schedule(self, row: Incident, updates: Iterable[IncidentUpdate]) -> dict[str, Any]:
        is_planned = row.is_maintenance
        reminded = max((update.posted_at for update in updates if update.is_reminder), default=None)
        return {
            "scheduled_for": stamp_or_none(row.scheduled_for, self.page),
            "scheduled_until": stamp_or_none(row.scheduled_until, self.page),
            "scheduled_remind_prior": bool(row.reminder_lead_minutes),
            "scheduled_reminded_at": stamp_or_none(reminded, self.page),
            "scheduled_auto_in_progress": is_planned and row.is_auto_starting,
            "scheduled_auto_completed": is_planned and row.is_auto_finishing,
            "scheduled_auto_transition": is_planned and row.is_auto_starting and row.is_auto_finishing,
            "auto_transition_to_maintenance_state": is_planned,
            "auto_transition_to_operational_state": is_planned,
            "auto_transition_deliver_notifications_at_start": is_planned and row.is_start_notifying,
            "auto_transition_deliver_notifications_at_end": is_planned and row.is_finish_notifying,
        }


def _first(updates: Sequence[IncidentUpdate], stages: Sequence[Stage]) -> datetime | None:
    return min((update.posted_at for update in updates if update.stage in stages), default=None)


def _last_end(updates: Sequence[IncidentUpdate]) -> datetime | None:
    ends = [update.posted_at for update in updates if update.stage in (Stage.RESOLVED, Stage.COMPLETED)]
    return max(ends, default=None)


def _affected(changes: Sequence[dict[str, Any]]) -> list[dict[str, str]] | None:
    """What was said of each component, at its worst where regions differ; None for nothing."""
    found: dict[str, dict[str, str]] = {}
    for change in changes:
        one = {
            "code": change["code"], "name": change["name"], "old_status": change["old_level"],
            "new_status": change["new_level"],
        }  # fmt: skip
        known = found.setdefault(change["code"], one)
        for name in ("old_status", "new_status"):
            known[name] = worst_of((Level(known[name]), Level(one[name]))).value
    return list(found.values()) or None

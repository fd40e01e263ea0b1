"""What every update is written by: its place in line, its row, the incident that stands as it says, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Model
from django.utils.translation import gettext as _

from incidents.actions import facts, guards, verdicts
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.review import ReviewState
from incidents.domain.status import Stage
from incidents.domain.verbs import Reach, Verb
from incidents.models import Draft, ImpactInterval, Incident, IncidentUpdate, PublicPage


@dataclass(frozen=True)
class Typed:
    """The form that an update was typed into: its address, and what stood in each field. It goes back there when the
    update is taken back."""

    path: str
    fields: Mapping[str, Sequence[str]]

    def before(self, incident: Incident | None = None) -> dict[str, Any]:
        """JSON: how an incident stands before an update, so that it can stand so again; None for one that is new."""
        known: dict[str, Any] = {}
        if incident:
            reviews = incident.reviews.exclude(state__in=[ReviewState.DRAFT, ReviewState.RETRACTED])
            known = {
                "stage": incident.stage, "advice": incident.advice,
                "reviews": [[row.pk, row.state] for row in reviews],
            }  # fmt: skip
        return known | {"path": self.path, "fields": {name: list(values) for name, values in self.fields.items()}}


def not_before_newest(incident: Incident, now: datetime) -> datetime:
    """`now`, or the time of the newest update if that is later: a clock that was set back must turn round neither the
    timeline nor the ledger."""
    newest = incident.updates.aggregate(at=Max("posted_at"))["at"]
    return max(now, newest or now)


def append(
    *,
    actor: Actor,
    incident: Incident,
    stage: Stage,
    text: str,
    html: str,
    now: datetime,
    is_notifying: bool,
    told: Sequence[dict[str, Any]] = (),
    next_update_due_at: datetime | None = None,
    is_reopening: bool = False,
    is_reminder: bool = False,
    time_note: str = "",
) -> IncidentUpdate:
    """Write an update, cleaned already, after all others, and take the incident to its stage. `told`: what moved."""
    last = incident.updates.aggregate(sequence=Max("sequence"))["sequence"]
    update = IncidentUpdate.objects.create(
        code=new_code(),
        incident=incident,
        sequence=(last or 0) + 1,
        stage=stage,
        body=text,
        body_html=html,
        posted_at=now,
        next_update_due_at=next_update_due_at,
        is_notifying=is_notifying,
        is_reopening=is_reopening,
        is_reminder=is_reminder,
        time_note=time_note,
        component_changes=list(told),
        author_label=actor.label,
        created_at=now,
    )
    incident.stage = update.stage
    incident.save(update_fields=["stage"])
    guards.touch(incident, now)
    return update


def tell(
    actor: Actor,
    verb: Verb,
    page: PublicPage,
    incident: Incident,
    update: IncidentUpdate,
    *,
    changes: dict[str, Any],
    published: Sequence[Model] = (),
    before: dict[str, Any] | None = None,
    draft: Draft | None = None,
) -> None:
    """Record what was done, tell of it by the update, and issue again what it made untrue of a month that was over.

    `published`: the rows that changed besides the incident and the update; `draft`: what was offered, and is it.
    `before` (JSON): how things stood, if its author may take it back; the subscribers then wait for the page's
    `undo_seconds`.
    """
    is_held = before is not None and update.is_notifying and page.undo_seconds > 0
    if before is not None:
        before = before | {"rows": [[row._meta.model_name, row.pk] for row in published]}
    offered = {"offered_by": ["", draft.user.get_username()]} if draft else {}
    record(
        actor=actor,
        verb=verb,
        subject=incident,
        now=update.posted_at,
        incident=incident,
        changes=changes | {"update": ["", update.body[:300]], "components": ["", update.component_changes]} | offered,
        reach=Reach.SUBSCRIBERS if update.is_notifying else Reach.PAGE,
        facts=facts.of_update(page, incident, update),
        audience=facts.audience_of(incident),
        sequence=update.sequence,
        expires_at=facts.expiry_of(update),
        held_until=update.posted_at + timedelta(seconds=page.undo_seconds) if is_held else None,
        before=before if is_held else None,
        published=[incident, update, *published],
        draft=draft,
    )
    moved = [row.started_at for row in published if isinstance(row, ImpactInterval)]
    late = _("Recorded after the verdict: %(title)s") % {"title": incident.title[:200]}
    verdicts.reissue_since(actor=actor, since=min(moved, default=None), reason=late, now=update.posted_at)

"""Open, update, resolve and reopen an incident. To change what was published of it: `amending`, `withholding`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import four_eyes, guards, moves, promise_keeping, statements, suggesting, texts, updates
from incidents.actions.codes import new_code
from incidents.actions.four_eyes import Offered
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.updates import Typed
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.inbound import ProposalState
from incidents.domain.review import ReviewState
from incidents.domain.status import INCIDENT_STAGES, Impact, Kind, Level, Stage, is_allowed_move
from incidents.domain.verbs import Verb
from incidents.models import (
    Draft,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MilestoneStatement,
    Proposal,
    PublicPage,
)


def open_incident(
    *,
    actor: Actor,
    title: str,
    body: str,
    stage: str = Stage.INVESTIGATING,
    components: Sequence[ComponentChange] = (),
    started_at: datetime | None = None,
    detected_at: datetime | None = None,
    next_update_due_at: datetime | None = None,
    advice: str = "",
    impact_override: str = "",
    is_notifying: bool = True,
    is_example: bool = False,
    time_note: str = "",
    proposal_id: int | None = None,
    typed: Typed | None = None,
    offered: Offered | None = None,
    key: str = "",
    now: datetime | None = None,
) -> Incident:
    """Open an incident with its first update. `started_at` (UTC, not in the future) is when the trouble began: the
    *since* of every component change that names none. `proposal_id`: the proposal that this answers; `offered`: the
    draft that this publishes. `typed`: the form of somebody who may take it back while the page's window for that
    lasts; subscribers are told after it.

    A repeat under the same `key` returns the incident made first. Raises Refused; Conflict, also for a proposal that
    somebody answered already.
    """
    now = now or timezone.now()
    changes = [change if change.since else _since(change, started_at) for change in components]
    content = guards.fingerprint(
        actor=actor.label, title=title, body=body, stage=stage, components=[asdict(c) for c in changes], advice=advice,
        due=next_update_due_at, impact=impact_override, notify=is_notifying, started=started_at, detected=detected_at,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        draft = four_eyes.look(actor, page, offered)
        if earlier := guards.earlier_result(key, content):
            return Incident.objects.get(pk=earlier)
        proposal = suggesting.lock_answerable(proposal_id) if proposal_id else None
        incident = open_within(
            actor, page, now, title=title, body=body, stage=stage, components=changes, started_at=started_at,
            detected_at=detected_at, next_update_due_at=next_update_due_at, advice=advice,
            impact_override=impact_override, is_notifying=is_notifying, is_example=is_example, time_note=time_note,
            proposals=[proposal] if proposal else [], typed=typed, draft=draft,
        )  # fmt: skip
        _close(actor, draft, offered, incident, now)
        guards.keep_result(key, content, incident.pk, now)
    return incident


def open_within(
    actor: Actor,
    page: PublicPage,
    now: datetime,
    *,
    title: str,
    body: str,
    stage: str = Stage.INVESTIGATING,
    components: Sequence[ComponentChange] = (),
    started_at: datetime | None = None,
    detected_at: datetime | None = None,
    next_update_due_at: datetime | None = None,
    advice: str = "",
    impact_override: str = "",
    is_notifying: bool = True,
    is_example: bool = False,
    time_note: str = "",
    proposals: Sequence[Proposal] = (),
    answer: ProposalState = ProposalState.PUBLISHED,
    typed: Typed | None = None,
    draft: Draft | None = None,
) -> Incident:
    """Open an incident within the caller's transaction, as `open_incident` does; `proposals` (locked) are answered by
    it."""
    advice_text, advice_html = texts.body(advice, field="advice", is_required=False)
    incident = Incident.objects.create(
        code=new_code(),
        title=texts.line(title, field="title", limit=255),
        stage=_stage(stage),
        impact_override=_impact(impact_override),
        advice=advice_text,
        advice_html=advice_html,
        is_example=is_example,
        created_at=now,
        updated_at=now,
    )
    stated: list[MilestoneStatement] = []
    if detected_at:
        stated += statements.state(
            actor, incident, "detected", detected_at, _("Given when the incident was opened."), now
        )
    update, moved = _add_update(
        actor, incident, stage, body, components, next_update_due_at, is_notifying, now, time_note=time_note
    )
    in_ledger = queries.impact_started_at(incident, queries.spells_of(incident))
    if started_at and (started_at < in_ledger or started_at > now):
        stated += statements.state(
            actor, incident, "impact_started", started_at, _("Given when the incident was opened."), now
        )
    promised = promise_keeping.start_promises(actor, incident, update.posted_at)
    told = {"title": ["", incident.title]}
    if proposals:
        told["proposal"] = ["", ", ".join(f"{row.origin} {row.title}" for row in proposals)[:300]]
    updates.tell(
        actor, Verb.INCIDENT_OPENED, page, incident, update, changes=told, published=[*moved, *stated, *promised],
        before=typed.before() if typed else None, draft=draft,
    )  # fmt: skip
    for row in proposals:
        suggesting.answer(row, answer, incident)
    suggesting.attach_covered(incident, components)
    return incident


def post_update(
    *,
    actor: Actor,
    incident_id: int,
    stage: str,
    body: str,
    components: Sequence[ComponentChange] = (),
    next_update_due_at: datetime | None = None,
    advice: str | None = None,
    is_notifying: bool = True,
    seen_version: int | None = None,
    time_note: str = "",
    typed: Typed | None = None,
    offered: Offered | None = None,
    key: str = "",
    now: datetime | None = None,
) -> IncidentUpdate:
    """Post an update. Stage `resolved` resolves the incident and ends what it still holds in the ledger. `typed` as in
    `open_incident`.

    `advice` None leaves the advice as it is. Raises Refused for a move that is not allowed, Conflict for a stale
    `seen_version` or a `key` that was used for another text; a true repeat returns the update made first.
    """
    now = now or timezone.now()
    content = guards.fingerprint(
        actor=actor.label, incident=incident_id, body=body, stage=stage, components=[asdict(c) for c in components],
        advice=advice, due=next_update_due_at, notify=is_notifying,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        draft = four_eyes.look(actor, page, offered)
        if earlier := guards.earlier_result(key, content):
            return IncidentUpdate.objects.get(pk=earlier)
        incident = guards.lock_incident(incident_id, seen_version, Kind.INCIDENT)
        before, standing = Stage(incident.stage), typed.before(incident) if typed else None
        if not is_allowed_move(before, _stage(stage)):
            raise Refused(_("The incident is resolved. Reopen it to post another update."), "stage")
        if advice is not None:
            incident.advice, incident.advice_html = texts.body(advice, field="advice", is_required=False)
        update, moved = _add_update(
            actor, incident, stage, body, components, next_update_due_at, is_notifying, now, time_note=time_note
        )
        is_resolving = update.stage == Stage.RESOLVED
        verb = Verb.INCIDENT_RESOLVED if is_resolving else Verb.INCIDENT_UPDATED
        promised = promise_keeping.start_promises(actor, incident, update.posted_at)
        updates.tell(
            actor, verb, page, incident, update, changes={"stage": [before, update.stage]},
            published=[*moved, *promised], before=standing, draft=draft,
        )  # fmt: skip
        _close(actor, draft, offered, incident, now)
        guards.keep_result(key, content, update.pk, now)
    return update


def reopen_incident(
    *,
    actor: Actor,
    incident_id: int,
    body: str,
    stage: str = Stage.INVESTIGATING,
    components: Sequence[ComponentChange] = (),
    next_update_due_at: datetime | None = None,
    is_notifying: bool = True,
    seen_version: int | None = None,
    typed: Typed | None = None,
    offered: Offered | None = None,
    key: str = "",
    now: datetime | None = None,
) -> IncidentUpdate:
    """Open a resolved incident again, with an update that says so. Its reviews are drafts again; what was published of
    them stays, and says that the incident goes on. Raises Refused if it is open, Conflict as `post_update`."""
    now = now or timezone.now()
    content = guards.fingerprint(
        actor=actor.label, incident=incident_id, body=body, stage=stage, components=[asdict(c) for c in components],
        due=next_update_due_at, notify=is_notifying, reopen=True,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        draft = four_eyes.look(actor, page, offered)
        if earlier := guards.earlier_result(key, content):
            return IncidentUpdate.objects.get(pk=earlier)
        incident = guards.lock_incident(incident_id, seen_version, Kind.INCIDENT)
        if incident.is_open:
            raise Refused(_("The incident is open already; post an ordinary update."), "stage")
        if _stage(stage) == Stage.RESOLVED:
            raise Refused(_("Choose an open stage to reopen the incident."), "stage")
        before, standing = Stage(incident.stage), typed.before(incident) if typed else None
        # What was stated of the former end does not hold any more.
        withdrawn = statements.withdraw(incident, "resolved", now)
        reviews = incident.reviews.exclude(state__in=[ReviewState.DRAFT, ReviewState.RETRACTED])
        reviews.update(state=ReviewState.DRAFT, version=F("version") + 1, updated_at=now)
        update, moved = _add_update(
            actor, incident, stage, body, components, next_update_due_at, is_notifying, now, is_reopening=True
        )
        promised = promise_keeping.start_promises(actor, incident, update.posted_at)
        updates.tell(
            actor, Verb.INCIDENT_REOPENED, page, incident, update, changes={"stage": [before, update.stage]},
            published=[*moved, *withdrawn, *promised], before=standing, draft=draft,
        )  # fmt: skip
        _close(actor, draft, offered, incident, now)
        guards.keep_result(key, content, update.pk, now)
    return update


def resolve_mistake(
    actor: Actor, incident: Incident, is_notifying: bool, now: datetime
) -> tuple[list[ImpactInterval], IncidentUpdate]:
    """Resolve, within the caller's transaction, an incident that is withdrawn: the intervals that ended, and the update
    that says so."""
    body = _("This incident was opened by mistake. There was no trouble.")
    update, moved = _add_update(actor, incident, Stage.RESOLVED, body, (), None, is_notifying, now)
    return moved, update


def _add_update(
    actor: Actor,
    incident: Incident,
    stage: str,
    body: str,
    components: Sequence[ComponentChange],
    next_update_due_at: datetime | None,
    is_notifying: bool,
    now: datetime,
    *,
    is_reopening: bool = False,
    time_note: str = "",
) -> tuple[IncidentUpdate, list[ImpactInterval]]:
    text, html = texts.body(body)
    if next_update_due_at and next_update_due_at <= now:
        raise Refused(_("The next update is promised for a time that has passed."), "next_update_due_at")
    now = updates.not_before_newest(incident, now)
    holder = moves.Holder(incident, "incident")
    told = [entry for change in components for entry in moves.apply(holder, change, now)]
    if stage == Stage.RESOLVED:
        _refuse_contradiction(components)
        told += moves.close_all(holder, now)
        next_update_due_at = None
    incident.save(update_fields=["advice", "advice_html"])
    update = updates.append(
        actor=actor, incident=incident, stage=_stage(stage), text=text, html=html, now=now, told=told,
        next_update_due_at=next_update_due_at, is_notifying=is_notifying, is_reopening=is_reopening,
        time_note=time_note,
    )  # fmt: skip
    return update, holder.touched


def _close(actor: Actor, draft: Draft | None, offered: Offered | None, incident: Incident, now: datetime) -> None:
    """End the draft that was published; in the log too where its own author did it, in an emergency."""
    four_eyes.close(actor, draft, now)
    if draft and offered and offered.reason.strip() and draft.user_id == actor.user_id:
        why = texts.line(offered.reason, field="reason", limit=300)
        record(
            actor=actor, verb=Verb.FOUR_EYES_BROKEN, subject=draft, now=now, incident=incident,
            changes={"reason": ["", why]},
        )  # fmt: skip


def _refuse_contradiction(components: Sequence[ComponentChange]) -> None:
    """Trouble and a resolution, which ends all trouble, cannot both be meant."""
    if any(change.level != Level.OPERATIONAL for change in components):
        raise Refused(
            _("Resolving ends everything now. Choose Operational or No change for each component, or another stage."),
            "level",
        )


def _since(change: ComponentChange, started_at: datetime | None) -> ComponentChange:
    return ComponentChange(change.component_id, change.level, started_at, change.region_ids, change.is_quality)


def _stage(raw: str) -> Stage:
    if raw not in INCIDENT_STAGES:
        raise Refused(_("Choose a stage."), "stage")
    return Stage(raw)


def _impact(raw: str) -> str:
    try:
        return Impact(raw).value if raw else ""
    except ValueError:
        raise Refused(_("Choose an impact."), "impact_override") from None

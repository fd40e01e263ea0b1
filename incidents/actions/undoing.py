"""Take an update back in the seconds before anybody is told of it.

It was public for that long, and the record says so: a tombstone stands in its place, and what it had moved in the
ledger is put back by corrections. An incident that was opened by it is withdrawn. Its text becomes a draft again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import drafts, guards, ledger, texts, verdicts
from incidents.actions.corrections import correct, name_of_update, path_of
from incidents.actions.figures import figures_of, months_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.withholding import take_away, withdraw_within
from incidents.domain.actor import Actor
from incidents.domain.inbound import ProposalState
from incidents.domain.status import Stage
from incidents.domain.verbs import Reach, Verb
from incidents.models import (
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MilestoneStatement,
    OutboxEvent,
    Promise,
    Proposal,
    Review,
)


def take_back_update(*, actor: Actor, update_id: int, now: datetime | None = None) -> IncidentUpdate:
    """Take back the newest update of an incident while the page's window for that lasts, so that nobody is told.

    Raises Refused once the window is over, once the fan-out has begun (never both that and this: each locks the row of
    the event), for an update that was posted without a window, and when another one came after it.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        update = IncidentUpdate.objects.filter(pk=update_id).first()
        if update is None:
            raise Refused(_("There is no such update."))
        # The event before the incident, as the fan-out takes them: else each could wait for the other.
        waiting = OutboxEvent.objects.select_for_update().filter(
            incident=update.incident_id, sequence=update.sequence, held_until__isnull=False
        )
        found = waiting.first()
        incident = guards.lock_incident(update.incident_id, None)
        event = _held(found, incident, update, now)
        before, now = dict(event.before), max(now, update.posted_at)
        why = _reason(int((now - update.posted_at).total_seconds()))
        if update.sequence == 1:
            withdraw_within(actor, page, incident, why, False, now)
            _ask_again(incident)
        else:
            _revert(actor, incident, update, before, why, now)
        drafts.put_back(actor, before["path"], before["fields"], incident if update.sequence > 1 else None, now)
    return update


def _held(event: OutboxEvent | None, incident: Incident, update: IncidentUpdate, now: datetime) -> OutboxEvent:
    """The locked event of the update, if it still waits."""
    if event is None or event.facts.get("update", {}).get("code") != update.code:
        raise Refused(_("This update cannot be taken back: it did not wait. Withhold its text or post another one."))
    if event.relayed_at or event.held_until is None or event.held_until <= now:
        raise Refused(_("Too late: subscribers are being told. Post another update, or withhold the text of this one."))
    if incident.updates.filter(sequence__gt=update.sequence).exists():
        raise Refused(_("Another update was posted after it. Only the newest one can be taken back."))
    if update.withheld_at:
        raise Refused(_("This text was withheld already."))
    return event


def _revert(
    actor: Actor,
    incident: Incident,
    update: IncidentUpdate,
    before: dict[str, Any],
    why: str,
    now: datetime,
) -> None:
    """Let the incident stand as it did before the update, and a tombstone in its place."""
    moved = list(
        ImpactInterval.objects.filter(pk__in=_of(before, "impactinterval"), superseded_at__isnull=True).select_related(
            "component__group", "region"
        )
    )
    for row in moved:
        row.incident = incident  # one object, whose version rises with each
    touched = {row.component_id for row in moved}
    months = months_of([(row.started_at, row.ended_at) for row in moved], now)
    figures = figures_of(incident, touched, months, now)
    withheld = take_away(incident, update, why, now)
    changes = {"update": (_("posted"), _("taken back before anybody was told"))}
    changes |= {"stage": (update.stage, before["stage"]), "advice": (incident.advice, before["advice"])}
    put_right, corrections = _put_ledger_back(actor, moved, why, now)
    update.stage, update.component_changes = Stage(before["stage"]), []
    earlier = incident.updates.filter(sequence__lt=update.sequence).last()
    update.next_update_due_at = earlier.next_update_due_at if earlier else None
    update.is_notifying = update.is_reopening = False
    update.save(update_fields=["stage", "component_changes", "next_update_due_at", "is_notifying", "is_reopening"])
    incident.stage = before["stage"]
    incident.advice, incident.advice_html = texts.body(before["advice"], field="advice", is_required=False)
    incident.save(update_fields=["stage", "advice", "advice_html"])
    rest = [*_waive(update, why, now), *_state_again(before, now)]
    for number, state in before["reviews"]:
        Review.objects.filter(pk=number).update(state=state, updated_at=now)
    guards.touch(incident, now)
    corrections.append(
        correct(
            actor=actor, verb=Verb.UPDATE_TAKEN_BACK, subject=name_of_update(incident, update),
            path=path_of(incident, update), reason=why, changes=changes, before=figures,
            after=figures_of(incident, touched, months, now), incident=incident, now=now,
        )
    )  # fmt: skip
    record(
        actor=actor, verb=Verb.UPDATE_TAKEN_BACK, subject=update, now=now, incident=incident, reach=Reach.PAGE,
        changes={"reason": ["", why]}, published=[incident, *withheld, *put_right, *rest, *corrections],
    )  # fmt: skip
    since = min((row.started_at for row in moved), default=None)
    verdicts.reissue_since(actor=actor, since=since, reason=why, now=now)


def _put_ledger_back(
    actor: Actor, moved: list[ImpactInterval], why: str, now: datetime
) -> tuple[list[Model], list[Model]]:
    """Supersede what the update began, and let what it ended go on; each with a correction of its own."""
    rows: list[Model] = []
    corrections: list[Model] = []
    for wrong in moved:
        right = None
        if wrong.ended_at is not None:
            right = ledger.replacement(
                wrong, wrong.component, wrong.region, wrong.level, wrong.is_quality, wrong.started_at, None, now
            )
        ledger.supersede(wrong, right, why, actor, now)
        correction = correct(
            actor=actor,
            verb=Verb.UPDATE_TAKEN_BACK,
            subject=ledger.subject_of(wrong),
            path=ledger.address_of(wrong),
            reason=why,
            changes=ledger.changes_of(wrong, right),
            before={},
            after={},
            incident=wrong.incident,
            now=now,
        )
        corrections.append(correction)
        rows += [wrong, *([right] if right else [])]
    return rows, corrections


def _waive(update: IncidentUpdate, why: str, now: datetime) -> list[Promise]:
    """What was promised because of the update is promised no more; returns the public ones."""
    made = Promise.objects.filter(incident=update.incident_id, made_at=update.posted_at)
    rows = list(made.filter(waived_at__isnull=True, fulfilled_at__isnull=True))
    for row in rows:
        row.waived_at, row.waived_reason = now, why
        row.version += 1
        row.save(update_fields=["waived_at", "waived_reason", "version"])
    return [row for row in rows if row.is_public]


def _state_again(before: dict[str, Any], now: datetime) -> list[MilestoneStatement]:
    """What was stated of an end that is the end again."""
    rows = MilestoneStatement.objects.filter(pk__in=_of(before, "milestonestatement"), superseded_at__isnull=False)
    rows = rows.exclude(
        milestone__in=MilestoneStatement.objects.filter(
            incident_id__in=rows.values("incident"), superseded_at__isnull=True
        ).values("milestone")
    )
    return [
        MilestoneStatement.objects.create(
            incident=row.incident, milestone=row.milestone, at=row.at, reason=row.reason, actor_label=row.actor_label,
            stated_at=now,
        )
        for row in rows
    ]  # fmt: skip


def _ask_again(incident: Incident) -> None:
    """What machines proposed and the incident answered waits for an answer again."""
    for row in Proposal.objects.select_for_update().filter(incident=incident):
        row.state = ProposalState.OVER if row.ceased_at else ProposalState.OPEN
        row.incident = None
        row.version += 1
        row.save(update_fields=["state", "incident", "version"])


def _of(before: dict[str, Any], kind: str) -> list[int]:
    return [number for name, number in before.get("rows", []) if name == kind]


def _reason(seconds: int) -> str:
    return ngettext(
        "Taken back after %(count)s second, before anybody was told.",
        "Taken back after %(count)s seconds, before anybody was told.",
        seconds,
    ) % {"count": seconds}

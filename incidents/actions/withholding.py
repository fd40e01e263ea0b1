"""Take away what must not be read: the text of an update, or a whole incident that was opened by mistake.

A public tombstone says when and why. The digests stay in the chain, so that it still verifies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import chain, queries
from incidents.actions import facts, guards, texts, verdicts
from incidents.actions.corrections import correct, path_of
from incidents.actions.figures import figures_of, months_of
from incidents.actions.incident import resolve_mistake
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.chain import log
from incidents.domain.actor import Actor
from incidents.domain.review import ReviewState
from incidents.domain.verbs import Reach, Verb
from incidents.models import (
    AuditEntry,
    Correction,
    Delivery,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    Promise,
    PublicPage,
    ReviewVersion,
)

TOLD = ("update", "body")


def withhold_text(*, actor: Actor, update_id: int, reason: str, now: datetime | None = None) -> IncidentUpdate:
    """Take away the text of an update and every former text of it, wherever it is kept: tables, chain, corrections,
    what waits to be sent, and the log. What was sent already cannot be called back.

    Raises Refused without a reason, if it was withheld before, and while a published review quotes it.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        update = IncidentUpdate.objects.filter(pk=update_id).first()
        if update is None:
            raise Refused(_("There is no such update."))
        if update.withheld_at:
            raise Refused(_("This text was withheld already."))
        incident = guards.lock_incident(update.incident_id, None, is_withdrawn_too=True)
        why = texts.line(reason, field="reason", limit=300)
        _refuse_quoted(update)
        rows = take_away(incident, update, why, now)
        guards.touch(incident, now)
        record(
            actor=actor, verb=Verb.UPDATE_WITHHELD, subject=update, now=now, incident=incident, reach=Reach.PAGE,
            changes={"reason": ["", why]}, published=rows,
        )  # fmt: skip
    return update


def take_away(incident: Incident, update: IncidentUpdate, why: str, now: datetime) -> list[Model]:
    """Take the text of an update away everywhere, inside the caller's transaction; returns the public rows of it.

    The caller's entry in the record must be of a verb that may withhold (`chain.verification`).
    """
    _clear_log(update, now)
    corrections = _clear_corrections(incident, update)
    _clear_events(incident, update)
    update.body, update.body_html = "", ""
    update.withheld_at, update.withheld_reason = now, why
    update.save(update_fields=["body", "body_html", "withheld_at", "withheld_reason"])
    revisions = list(update.revisions.all())
    for revision in revisions:
        revision.body, revision.body_html, revision.withheld_at = "", "", now
        revision.save(update_fields=["body", "body_html", "withheld_at"])
    for row in (update, *revisions):
        chain.withhold(row, "body")
    return [update, *revisions, *corrections, *_clear_promises(update)]


def withdraw_incident(
    *, actor: Actor, incident_id: int, reason: str, is_notifying: bool = False, now: datetime | None = None
) -> Incident:
    """Take back an incident that was opened by mistake: nothing of it counts any more, and a tombstone stands at its
    address. One that is open is resolved first, by an update that says so (to subscribers too if `is_notifying`).

    Raises Refused without a reason, if it was withdrawn before, and while a review of it is public.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        incident = guards.lock_incident(incident_id, None)
        why = texts.line(reason, field="reason", limit=300)
        _refuse_reviewed(incident)
        withdraw_within(actor, page, incident, why, is_notifying, now)
    return incident


def withdraw_within(
    actor: Actor, page: PublicPage, incident: Incident, why: str, is_notifying: bool, now: datetime
) -> None:
    """Withdraw a locked incident within the caller's transaction, as `withdraw_incident` does; `why` is cleaned."""
    standing = queries.standing_intervals().filter(incident=incident)
    touched = list(standing.select_related("component", "region"))
    component_ids = {row.component_id for row in touched}
    months = months_of([(row.started_at, row.ended_at) for row in touched], now)
    before = figures_of(None, component_ids, months, now)
    audience = facts.audience_of(incident)
    moved, last = resolve_mistake(actor, incident, is_notifying, now) if incident.is_open else ([], None)
    rows = list(standing.select_related("component", "region"))
    for row in rows:
        row.superseded_at, row.superseded_reason, row.superseded_by_label = now, why, actor.label
        row.save(update_fields=["superseded_at", "superseded_reason", "superseded_by_label"])
    stop(list(OutboxEvent.objects.filter(incident=incident)))
    incident.withdrawn_at, incident.withdrawn_reason = now, why
    incident.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    guards.touch(incident, now)
    correction = correct(
        actor=actor, verb=Verb.INCIDENT_WITHDRAWN, subject=_("A withdrawn incident"), path=path_of(incident),
        reason=why, changes={"incident": (_("stood in the record"), _("withdrawn: opened by mistake"))},
        before=before, after=figures_of(None, component_ids, months, now), incident=incident, now=now,
    )  # fmt: skip
    record(
        actor=actor, verb=Verb.INCIDENT_WITHDRAWN, subject=incident, now=now, incident=incident,
        reach=Reach.SUBSCRIBERS if last and is_notifying else Reach.PAGE, changes={"reason": ["", why]},
        facts=facts.of_update(page, incident, last) if last else {}, audience=audience if last else {},
        sequence=last.sequence if last else 0, expires_at=facts.expiry_of(last) if last else None,
        published=[incident, *moved, *([last] if last else []), *rows, correction],
    )  # fmt: skip
    began = min((row.started_at for row in touched), default=None)
    verdicts.reissue_since(actor=actor, since=began, reason=why, now=now)


def _refuse_quoted(update: IncidentUpdate) -> None:
    """What a published version says cannot change; retracting the review takes it away, the text with it."""
    quoting = ReviewVersion.objects.filter(withheld_at__isnull=True, document__contains=f'"update:{update.code}"')
    version = quoting.select_related("review").order_by("number").first()
    if version:
        raise Refused(
            _("The published review “%(title)s” quotes this text. Retract the review first, then withhold the text.")
            % {"title": version.review.title}
        )


def _clear_promises(update: IncidentUpdate) -> list[Promise]:
    """What was promised in the text stays promised; its words go."""
    rows = list(update.promises.filter(is_public=True))
    for row in rows:
        row.sentence = _("Promised in a text that was withheld")
        row.save(update_fields=["sentence"])
        chain.withhold(row, "sentence")
    return rows


def _refuse_reviewed(incident: Incident) -> None:
    """What a public review is about cannot be said never to have happened."""
    review = incident.reviews.filter(versions__isnull=False).exclude(state=ReviewState.RETRACTED).first()
    if review:
        raise Refused(_("“%(title)s” is a published review of it. Retract that first.") % {"title": review.title})


def _clear_log(update: IncidentUpdate, now: datetime) -> None:
    """The log keeps who did what; the text goes from it, whole or shortened."""
    known = {update.body, *update.revisions.values_list("body", flat=True)}
    about = Q(subject_kind="incidentupdate", subject_id=update.pk) | Q(incident_id=update.incident_id)
    for entry in AuditEntry.objects.filter(about):
        labels = {f"{update.stage}: {text[:60]}" for text in known}
        changes = {field: _without(pair, known) if field in TOLD else pair for field, pair in entry.changes.items()}
        label = update.stage if entry.subject_label in labels else entry.subject_label
        if (changes, label) != (entry.changes, entry.subject_label):
            log.take_out(entry, label=label, changes=changes, now=now)


def _without(pair: Any, known: set[str]) -> Any:
    shortened = {text[:300] for text in known} | known
    return ["" if text in shortened else text for text in pair]


def _clear_corrections(incident: Incident, update: IncidentUpdate) -> list[Correction]:
    """The corrections of its text, without old and new."""
    rows = list(Correction.objects.filter(incident=incident, path=path_of(incident, update)))
    found = [row for row in rows if any(change["field"] == "text" for change in row.changes)]
    for row in found:
        row.changes = [
            change | {"old": "", "new": "", "is_withheld": True} if change["field"] == "text" else change
            for change in row.changes
        ]
        row.save(update_fields=["changes"])
        chain.withhold(row, "changes")
    return found


def _clear_events(incident: Incident, update: IncidentUpdate) -> None:
    """What was frozen for the subscribers; messages that still wait are not sent."""
    events = [row for row in OutboxEvent.objects.filter(incident=incident) if _is_of(row, update)]
    for event in events:
        event.facts["update"] |= {"text": "", "html": "", "is_withheld": True}
        event.save(update_fields=["facts"])
    stop(events)


def stop(events: Sequence[OutboxEvent]) -> None:
    """Inside the caller's transaction: let nothing of these be sent that was not sent yet."""
    for event in events:
        if event.relayed_at is None:
            # Not fanned out: it makes no deliveries any more.
            event.audience, event.reach = {"component_ids": []}, Reach.PAGE
            event.held_until, event.before = None, {}
            event.save(update_fields=["audience", "reach", "held_until", "before"])
    waiting = Delivery.objects.filter(event__in=events, state__in=[Delivery.State.PENDING, Delivery.State.HELD])
    waiting.update(state=Delivery.State.CANCELLED)


def _is_of(event: OutboxEvent, update: IncidentUpdate) -> bool:
    return bool(event.facts.get("update", {}).get("code") == update.code)

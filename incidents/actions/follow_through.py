"""What becomes of a remediation after it was written: its date, its state, and who saw that it works.

Once the public follows it, each of these is public at once, whatever becomes of the review meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, review_guards, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.follow_through import is_settled
from incidents.domain.review import REMEDIATION_MOVES, PersonRole, RemediationState, ReviewState, VerificationMethod
from incidents.domain.verbs import Reach, Verb
from incidents.models import Remediation, RemediationSlip, Review
from incidents.models.review_words import word_of


def slip_remediation(
    *, actor: Actor, remediation_id: int, due_on: date, reason: str, now: datetime | None = None
) -> Remediation:
    """Move the due date (a day in the zone of the page) for a public reason; the first date stays readable for ever.

    Raises Refused without a reason, for the same date, one that has passed, and a settled remediation.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        row = _open_row(actor, remediation_id, PersonRole.AUTHOR)
        why = texts.line(reason, field="reason", limit=300)
        if due_on == row.due_on:
            raise Refused(_("That is the date that it has already."), "due_on")
        if due_on < day_of(now, page.time_zone):
            raise Refused(_("The due date has passed already."), "due_on")
        slips: list[RemediationSlip] = []
        if row.due_on:
            slips = [
                RemediationSlip.objects.create(
                    remediation=row, old_due_on=row.due_on, new_due_on=due_on, reason=why, actor_label=actor.label,
                    at=now,
                )
            ]  # fmt: skip
        else:
            row.original_due_on = due_on
        changes = {"due_on": [str(row.due_on or ""), str(due_on)], "reason": ["", why]}
        row.due_on = due_on
        _close(actor, Verb.REMEDIATION_SLIPPED, row, changes, now, slips)
    return row


def move_remediation(
    *, actor: Actor, remediation_id: int, state: str, status_note: str = "", now: datetime | None = None
) -> Remediation:
    """Say how far it is (`REMEDIATION_MOVES`), or at the same state another public note on how it stands.

    Raises Refused for a state that cannot follow. Verified, declined and superseded are acts of their own.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR)
        row = lock_remediation(remediation_id)
        said = texts.line(status_note, field="status_note", limit=300, is_required=False)
        old = RemediationState(row.state)
        if state == old and said == row.status_note:
            raise Refused(_("It stands so already."), "state")
        if state not in REMEDIATION_MOVES[old] and (state != old or is_settled(old)):
            names = {"old": word_of(RemediationState, old), "new": word_of(RemediationState, state)}
            raise Refused(_("From “%(old)s” it cannot go to “%(new)s”.") % names, "state")
        changes = {"state": [row.state, state], "status_note": [row.status_note, said]}
        if state != old:
            row.delivered_at = now if state == RemediationState.DELIVERED else None
        row.state, row.status_note = RemediationState(state).value, said
        row.settled_at, row.declined_reason = None, ""
        _close(actor, Verb.REMEDIATION_MOVED, row, changes, now)
    return row


def verify_remediation(
    *, actor: Actor, remediation_id: int, method: str, evidence: str, now: datetime | None = None
) -> Remediation:
    """Say that it was seen to work: by which method, and what was seen (Markdown, public). From delivered only.

    Raises Refused for its owner, without evidence, and for anybody who is neither author nor approver.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        row = _open_row(actor, remediation_id, PersonRole.AUTHOR, PersonRole.APPROVER)
        is_own = actor.user_id is not None and actor.user_id == row.owner_id
        if is_own or actor.label.casefold() == row.owner_label.casefold():
            raise Refused(_("It is yours: somebody else must see that it works."))
        if row.state != RemediationState.DELIVERED:
            raise Refused(_("It is not delivered yet; there is nothing to verify."))
        if method not in list(VerificationMethod):
            raise Refused(_("Say how it was verified."), "method")
        if not evidence.strip():
            raise Refused(_("Write what was seen. Without evidence it is not verified."), "evidence")
        seen, _html = texts.body(evidence, field="evidence")
        changes = {"state": [row.state, str(RemediationState.VERIFIED)], "method": ["", method], "evidence": ["", seen]}
        row.state, row.verification_method, row.evidence = RemediationState.VERIFIED.value, str(method), seen
        row.verified_at = row.settled_at = now
        row.verified_by_id, row.verified_by_label = actor.user_id, actor.label
        _close(actor, Verb.REMEDIATION_VERIFIED, row, changes, now)
    return row


def decline_remediation(*, actor: Actor, remediation_id: int, reason: str, now: datetime | None = None) -> Remediation:
    """Say that it will not be done, and why; public. Raises Refused without a reason and for a settled one."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        row = _open_row(actor, remediation_id, PersonRole.AUTHOR)
        why = texts.line(reason, field="reason", limit=300)
        changes = {"state": [row.state, str(RemediationState.DECLINED)], "reason": ["", why]}
        row.state, row.declined_reason, row.settled_at = RemediationState.DECLINED.value, why, now
        _close(actor, Verb.REMEDIATION_DECLINED, row, changes, now)
    return row


def supersede_remediation(
    *, actor: Actor, remediation_id: int, by_id: int, reason: str, now: datetime | None = None
) -> Remediation:
    """Say that another remediation, of any review, does what this one was to do; the reason is the public note.

    Raises Refused for itself, for a circle, for a declined one, and for one that the public cannot follow.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        row = _open_row(actor, remediation_id, PersonRole.AUTHOR)
        why = texts.line(reason, field="reason", limit=300)
        other = Remediation.objects.filter(pk=by_id).first()
        _refuse_successor(row, other)
        changes = {
            "state": [row.state, str(RemediationState.SUPERSEDED)], "superseded_by": ["", str(other)],
            "status_note": [row.status_note, why],
        }  # fmt: skip
        row.state, row.superseded_by, row.status_note = RemediationState.SUPERSEDED.value, other, why
        row.settled_at = now
        _close(actor, Verb.REMEDIATION_SUPERSEDED, row, changes, now)
    return row


def lock_remediation(remediation_id: int) -> Remediation:
    """The remediation, locked, inside the transaction. Raises Refused if there is none."""
    row = Remediation.objects.select_for_update().filter(pk=remediation_id).first()
    if row is None:
        raise Refused(_("There is no such remediation."))
    return row


def day_of(now: datetime, zone: str) -> date:
    """The day that `now` is in the zone of the page."""
    return now.astimezone(ZoneInfo(zone)).date()


def path_of(row: Remediation) -> str:
    """Its public address."""
    return f"/remediations#remediation-{row.code}"


def _open_row(actor: Actor, remediation_id: int, *any_of: PersonRole) -> Remediation:
    roles.require(actor, *any_of)
    row = lock_remediation(remediation_id)
    if is_settled(row.state):
        raise Refused(
            _("It is settled already: %(state)s.") % {"state": word_of(RemediationState, row.state).casefold()}
        )
    return row


def _refuse_successor(row: Remediation, other: Remediation | None) -> None:
    if other is None:
        raise Refused(_("Choose the remediation that takes its place."), "by_id")
    if other.pk == row.pk:
        raise Refused(_("It cannot take its own place."), "by_id")
    if other.state == RemediationState.DECLINED:
        raise Refused(_("That one was declined."), "by_id")
    if row.published_at and not other.published_at:
        raise Refused(_("That one is not public yet. Publish its review first."), "by_id")
    step: Remediation | None = other
    while step is not None:
        if step.pk == row.pk:
            raise Refused(_("That would be a circle: that one was superseded by this one."), "by_id")
        step = step.superseded_by


def _close(
    actor: Actor,
    verb: Verb,
    row: Remediation,
    changes: dict[str, Any],
    now: datetime,
    more: Sequence[Model] = (),
) -> None:
    """Save, let the review follow, and tell: to the public where it follows this remediation."""
    row.version += 1
    row.updated_at = max(now, row.updated_at)
    row.save()
    # A retracted review changes no more; what it promised is followed all the same.
    review = Review.objects.select_for_update().get(pk=row.review_id)
    if review.state != ReviewState.RETRACTED:
        review_guards.touch(review, now)
    is_public = row.published_at is not None
    record(
        actor=actor, verb=verb, subject=row, now=now,
        changes={name: pair for name, pair in changes.items() if pair[0] != pair[1]},
        reach=Reach.PAGE if is_public else Reach.PRIVATE, published=[row, *more] if is_public else [],
    )  # fmt: skip

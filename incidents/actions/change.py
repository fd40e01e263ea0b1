"""Changes to systems, and what each was in what a review is about: latent defect, trigger, mitigation, or ruled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import change_terms, guards, review_fields, review_guards, review_parts, roles, texts
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.review import Certainty, PersonRole, Role
from incidents.domain.verbs import Verb
from incidents.models import ChangeEvent, ChangeRole, Review


@dataclass(frozen=True)
class Part:
    """What a change was in one review, for a change that is written down there for the first time."""

    review_id: int
    role: str
    certainty: str = "confirmed"
    phase_id: int | None = None
    note: str = ""


def save_change(
    *,
    actor: Actor,
    change_id: int | None = None,
    seen_version: int | None = None,
    title: str,
    kind: str,
    system: str = "",
    body: str = "",
    intent: str = "",
    initiator: str = "unknown",
    process: str = "",
    started_at: datetime | None = None,
    completed_at: datetime | None = None,
    precision: str = "minute",
    certainty: str = "confirmed",
    time_note: str = "",
    rollout: str = "unknown",
    stages: Sequence[Mapping[str, Any]] = (),
    regions: str = "",
    guard_rails: Mapping[str, str] | None = None,
    rollback_possible: str = "unknown",
    rollback_method: str = "",
    rollback_started_at: datetime | None = None,
    rollback_completed_at: datetime | None = None,
    rollback_outcome: str = "unknown",
    rollback_note: str = "",
    source: str = "",
    source_url: str = "",
    external_ref: str = "",
    note: str = "",
    part: Part | None = None,
    now: datetime | None = None,
) -> ChangeEvent:
    """Write down a change, or write one anew (`change_id`): what is not given is as the model has it, mostly unknown.
    Times are UTC, None where not known. `part`: its first role, said in the same act.

    Raises Refused (no role, texts, times, answers, stages: see `change_terms`), Conflict for a stale `seen_version`.
    """
    given = dict(locals())  # every field by its name: FIELDS of `change_terms` picks from them
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR)
        row = ChangeEvent(code=new_code(), version=0, created_at=now)
        if change_id is not None:
            row = _locked(change_id, seen_version)
        terms = {name: given[name] for name in change_terms.FIELDS}
        changes = review_fields.write(row, change_terms.checked(terms, now))
        reviews = list(_reviews(row).select_for_update()) if row.pk else []
        for review in reviews:
            review_parts.refuse_if_named(review, _lost_refs(row))
        if changes:
            row.version += 1
            row.updated_at = max(now, row.updated_at or now)
            row.save()
            for review in reviews:
                review_guards.touch(review, now)
            record(actor=actor, verb=Verb.CHANGE_SAVED, subject=row, now=now, changes=changes)
        if part:
            _link(actor, row, part, now)
    return row


def link_change(
    *,
    actor: Actor,
    review_id: int,
    change_id: int,
    role: str,
    certainty: str = "confirmed",
    phase_id: int | None = None,
    note: str = "",
    now: datetime | None = None,
) -> ChangeRole:
    """Say what a change was in what a review is about; a change may have several roles there.

    Raises Refused: no such change, a role that is none or was said already, a phase of another review.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR)
        row = _locked(change_id)
        return _link(actor, row, Part(review_id, role, certainty, phase_id, note), now)


def unlink_change(*, actor: Actor, role_id: int, now: datetime | None = None) -> None:
    """Take back what a change was; the change itself is kept. Raises Refused when it is the last role and a factor of
    the review names the change."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        found = ChangeRole.objects.select_related("change").filter(pk=role_id).first()
        if found is None:
            raise Refused(_("There is no such role of a change."))
        review = review_guards.lock_review(actor, found.review_id)
        if not review.change_roles.filter(change=found.change).exclude(pk=found.pk).exists():
            factor = review.factors.filter(changes=found.change).first()
            if factor:
                raise Refused(
                    _("The factor “%(factor)s” names this change. Take it out of the factor first.")
                    % {"factor": factor.title}
                )
            review_parts.refuse_if_named(review, {f"change:{found.change.code}:{end}" for end in _ENDS})
        record(
            actor=actor, verb=Verb.CHANGE_UNLINKED, subject=found.change, now=now,
            changes={"review": [review.code, ""], "role": [found.role, ""], "note": [found.note, ""]},
        )  # fmt: skip
        found.delete()
        review_guards.touch(review, now)


_ENDS = {"start": "started_at", "end": "completed_at", "rollback": "rollback_started_at"}


def _link(actor: Actor, change: ChangeEvent, part: Part, now: datetime) -> ChangeRole:
    review = review_guards.lock_review(actor, part.review_id)
    role = review_fields.one_of(Role, part.role, "role")
    mine = review.change_roles.filter(change=change)
    if mine.filter(role=role).exists():
        raise Refused(_("That is said of this change already."), "role")
    if (role == Role.RULED_OUT and mine.exists()) or mine.filter(role=Role.RULED_OUT).exists():
        raise Refused(_("A change that is ruled out plays no other part. Take the other role back first."), "role")
    row = ChangeRole.objects.create(
        review=review,
        change=change,
        role=role,
        certainty=review_fields.one_of(Certainty, part.certainty, "role_certainty"),
        phase_id=review_parts.phase_id_of(review, part.phase_id),
        note=texts.line(part.note, field="role_note", limit=300, is_required=False),
    )
    review_guards.touch(review, now)
    record(
        actor=actor, verb=Verb.CHANGE_LINKED, subject=change, now=now,
        changes={"review": ["", review.code], "role": ["", role], "note": ["", row.note]},
    )  # fmt: skip
    return row


def _locked(change_id: int, seen_version: int | None = None) -> ChangeEvent:
    row = ChangeEvent.objects.select_for_update().filter(pk=change_id).first()
    if row is None:
        raise Refused(_("There is no such change."), "change_id")
    if seen_version is not None and seen_version != row.version:
        raise Conflict(
            _("Somebody else changed this change while you were writing. Read what is new, then save again.")
        )
    return row


def _reviews(change: ChangeEvent) -> QuerySet[Review]:
    """The reviews in which a change plays a part. Locked by the caller, so without DISTINCT."""
    return Review.objects.filter(pk__in=change.roles.values("review_id")).order_by("id")


def _lost_refs(change: ChangeEvent) -> set[str]:
    """The entries of timelines that a change does not make any more, as its times are now."""
    return {f"change:{change.code}:{end}" for end, field in _ENDS.items() if getattr(change, field) is None}

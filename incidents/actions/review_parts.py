"""The authored parts of a review: entries of its timeline, phases, and what it withholds on purpose."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import guards, review_fields, review_guards, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.instants import to_the_second
from incidents.domain.review import Certainty, EntryKind, Precision, RedactionKind
from incidents.domain.verbs import Verb
from incidents.models import Review, ReviewPhase, ReviewRedaction, TimelineEntry

ENTRY_FIELDS = (
    "at", "ended_at", "precision", "certainty", "kind", "phase_id", "body", "note", "is_public", "source", "source_url",
    "internal_url",
)  # fmt: skip
PHASE_FIELDS = ("name", "body", "started_at", "ended_at", "precision", "is_quality", "share")


def save_entry(
    *,
    actor: Actor,
    review_id: int,
    entry_id: int | None = None,
    at: datetime,
    ended_at: datetime | None = None,
    precision: str = "minute",
    certainty: str = "confirmed",
    kind: str = "action",
    phase_id: int | None = None,
    body: str,
    note: str = "",
    is_public: bool = False,
    source: str = "",
    source_url: str = "",
    internal_url: str = "",
    seen_version: int | None = None,
    seen: str = "",
    now: datetime | None = None,
) -> TimelineEntry:
    """Add an entry to the timeline, or write one anew (`entry_id`). Times are UTC, at the beginning of what `precision`
    names. `seen`: `review_fields.mark_of` the entry as it was on screen.

    Raises Refused (future, end before start, an answer that is none, a phase or an entry of another review, a text that
    is empty or too long, an address that is none), Conflict for a stale `seen_version` or `seen`.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id, seen_version)
        row = TimelineEntry(review=review, author_label=actor.label, created_at=now)
        if entry_id is not None:
            row = entry_of(review, entry_id)
            review_fields.refuse_stale(row, ENTRY_FIELDS, seen)
        begin, end = review_fields.stretch(at, ended_at, now, ("at", "ended_at"))
        changes = review_fields.write(row, {
            "at": begin, "ended_at": end,
            "precision": review_fields.one_of(Precision, precision, "precision"),
            "certainty": review_fields.one_of(Certainty, certainty, "certainty"),
            "kind": review_fields.one_of(EntryKind, kind, "kind"),
            "phase_id": phase_id_of(review, phase_id),
            "body": texts.body(body)[0],
            "note": texts.body(note, field="note", is_required=False)[0],
            "is_public": bool(is_public),
            "source": texts.line(source, field="source", limit=200, is_required=False),
            "source_url": review_fields.address(source_url, "source_url"),
            "internal_url": review_fields.address(internal_url, "internal_url"),
        })  # fmt: skip
        if changes:
            row.save()
            review_guards.touch(review, now)
            record(actor=actor, verb=Verb.ENTRY_SAVED, subject=row, now=now, changes=changes)
    return row


def remove_entry(*, actor: Actor, entry_id: int, now: datetime | None = None) -> None:
    """Take an entry out of the timeline; what it said stays in the audit log. Raises Refused when a factor rests on
    it."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        found = TimelineEntry.objects.filter(pk=entry_id).first()
        if found is None:
            raise Refused(_("There is no such entry."))
        review = review_guards.lock_review(actor, found.review_id)
        row = entry_of(review, entry_id)
        refuse_if_named(review, {f"entry:{row.pk}"})
        record(
            actor=actor, verb=Verb.ENTRY_REMOVED, subject=row, now=now,
            changes={"at": [to_the_second(row.at), ""], "body": [row.body, ""], "note": [row.note, ""]},
        )  # fmt: skip
        row.delete()
        review_guards.touch(review, now)


def save_phase(
    *,
    actor: Actor,
    review_id: int,
    phase_id: int | None = None,
    name: str,
    body: str = "",
    started_at: datetime,
    ended_at: datetime | None = None,
    precision: str = "minute",
    is_quality: bool = False,
    share: str = "",
    seen: str = "",
    now: datetime | None = None,
) -> ReviewPhase:
    """Add a phase, or write one anew (`phase_id`). `is_quality`: served, but wrong. `share`: of what was hit, in words.

    Raises Refused as `save_entry`, Conflict for a stale `seen`.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        row = ReviewPhase(review=review)
        if phase_id is not None:
            row = phase_of(review, phase_id)
            review_fields.refuse_stale(row, PHASE_FIELDS, seen)
        begin, end = review_fields.stretch(started_at, ended_at, now, ("started_at", "ended_at"))
        title = texts.line(name, field="name", limit=120)
        if review.phases.filter(name=title).exclude(pk=row.pk).exists():
            raise Refused(_("There is a phase called “%(name)s” already.") % {"name": title}, "name")
        changes = review_fields.write(row, {
            "name": title,
            "body": texts.body(body, is_required=False)[0],
            "started_at": begin, "ended_at": end,
            "precision": review_fields.one_of(Precision, precision, "precision"),
            "is_quality": bool(is_quality),
            "share": texts.line(share, field="share", limit=200, is_required=False),
        })  # fmt: skip
        if changes:
            row.save()
            review_guards.touch(review, now)
            record(actor=actor, verb=Verb.PHASE_SAVED, subject=row, now=now, changes=changes)
    return row


def remove_phase(*, actor: Actor, phase_id: int, now: datetime | None = None) -> None:
    """Take a phase away. Raises Refused while entries or changes are said to belong to it."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        found = ReviewPhase.objects.filter(pk=phase_id).first()
        if found is None:
            raise Refused(_("There is no such phase."))
        review = review_guards.lock_review(actor, found.review_id)
        row = phase_of(review, phase_id)
        inside = row.entries.count() + review.change_roles.filter(phase=row).count()
        if inside:
            raise Refused(
                ngettext(
                    "%(count)s entry or change is in the phase “%(name)s”. Take it out of the phase first.",
                    "%(count)s entries or changes are in the phase “%(name)s”. Take them out of the phase first.",
                    inside,
                )
                % {"count": inside, "name": row.name}
            )
        record(
            actor=actor, verb=Verb.PHASE_REMOVED, subject=row, now=now,
            changes={"name": [row.name, ""], "body": [row.body, ""]},
        )  # fmt: skip
        row.delete()
        review_guards.touch(review, now)


def record_redaction(
    *,
    actor: Actor,
    review_id: int,
    place: str,
    kind: str,
    reason: str,
    review_on: date | None = None,
    now: datetime | None = None,
) -> ReviewRedaction:
    """Say that something is left out of the public review on purpose. The public reads kind, number and `review_on`;
    place and reason stay inside. Raises Refused: a kind that is none, a day that has passed, texts."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        if review_on and review_on < now.date():
            raise Refused(_("That day has passed already."), "review_on")
        row = ReviewRedaction.objects.create(
            review=review,
            place=texts.line(place, field="place", limit=200),
            kind=review_fields.one_of(RedactionKind, kind, "kind"),
            reason=texts.line(reason, field="reason", limit=300),
            review_on=review_on,
            actor_label=actor.label,
            recorded_at=now,
        )
        review_guards.touch(review, now)
        record(
            actor=actor, verb=Verb.REDACTION_RECORDED, subject=row, now=now,
            changes={"place": ["", row.place], "kind": ["", row.kind], "reason": ["", row.reason]},
        )  # fmt: skip
    return row


def withdraw_redaction(*, actor: Actor, redaction_id: int, now: datetime | None = None) -> ReviewRedaction:
    """Say that nothing is withheld there any more. Raises Refused if that was said already."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        found = ReviewRedaction.objects.filter(pk=redaction_id).first()
        if found is None:
            raise Refused(_("There is no such withholding."))
        review = review_guards.lock_review(actor, found.review_id)
        row = review.redactions.get(pk=redaction_id)
        if row.withdrawn_at:
            raise Refused(_("This withholding was ended already."))
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        review_guards.touch(review, now)
        record(actor=actor, verb=Verb.REDACTION_WITHDRAWN, subject=row, now=now, changes={"place": [row.place, ""]})
    return row


def entry_of(review: Review, entry_id: int) -> TimelineEntry:
    """An authored entry of the review. Raises Refused."""
    row = review.entries.filter(pk=entry_id).first()
    if row is None:
        raise Refused(_("There is no such entry in this review."))
    return row


def phase_of(review: Review, phase_id: int) -> ReviewPhase:
    """A phase of the review. Raises Refused at `phase`."""
    row = review.phases.filter(pk=phase_id).first()
    if row is None:
        raise Refused(_("There is no such phase in this review."), "phase_id")
    return row


def phase_id_of(review: Review, phase_id: int | None) -> int | None:
    """The id of a phase of the review, or None for none. Raises Refused at `phase_id`."""
    return None if phase_id is None else phase_of(review, phase_id).pk


def refuse_if_named(review: Review, refs: set[str]) -> None:
    """Raises Refused when a factor of the review rests on one of these entries of the timeline."""
    for factor in review.factors.all():
        if refs & set(factor.entry_refs):
            raise Refused(
                _("The factor “%(factor)s” rests on this entry. Let it rest on another one first.")
                % {"factor": factor.title}
            )

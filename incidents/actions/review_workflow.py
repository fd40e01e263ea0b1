"""From draft to approved: ask for review, comment, ask for changes, approve, and sign for what a check found.

Publication is `review_publishing`.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import authority, guards, review_guards, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.actor import Actor
from incidents.domain.review import ApprovalKind, PersonRole, ReviewState, VersionKind
from incidents.domain.status import Impact
from incidents.domain.verbs import Verb
from incidents.models import Review, ReviewApproval, ReviewComment, ReviewWaiver
from incidents.reviewing import approvals, document
from incidents.reviewing.checks import BY_KEY as CHECKS_BY_KEY
from incidents.reviewing.checks import DISCLOSING, blocking, findings
from incidents.reviewing.sections import BY_KEY, SECTIONS, Needed

_ANCHOR = re.compile(r"(section|entry|phase|factor|change|remediation|milestone|update|interval|maintenance):[\w:-]+")
_READERS = (PersonRole.AUTHOR, PersonRole.APPROVER, PersonRole.PUBLISHER)


def submit_review(*, actor: Actor, review_id: int, now: datetime | None = None) -> Review:
    """Ask for review. Raises Refused while a section says nothing that readers of a first version need, and if it was
    asked for already."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        if review.state in (ReviewState.IN_REVIEW, ReviewState.APPROVED):
            raise Refused(_("Review was asked for already."))
        _refuse_unwritten(review)
        _move(review, ReviewState.IN_REVIEW, now)
        record(
            actor=actor, verb=Verb.REVIEW_SUBMITTED, subject=review, now=now,
            changes={"state": [ReviewState.DRAFT, ReviewState.IN_REVIEW]},
        )  # fmt: skip
    return review


def return_review(*, actor: Actor, review_id: int, reason: str, now: datetime | None = None) -> Review:
    """Ask for changes: it is a draft again, the approvals given so far and a schedule end, and the reason stands as a
    comment. Raises Refused without a reason, and if review was not asked for."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR, PersonRole.APPROVER)
        review = review_guards.lock_for(review_id)
        if review.state not in (ReviewState.IN_REVIEW, ReviewState.APPROVED):
            raise Refused(_("Review was not asked for; write on."))
        why, before = texts.line(reason, field="reason", limit=300), review.state
        review.approvals.filter(withdrawn_at__isnull=True).update(withdrawn_at=now)
        review.comments.create(body=why, author_id=actor.user_id, author_label=actor.label, created_at=now)
        review.scheduled_for, review.scheduled_kind, review.scheduled_reason = None, "", ""
        _move(review, ReviewState.DRAFT, now)
        record(
            actor=actor, verb=Verb.REVIEW_RETURNED, subject=review, now=now,
            changes={"state": [before, ReviewState.DRAFT], "reason": ["", why]},
        )  # fmt: skip
    return review


def comment_on_review(
    *, actor: Actor, review_id: int, anchor: str, body: str, is_blocking: bool = False, now: datetime | None = None
) -> ReviewComment:
    """Remark on a part (`section:impact`, `entry:12`, `factor:3`) or on all of it (""). While a blocking remark is not
    resolved nothing is approved or published. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, *_READERS)
        review = review_guards.lock_for(review_id)
        comment = ReviewComment.objects.create(
            review=review,
            anchor=_anchor(anchor),
            body=texts.body(body)[0],
            is_blocking=is_blocking,
            author_id=actor.user_id,
            author_label=actor.label,
            created_at=now,
        )
        record(
            actor=actor, verb=Verb.REVIEW_COMMENTED, subject=review, now=now,
            changes={"anchor": ["", comment.anchor], "comment": ["", comment.body[:300]]},
        )  # fmt: skip
    return comment


def resolve_comment(*, actor: Actor, comment_id: int, now: datetime | None = None) -> ReviewComment:
    """Say that a remark is dealt with. A blocking one is resolved by who made it or by an approver, not by the author
    of the text alone. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        comment = ReviewComment.objects.select_for_update().filter(pk=comment_id).first()
        if comment is None:
            raise Refused(_("There is no such comment."))
        review = review_guards.lock_for(comment.review_id)
        if not _is_of(actor, comment.author_id, comment.author_label):
            roles.require(actor, PersonRole.APPROVER, *(() if comment.is_blocking else _READERS))
        if comment.resolved_at:
            raise Refused(_("This comment was resolved already."))
        comment.resolved_at, comment.resolved_by_label = now, actor.label
        comment.save(update_fields=["resolved_at", "resolved_by_label"])
        record(
            actor=actor, verb=Verb.COMMENT_RESOLVED, subject=review, now=now,
            changes={"comment": [comment.body[:300], ""]},
        )  # fmt: skip
    return comment


def approve_review(
    *, actor: Actor, review_id: int, kind: str, seen_hash: str, note: str = "", now: datetime | None = None
) -> ReviewApproval:
    """Approve, in one kind, the content that was on screen: `seen_hash` is that of the public document then.

    Once all that is required stands, the review is approved. Raises Conflict if it would publish something else by now;
    Refused: no role, a blocking comment, review not asked for, approved by this person in this kind already.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.APPROVER)
        review = review_guards.lock_for(review_id)
        if kind not in list(ApprovalKind):
            raise Refused(_("Choose what you approve."), "kind")
        if kind not in authority.kinds_of(actor):
            raise Forbidden(_("Your approval does not count for this kind. Ask somebody who holds it."), "kind")
        if review.state not in (ReviewState.IN_REVIEW, ReviewState.APPROVED):
            raise Refused(_("Review was not asked for yet."))
        content_hash = document.content_hash(review)
        if seen_hash != content_hash:
            raise Conflict(_("The review changed while you were reading. Read what is new, then approve that."))
        refuse_blocking_comments(review)
        _refuse_disclosures(review, now)
        standing = review.approvals.filter(withdrawn_at__isnull=True, content_hash=content_hash, kind=kind)
        if standing.filter(actor_label=actor.label).exists():
            raise Refused(_("You have approved this already."), "kind")
        approval = ReviewApproval.objects.create(
            review=review,
            kind=kind,
            user_id=actor.user_id,
            actor_label=actor.label,
            content_hash=content_hash,
            note=texts.line(note, field="note", limit=300, is_required=False),
            approved_at=now,
        )
        if approvals.standing(review, content_hash).is_complete:
            _move(review, ReviewState.APPROVED, now)
        record(
            actor=actor, verb=Verb.REVIEW_APPROVED, subject=review, now=now,
            changes={"approval": ["", kind], "content": ["", content_hash]},
        )  # fmt: skip
    return approval


def withdraw_approval(*, actor: Actor, approval_id: int, now: datetime | None = None) -> ReviewApproval:
    """Take an approval back: one's own, or as an administrator. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        approval = ReviewApproval.objects.select_for_update().filter(pk=approval_id).first()
        if approval is None:
            raise Refused(_("There is no such approval."))
        review = review_guards.lock_for(approval.review_id)
        if not _is_of(actor, approval.user_id, approval.actor_label):
            roles.require(actor, PersonRole.ADMINISTRATOR)
        if approval.withdrawn_at:
            raise Refused(_("This approval was withdrawn already."))
        approval.withdrawn_at = now
        approval.save(update_fields=["withdrawn_at"])
        if (
            review.state == ReviewState.APPROVED
            and not approvals.standing(review, document.content_hash(review)).is_complete
        ):
            _move(review, ReviewState.IN_REVIEW, now)
        record(
            actor=actor,
            verb=Verb.APPROVAL_WITHDRAWN,
            subject=review,
            now=now,
            changes={"approval": [approval.kind, ""]},
        )
    return approval


def waive_finding(
    *, actor: Actor, review_id: int, check_key: str, subject: str, reason: str, now: datetime | None = None
) -> ReviewWaiver:
    """Accept, signed and with a reason, what a check found (`Finding.check` and `Finding.ref`). Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, *_READERS)
        review = review_guards.lock_for(review_id)
        check = texts.line(check_key, field="check_key", limit=40)
        if check not in CHECKS_BY_KEY or not CHECKS_BY_KEY[check].is_waivable:
            raise Refused(_("There is no finding of this kind that could be accepted."), "check_key")
        about = texts.line(subject, field="subject", limit=200, is_required=False)
        if review.waivers.filter(check_key=check, subject=about, withdrawn_at__isnull=True).exists():
            raise Refused(_("This finding was accepted already."))
        waiver = ReviewWaiver.objects.create(
            review=review,
            check_key=check,
            subject=about,
            reason=texts.line(reason, field="reason", limit=300),
            actor_label=actor.label,
            user_id=actor.user_id,
            signed_at=now,
        )
        record(
            actor=actor, verb=Verb.CHECK_WAIVED, subject=review, now=now,
            changes={"check": ["", f"{check} {about}".strip()], "reason": ["", waiver.reason]},
        )  # fmt: skip
    return waiver


def withdraw_waiver(*, actor: Actor, waiver_id: int, now: datetime | None = None) -> ReviewWaiver:
    """Take an acceptance back: the finding counts again. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, *_READERS)
        waiver = ReviewWaiver.objects.select_for_update().filter(pk=waiver_id).first()
        if waiver is None or waiver.withdrawn_at:
            raise Refused(_("This finding is not accepted by anybody."))
        review = review_guards.lock_for(waiver.review_id)
        waiver.withdrawn_at = now
        waiver.save(update_fields=["withdrawn_at"])
        record(
            actor=actor, verb=Verb.WAIVER_WITHDRAWN, subject=review, now=now,
            changes={"check": [f"{waiver.check_key} {waiver.subject}".strip(), ""]},
        )  # fmt: skip
    return waiver


def refuse_blocking_comments(review: Review) -> None:
    """Raises Refused while a blocking remark is not resolved."""
    open_ones = approvals.blocking_comments(review)
    if open_ones:
        raise Refused(
            _("Resolve first what blocks: “%(comment)s” (%(name)s).")
            % {"comment": open_ones[0].body[:120], "name": open_ones[0].author_label}
        )


def _refuse_disclosures(review: Review, now: datetime) -> None:
    """Raises Refused while the text names people, or tells what must not leave, and nobody signed for it."""
    stopped = [
        each for each in blocking(findings(review, now), VersionKind.PRELIMINARY) if each.check in DISCLOSING
    ]  # fmt: skip
    if stopped:
        raise Refused(_("Take it out or sign for it first: %(sentence)s") % {"sentence": stopped[0].sentence})


def _refuse_unwritten(review: Review) -> None:
    is_light = approvals.impact_of(review) not in (Impact.MAJOR, Impact.CRITICAL)
    written = set(review.sections.exclude(body="").values_list("key", flat=True))
    for section in SECTIONS:
        needed = section.light if is_light else section.needed
        if needed == Needed.IN_REVIEW and section.key not in written:
            raise Refused(_("Write “%(section)s” first.") % {"section": section.title}, section.key)


def _anchor(raw: str) -> str:
    anchor = texts.line(raw, field="anchor", limit=60, is_required=False)
    kind, _colon, key = anchor.partition(":")
    if anchor and (not _ANCHOR.fullmatch(anchor) or (kind == "section" and key not in BY_KEY)):
        raise Refused(_("There is no such place to comment on."), "anchor")
    return anchor


def _is_of(actor: Actor, user_id: int | None, label: str) -> bool:
    return actor.user_id == user_id if actor.user_id and user_id else actor.label == label


def _move(review: Review, state: ReviewState, now: datetime) -> None:
    review.state = state
    review.version += 1
    review.updated_at = max(now, review.updated_at)
    review.save()

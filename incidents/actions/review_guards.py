"""What every write to a review begins and ends with."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents.actions import roles
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole, ReviewState
from incidents.models import Review
from incidents.reviewing import document
from incidents.reviewing.approvals import standing


def lock_review(actor: Actor, review_id: int, seen_version: int | None = None) -> Review:
    """The review, locked, for somebody who may write in it. Call it inside the transaction, after `guards.lock_page`.

    `seen_version`: what the writer had on screen; None where the write does not depend on it. Raises Refused for a
    missing role, a missing or a retracted review, Conflict if somebody wrote in between.
    """
    roles.require(actor, PersonRole.AUTHOR)
    return lock_for(review_id, seen_version)


def lock_for(review_id: int, seen_version: int | None = None) -> Review:
    """As `lock_review`, where the caller has asked for another role already."""
    review = Review.objects.select_for_update().filter(pk=review_id).first()
    if review is None:
        raise Refused(_("There is no such review."))
    if review.state == ReviewState.RETRACTED:
        raise Refused(_("This review was retracted. Begin another one instead."))
    if seen_version is not None and seen_version != review.version:
        raise Conflict(
            _("Somebody else changed this review while you were writing. Read what is new, then save again.")
        )
    return review


def touch(review: Review, now: datetime) -> None:
    """Raise the version after a write, and let the state follow: what was approved and is another text now must be
    approved again before it is published (a schedule waits for that, see `publish_due_reviews`); what was published
    and is another text now is a draft again."""
    review.version += 1
    review.updated_at = max(now, review.updated_at)
    if review.state == ReviewState.APPROVED and not standing(review, document.content_hash(review)).is_complete:
        review.state = ReviewState.IN_REVIEW
    if review.state == ReviewState.PUBLISHED:
        newest = review.versions.order_by("-number").first()
        if newest is None or newest.sha256 != document.content_hash(review):
            review.state = ReviewState.DRAFT
    review.save()

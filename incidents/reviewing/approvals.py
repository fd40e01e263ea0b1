"""Whose approval a review needs before it is published, whose it has, and whether that is enough.

The table follows what large operators ask by severity; an approval counts for one content only, named by its hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from incidents import queries
from incidents.domain.review import ApprovalKind
from incidents.domain.status import Impact, heavier_impact
from incidents.models import Review, ReviewApproval, ReviewComment
from incidents.reviewing.consequences import consequences_of
from incidents.reviewing.gathering import gather

BY_IMPACT: Mapping[Impact, tuple[ApprovalKind, ...]] = {
    Impact.CRITICAL: (ApprovalKind.TECHNICAL, ApprovalKind.COMMUNICATION, ApprovalKind.SERVICE_OWNER),
    Impact.MAJOR: (ApprovalKind.TECHNICAL, ApprovalKind.COMMUNICATION),
}
OTHERWISE = (ApprovalKind.TECHNICAL,)
BREACHED = "breached"  # as a verdict says it


@dataclass(frozen=True)
class Standing:
    """How far the approvals of one content are. `is_independent`: somebody other than the owner is among them."""

    required: tuple[ApprovalKind, ...]
    given: tuple[ReviewApproval, ...]
    missing: tuple[ApprovalKind, ...]
    is_independent: bool
    is_complete: bool


def impact_of(review: Review) -> Impact:
    """The heaviest impact of its incidents."""
    worst = Impact.NONE
    for incident in review.incidents.all():
        worst = heavier_impact(worst, queries.impact_of(incident, queries.spells_of(incident)))
    return worst


def required_kinds(review: Review) -> tuple[ApprovalKind, ...]:
    """The kinds that are needed: by impact, and for security, personal data and a breached agreement."""
    kinds = list(BY_IMPACT.get(impact_of(review), OTHERWISE))
    if review.is_security:
        kinds.append(ApprovalKind.SECURITY)
    if review.has_personal_data:
        kinds.append(ApprovalKind.PRIVACY)
    if _is_agreement_breached(review):
        kinds.append(ApprovalKind.LEGAL)
    return tuple(kinds)


def standing(review: Review, content_hash: str) -> Standing:
    """How the approvals of this content stand; those of any other content are void and not counted."""
    required = required_kinds(review)
    given = tuple(review.approvals.filter(withdrawn_at__isnull=True, content_hash=content_hash))
    held = {row.kind for row in given}
    missing = tuple(kind for kind in required if kind not in held)
    is_independent = any(not _is_by_owner(review, row) for row in given)
    return Standing(
        required=required,
        given=given,
        missing=missing,
        is_independent=is_independent,
        is_complete=not missing and (is_independent or not settings.REVIEW_TWO_PERSON),
    )


def blocking_comments(review: Review) -> list[ReviewComment]:
    """The remarks that must be resolved before anything is approved or published."""
    return list(review.comments.filter(is_blocking=True, resolved_at__isnull=True))


def _is_by_owner(review: Review, approval: ReviewApproval) -> bool:
    """By account; by name where one of the accounts is gone."""
    if review.owner_id and approval.user_id:
        return review.owner_id == approval.user_id
    return review.owner_label == approval.actor_label


def _is_agreement_breached(review: Review) -> bool:
    """Whether a month of an agreement that the incidents hit is breached, as issued or as counted so far."""
    consequences = consequences_of(gather(review))
    return any(row.document is not None and row.document["verdict"] == BREACHED for row in consequences)

"""Two people approve one review at the same moment: each approval counts once, and the last one that was missing
approves the review."""

from __future__ import annotations

import pytest

from incidents.actions import review_workflow
from incidents.actions.refusals import Refused
from incidents.domain.review import ReviewState
from incidents.models import AuditEntry, ReviewApproval
from incidents.reviewing.approvals import required_kinds
from incidents.reviewing.document import content_hash
from tests import workflow_world
from tests.web.console.test_offered_drafts import at_once, client_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_kinds_both_stand_and_the_review_is_approved_once():
    review = workflow_world.in_review(workflow_world.resolved_incident(level="partial_outage"))
    assert {str(kind) for kind in required_kinds(review)} == {"technical", "communication"}
    seen = content_hash(review)
    asha, lena = workflow_world.person("asha", "approver"), workflow_world.person("lena", "approver:communication")
    outcomes = at_once(
        lambda: review_workflow.approve_review(actor=asha, review_id=review.pk, kind="technical", seen_hash=seen),
        lambda: review_workflow.approve_review(actor=lena, review_id=review.pk, kind="communication", seen_hash=seen),
    )
    assert not [each for each in outcomes if not isinstance(each, ReviewApproval)], outcomes
    review.refresh_from_db()
    assert review.state == ReviewState.APPROVED
    assert sorted(review.approvals.values_list("kind", flat=True)) == ["communication", "technical"]
    assert AuditEntry.objects.filter(verb="review.approved").count() == 2


def test_the_same_kind_by_the_same_person_twice_stands_once():
    review = workflow_world.in_review()
    seen, asha = content_hash(review), workflow_world.approver()

    def approve() -> ReviewApproval:
        return review_workflow.approve_review(actor=asha, review_id=review.pk, kind="technical", seen_hash=seen)

    outcomes = at_once(approve, approve)
    assert sorted(isinstance(each, Refused) for each in outcomes) == [False, True]
    refused = next(each for each in outcomes if isinstance(each, Refused))
    assert "approved this already" in refused.sentence
    assert review.approvals.count() == AuditEntry.objects.filter(verb="review.approved").count() == 1


def test_by_two_people_through_the_console_neither_is_a_fault():
    review = workflow_world.in_review()
    typed = {"kind": "technical", "seen_hash": content_hash(review)}
    path = f"/console/reviews/{review.code}/approve"
    one, other = client_of("asha", "approver"), client_of("ben", "approver")
    answers = at_once(lambda: one.post(path, typed), lambda: other.post(path, typed))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert sorted(review.approvals.values_list("actor_label", flat=True)) == ["asha", "ben"]

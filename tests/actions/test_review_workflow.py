"""From draft to approved: who may, what is bound to what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from incidents.actions import review as review_actions
from incidents.actions import review_workflow as workflow
from incidents.actions import section, verdicts
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import SYSTEM
from incidents.models import Agreement, Component, ReviewApproval, ReviewComment
from incidents.reviewing.approvals import required_kinds, standing
from incidents.reviewing.document import content_hash
from tests.agreement_world import JULY, agree
from tests.factories import utc
from tests.workflow_world import (
    administrator,
    again,
    approve,
    approved,
    approver,
    draft,
    in_review,
    person,
    publisher,
    resolved_incident,
    write,
    writer,
)

pytestmark = pytest.mark.django_db


def test_a_review_is_submitted_once_its_summary_says_something():
    review = review_actions.start_review(actor=writer(), incident_ids=[resolved_incident().pk])
    with pytest.raises(Refused, match="Summary"):
        workflow.submit_review(actor=writer(), review_id=review.pk)
    write(review)
    assert workflow.submit_review(actor=writer(), review_id=review.pk).state == "in_review"
    with pytest.raises(Refused, match="already"):
        workflow.submit_review(actor=writer(), review_id=review.pk)


@pytest.mark.parametrize(("level", "kinds"), [
    ("major_outage", ("technical", "communication", "service_owner")),
    ("partial_outage", ("technical", "communication")),
    ("degraded_performance", ("technical",)),
])  # fmt: skip
def test_what_must_be_approved_follows_from_the_impact(level, kinds):
    assert required_kinds(draft(resolved_incident(level=level))) == kinds


def test_security_and_personal_data_ask_for_their_own_approvals():
    review = draft(resolved_incident(level="degraded_performance"))
    review_actions.edit_review(actor=writer(), review_id=review.pk, is_security=True, has_personal_data=True)
    assert required_kinds(again(review)) == ("technical", "security", "privacy")


def test_a_breached_agreement_asks_for_a_legal_approval():
    incident = resolved_incident(level="degraded_performance", now=utc("2026-06-01 10:00"))
    agreement = agree(Component.objects.get(), first_month=utc("2026-06-01 00:00").date(), target_percent="100")
    Agreement.objects.filter(pk=agreement.pk).update(weight_degraded="1")
    review = draft(incident)
    assert "legal" in required_kinds(review), "June is breached though it still runs"
    verdicts.issue_due_verdicts(JULY)
    assert "legal" in required_kinds(review)
    Agreement.objects.filter(pk=agreement.pk).update(weight_degraded="0")
    with transaction.atomic():
        verdicts.reissue_changed(actor=SYSTEM, reason="R", now=JULY)
    assert "legal" not in required_kinds(review)


def test_all_kinds_by_somebody_else_make_it_approved():
    review = in_review()
    for kind in ("technical", "communication"):
        approve(review, kind)
        assert again(review).state == "in_review"
    approve(review, "service_owner")
    assert again(review).state == "approved"


def test_the_owner_is_not_enough_unless_the_two_person_rule_is_off(settings):
    owner = person("wanda", "author", "approver")
    review = in_review(resolved_incident(level="degraded_performance"))
    approve(review, actor=owner)
    found = standing(review, content_hash(review))
    assert (found.missing, found.is_independent, found.is_complete) == ((), False, False)
    assert again(review).state == "in_review"
    settings.REVIEW_TWO_PERSON = False
    assert standing(review, content_hash(review)).is_complete
    settings.REVIEW_TWO_PERSON = True
    approve(review)
    assert again(review).state == "approved"


def test_an_owner_whose_account_is_gone_is_still_the_owner():
    owner = person("wanda", "author", "approver")
    review = in_review(resolved_incident(level="degraded_performance"))
    approve(review, actor=owner)
    User.objects.get(username="wanda").delete()
    found = standing(again(review), content_hash(again(review)))
    assert (found.is_independent, found.missing) == (False, ())


def test_an_approval_is_of_what_was_read():
    review = in_review()
    seen = content_hash(review)
    review_actions.edit_review(actor=writer(), review_id=review.pk, title="Another title")
    with pytest.raises(Conflict):
        workflow.approve_review(actor=approver(), review_id=review.pk, kind="technical", seen_hash=seen)
    assert not ReviewApproval.objects.exists()


def test_one_public_character_makes_approvals_void_and_taking_it_back_makes_them_good_again():
    review = approved()
    title = review.title
    review_actions.edit_review(actor=writer(), review_id=review.pk, title=title + "!")
    assert again(review).state == "in_review"
    assert len(standing(again(review), content_hash(again(review))).missing) == 3
    review_actions.edit_review(actor=writer(), review_id=review.pk, title=title)
    assert standing(again(review), content_hash(again(review))).is_complete


def test_a_note_is_not_public_and_voids_nothing():
    review = approved()
    section.save_section(actor=writer(), review_id=review.pk, key="summary", note="Ours.", seen_version=1)
    assert again(review).state == "approved"


def test_a_flag_that_asks_for_more_takes_the_approved_state():
    review = approved()
    review_actions.edit_review(actor=writer(), review_id=review.pk, is_security=True)
    assert again(review).state == "in_review"


def test_nobody_approves_twice_without_a_role_or_before_it_is_asked_for():
    review = draft()
    with pytest.raises(Refused, match="not asked"):
        approve(review)
    workflow.submit_review(actor=writer(), review_id=review.pk)
    for actor in (writer(), publisher()):
        with pytest.raises(Refused, match="groups"):
            approve(review, actor=actor)
    approve(review)
    with pytest.raises(Refused, match="already"):
        approve(review)
    with pytest.raises(Refused, match="Choose"):
        approve(review, "astrology")


def test_a_blocking_comment_stops_approvals_until_somebody_else_than_the_author_resolves_it():
    review = in_review()
    comment = workflow.comment_on_review(
        actor=approver(), review_id=review.pk, anchor="section:summary", body="Which region?", is_blocking=True
    )
    with pytest.raises(Refused, match="Which region"):
        approve(review)
    with pytest.raises(Refused, match="groups"):
        workflow.resolve_comment(actor=writer(), comment_id=comment.pk)
    workflow.resolve_comment(actor=approver(), comment_id=comment.pk)
    with pytest.raises(Refused, match="already"):
        workflow.resolve_comment(actor=approver(), comment_id=comment.pk)
    approve(review)


@pytest.mark.parametrize("anchor", ["section:blame", "nowhere", "entry:", "section:summary extra"])
def test_a_comment_stands_somewhere(anchor):
    with pytest.raises(Refused, match="place"):
        workflow.comment_on_review(actor=approver(), review_id=in_review().pk, anchor=anchor, body="B")
    assert not ReviewComment.objects.exists()


def test_a_comment_raises_no_version_under_those_who_write():
    review = in_review()
    workflow.comment_on_review(actor=approver(), review_id=review.pk, anchor="entry:12", body="B")
    assert again(review).version == review.version


def test_a_review_that_is_returned_is_a_draft_whose_approvals_ended_and_says_why():
    review = approved()
    workflow.return_review(actor=approver(), review_id=review.pk, reason="The cause is not told.")
    assert again(review).state == "draft"
    assert not standing(again(review), content_hash(review)).given
    assert ReviewComment.objects.get().body == "The cause is not told."
    with pytest.raises(Refused, match="not asked"):
        workflow.return_review(actor=approver(), review_id=review.pk, reason="R")


def test_an_approval_is_withdrawn_by_who_gave_it_or_an_administrator():
    review = approved()
    first, second, _third = ReviewApproval.objects.all()
    with pytest.raises(Refused, match="groups"):
        workflow.withdraw_approval(actor=approver("another"), approval_id=first.pk)
    workflow.withdraw_approval(actor=approver(), approval_id=first.pk)
    assert again(review).state == "in_review"
    workflow.withdraw_approval(actor=administrator(), approval_id=second.pk)
    with pytest.raises(Refused, match="already"):
        workflow.withdraw_approval(actor=administrator(), approval_id=second.pk)


def test_a_finding_is_accepted_once_with_a_reason_and_the_acceptance_can_be_taken_back():
    review = in_review()
    given: dict[str, Any] = {"actor": approver(), "review_id": review.pk, "check_key": "A7", "subject": ""}
    with pytest.raises(Refused, match="reason"):
        workflow.waive_finding(**given, reason=" ")
    for key in ("A19", "A99"):
        with pytest.raises(Refused, match="no finding"):
            workflow.waive_finding(**given | {"check_key": key}, reason="R")
    waiver = workflow.waive_finding(**given, reason="It was found at once.")
    with pytest.raises(Refused, match="already"):
        workflow.waive_finding(**given, reason="R")
    workflow.withdraw_waiver(actor=approver(), waiver_id=waiver.pk)
    with pytest.raises(Refused):
        workflow.withdraw_waiver(actor=approver(), waiver_id=waiver.pk)
    workflow.waive_finding(**given, reason="It was.")

"""Each act on the way of a review to the public, made ready first, then carried out; what it is recorded as."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.actions import review as review_actions
from incidents.actions import review_publishing as publishing
from incidents.actions import review_workflow as workflow
from incidents.models import Review
from tests import workflow_world as world

Act = Callable[[], object]


def ready(step: Callable[..., Review], act: Callable[[dict[str, Any]], Act]) -> Callable[[], Act]:
    """An act on a review that stands at a step; its incident is not the one that is there already."""
    return lambda: act({"review_id": step(world.slight(name="Web")).pk})


def corrected(*incidents: Any) -> Review:
    review = world.published(*incidents)
    world.write(review, body=world.SUMMARY + " At once.")
    return review


def scheduled(*incidents: Any) -> Review:
    review = world.approved(*incidents)
    at = timezone.now() + timedelta(hours=1)
    return publishing.schedule_publication(actor=world.publisher(), review_id=review.pk, at=at, kind="final")


def resolving(on: dict[str, Any]) -> Act:
    comment = workflow.comment_on_review(actor=world.approver(), **on, anchor="", body="B")
    return lambda: workflow.resolve_comment(actor=world.approver(), comment_id=comment.pk)


def withdrawing_approval(on: dict[str, Any]) -> Act:
    approval = Review.objects.get(pk=on["review_id"]).approvals.get()
    return lambda: workflow.withdraw_approval(actor=world.approver(), approval_id=approval.pk)


def waiving(on: dict[str, Any]) -> Act:
    return lambda: workflow.waive_finding(actor=world.approver(), **on, check_key="A7", subject="factors", reason="R")


def withdrawing_waiver(on: dict[str, Any]) -> Act:
    waiving(on)()
    waiver = Review.objects.get(pk=on["review_id"]).waivers.get()
    return lambda: workflow.withdraw_waiver(actor=world.approver(), waiver_id=waiver.pk)


def publishing_as(kind: str) -> Callable[[dict[str, Any]], Act]:
    return lambda on: lambda: world.publish(Review.objects.get(pk=on["review_id"]), kind, reason="R")


def scheduling(on: dict[str, Any]) -> Act:
    at = timezone.now() + timedelta(hours=1)
    return lambda: publishing.schedule_publication(actor=world.publisher(), **on, at=at, kind="final")


ACTS: dict[str, Callable[[], Act]] = {
    "review.started": lambda: (lambda row: lambda: review_actions.start_review(
        actor=world.writer(), incident_ids=[row.pk]
    ))(world.slight(name="Web")),
    "review.edited": ready(world.draft, lambda on: lambda: review_actions.edit_review(
        actor=world.writer(), **on, title="Another"
    )),
    "section.saved": ready(world.draft, lambda on: lambda: world.write(
        Review.objects.get(pk=on["review_id"]), "lucky", "It was night."
    )),
    "review.commented": ready(world.draft, lambda on: lambda: workflow.comment_on_review(
        actor=world.approver(), **on, anchor="section:impact", body="Whom?"
    )),
    "comment.resolved": ready(world.draft, resolving),
    "review.submitted": ready(world.draft, lambda on: lambda: workflow.submit_review(actor=world.writer(), **on)),
    "review.returned": ready(world.in_review, lambda on: lambda: workflow.return_review(
        actor=world.approver(), **on, reason="R"
    )),
    "review.approved": ready(world.in_review, lambda on: lambda: world.approve(
        Review.objects.get(pk=on["review_id"])
    )),
    "approval.withdrawn": ready(world.approved, withdrawing_approval),
    "check.waived": ready(world.draft, waiving),
    "waiver.withdrawn": ready(world.draft, withdrawing_waiver),
    "review.scheduled": ready(world.approved, scheduling),
    "review.unscheduled": ready(scheduled, lambda on: lambda: publishing.unschedule_publication(
        actor=world.publisher(), **on
    )),
    "review.published": ready(world.approved, publishing_as("final")),
    "review.corrected": ready(corrected, publishing_as("correction")),
    "review.retracted": ready(world.published, lambda on: lambda: publishing.retract_review(
        actor=world.administrator(), **on, reason="R", render=world.render
    )),
}  # fmt: skip

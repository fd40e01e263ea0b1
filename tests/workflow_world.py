"""People with roles, and reviews at each step of their way, made through the actions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User

from incidents.actions import review as review_actions
from incidents.actions import review_publishing, review_workflow, section
from incidents.domain.actor import Actor
from incidents.models import Incident, Review, ReviewVersion
from incidents.reviewing.approvals import required_kinds
from incidents.reviewing.document import content_hash
from tests.factories import make_component, open_incident, post_update

SUMMARY = "The router dropped requests.\n\nIt was rolled back."


def person(name: str, *roles: str) -> Actor:
    """An account in these groups, as the author of a write; the same one when it is asked for again."""
    user, _made = User.objects.get_or_create(username=name)
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return Actor("user", name, user.pk)


def writer() -> Actor:
    """Who owns the review."""
    return person("wanda", "author")


def approver(name: str = "asha") -> Actor:
    """Who approves it."""
    return person(name, "approver")


def publisher() -> Actor:
    """Who publishes it."""
    return person("pablo", "publisher")


def administrator() -> Actor:
    """Who may do everything."""
    return person("ada", "administrator")


def resolved_incident(*, level: str = "major_outage", name: str = "API", **given: Any) -> Incident:
    """An incident that is over."""
    row = open_incident(make_component(name), level=level, **given)
    post_update(row, "resolved", is_notifying=False)
    row.refresh_from_db()
    return row


def write(review: Review, key: str = "summary", body: str = SUMMARY, actor: Actor | None = None) -> section.Saved:
    """Save a section over whatever stands."""
    known = review.sections.filter(key=key).first()
    return section.save_section(
        actor=actor or writer(), review_id=review.pk, key=key, body=body, seen_version=known.version if known else 0
    )


def draft(*incidents: Incident, **given: Any) -> Review:
    """A review with what the first steps need."""
    about = incidents or (resolved_incident(),)
    review = review_actions.start_review(actor=writer(), incident_ids=[row.pk for row in about], **given)
    for key in ("summary", "impact", "cause", "detection", "response"):
        write(review, key, SUMMARY if key == "summary" else f"What there is to say of the {key}.")
    review_actions.edit_review(
        actor=writer(), review_id=review.pk, is_without_agreement=True, assistance="none",
        unknown_milestones=dict.fromkeys(("detected", "identified", "first_recovery"), "It was not written down."),
    )  # fmt: skip
    return again(review)


def in_review(*incidents: Incident, **given: Any) -> Review:
    """A review that was submitted."""
    review = draft(*incidents, **given)
    review_workflow.submit_review(actor=writer(), review_id=review.pk)
    return again(review)


def approve(review: Review, kind: str = "technical", actor: Actor | None = None) -> Any:
    """One approval of what the review is now."""
    return review_workflow.approve_review(
        actor=actor or approver(), review_id=review.pk, kind=kind, seen_hash=content_hash(again(review))
    )


def approved(*incidents: Incident, **given: Any) -> Review:
    """A review with every approval that it needs."""
    review = in_review(*incidents, **given)
    for kind in required_kinds(review):
        approve(review, kind)
    return again(review)


def again(review: Review) -> Review:
    """The row as it is now."""
    return Review.objects.get(pk=review.pk)


def slight(**given: Any) -> Incident:
    """An incident that one approval is enough for, and whose review no check stands in the way of."""
    return resolved_incident(level="degraded_performance", **given)


def render(envelope: dict[str, Any]) -> tuple[str, str]:
    """A page that says enough to be told from others."""
    return f"<p>version {envelope['version']['number']}</p>", "default-src 'none'"


def publish(review: Review, kind: str = "final", actor: Actor | None = None, **given: Any) -> ReviewVersion:
    """Publish what the review is now."""
    values = {"actor": actor or publisher(), "review_id": review.pk, "kind": kind, "render": render}
    return review_publishing.publish_review(**{**values, **given})


def published(*incidents: Incident, kind: str = "final", **given: Any) -> Review:
    """A review with one version."""
    review = approved(*(incidents or (slight(),)), **given)
    publish(review, kind)
    return again(review)


def approve_again(review: Review) -> Review:
    """Ask for review of what was changed since, and approve it."""
    if again(review).state in ("draft", "published"):
        review_workflow.submit_review(actor=writer(), review_id=review.pk)
    for kind in required_kinds(review):
        approve(review, kind)
    return again(review)

"""A review with remediations, made through the actions, and the people who write and verify. Times are aware UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

from incidents.actions import guards, remediation
from incidents.actions.record import record
from incidents.actions.review import start_review
from incidents.actions.review_versions import envelope_of, store
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.canonical import sha256_of
from incidents.domain.review import VersionKind
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ContributingFactor, Incident, Remediation, Review
from incidents.reviewing import document
from tests.factories import make_component, open_incident, post_update, utc

NOON = utc("2026-06-30 12:00")
DUE = date(2026, 7, 4)


def person(name: str, *roles: str) -> Actor:
    """Somebody with an account, in these groups."""
    user, _is_new = User.objects.get_or_create(username=name)
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return Actor("user", name, user.pk)


def author() -> Actor:
    """Ana, who writes reviews."""
    return person("ana", "author")


def approver() -> Actor:
    """Ben, who approves and verifies."""
    return person("ben", "approver")


def make_review(component: Component | None = None, at: datetime = NOON, **given: Any) -> Review:
    """The review of a resolved incident in which the component was down."""
    incident = open_incident(component or make_component("Web", now=at), now=at)
    post_update(incident, "resolved", now=at)
    return review_of(incident, at, **given)


def review_of(incident: Incident, at: datetime = NOON, **given: Any) -> Review:
    """A review of this incident."""
    return start_review(**{"actor": author(), "incident_ids": [incident.pk], "now": at, **given})


def make_factor(review: Review, code: str = "CHG-1") -> ContributingFactor:
    """A factor of the review."""
    return ContributingFactor.objects.create(review=review, code=code, title="It reached everything at once")


def save(review: Review, **given: Any) -> Remediation:
    """A remediation of the review, owned by its author."""
    values = {"actor": author(), "review_id": review.pk, "title": "Roll out by region", "due_on": DUE, "now": NOON}
    return remediation.save_remediation(**{**values, **given})


def publish(review: Review, now: datetime = NOON) -> None:
    """What publishing a review does for its remediations."""
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        rows = remediation.publish_remediations(review, now)
        content = document.build(review)
        envelope = envelope_of(
            number=review.versions.count() + 1, kind=VersionKind.FINAL, standing=VersionKind.FINAL, now=now,
            sha256=sha256_of(content), reason="", is_material=True, content=content,
        )  # fmt: skip
        version = store(SYSTEM, review, envelope, lambda _envelope: ("", ""), now)
        record(
            actor=SYSTEM, verb=Verb.REVIEW_PUBLISHED, subject=review, now=now, reach=Reach.PAGE,
            published=[*rows, version],
        )  # fmt: skip


def published(review: Review | None = None, **given: Any) -> Remediation:
    """A remediation that the public follows."""
    row = save(review or make_review(), **given)
    publish(row.review)
    row.refresh_from_db()
    return row


def delivered(**given: Any) -> Remediation:
    """One that the public follows and that is said to be delivered."""
    row = published(**given)
    return remediation.move_remediation(actor=author(), remediation_id=row.pk, state="delivered", now=NOON)

"""People at the console with the roles of reviews, and an incident of 23 June that wants one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from incidents.actions import incident as incident_actions
from incidents.actions import review as review_actions
from incidents.actions.section import Saved, save_section
from incidents.domain.actor import Actor
from incidents.models import Incident, Review
from tests.factories import MARIA, make_component, open_incident, utc

# A program has every role; nobody signs in as this one.
GRACE = Actor("seed", "grace")
BEGAN, ENDED = utc("2026-06-23 14:30"), utc("2026-06-23 18:15")


def client_of(name: str, *groups: str) -> Client:
    """A browser in which somebody in these groups is signed in."""
    user, _made = User.objects.get_or_create(username=name)
    user.groups.set(Group.objects.get_or_create(name=group)[0] for group in groups)
    client = Client()
    client.force_login(user)
    return client


def actor(name: str) -> Actor:
    """Somebody who has been signed in as the author of a write."""
    return Actor("user", name, User.objects.get(username=name).pk)


def an_incident(level: str = "major_outage", title: str = "Errors in the gateway", **given: Any) -> Incident:
    """14:30 to 18:15, resolved."""
    row = open_incident(make_component(given.pop("component", "Gateway")), level=level, title=title, now=BEGAN)
    incident_actions.post_update(actor=MARIA, incident_id=row.pk, stage="resolved", body="Over.", now=ENDED, **given)
    return row


def a_review(*incidents: Incident, **given: Any) -> Review:
    """A draft that ada began."""
    about = incidents or (an_incident(),)
    values: dict[str, Any] = {
        "actor": GRACE, "incident_ids": [row.pk for row in about], "now": utc("2026-06-24 09:00"),
    }  # fmt: skip
    return review_actions.start_review(**values | given)


def save(review: Review, body: str, *, key: str = "summary", seen: int = 0, who: Actor | None = None) -> Saved:
    """A save by somebody else."""
    return save_section(
        actor=who or GRACE, review_id=review.pk, key=key, body=body, seen_version=seen
    )  # fmt: skip

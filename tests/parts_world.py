"""A review of one resolved incident, somebody who may write in it, and its parts with little said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from incidents.actions import change as change_actions
from incidents.actions import factor as factor_actions
from incidents.actions import incident as incident_actions
from incidents.actions import review as review_actions
from incidents.actions import review_parts
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.models import ChangeEvent, ChangeRole, ContributingFactor, Incident, Review, ReviewPhase, TimelineEntry
from tests.factories import MARIA, make_component, open_incident, utc

BEGAN, ENDED, LATER = utc("2026-06-23 14:30"), utc("2026-06-23 18:15"), utc("2026-06-24 09:00")

_GROUPS = json.loads((Path(__file__).parent / "data" / "bad_inputs.json").read_text())["groups"]


def _expanded(given: Any) -> str:
    return given if isinstance(given, str) else given["prefix"] + given["repeat"] * given["count"] + given["suffix"]


# Texts that break things elsewhere: scripts, control characters, lone surrogates, very long ones.
BAD = [
    pytest.param(_expanded(case["input"]), id=case["id"])
    for group in _GROUPS
    if group["group"] in ("markdown", "text_unicode_xml")
    for case in group["cases"]
]


def person(name: str, *groups: str) -> Actor:
    """Somebody in these of Django's groups, as the author of a write."""
    user, _made = User.objects.get_or_create(username=name)
    user.groups.set(Group.objects.get_or_create(name=group)[0] for group in groups)
    return Actor("user", name, user.pk)


def author() -> Actor:
    """Somebody who may write reviews."""
    return person("wren", "author")


def administrator() -> Actor:
    """Somebody who may do everything."""
    return person("ada", "administrator")


def a_review(title: str = "Errors", **given: Any) -> Review:
    """A review of an incident of 23 June, 14:30 to 18:15, begun the day after."""
    row = Incident.objects.filter(stage="resolved").first()
    if row is None:
        row = open_incident(make_component("Gateway"), title=title, now=BEGAN)
        incident_actions.post_update(actor=MARIA, incident_id=row.pk, stage="resolved", body="Over.", now=ENDED)
    return review_actions.start_review(
        **dict[str, Any](actor=author(), incident_ids=[row.pk], title=title, now=LATER) | given
    )


def an_entry(review: Review, **given: Any) -> TimelineEntry:
    """An entry at 14:40."""
    values: dict[str, Any] = {
        "actor": author(),
        "review_id": review.pk,
        "at": utc("2026-06-23 14:40"),
        "body": "Looked.",
    }
    return review_parts.save_entry(**values | given)


def a_phase(review: Review, **given: Any) -> ReviewPhase:
    """A phase from the beginning to 15:00."""
    values: dict[str, Any] = {
        "actor": author(), "review_id": review.pk, "name": "First wave", "started_at": BEGAN,
        "ended_at": utc("2026-06-23 15:00"),
    }  # fmt: skip
    return review_parts.save_phase(**values | given)


def a_change(**given: Any) -> ChangeEvent:
    """A configuration push of which nothing more is known."""
    values: dict[str, Any] = {"actor": author(), "title": "Routing table 7", "kind": "configuration_push"}
    return change_actions.save_change(**values | given)


def a_role(review: Review, change: ChangeEvent, role: str = "trigger", **given: Any) -> ChangeRole:
    """What the change was."""
    values: dict[str, Any] = {"actor": author(), "review_id": review.pk, "change_id": change.pk, "role": role}
    return change_actions.link_change(**values | given)


def a_factor(review: Review, **given: Any) -> ContributingFactor:
    """A factor that rests on nothing yet."""
    values: dict[str, Any] = {
        "actor": author(),
        "review_id": review.pk,
        "code": "CHG-2",
        "title": "The table was not checked",
    }
    return factor_actions.save_factor(**values | given)


def attempt(act: Callable[..., Any], field: str, **given: Any) -> Any:
    """The row that the act wrote, or None if it refused at this field; any other refusal is a fault."""
    try:
        row = act(**given)
    except Refused as refused:
        if refused.field != field:
            raise
        return None
    row.refresh_from_db()
    return row


def sent(cases: list[Any]) -> Iterator[str]:
    """The texts of these cases as a browser can send them: no lone surrogates."""
    for case in cases:
        yield case.values[0].encode("utf-8", "replace").decode()

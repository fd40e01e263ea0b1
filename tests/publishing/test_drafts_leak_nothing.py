"""What is not published moves no public byte, validator or number, and no stranger finds it: the group `draft_leak`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from incidents.actions import review as review_actions
from incidents.domain.actor import Actor
from incidents.models import Draft, Incident, Review, Subscriber, UpdateTemplate
from incidents.publishing import store
from incidents.web import access
from tests.factories import make_component, open_incident, post_update
from tests.inbound_world import make_proposal, make_source

pytestmark = pytest.mark.django_db
SECRET = "Zugzwang"


def public_bytes(root: Path) -> dict[str, bytes]:
    """Every file of the public tree with its sidecar: body, validators, headers. The heartbeat is the clock's."""
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and file.name not in ("heartbeat.json", "store.lock")
    }


def start_review(author: User, incident: Incident) -> Review:
    """A review with the secret in its title and its summary, which nobody has published."""
    author.groups.add(Group.objects.get_or_create(name="author")[0])
    actor = Actor("user", author.username, author.pk)
    return review_actions.start_review(actor=actor, incident_ids=[incident.pk], title=SECRET)


@pytest.fixture
def before(public_root: Path, drain: Callable[..., None]) -> dict[str, bytes]:
    incident = open_incident(make_component("Web API"), title="Errors")
    post_update(incident, "resolved")
    drain()
    found = public_bytes(public_root)
    assert len(found) > 50
    return found


@pytest.mark.parametrize("case", ["draft_leak-01", "draft_leak-04", "draft_leak-05"])
def test_nothing_that_is_not_published_moves_a_public_byte_or_validator(
    case: str, before: dict[str, bytes], public_root: Path, drain: Callable[..., None], responder: User
) -> None:
    incident = Incident.objects.get()
    now = timezone.now()
    start_review(responder, incident)
    Draft.objects.create(
        code="draftdraft12", user=responder, path=f"/console/incidents/{incident.code}/update", incident=incident,
        fields={"body": [SECRET]}, updated_at=now,
    )  # fmt: skip
    UpdateTemplate.objects.create(name=SECRET, body=SECRET)
    make_source(name=SECRET)
    make_proposal(title=f"{SECRET} is on fire")
    Subscriber.objects.create(address=f"{SECRET}@example.org", address_key="z@example.org", created_at=now)
    drain()
    store.republish()
    after = public_bytes(public_root)
    assert after.keys() == before.keys(), case
    assert [name for name in after if after[name] != before[name]] == []
    assert not [name for name, body in after.items() if SECRET.encode() in body]


@pytest.mark.parametrize("case", ["draft_leak-07", "draft_leak-13", "draft_leak-14"])
def test_a_stranger_with_the_address_of_a_draft_learns_nothing(
    case: str, before: dict[str, bytes], responder: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = Incident.objects.get()
    slug = start_review(responder, incident).code
    unfurler = Client(HTTP_USER_AGENT="Slackbot-LinkExpanding 1.0", raise_request_exception=False)
    paths = [
        f"/console/reviews/{slug}", f"/console/incidents/{incident.code}/update", "/console/incidents?q=Err",
        "/console/audit?q=review", "/console/subscribers?q=a", "/console/preview",
    ]  # fmt: skip
    if case == "draft_leak-14":

        def fails(*_args: Any, **_kwargs: Any) -> None:
            raise RuntimeError(SECRET)

        monkeypatch.setattr(access, "redirect_to_login", fails)
    for path in paths:
        for headers in ({}, {"HTTP_HX_REQUEST": "true"}):
            answer = unfurler.get(path, **headers)  # type: ignore[arg-type]
            assert answer.status_code in ((500, 204) if case == "draft_leak-14" else (302, 204, 404)), path
            assert SECRET not in answer.content.decode()
            assert "og:" not in answer.content.decode()


def test_draft_leak_16_a_window_to_come_is_told_when_it_is_announced_and_not_before(
    before: dict[str, bytes], public_root: Path, responder: User
) -> None:
    now = timezone.now()
    Draft.objects.create(
        code="maintenance1", user=responder, path="/console/maintenance/new",
        fields={"title": [SECRET], "starts_at": [(now + timedelta(hours=1)).isoformat()]}, updated_at=now,
    )  # fmt: skip
    store.republish(now + timedelta(hours=2))
    assert not [name for name, body in public_bytes(public_root).items() if SECRET.encode() in body]

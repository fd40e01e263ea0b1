"""The rule of the second person at the doors beside the composer: proposals of monitors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions import offering
from incidents.actions.proposal import post_unanswered
from incidents.models import Incident
from tests.factories import MARIA, make_component
from tests.inbound_world import make_proposal, make_source
from tests.web.console.test_offered_drafts import client_of, offer, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(db: None) -> None:
    """The page asks for a second person."""
    offering.set_four_eyes(actor=MARIA, is_on=True)


def test_one_click_on_a_proposal_is_not_enough_and_is_not_offered(rule):
    row, paul = make_proposal(make_component()), client_of("paul", "publisher")
    for page in ("/console/", "/console/proposals"):
        text = paul.get(page).content.decode()
        assert f"/console/proposals/{row.pk}/edit" in text
        assert f"/console/proposals/{row.pk}/publish" not in text
    answer = paul.post(f"/console/proposals/{row.pk}/publish", {"seen_version": row.version})
    assert answer.status_code == 422
    assert "a second person publishes" in answer.content.decode()
    assert not Incident.objects.exists()
    row.refresh_from_db()
    assert row.state == "open"


def test_it_is_written_offered_and_published_by_somebody_else_and_answered_by_that(rule):
    row, paul = make_proposal(make_component()), client_of("paul", "publisher")
    draft = offer(paul, f"/console/proposals/{row.pk}/edit", title=row.title)
    row.refresh_from_db()
    assert row.state == "open"
    assert publish(paul, draft).status_code == 403
    assert publish(client_of("petra", "publisher"), draft).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.incident) == ("published", Incident.objects.get())


def test_without_the_rule_one_click_is_enough():
    row, paul = make_proposal(make_component()), client_of("paul", "publisher")
    assert f"/console/proposals/{row.pk}/publish" in paul.get("/console/proposals").content.decode()
    assert paul.post(f"/console/proposals/{row.pk}/publish", {"seen_version": row.version}).status_code == 302


def test_what_nobody_answers_is_posted_all_the_same(rule):
    make_source(dead_man_minutes=5)
    make_proposal(make_component())
    assert post_unanswered(timezone.now() + timedelta(minutes=6)) == 1
    assert Incident.objects.get().updates.count() == 1

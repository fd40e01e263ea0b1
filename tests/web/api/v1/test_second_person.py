"""Where a second person publishes, a program does so only with the scope for it."""

from __future__ import annotations

import pytest

from incidents.actions import offering
from incidents.models import AuditEntry, Incident
from tests.factories import MARIA, make_component, open_incident
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(db: None) -> None:
    """The page asks for a second person."""
    offering.set_four_eyes(actor=MARIA, is_on=True)


def test_a_token_without_the_scope_posts_nothing_and_is_told_which_one_it_is(rule):
    open_to_all = Caller("", "incidents")
    sentence = open_to_all.refused("POST", "/incidents", 422, incident={"name": "Errors", "body": "We look."})
    assert "“alone”" in sentence
    assert not Incident.objects.exists()


@pytest.mark.parametrize("stage", ["identified", "resolved"])
def test_nor_does_it_go_on_with_an_incident_or_end_it(stage):
    row = open_incident(make_component())
    offering.set_four_eyes(actor=MARIA, is_on=True)
    told = {"status": stage, "message": "It is known."}
    assert "“alone”" in Caller("", "incidents").refused("PATCH", f"/incidents/{row.code}", 422, incident=told)
    row.refresh_from_db()
    assert (row.stage, row.updates.count()) == ("investigating", 1)


def test_with_the_scope_it_opens_goes_on_and_ends(rule):
    api = Caller("", "incidents", "alone")
    made = api.post("/incidents", incident={"name": "Errors", "body": "We look."})
    for stage in ("identified", "resolved"):
        assert api.patch(f"/incidents/{made['id']}", incident={"status": stage})["status"] == stage
    told = AuditEntry.objects.filter(incident__isnull=False).values_list("actor_kind", flat=True)
    assert set(told) == {"token"}


def test_the_scope_alone_opens_nothing_by_itself(rule):
    answer = Caller("", "alone").call("POST", "/incidents", {"incident": {"name": "Errors", "body": "We look."}})
    assert answer.status_code in (401, 403)
    assert not Incident.objects.exists()


def test_without_the_rule_nobody_needs_it():
    assert Caller("", "incidents").post("/incidents", incident={"name": "Errors", "body": "We look."})["id"]

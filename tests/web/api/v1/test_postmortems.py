"""Postmortems: the summary of a review, through the write API."""

from __future__ import annotations

import pytest

from incidents.actions import review_publishing, review_workflow
from incidents.actions.review import edit_review
from incidents.domain.actor import Actor
from incidents.domain.scopes import Scope
from incidents.models import Review
from incidents.publishing.review_pages import version_page
from incidents.reviewing import document
from tests.acts_api import administrator
from tests.factories import make_component, open_incident, post_update
from tests.web.api.v1.v1_world import Caller, a_token

pytestmark = pytest.mark.django_db
DRAFT = {"postmortem": {"body_draft": "A cable was cut; the site answered with errors. It was spliced."}}
SOMEBODY = Actor("system", "Candor")


@pytest.fixture
def path(api: Caller) -> str:
    incident = open_incident(make_component(), level="degraded_performance")
    post_update(incident, "resolved")
    return f"/incidents/{incident.code}/postmortem"


def test_a_draft_is_the_summary_of_the_review(api: Caller, path):
    assert api.refused("GET", path, 404) == "This incident has no postmortem."
    saved = api.call("PUT", f"{path}.json", DRAFT)
    assert saved.status_code == 200, saved.content
    assert (saved.json()["body_draft"], saved.json()["published_at"]) == (DRAFT["postmortem"]["body_draft"], None)
    assert api.get(path) == saved.json()
    assert Review.objects.get().sections.get().key == "summary"
    again = api.form("PUT", path, "postmortem[body_draft]=Another.")
    assert (again.json()["body_draft"], Review.objects.count()) == ("Another.", 1)
    assert api.call("DELETE", path).status_code == 204
    assert api.get(path)["body_draft"] == ""


def test_nothing_is_published_past_the_approvals(api: Caller, path):
    api.call("PUT", path, DRAFT)
    assert api.refused("PUT", f"{path}/publish", 422, postmortem={"notify_subscribers": False})
    assert api.refused("PUT", f"{path}/revert", 422) == "This postmortem is not published."
    assert api.get(path)["published_at"] is None


def test_what_people_approved_is_published_as_preliminary_and_stays(api: Caller, path):
    api.call("PUT", path, DRAFT)
    review = Review.objects.get()
    edit_review(actor=SOMEBODY, review_id=review.pk, assistance="none")
    review_workflow.submit_review(actor=SOMEBODY, review_id=review.pk)
    review.refresh_from_db()
    review_workflow.approve_review(
        actor=SOMEBODY, review_id=review.pk, kind="technical", seen_hash=document.content_hash(review)
    )
    answer = api.call("PUT", f"{path}/publish", {"postmortem": {"notify_subscribers": True}})
    assert answer.status_code == 200, answer.content
    assert answer.json()["body"] == DRAFT["postmortem"]["body_draft"]
    assert review.versions.get().actor_label == "robot"
    incident = api.get(path.removesuffix("/postmortem"))
    assert (incident["postmortem_body"], bool(incident["resolved_at"])) == (DRAFT["postmortem"]["body_draft"], True)
    assert "stays" in api.refused("PUT", f"{path}/revert", 422)
    assert "is published" in api.refused("DELETE", path, 422)
    assert "published review" in api.refused("DELETE", path.removesuffix("/postmortem"), 422)


def test_a_retracted_postmortem_is_gone_and_the_incident_is_still_read(api: Caller, path):
    api.call("PUT", path, DRAFT)
    review = Review.objects.get()
    edit_review(actor=SOMEBODY, review_id=review.pk, assistance="none")
    review_workflow.submit_review(actor=SOMEBODY, review_id=review.pk)
    review.refresh_from_db()
    seen = document.content_hash(review)
    review_workflow.approve_review(actor=SOMEBODY, review_id=review.pk, kind="technical", seen_hash=seen)
    assert api.call("PUT", f"{path}/publish", {"postmortem": {}}).status_code == 200
    review_publishing.retract_review(
        actor=administrator(), review_id=review.pk, reason="It named a customer.", render=version_page
    )
    incident = api.get(path.removesuffix("/postmortem"))
    assert (incident["postmortem_body"], incident["postmortem_published_at"]) == (None, None)
    assert not incident["postmortem_notified_subscribers"]
    assert [row["id"] for row in api.get("/incidents")] == [incident["id"]]
    assert api.refused("GET", path, 404) == "This incident has no postmortem."
    again = api.call("PUT", path, DRAFT)
    assert again.status_code == 200, "a retracted review stays as it is; a new one begins"
    assert again.json()["published_at"] is None


def test_a_token_without_the_scope_writes_no_review(api: Caller, path):
    other = Caller(a_token(Scope.INCIDENTS, Scope.READ, name="incidents alone")[1])
    assert other.call("PUT", path, DRAFT).status_code == 403
    assert not Review.objects.exists()

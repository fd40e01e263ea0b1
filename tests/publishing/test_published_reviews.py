"""Reviews that were published through the actions, on every page and in every feed that speaks of them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import feedparser
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions import promise, review_publishing, review_workflow
from incidents.models import Correction, Review, ReviewVersion
from incidents.publishing import corrections_feed, feeds, pages, review_feeds, review_pages, snapshot
from incidents.publishing.reviews import review_views
from incidents.publishing.tree import Page
from tests import workflow_world as world
from tests.factories import MARIA
from tests.publishing.page_world import text_of
from tests.publishing.test_downloads import violations
from tests.reviewing import review_world as drafts

pytestmark = pytest.mark.django_db
RENDERERS = (pages, feeds, review_pages, review_feeds, corrections_feed)


def site() -> dict[str, Page]:
    """Every page and feed, by address."""
    truth = snapshot.build()
    hot = (page for each in RENDERERS for page in each.hot(truth))
    cold = (page.render() for each in RENDERERS for page in each.cold(truth))
    return {page.path: page for page in (*hot, *cold)}


@pytest.fixture
def review() -> Review:
    """A final review of one incident, rendered as the house renders it."""
    made = world.approved(world.slight())
    world.publish(made, "final", render=review_pages.version_page)
    return world.again(made)


def test_the_incident_stays_resolved_and_says_that_its_review_was_published(review):
    found = site()
    incident = review.incidents.get()
    said = text_of(found[f"/incidents/{incident.code}"])
    assert said.index("Resolved") < said.index(incident.title)
    assert "Review published" in said
    assert "Post-incident review Final" in said
    assert 'class="level ok"' in found[f"/incidents/{incident.code}"].body.decode()
    assert "All Systems Operational" in text_of(found["/"])
    assert "Reviews lately published" in text_of(found["/"])


def test_the_dialect_calls_the_update_postmortem_and_hangs_no_component_on_it(review):
    found = site()
    incident = review.incidents.get()
    told = feedparser.parse(found["/history.atom"].body)
    assert not told.bozo
    assert "<strong>Postmortem</strong>" in told.entries[0].content[0].value
    narrow = feedparser.parse(found[f"/incidents/{incident.code}.atom"].body)
    assert narrow.entries[0].title.startswith("Postmortem: ")
    items = json.loads(found["/feed.json"].body)["items"]
    assert items[0]["_candor"]["stage"] == "postmortem"
    assert items[0]["_candor"]["component_changes"] == []


def test_each_version_stands_as_it_was_stored_and_by_the_schema(review):
    world.write(review, body=world.SUMMARY + " At once.")
    world.write(review, "cause", "A cable, not a router.")
    world.approve_again(review)
    world.publish(review, "correction", reason="It was a cable.", render=review_pages.version_page)
    found = site()
    schema = json.loads(found["/schemas/review.json"].body)
    path = f"/reviews/{review.slug}"
    for row in ReviewVersion.objects.all():
        assert found[f"{path}/versions/{row.number}"].body == row.page.encode()
        assert found[f"{path}/versions/{row.number}.json"].body == row.document.encode()
        assert violations(schema, json.loads(row.document), schema) == []
    whole = json.loads(found[f"{path}.json"].body)
    assert violations(schema, whole, schema) == []
    said = text_of(found[path])
    assert "Reason: It was a cable." in said
    assert "A cable, not a router." in said
    body = found[f"{path}/changes/1/2"].body.decode()
    assert "<ins>A cable, not a router.</ins>" in body or "<ins>" in body
    assert Correction.objects.get().path == f"{path}/changes/1/2"
    assert f'href="{path}/changes/1/2"' in found["/corrections"].body.decode()
    entry = feedparser.parse(found["/reviews.atom"].body).entries[0]
    assert entry.updated > entry.published or entry.updated == entry.published
    assert ("version", "2") in {(tag.scheme.rpartition(":")[2], tag.term) for tag in entry.tags}


def test_what_was_promised_stands_live_beside_the_review_and_not_in_its_version():
    incident = world.slight()
    made = world.draft(incident)
    drafts.add_remediation(made, code="rem1", title="Fit a second cable", due_on=date(2026, 12, 24))
    review_workflow.submit_review(actor=world.writer(), review_id=made.pk)
    world.approve_again(world.again(made))
    world.publish(made, "preliminary", render=review_pages.version_page)
    promise.make_promise(
        actor=MARIA, sentence="We will say more.", due_at=timezone.now() + timedelta(days=2), incident_id=incident.pk
    )
    path = f"/reviews/{made.slug}"
    found = site()
    said = text_of(found[path])
    assert "Promised for 24 Dec 2026" in said
    assert "Proposed" in said
    assert "We will say more.: Running, due by" in said
    assert "Proposed" not in text_of(found[f"{path}/versions/1"])
    live = json.loads(found[f"{path}.json"].body)["live"]
    assert [(row["code"], row["state"], row["due_on"]) for row in live["remediations"]] == [
        ("rem1", "proposed", "2026-12-24")
    ]
    assert [row["sentence"] for row in live["promises"]] == ["We will say more."]
    schema = json.loads(found["/schemas/review.json"].body)
    assert violations(schema, json.loads(found[f"{path}.json"].body), schema) == []


def test_a_review_that_was_taken_back_is_gone_from_every_public_byte(review):
    review_publishing.retract_review(
        actor=world.administrator(), review_id=review.pk, reason="It named a person.", render=review_pages.version_page
    )
    found = site()
    path = f"/reviews/{review.slug}"
    assert "Reason: It named a person." in text_of(found[path])
    assert found[f"{path}/versions/1"].status == found[f"{path}/versions/1.json"].status == 410
    assert found[f"{path}/versions/2"].status == 200
    for page in found.values():
        assert b"The router dropped requests." not in page.body, page.path
    assert "Reviews lately published" not in text_of(found["/"])


def test_what_was_published_is_read_once_and_its_page_only_when_it_is_written(review):
    review_views()
    with CaptureQueriesContext(connection) as captured:
        (view,) = review_views()
    assert view.title == review.title
    (query,) = [each["sql"] for each in captured.captured_queries]
    assert '"document"' not in query
    assert '"page"' not in query

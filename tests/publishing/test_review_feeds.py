"""The feeds of reviews: an entry for each under an id that lasts, in full, that moves only when facts do."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import feedparser
import pytest

from incidents.domain.markup import render_html
from incidents.models import Incident, Review, ReviewVersion
from incidents.publishing import feeds, review_feeds, snapshot
from tests.factories import make_component, open_incident, post_update, utc
from tests.publishing.feed_truth import check_json_feed
from tests.publishing.review_world import (
    SLUG,
    a_correction,
    a_review,
    an_envelope,
    make_review,
    publish,
    retract,
    told,
)
from tests.publishing.test_feed_markup import bad_texts

pytestmark = pytest.mark.django_db
NOW = utc("2026-08-05 09:00")
SITE = "https://status.example.com"
ID = f"tag:status.example.com,2005:Review/{SLUG}"


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    """A public address."""
    settings.SITE_URL = SITE


@pytest.fixture
def incident() -> Incident:
    """The incident that was reviewed, resolved."""
    found = open_incident(make_component(), now=utc("2026-06-23 14:52"))
    post_update(found, "resolved", now=utc("2026-06-23 18:15"))
    return found


@pytest.fixture
def review(incident: Incident) -> Review:
    """A review in its first version."""
    made = make_review(incident)
    publish(made, an_envelope(a_review(incident.code)))
    return made


def bodies() -> dict[str, bytes]:
    return {page.path: page.body for page in review_feeds.hot(snapshot.build(NOW))}


def parsed(path: str) -> Any:
    found = feedparser.parse(bodies()[path])
    assert not found.bozo, found.get("bozo_exception")
    return found


def test_feeds_without_a_review_are_whole():
    assert parsed("/reviews.atom").entries == parsed("/reviews.rss").entries == []
    document = json.loads(bodies()["/reviews/feed.json"])
    assert document["items"] == []
    check_json_feed(document)


def test_an_entry_holds_the_review_in_full_and_is_marked_as_no_live_trouble(review, incident):
    [entry] = parsed("/reviews.atom").entries
    assert entry.id == ID
    assert entry.link == f"{SITE}/reviews/{SLUG}"
    assert (entry.published, entry.updated) == ("2026-06-30T12:00:00Z", "2026-06-30T12:00:00Z")
    terms = {(tag.scheme.rpartition(":")[2], tag.term) for tag in entry.tags}
    assert {
        ("state", "post-incident-review"), ("incident-status", "resolved"), ("impact", "critical"),
        ("factor", "CHG-4"), ("factor", "LOD-3"), ("version", "1"), ("standing", "final"),
    } == terms  # fmt: skip
    related = [link.href for link in entry.links if link.rel == "related"]
    assert related == [f"{SITE}/incidents/{incident.code}"]
    html = entry.content[0].value
    for said in ("3 h 45 min", "all services failed", "23 Jun 2026, 14:30 UTC", "cascading failure"):
        assert said in html
    [item] = parsed("/reviews.rss").entries
    assert (item.id, item.guidislink) == (f"{ID}/1", False)
    assert "post-incident-review" in [tag.term for tag in item.tags]
    [told_as_json] = json.loads(bodies()["/reviews/feed.json"])["items"]
    assert told_as_json["_candor"] == {
        "state": "post-incident-review", "incident_status": "resolved", "impact": "critical", "standing": "final",
        "version": 1, "sha256": ReviewVersion.objects.get().sha256, "incidents": [incident.code],
        "factors": ["CHG-4", "LOD-3"], "json_url": f"{SITE}/reviews/{SLUG}.json",
    }  # fmt: skip


def test_a_material_correction_moves_the_entry_and_keeps_its_id(review, incident):
    second = a_correction(an_envelope(a_review(incident.code)))
    publish(review, second)
    [entry] = parsed("/reviews.atom").entries
    assert entry.id == ID
    assert (entry.published, entry.updated) == ("2026-06-30T12:00:00Z", "2026-07-02T09:00:00Z")
    assert "The log of alerts was found." in entry.content[0].value
    assert parsed("/reviews.atom").feed.updated == "2026-07-02T09:00:00Z"
    [item] = parsed("/reviews.rss").entries
    assert item.id == f"{ID}/2"
    [as_json] = json.loads(bodies()["/reviews/feed.json"])["items"]
    assert as_json["date_modified"] == "2026-07-02T09:00:00Z"


def test_a_change_of_wording_moves_no_byte(review, incident):
    before = bodies()
    second = a_correction(an_envelope(a_review(incident.code)), is_material=False, changes=[])
    second["review"]["sections"][0] |= told("Other words.")
    publish(review, second)
    assert bodies() == before


def test_time_alone_moves_no_byte(review):
    before = bodies()
    later = {page.path: page.body for page in review_feeds.hot(snapshot.build(NOW + timedelta(days=30)))}
    assert later == before


def test_a_retracted_review_leaves_the_feeds(review, incident):
    retract(review, an_envelope(a_review(incident.code)))
    assert all(b"cascading" not in body for body in bodies().values())
    assert parsed("/reviews.atom").entries == []


def test_a_review_that_is_published_moves_no_entry_of_the_feeds_of_incidents(incident):
    def others() -> dict[str, bytes]:
        truth = snapshot.build(NOW)
        cold = (page.render() for page in feeds.cold(truth))
        return {page.path: page.body for page in (*feeds.hot(truth), *cold)}

    before = others()
    publish(make_review(incident), an_envelope(a_review(incident.code)))
    assert others() == before


@pytest.mark.parametrize("raw", bad_texts())
def test_every_feed_parses_under_any_text_that_slipped_through(raw: str, incident):
    text = raw.encode("utf-8", "replace").decode()
    review = a_review(incident.code)
    review["title"] = review["factors"][0]["code"] = review["incidents"][0]["path"] = text
    review["sections"][0] |= {"text": text, "html": f"{render_html(text[:2000])}{text}"}
    publish(make_review(incident), an_envelope(review, reason=text))
    for path in ("/reviews.atom", "/reviews.rss"):
        assert len(parsed(path).entries) == 1
    check_json_feed(json.loads(bodies()["/reviews/feed.json"]))

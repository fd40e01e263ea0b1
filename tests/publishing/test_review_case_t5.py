"""A review that is published as preliminary and then as final, with another beginning and another cause: every surface
shows both material changes, and the first version stays byte for byte at its address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import feedparser
import pytest
from django.utils.html import strip_tags

from incidents.actions import review_publishing, review_workflow
from incidents.chain.verification import verify
from incidents.domain.actor import Actor
from incidents.models import Correction, Review, ReviewVersion
from incidents.notifying import mailbox
from incidents.publishing import pages, review_feeds, review_pages, snapshot
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page
from incidents.reviewing.approvals import required_kinds
from incidents.reviewing.document import content_hash
from tests import review_cases
from tests.factories import make_subscriber, utc
from tests.publishing.page_world import text_of
from tests.review_cases import AUTHOR, Played

pytestmark = pytest.mark.django_db
FIRST, LAST = utc("2025-11-02 12:00"), utc("2025-11-10 15:00")
READER, PUBLISHER = Actor("seed", "Reader"), Actor("seed", "Publisher")
OLD_CAUSE, NEW_CAUSE = "An inadvertent change of the configuration of a tenant", "Valid changes by customers"


@dataclass(frozen=True)
class Published:
    """What the public got: all pages after each of the two publications, and the mails between them."""

    review: Review
    before: dict[str, Page]
    after: dict[str, Page]
    mails: list[mailbox.StoredMessage]

    @property
    def path(self) -> str:
        """The address of the review."""
        return f"/reviews/{self.review.slug}"


def publish(played: Played, kind: str, now: datetime, reason: str = "") -> ReviewVersion:
    """Submitted, approved in every kind by somebody else, published."""
    pk = played.review.pk
    review_workflow.submit_review(actor=AUTHOR, review_id=pk, now=now)
    review = Review.objects.get(pk=pk)
    for each in required_kinds(review):
        review_workflow.approve_review(actor=READER, review_id=pk, kind=each, seen_hash=content_hash(review), now=now)
    return review_publishing.publish_review(
        actor=PUBLISHER, review_id=pk, kind=kind, render=review_pages.version_page, reason=reason, now=now
    )


def pages_of(truth: Snapshot) -> dict[str, Page]:
    """Every page, those of reviews and their feeds among them."""
    made = (pages, review_pages, review_feeds)
    found = [page for each in made for page in each.hot(truth)]
    found += [cold.render() for cold in review_pages.cold(truth)]
    return {page.path: page for page in found}


@pytest.fixture
def published(drain: Callable[..., None]) -> Published:
    """Both versions, a week apart, and somebody who reads."""
    played = review_cases.play("T5")
    make_subscriber(now=utc("2025-11-01 00:00"))
    publish(played, "preliminary", FIRST)
    before = pages_of(snapshot.build(FIRST))
    drain(FIRST)
    told = len(mailbox.messages())
    review_cases.make_final(played)
    publish(played, "final", LAST, played.case["final"]["reason"])
    drain(LAST)
    sent = mailbox.messages()
    return Published(
        Review.objects.get(pk=played.review.pk), before, pages_of(snapshot.build(LAST)), sent[: len(sent) - told]
    )


def says_both(text: str) -> bool:
    """Whether the two beginnings and the two causes stand in a text."""
    return all(word in text for word in ("15:45", "15:41", OLD_CAUSE, NEW_CAUSE))


def test_page_and_difference_show_beginning_and_cause(published):
    body = published.after[f"{published.path}/changes/1/2"].body.decode()
    # Words that changed stand in <del> and <ins>: without one of the two it reads as it was, or as it is.
    was, now = re.sub(r"<ins.*?</ins>", "", body), re.sub(r"<del.*?</del>", "", body)
    assert OLD_CAUSE in strip_tags(was)
    assert NEW_CAUSE in strip_tags(now)
    assert all(beginning in body for beginning in ("15:45", "15:41"))
    text = text_of(published.after[published.path])
    assert "Final" in text
    assert NEW_CAUSE in text
    assert "8 h 24 min (504 min)" in text
    assert "8 h 20 min (500 min)" in text_of(published.before[published.path])


def test_the_document_names_both_changes_as_material(published):
    envelope = json.loads(published.after[f"{published.path}.json"].body)
    assert (envelope["version"]["number"], envelope["version"]["standing"]) == (2, "final")
    assert envelope["version"]["supersedes"] == 1
    material = {row["path"]: (row["old"], row["new"]) for row in envelope["version"]["changes"] if row["is_material"]}
    beginning = next(pair for path, pair in material.items() if "impact_started" in path and "milestones" in path)
    assert ("15:45" in beginning[0], "15:41" in beginning[1]) == (True, True)
    cause = next(pair for path, pair in material.items() if "cause" in path)
    assert (OLD_CAUSE in cause[0], NEW_CAUSE in cause[1]) == (True, True)
    figures = {row["name"]: row["seconds"] for row in envelope["review"]["figures"]}
    assert (figures["time_to_detect"], figures["incident_duration"]) == (23 * 60, 504 * 60)


def test_the_feeds_keep_the_entry_and_tell_of_both_changes(published):
    for feed in ("/reviews.atom", "/reviews.rss", "/reviews/feed.json"):
        old, new = published.before[feed].body.decode(), published.after[feed].body.decode()
        assert OLD_CAUSE in old, feed
        assert NEW_CAUSE not in old, feed
        assert says_both(new), feed
    [was] = feedparser.parse(published.before["/reviews.atom"].body).entries
    [now] = feedparser.parse(published.after["/reviews.atom"].body).entries
    assert was.id == now.id
    assert (was.published, was.updated) == ("2025-11-02T12:00:00Z", "2025-11-02T12:00:00Z")
    assert (now.published, now.updated) == ("2025-11-02T12:00:00Z", "2025-11-10T15:00:00Z")


def test_who_is_told_by_mail_reads_both_changes(published):
    [mail] = [each for each in published.mails if "eview" in each.subject]
    assert says_both(mail.text)
    assert says_both(mail.html)


def test_the_first_version_stays_byte_for_byte_and_the_change_stands_among_the_corrections(published):
    for address in (f"{published.path}/versions/1", f"{published.path}/versions/1.json"):
        assert published.after[address].body == published.before[address].body
    assert OLD_CAUSE in text_of(published.after[f"{published.path}/versions/1"])
    assert published.after[f"{published.path}/versions/1"].body.decode() == ReviewVersion.objects.get(number=1).page

    for address in ("/reviews", "/reviews.atom", "/reviews.rss", "/reviews/feed.json", f"{published.path}.json"):
        assert pages_of(snapshot.build(LAST))[address].body == published.after[address].body
    assert Correction.objects.filter(path__contains=published.path).exists()
    assert published.review.title in text_of(published.after["/corrections"])
    assert verify().findings == []


def test_approvals_of_the_first_version_are_void_for_the_second(drain: Callable[..., None]):
    played = review_cases.play("T5")
    publish(played, "preliminary", FIRST)
    review_cases.make_final(played)
    values: dict[str, Any] = {"actor": PUBLISHER, "review_id": played.review.pk, "render": review_pages.version_page}
    with pytest.raises(Exception, match="approved"):
        review_publishing.publish_review(**values, kind="final", reason="The cause is another.", now=LAST)

"""The review of the reference incident, from the promise to the follow-through: page, feeds, mails and ledger agree."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from email import policy
from pathlib import Path
from typing import Any

import feedparser
import pytest
from django.conf import settings

from incidents.domain.status import Stage
from incidents.management.demo import story
from incidents.models import Delivery, Incident, Promise, Review
from incidents.publishing import snapshot
from incidents.reviewing import checks
from tests.factories import utc
from tests.played import play_once, take_files

SAID = json.loads((Path(story.__file__).parent / "review.json").read_text())
SLUG = SAID["review"]["slug"]
PUBLISHED = utc("2026-06-30 14:00")
LATER = utc("2026-07-01 12:00")


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The story up to the day after the publication."""
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), LATER)


@pytest.fixture
def review(played: Path, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Review:
    """The review on the day after its publication, without the invented history."""
    take_files(played, settings)
    monkeypatch.setattr(story, "_invented", lambda now: iter(()))
    return Review.objects.get(slug=SLUG)


def served(path: str) -> str:
    tree = Path(settings.PUBLIC_ROOT)
    name = path.lstrip("/") + ("" if path.rpartition("/")[2].count(".") else ".html")
    hot = tree / "current" / name
    return (hot if hot.exists() else tree / "cold" / name).read_text()


def test_it_is_final_in_time_and_nothing_was_found_in_it(review):
    version = review.versions.get()
    assert (version.kind, version.published_at, version.is_break_glass) == ("final", PUBLISHED, False)
    assert version.published_at < utc("2026-06-30 23:59:59") == Promise.objects.get().first_due_at
    assert Promise.objects.get().fulfilled_at == PUBLISHED
    assert checks.findings(review, LATER) == ()
    assert review.approvals.exclude(user=review.owner).count() == 4


def test_page_json_and_markdown_say_the_figures_of_the_scenario_and_what_is_not_disclosed(review):
    expected = story.scenario()["expected"]
    document = json.loads(served(f"/reviews/{SLUG}.json"))["review"]
    seconds = {row["name"]: row["seconds"] for row in document["figures"]}
    for name in ("time_to_acknowledge", "time_to_first_recovery", "time_to_resolve"):
        assert seconds[name] == expected[f"{name}_s"]
    (enterprise,) = document["agreements"]
    assert enterprise["percent"] == expected["june_uptime_percent"]["full_from_start"]
    told = {way["percent"]: way["verdict"] for way in enterprise["ways"]}
    assert (told["99.530"], told["99.527"]) == ("met", "met")
    for text in (served(f"/reviews/{SLUG}"), served(f"/reviews/{SLUG}.md")):
        for words in ("3 h 45 min (225 min)", "3 h 15 min (195 min)", "22 min", "99.479 %", "Not disclosed"):
            assert words in text
        assert "whether both regions shared the push is not known" in text
        assert "Ask the owners" not in text, "what is a note for ourselves stays with us"


def test_the_incident_shows_it_and_stays_as_long_as_it_was(review):
    incident = Incident.objects.get()
    assert incident.stage == Stage.POSTMORTEM
    (view,) = snapshot.build(LATER).incidents
    assert view.resolved_at == utc("2026-06-23 18:15")
    page = served(f"/incidents/{incident.code}")
    assert f"/reviews/{SLUG}" in page
    assert "30 Jun 2026" in page


def test_each_subscriber_is_told_of_it_once(review):
    sent = Delivery.objects.filter(event__verb="review.published")
    assert {row.state for row in sent} == {"sent"}
    assert sent.count() == len({row.subscriber_id for row in sent}) == 3
    files = sorted((Path(settings.DATA_DIR) / "mail").glob("*.eml"))
    letters = [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    about = [letter for letter in letters if SAID["review"]["title"] in letter["Subject"].replace("\n", "")]
    assert len(about) == 3
    assert f"/reviews/{SLUG}" in about[0].get_body(("plain",)).get_content()


def test_feeds_carry_it_once_under_a_lasting_name(review):
    for path in ("/reviews.atom", "/reviews.rss"):
        feed = feedparser.parse(served(path))
        assert not feed.bozo
        (entry,) = feed.entries
        assert SAID["review"]["title"] in entry.title
    (item,) = json.loads(served("/reviews/feed.json"))["items"]
    assert item["url"].endswith(f"/reviews/{SLUG}")


def test_its_version_stays_byte_for_byte_while_the_remediations_go_on(review, monkeypatch):
    before = served(f"/reviews/{SLUG}/versions/1"), served(f"/reviews/{SLUG}/versions/1.json")
    now = utc("2026-11-20 12:00")
    story.play(now, until=now)
    assert (served(f"/reviews/{SLUG}/versions/1"), served(f"/reviews/{SLUG}/versions/1.json")) == before
    follow = served("/remediations")
    for words in ("Verified", "moved once", "Overdue"):
        assert words in follow
        assert words in served(f"/reviews/{SLUG}")
    story.play(now, until=now)
    assert Review.objects.get().versions.count() == 1

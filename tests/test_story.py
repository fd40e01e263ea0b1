"""The reference incident, end to end: every figure of the scenario, and one truth on page, feeds and mails."""

from __future__ import annotations

import email
import html
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email import policy
from pathlib import Path
from typing import Any

import feedparser
import pytest
from django.conf import settings

from incidents import queries
from incidents.domain.due import Terms, due_at
from incidents.domain.promises import Unit
from incidents.domain.status import Impact, Level
from incidents.domain.uptime import Clock, Entry, Policy, month_window, uptime_percent, verdict, weighed_seconds
from incidents.management.demo import story
from incidents.models import Delivery, Incident, OutboxEvent, Verdict
from incidents.publishing import snapshot
from incidents.publishing.public import IncidentView
from tests.factories import utc
from tests.played import play_once, take_files

DATA = json.loads((Path(__file__).parent / "data" / "scenario.json").read_text())
EXPECTED = DATA["expected"]
TITLE = DATA["incident"]["title"]
AFTER = utc("2026-06-23 19:00")
JUNE = month_window(2026, 6, "UTC")
POLICIES = {
    "full_from_start": Policy(),
    "full_from_first_post": Policy(clock=Clock.FIRST_POST),
    "recovery_weighed_0.3": Policy(weight_after_monitoring=Decimal("0.3")),
}


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The story up to the evening of the incident."""
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), AFTER)


@pytest.fixture
def told(played: Path, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> IncidentView:
    """The incident as the world sees it after the story has been played to its end, without the invented history."""
    take_files(played, settings)
    monkeypatch.setattr(story, "_invented", lambda now: iter(()))
    return next(row for row in snapshot.build(AFTER).incidents if row.title == TITLE)


def page(path: str) -> str:
    tree = Path(settings.PUBLIC_ROOT)
    name = "index.html" if path == "/" else path.lstrip("/") + ("" if "." in path else ".html")
    hot = tree / "current" / name
    return (hot if hot.exists() else tree / "cold" / name).read_text()


def mails() -> list[email.message.EmailMessage]:
    found = sorted((Path(settings.DATA_DIR) / "mail").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in found]


def test_the_demonstration_plays_the_file_of_the_scenario():
    assert story.scenario() == DATA


def test_the_durations_are_those_of_the_scenario(told):
    seconds = {row.name: row.seconds for row in told.durations}
    assert seconds["time_to_acknowledge"] == EXPECTED["time_to_acknowledge_s"] == 22 * 60
    assert seconds["time_to_first_recovery"] == EXPECTED["time_to_first_recovery_s"] == 195 * 60
    assert seconds["time_to_resolve"] == EXPECTED["time_to_resolve_s"] == 225 * 60
    assert {row.name: row.provenance for row in told.milestones} == {
        "impact_started": "ledger",
        "detected": "none",
        "acknowledged": "update",
        "identified": "update",
        "first_recovery": "update",
        "resolved": "update",
    }


def test_the_incident_is_critical_and_everything_is_operational_after_it(told):
    assert told.impact == Impact.CRITICAL == DATA["incident"]["impact"]
    assert snapshot.build(AFTER).top.description == "All Systems Operational"
    assert {row.worst_level for row in told.affected} == {Level.MAJOR_OUTAGE}
    assert len(told.affected) == len(DATA["incident"]["affected"]) == 7


@pytest.mark.parametrize("name", POLICIES)
def test_june_comes_out_as_the_scenario_says_under_each_policy(told, name):
    entries = [
        Entry(row.component_id, row.region_id, Level(row.level), row.started_at, row.ended_at,
              told.updates[-1].posted_at, told.monitoring_at)
        for row in queries.standing_intervals().filter(incident__title=TITLE)
    ]  # fmt: skip
    counted = weighed_seconds(
        entries,
        window=JUNE,
        now=utc("2026-07-01"),
        policy=POLICIES[name],
        components=list({e.component for e in entries}),
    )
    assert str(uptime_percent(JUNE.seconds, counted, 3)) == EXPECTED["june_uptime_percent"][name]
    enterprise = verdict(JUNE.seconds, counted, Decimal(DATA["agreements"][0]["target_percent"]))
    assert enterprise.allowed_seconds == 216 * 60
    assert enterprise.is_breached is EXPECTED["enterprise_breached"][name]


def test_the_review_is_due_on_the_fifth_business_day():
    promised = DATA["review"]["promised"]
    resolved = utc(f"{promised['from']} 18:15")
    due = due_at(Terms(promised["business_days"], Unit.BUSINESS_DAYS), resolved)
    assert due == utc("2026-06-30 23:59:59")
    assert due.date().isoformat() == promised["due"]


def test_the_second_vector_tells_a_union_from_a_sum():
    def at(clock: str):
        return utc(f"2026-06-01 {clock}")

    entries = [
        Entry("api", "region-1", Level.MAJOR_OUTAGE, at("10:00"), at("11:00")),
        Entry("api", None, Level.PARTIAL_OUTAGE, at("10:30"), at("11:30")),
        Entry("api", None, Level.UNDER_MAINTENANCE, at("11:15"), at("12:00")),
    ]

    def minutes(*regions: str):
        found = weighed_seconds(
            entries, window=JUNE, now=at("13:00"), policy=Policy(), components=["api"], regions=regions
        )
        return found / 60

    assert (minutes("region-1"), minutes("region-2"), minutes("region-1", "region-2")) == (69, 18, 69)


def test_the_chosen_instants_are_marked_as_chosen(told):
    undated = [row["body"] for row in DATA["incident"]["updates"] if row["at"] is None]
    marked = [row.body for row in told.updates if story.CHOSEN_TIME in row.time_note]
    assert sorted(marked) == sorted(undated)
    assert page(told.url_path).count(story.CHOSEN_TIME) == len(undated) == 2


def test_page_feeds_and_mails_say_the_same_to_the_character(told):
    bodies = [row["body"] for row in DATA["incident"]["updates"]]
    entries = feedparser.parse(page(f"{told.url_path}.atom").encode()).entries
    history = next(row for row in feedparser.parse(page("/history.atom").encode()).entries if row.title == TITLE)
    items = [row for row in json.loads(page("/feed.json"))["items"] if told.code in row["url"]]
    texts = [mail.get_body(("plain",)).get_content() for mail in mails() if mail["To"] == "developer@example.com"]
    assert len(entries) == len(items) == len(texts) == len(bodies)
    for body, entry, item, text in zip(bodies, reversed(entries), reversed(items), texts, strict=True):
        assert html.escape(body, quote=False) in page(told.url_path)
        assert body in html.unescape(history.content[0].value)
        assert f"<p>{body}</p>" in html.unescape(entry.content[0].value)
        assert item["content_text"].startswith(body)
        assert body in " ".join(text.split())


def test_everybody_is_told_each_update_once_and_in_order(told):
    received = Counter((mail["To"], mail["Message-ID"]) for mail in mails())
    assert len(received) == 3 * 5
    assert set(received.values()) == {1}
    assert Delivery.objects.exclude(state="sent").count() == 0
    sequences = Delivery.objects.order_by("subscriber", "sent_at").values_list("sequence", flat=True)
    assert list(sequences) == [1, 2, 3, 4, 5] * 3
    assert all(TITLE in mail["Subject"] for mail in mails())


def test_playing_again_changes_nothing(told):
    before = (Incident.objects.count(), OutboxEvent.objects.count(), len(mails()))
    story.play(AFTER, until=AFTER)
    assert (Incident.objects.count(), OutboxEvent.objects.count(), len(mails())) == before


def test_a_run_that_was_cut_off_while_sending_is_taken_up(told):
    last = Delivery.objects.filter(sequence=5)
    last.update(state="sending", lease_until=utc("2026-06-23 18:15:30"), last_class="begun")
    story.play(AFTER + timedelta(days=30), until=None)
    assert list(last.values_list("state", flat=True)) == ["sent"] * 3


def test_the_verdict_on_june_is_issued_on_the_first_of_july(told):
    assert not Verdict.objects.exists()
    later = utc("2026-07-01 00:00")
    story.play(later, until=later)
    issued = Verdict.objects.get()
    assert (issued.issued_at, issued.document["percent"], issued.document["verdict"]) == (later, "99.479", "breached")
    assert issued.document["allowed_minutes"] == "216"
    assert "chosen for the demonstration" in issued.document["agreement"]["note"]
    text = page("/agreements/enterprise/2026-06")
    assert "99.479 % uptime of 99.5 % promised" in text
    assert "99.530 %" in text
    story.play(later, until=later)
    assert Verdict.objects.count() == 1

"""The document of a review of the reference incident: the figures of the scenario, and the verdict in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.actions.agreement import issue_due_verdicts
from incidents.domain.canonical import canonical
from incidents.domain.review import Role
from incidents.management.demo import story
from incidents.models import Incident, Review
from incidents.reviewing.document import build, content_hash
from tests.factories import utc
from tests.played import play_once
from tests.reviewing.review_world import add_change, make_review

KEYS = {
    "schema_version", "slug", "title", "owner_team", "assistance", "assistance_note", "impact", "incidents",
    "milestones", "unknown", "figures", "components", "phases", "sections", "timeline", "gaps", "changes", "factors",
    "remediations", "agreements", "agreements_pending", "is_without_agreement", "withheld",
}  # fmt: skip


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in document["figures"]}


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The story up to the evening of the incident."""
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), utc("2026-06-23 19:00"))


@pytest.fixture
def reference(played: Path, db: None) -> Review:
    """A review of the reference incident, begun after June was over."""
    issue_due_verdicts(utc("2026-07-01 00:30"))
    return make_review(Incident.objects.get(title=story.scenario()["incident"]["title"]))


def test_the_reference_incident_gives_its_figures(reference):
    expected = story.scenario()["expected"]
    document = build(reference)
    found = by_name(document)
    assert set(document) == KEYS
    assert found["time_to_acknowledge"]["seconds"] == expected["time_to_acknowledge_s"] == 22 * 60
    assert found["time_to_first_recovery"]["seconds"] == expected["time_to_first_recovery_s"] == 195 * 60
    assert found["time_to_resolve"]["seconds"] == expected["time_to_resolve_s"] == 225 * 60
    assert found["time_to_resolve"]["text"] == "3 h 45 min (225 min)"
    assert found["incident_duration"]["seconds"] == 225 * 60
    assert found["downtime:api-opus:region-2"]["seconds"] == 225 * 60
    assert "time_to_detect" not in found, "nobody stated when it was detected"
    assert document["impact"] == "critical"
    assert [row["seconds"] for row in document["components"]] == [13500] * 7
    assert document["components"][0]["regions"] == ["Region 1", "Region 2"]
    assert document["incidents"][0]["started_at"] == "2026-06-23T14:30:00Z"


def test_the_verdict_of_the_month_stands_in_it_under_each_way_to_count(reference):
    (row,) = build(reference)["agreements"]
    assert (row["month"], row["percent"], row["verdict"], row["minutes"]) == ("2026-06", "99.479", "breached", "225")
    assert row["path"] == "/agreements/enterprise/2026-06"
    ways = {way["words"]: (way["percent"], way["minutes"], way["verdict"]) for way in row["ways"]}
    assert ways["Clock starts with the first post"] == ("99.530", "203", "met")
    assert ways["Time after the first Monitoring weighs 0.3"] == ("99.527", "204", "met")


def test_a_month_that_still_runs_is_counted_as_far_as_the_ledger_goes(played, db):
    document = build(make_review(Incident.objects.get(title=story.scenario()["incident"]["title"])))
    (row,) = document["agreements"]
    assert (row["percent"], row["verdict"], row["minutes"]) == ("99.479", "breached", "225")
    assert document["agreements_pending"] == []
    assert by_name(document)["allowed:enterprise:2026-06"]["seconds"] == 216 * 60


def test_the_same_rows_give_the_same_document(reference):
    add_change(reference, Role.TRIGGER, Role.FAILED_MITIGATION)
    assert canonical(build(reference)) == canonical(build(reference))
    assert content_hash(reference) == content_hash(Review.objects.get(pk=reference.pk))
    json.dumps(build(reference))

"""A page with an open incident, taken over while it is open, and what happens to it afterwards."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from incidents.actions import incident as incident_actions
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import AuditEntry, Component, ImpactInterval, Incident, IncidentUpdate, RecordEntry
from incidents.publishing import snapshot
from tests.factories import MARIA
from tests.importing.worlds import differences, take
from tests.publishing.dialect_world import SAMPLES, documents, sample

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 7, 23, 50, tzinfo=UTC)
CLAUDE = {
    "/api/v2/summary.json": "claude-summary-2026-10-07.json",
    "/api/v2/scheduled-maintenances.json": "claude-scheduled-maintenances-2026-09-15.json",
}
# One document of Claude is three weeks older than the other: it shows the components as they were then.
EXCEPT_OLDER = {"components[0].updated_at", "components[1].updated_at", "components[1].status"}


@pytest.fixture
def folder(tmp_path):
    for name in CLAUDE.values():
        shutil.copy(SAMPLES / name, tmp_path)
    return tmp_path


def grown(folder, change):
    """The summary as it reads after `change` was made to its incident."""
    path = folder / CLAUDE["/api/v2/summary.json"]
    document = json.loads(path.read_text())
    change(document["incidents"][0], document)
    path.write_text(json.dumps(document))
    return folder


def resolve(incident, document):
    at = "2026-10-08T01:00:00.000Z"
    newest = incident["incident_updates"][0]
    affected = [
        {**each, "old_status": each["new_status"], "new_status": "operational"}
        for each in newest["affected_components"]
    ]
    incident["incident_updates"].insert(
        0,
        newest
        | {
            "id": "zzzzzzzzzzzz",
            "status": "resolved",
            "body": "It is over.",
            "created_at": at,
            "updated_at": at,
            "display_at": at,
            "affected_components": affected,
        },
    )
    incident |= {"status": "resolved", "updated_at": at, "resolved_at": at}
    for row in [*document["components"], *incident["components"]]:
        row["status"] = "operational"


def test_a_page_with_an_open_incident_comes_back_equal(folder):
    take(folder, NOW)
    served = documents(snapshot.build(NOW))
    found = {path: list(differences(sample(name), served[path])) for path, name in CLAUDE.items()}
    summary, older = found.values()
    assert summary == []
    assert [each for each in older if not any(name in each for name in EXCEPT_OLDER)] == []
    # Of the past nothing but two maintenances was captured: those days are no data, not days without trouble.
    assert set(Component.objects.values_list("start_date", flat=True)) == {NOW.date()}


def test_updates_that_came_since_are_added_and_end_what_they_end(folder):
    take(folder, NOW)
    incident = Incident.objects.get(code="978mjkgw6mh7")
    assert ImpactInterval.objects.filter(incident=incident, ended_at=None).count() == 1
    before = incident.updates.count()
    report = take(grown(folder, resolve), NOW + timedelta(hours=2))
    assert report.counts["incidents"] == {"added to": 1}
    assert report.counts["updates"] == {"new": 1}
    incident.refresh_from_db()
    assert (incident.stage, incident.updates.count()) == ("resolved", before + 1)
    assert not ImpactInterval.objects.filter(ended_at=None).exists()
    truth = snapshot.build(NOW + timedelta(hours=2))
    served = documents(truth)["/api/v2/incidents/978mjkgw6mh7.json"]["incident"]
    captured = json.loads((folder / CLAUDE["/api/v2/summary.json"]).read_text())["incidents"][0]
    assert list(differences(captured["incident_updates"], served["incident_updates"])) == []
    assert (served["status"], served["resolved_at"]) == ("resolved", captured["resolved_at"])


def test_what_was_continued_here_is_not_written_over(folder):
    take(folder, NOW)
    incident, web = Incident.objects.get(code="978mjkgw6mh7"), Component.objects.get(code="0qbwn08sd68x")
    incident_actions.post_update(
        actor=MARIA, incident_id=incident.pk, stage="monitoring", body="Ours.",
        components=[ComponentChange(web.pk, Level.OPERATIONAL)], now=NOW + timedelta(minutes=5),
    )  # fmt: skip
    assert not ImpactInterval.objects.filter(ended_at=None).exists(), "what the import opened can be ended here"
    report = take(grown(folder, resolve), NOW + timedelta(hours=2))
    assert report.counts["incidents"] == {"skipped": 1}
    assert any("was continued here" in each for each in report.warnings)
    assert incident.updates.last().body == "Ours."
    assert not ImpactInterval.objects.filter(ended_at=None).exists(), "nor is its level taken back"


def test_a_text_that_was_changed_there_is_reported_and_left(folder):
    take(folder, NOW)
    entries, told = RecordEntry.objects.count(), AuditEntry.objects.count()
    changed = grown(folder, lambda incident, _document: incident["incident_updates"][0].update(body="Rewritten."))
    for _run in range(2):
        report = take(changed, NOW + timedelta(hours=1))
        assert report.counts["incidents"] == {"changed there": 1}
        assert any("reads differently there" in each for each in report.warnings)
    assert not IncidentUpdate.objects.filter(body="Rewritten.").exists()
    assert (RecordEntry.objects.count(), AuditEntry.objects.count()) == (entries, told)


def test_a_level_that_no_incident_explains_is_in_the_ledger_since_the_source_last_changed_it(folder):
    def break_another(_incident, document):
        document["components"][0]["status"] = "major_outage"

    take(grown(folder, break_another), NOW)
    row = ImpactInterval.objects.get(component__code="rwppv331jlwc", ended_at=None)
    assert (row.level, row.incident, row.ended_at, row.source) == ("major_outage", None, None, "import")
    assert row.started_at == Component.objects.get(code="rwppv331jlwc").updated_at
    assert documents(snapshot.build(NOW))["/api/v2/status.json"]["status"]["indicator"] == "major"

"""What was served but wrong: shown, told, and no outage unless an agreement says that it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from incidents.actions import agreement as agreement_actions
from incidents.actions import incident as incident_actions
from incidents.actions import ledger
from incidents.counting import days as counting
from incidents.counting.signing import evidence_of
from incidents.domain.status import Level, Stage
from incidents.models import Component, Correction, ImpactInterval, Verdict
from incidents.publishing import snapshot
from tests.agreement_world import FOUNDED, JULY, agree
from tests.factories import MARIA, change, make_component, utc
from tests.test_recompute import recompute

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Component:
    """A component that answered wrongly, as bad as an outage, for ten hours of June; issued months come in July."""
    api = make_component("API", now=FOUNDED)
    incident = incident_actions.open_incident(
        actor=MARIA, title="Wrong answers", body="Looking.", now=utc("2026-06-10 08:00"),
        components=[change(api, Level.MAJOR_OUTAGE, is_quality=True)],
    )  # fmt: skip
    incident_actions.post_update(
        actor=MARIA, incident_id=incident.pk, body="Right again.", stage=Stage.RESOLVED, now=utc("2026-06-10 18:00")
    )
    return api


def issued() -> dict:
    agreement_actions.issue_due_verdicts(JULY)
    document: dict = Verdict.objects.get().document
    return document


def test_it_is_no_outage_of_an_agreement(api):
    agree(api)
    document = issued()
    assert (document["counted_minutes"], document["percent"], document["verdict"]) == ("0", "100.000", "met")
    assert document["intervals"][0]["is_quality"] is True
    assert document["agreement"]["policy"]["is_quality_counted"] is False
    ways = {row["key"]: row for row in document["sensitivity"]["rows"]}
    assert (ways["quality_counted"]["counted_minutes"], ways["quality_counted"]["verdict"]) == ("600", "breached")
    assert "What was served but wrong counts" in document["sensitivity"]["sentence"]


def test_it_counts_as_its_level_does_where_the_agreement_says_so(api):
    agree(api, is_quality_counted=True)
    document = issued()
    assert (document["counted_minutes"], document["verdict"]) == ("600", "breached")
    assert document["agreement"]["policy"]["is_quality_counted"] is True


def test_bars_and_days_show_it_as_degraded_and_public_uptime_is_whole(api):
    view = next(row for row in snapshot.build(utc("2026-06-20 12:00")).components if row.code == api.code)
    day = next(bar for bar in view.bars if str(bar.day) == "2026-06-10")
    assert (day.worst, day.seconds) == (Level.DEGRADED_PERFORMANCE, {Level.DEGRADED_PERFORMANCE: 36_000})
    assert view.uptime_percent == "100.00"
    assert [amounts.degraded for amounts in counting.table().values()] == [36_000_000_000]


def test_a_correction_says_that_it_was_an_outage_after_all(api):
    row = ImpactInterval.objects.get()
    values: dict[str, Any] = {
        "level": row.level,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "reason": "Requests failed.",
    }
    right = ledger.correct_interval(
        actor=MARIA, interval_id=row.pk, is_quality=False, now=utc("2026-06-20 12:00"), **values
    )
    assert right
    assert not right.is_quality
    correction = Correction.objects.get()
    assert correction.changes == [{"field": "served wrong", "old": "yes", "new": "no"}]
    assert any("Uptime" in figure["figure"] for figure in correction.figures)
    kept = ledger.correct_interval(actor=MARIA, interval_id=right.pk, now=utc("2026-06-20 12:00"), **values)
    assert kept
    assert not kept.is_quality


def test_the_form_of_a_correction_offers_it_as_it_stands(api, console):
    row = ImpactInterval.objects.get()
    path = reverse("console:correct-interval", args=[row.pk])
    page = console.get(path)
    assert page.context["form"]["is_quality"].value() is True
    console.post(
        path,
        {
            "level": "partial_outage", "started_at": "2026-06-10 08:00", "ended_at": "2026-06-10 18:00",
            "component_id": str(api.pk), "region_id": "", "reason": "It failed for some.",
        },
    )  # fmt: skip
    right = ImpactInterval.objects.get(superseded_at__isnull=True)
    assert (right.level, right.is_quality) == ("partial_outage", False)


@pytest.mark.parametrize("is_counted", [False, True])
def test_the_script_of_the_evidence_agrees(api, tmp_path, is_counted):
    agree(api, is_quality_counted=is_counted)
    agreement_actions.issue_due_verdicts(JULY)
    row = Verdict.objects.get()
    done = recompute(evidence_of(row.document, row.signature, row.public_key), tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout

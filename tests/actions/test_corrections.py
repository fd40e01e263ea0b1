"""Nothing that was public changes silently: each act that changes it leaves a public entry with old and new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from incidents.actions import amending, ledger, withholding
from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.models import Component, Correction, ImpactInterval, Incident, IncidentUpdate, RecordEntry
from tests.factories import MARIA, make_component, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
NOW = utc("2026-06-25 12:00")
BEGUN = utc("2026-06-23 12:00")


@pytest.fixture(autouse=True)
def incident(db) -> Incident:
    row = open_incident(make_component(start_date=date(2026, 6, 1), now=BEGUN), now=BEGUN)
    post_update(row, "identified", now=utc("2026-06-23 13:00"))
    post_update(row, "resolved", now=utc("2026-06-23 14:00"))
    return row


def on_incident() -> dict[str, Any]:
    return {"actor": MARIA, "incident_id": Incident.objects.get().pk, "now": NOW}


def update(sequence: int) -> IncidentUpdate:
    return IncidentUpdate.objects.get(sequence=sequence)


def amend(**values: Any) -> object:
    row = update(2)
    return amending.amend_update(**{"actor": MARIA, "update_id": row.pk, "body": row.body, "now": NOW, **values})


def correct(**values: Any) -> object:
    row = ImpactInterval.objects.get(superseded_at=None)
    return ledger.correct_interval(
        **{
            "actor": MARIA, "interval_id": row.pk, "level": row.level, "started_at": row.started_at,
            "ended_at": row.ended_at, "now": NOW, **values,
        }
    )  # fmt: skip


def edit_component(**values: Any) -> object:
    row = Component.objects.get()
    return component_actions.edit_component(
        **{
            "actor": MARIA, "component_id": row.pk, "name": row.name, "description": "", "group_id": None,
            "region_ids": (), "start_date": row.start_date, "is_hidden_unless_degraded": False, "now": NOW, **values,
        }
    )  # fmt: skip


# The act (given a reason), what changed with old and new, and a figure that moved ("": none).
ACTS: dict[str, tuple[Callable[[str], object], tuple[str, str, str], str]] = {
    "text": (lambda why: amend(body="Other.", reason=why), ("text", "It is identified.", "Other."), ""),
    "time": (
        lambda why: amend(posted_at=utc("2026-06-23 12:30"), reason=why),
        ("time", "2026-06-23 13:00:00 UTC", "2026-06-23 12:30:00 UTC"), "",
    ),
    "time of the resolution": (
        lambda why: amending.amend_update(
            actor=MARIA, update_id=update(3).pk, body=update(3).body, posted_at=utc("2026-06-23 15:00"), reason=why,
            now=NOW,
        ),
        ("time", "2026-06-23 14:00:00 UTC", "2026-06-23 15:00:00 UTC"), "Time to resolve",
    ),
    "title": (
        lambda why: amending.edit_incident(
            **on_incident(), title="Other", impact_override="", advice="", reason=why
        ),
        ("title", "Errors", "Other"), "",
    ),
    "impact": (
        lambda why: amending.edit_incident(
            **on_incident(), title="Errors", impact_override="minor", advice="", reason=why
        ),
        ("impact", "critical", "minor"), "",
    ),
    "milestone": (
        lambda why: amending.state_milestone(
            **on_incident(), milestone="acknowledged", at=utc("2026-06-23 12:10"), reason=why
        ),
        ("acknowledged", "2026-06-23 12:00:00 UTC", "2026-06-23 12:10:00 UTC"), "Time to acknowledge",
    ),
    "interval": (
        lambda why: correct(started_at=utc("2026-06-23 13:00"), reason=why),
        ("began", "2026-06-23 12:00:00 UTC", "2026-06-23 13:00:00 UTC"), "Uptime of API, 2026-06",
    ),
    "component of an interval": (
        lambda why: correct(component_id=make_component("Web", now=BEGUN).pk, reason=why),
        ("component", "API", "Web"), "Uptime of Web, 90 days",
    ),
    "interval that never was": (
        lambda why: correct(level="operational", reason=why),
        ("interval", "major_outage, 2026-06-23 12:00:00 UTC – 2026-06-23 14:00:00 UTC", "none: it was never broken"),
        "Uptime of API, 90 days",
    ),
    "first day": (
        lambda why: edit_component(start_date=date(2026, 6, 20), reason=why),
        ("first day", "2026-06-01", "2026-06-20"), "Uptime of API, 90 days",
    ),
    "time zone": (
        lambda why: page_actions.edit_page(
            actor=MARIA, name="Status", time_zone="Asia/Tokyo", reason=why, now=NOW
        ),
        ("time zone", "Etc/UTC", "Asia/Tokyo"), "",
    ),
    "incident": (
        lambda why: withholding.withdraw_incident(**on_incident(), reason=why),
        ("incident", "stood in the record", "withdrawn: opened by mistake"), "Uptime of API, 90 days",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_what_was_public_changes_only_by_a_public_entry_with_old_and_new(name):
    act, (field, old, new), figure = ACTS[name]
    act("The logs say so.")
    correction = Correction.objects.get()
    assert {"field": field, "old": old, "new": new} in correction.changes
    assert correction.reason == "The logs say so."
    assert figure in [row["figure"] for row in correction.figures] or (figure, correction.figures) == ("", [])
    newest = RecordEntry.objects.last()
    assert f"correction:{correction.pk}" in [told["row"] for told in newest.rows]
    assert verify().findings == []


@pytest.mark.parametrize("name", ACTS)
def test_none_of_these_is_done_without_a_reason(name):
    with pytest.raises(Refused):
        ACTS[name][0](" ")
    assert not Correction.objects.exists()


def test_the_figures_before_and_after_are_those_that_the_page_showed_and_shows():
    correct(started_at=utc("2026-06-23 13:00"), reason="R")
    figures = {row["figure"]: (row["before"], row["after"]) for row in Correction.objects.get().figures}
    # 2 h and 1 h of 25 days, and of the 30 days of June.
    assert figures["Uptime of API, 90 days"] == ("99.66 %", "99.83 %")
    assert figures["Uptime of API, 2026-06"] == ("99.72 %", "99.86 %")
    assert figures["Time to resolve"] == ("2 h 00 min 00 s", "1 h 00 min 00 s")


def test_a_first_statement_of_what_nobody_knew_and_another_advice_are_no_corrections():
    amending.state_milestone(**on_incident(), milestone="detected", at=BEGUN, reason="The alert")
    amending.edit_incident(**on_incident(), title="Errors", impact_override="", advice="Wait.")
    assert not Correction.objects.exists()


@pytest.mark.parametrize("at", ["2026-06-23 11:59", "2026-06-23 14:01", "2026-06-26 00:00"])
def test_an_update_is_moved_neither_past_its_neighbours_nor_into_the_future(at):
    with pytest.raises(Refused):
        amend(posted_at=utc(at), reason="R")
    assert update(2).posted_at == utc("2026-06-23 13:00")


def test_a_moved_update_keeps_its_former_time_readable():
    amend(posted_at=utc("2026-06-23 12:30"), reason="R")
    assert update(2).revisions.get().posted_at == utc("2026-06-23 13:00")
    assert RecordEntry.objects.last().verb == "update.moved"

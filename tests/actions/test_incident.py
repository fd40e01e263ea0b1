"""Opening, updating, resolving, reopening and amending incidents."""

from __future__ import annotations

from typing import Any

import pytest

from incidents import queries
from incidents.actions import amending
from incidents.actions import component as component_actions
from incidents.actions import incident as actions
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Impact, Level
from incidents.models import AuditEntry, ImpactInterval, Incident, IncidentUpdate, OutboxEvent
from incidents.publishing import snapshot
from tests.factories import MARIA, change, colleague, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db


def open_levels(component) -> list[str]:
    return list(
        ImpactInterval.objects.filter(component=component, ended_at=None, superseded_at=None).values_list(
            "level", flat=True
        )
    )


def test_opening_writes_the_update_the_ledger_the_audit_entry_and_the_event_together():
    api = make_component()
    incident = open_incident(api, now=utc("2026-06-23 14:52"), started_at=utc("2026-06-23 14:30"))
    interval = ImpactInterval.objects.get()
    assert (interval.started_at, interval.ended_at, interval.incident) == (utc("2026-06-23 14:30"), None, incident)
    update = incident.updates.get()
    assert (update.posted_at, update.stage) == (utc("2026-06-23 14:52"), "investigating")
    event = OutboxEvent.objects.get(incident=incident)
    assert event.facts["incident"]["started_at"] == "2026-06-23T14:30:00+00:00"
    assert event.audience == {"component_ids": [api.pk]}
    assert AuditEntry.objects.get(verb="incident.opened").actor_label == "maria"


def test_two_incidents_share_a_component_and_resolving_one_does_not_heal_the_other():
    api = make_component()
    worse, milder = open_incident(api), open_incident(api, level=Level.DEGRADED_PERFORMANCE)
    post_update(worse, "resolved")
    assert snapshot.build().components[0].level == Level.DEGRADED_PERFORMANCE
    post_update(milder, "resolved")
    assert snapshot.build().components[0].level == Level.OPERATIONAL


def test_the_worst_of_several_incidents_is_the_level_of_the_component():
    api = make_component()
    open_incident(api, level=Level.DEGRADED_PERFORMANCE)
    open_incident(api, level=Level.PARTIAL_OUTAGE)
    assert snapshot.build().components[0].level == Level.PARTIAL_OUTAGE


def test_an_incident_moves_and_closes_only_its_own_intervals():
    api = make_component()
    one, other = open_incident(api), open_incident(api, level=Level.PARTIAL_OUTAGE)
    post_update(one, components=[change(api, Level.OPERATIONAL)])
    assert open_levels(api) == [Level.PARTIAL_OUTAGE]
    assert ImpactInterval.objects.get(incident=other).ended_at is None


def test_a_level_moves_from_since_and_the_two_intervals_touch():
    api = make_component()
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    post_update(
        incident,
        components=[change(api, Level.PARTIAL_OUTAGE, since=utc("2026-06-23 15:00"))],
        now=utc("2026-06-23 15:10"),
    )
    first, second = ImpactInterval.objects.order_by("started_at")
    assert first.ended_at == second.started_at == utc("2026-06-23 15:00")


def test_one_region_recovers_and_the_interval_for_all_becomes_one_for_the_other():
    east, west = make_region("east"), make_region("west")
    api = make_component(region_ids=[east.pk, west.pk])
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    post_update(
        incident,
        components=[ComponentChange(api.pk, Level.OPERATIONAL, region_ids=(east.pk,))],
        now=utc("2026-06-23 15:30"),
    )
    still = ImpactInterval.objects.get(ended_at=None)
    assert (still.region, still.started_at) == (west, utc("2026-06-23 15:30"))


def test_impact_is_a_sticky_maximum_and_can_be_set_by_hand():
    api, web = make_component(), make_component("Web")
    incident = open_incident(api, level=Level.PARTIAL_OUTAGE)
    assert queries.impact_of(incident, queries.spells_of(incident)) == Impact.MAJOR
    post_update(incident, components=[change(api, Level.DEGRADED_PERFORMANCE), change(web, Level.DEGRADED_PERFORMANCE)])
    assert queries.impact_of(incident, queries.spells_of(incident)) == Impact.MAJOR
    incident.refresh_from_db()
    amending.edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Errors", impact_override="minor", advice="", reason="R"
    )
    incident.refresh_from_db()
    assert queries.impact_of(incident, queries.spells_of(incident)) == Impact.MINOR


def test_a_second_responder_sees_a_conflict_and_nothing_is_written():
    incident = open_incident(make_component())
    post_update(incident, seen_version=incident.version)
    before = IncidentUpdate.objects.count()
    with pytest.raises(Conflict):
        post_update(incident, seen_version=1)
    assert IncidentUpdate.objects.count() == before


def test_the_same_form_twice_makes_one_update_and_with_another_text_none():
    incident = open_incident(make_component())
    first = post_update(incident, key="k1", seen_version=incident.version)
    again = post_update(incident, key="k1", seen_version=incident.version)
    assert first == again
    assert incident.updates.count() == 2
    with pytest.raises(Conflict):
        post_update(incident, key="k1", body="Another text.")


def test_a_resolved_incident_takes_no_update_until_it_is_reopened():
    api = make_component()
    incident = open_incident(api)
    post_update(incident, "resolved")
    with pytest.raises(Refused, match="Reopen"):
        post_update(incident, "monitoring")
    actions.reopen_incident(actor=MARIA, incident_id=incident.pk, body="It is back.", components=[change(api)])
    incident.refresh_from_db()
    assert incident.is_open
    assert open_levels(api) == [Level.MAJOR_OUTAGE]
    assert OutboxEvent.objects.filter(verb="incident.reopened").count() == 1
    with pytest.raises(Refused, match="open already"):
        actions.reopen_incident(actor=MARIA, incident_id=incident.pk, body="Again.")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"title": " \u200b\u00a0"}, "Fill in"),
        ({"body": "\u3000"}, "empty"),
        ({"body": "x" * 25_001}, "25,001 characters; at most 25,000"),
        ({"title": "x" * 256}, "256 characters; at most 255"),
        ({"started_at": utc("2099-01-01")}, "future"),
        ({"next_update_due_at": utc("2020-01-01")}, "has passed"),
        ({"stage": "nonsense"}, "stage"),
        ({"components": [ComponentChange(999, Level.MAJOR_OUTAGE)]}, "no such component"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_nothing_is_written(values, sentence):
    api = make_component()
    with pytest.raises(Refused, match=sentence):
        actions.open_incident(
            **{"actor": MARIA, "title": "Errors", "body": "Text.", "components": [change(api)], **values}
        )
    assert not Incident.objects.exists()
    assert not ImpactInterval.objects.exists()
    assert not OutboxEvent.objects.exclude(verb="component.added").exists()


def test_an_archived_component_takes_no_part_in_an_update():
    api = make_component()
    component_actions.archive_component(actor=MARIA, component_id=api.pk)
    with pytest.raises(Refused, match="archived"):
        open_incident(api)


def test_an_amended_update_keeps_its_former_text_and_tells_nobody_again():
    incident = open_incident(make_component())
    update = incident.updates.get()
    told = OutboxEvent.objects.filter(reach="subscribers").count()
    amending.amend_update(actor=MARIA, update_id=update.pk, body="We know **more**.", reason="Clearer.")
    view = snapshot.build().incidents[0].newest
    assert view.html == "<p>We know <strong>more</strong>.</p>"
    assert (view.former[0].text.strip(), view.former[0].reason) == ("We are looking into it.", "Clearer.")
    assert view.amended_at is not None
    assert OutboxEvent.objects.filter(reach="subscribers").count() == told
    with pytest.raises(Refused, match="same"):
        amending.amend_update(actor=MARIA, update_id=update.pk, body="We know **more**.", reason="Again.")


def test_a_clock_that_was_set_back_does_not_turn_the_timeline_round():
    incident = open_incident(make_component(), now=utc("2026-06-23 15:00"))
    update = post_update(incident, now=utc("2026-06-23 14:00"))
    assert update.posted_at == utc("2026-06-23 15:00")


def test_a_clock_that_was_set_back_does_not_stop_a_resolution_nor_end_anything_before_it_began():
    incident = open_incident(make_component(), now=utc("2026-06-23 15:00"))
    post_update(incident, "resolved", now=utc("2026-06-23 14:00"))
    interval = ImpactInterval.objects.get()
    assert interval.ended_at == interval.started_at == utc("2026-06-23 15:00")


def test_two_of_three_regions_recover_in_one_update_and_only_the_third_goes_on():
    east, north, west = (make_region(key) for key in ("east", "north", "west"))
    api = make_component(region_ids=[east.pk, north.pk, west.pk])
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    recovered = ComponentChange(api.pk, Level.OPERATIONAL, region_ids=(east.pk, north.pk))
    update = post_update(incident, components=[recovered], now=utc("2026-06-23 15:30"))
    rows = ImpactInterval.objects.order_by("id").values_list("region__key", "started_at", "ended_at")
    assert list(rows) == [
        (None, utc("2026-06-23 14:52"), utc("2026-06-23 15:30")), ("west", utc("2026-06-23 15:30"), None),
    ]  # fmt: skip
    assert [(told["region"], told["old_level"]) for told in update.component_changes] == [
        ("East", "major_outage"), ("North", "major_outage"),
    ]  # fmt: skip


def test_what_was_so_already_is_not_told_as_a_change():
    api, web = make_component(), make_component("Web")
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    update = post_update(incident, components=[change(api), change(web, Level.OPERATIONAL)])
    assert update.component_changes == []
    assert ImpactInterval.objects.count() == 1
    with pytest.raises(Refused, match="since another time"):
        post_update(incident, components=[change(web, Level.OPERATIONAL, since=utc("2026-06-23 14:55"))])


def test_trouble_and_a_resolution_cannot_both_be_meant():
    api = make_component()
    incident = open_incident(api)
    with pytest.raises(Refused, match="Resolving ends everything"):
        post_update(incident, "resolved", components=[change(api, Level.DEGRADED_PERFORMANCE)])
    assert open_levels(api) == [Level.MAJOR_OUTAGE]


def test_a_start_before_that_of_every_component_is_kept_as_a_statement():
    api = make_component()
    began, broke = utc("2026-06-23 14:25"), utc("2026-06-23 14:40")
    actions.open_incident(
        actor=MARIA, title="Errors", body="Text.", components=[change(api, since=broke)], started_at=began,
        now=utc("2026-06-23 14:52"),
    )  # fmt: skip
    view = snapshot.build(utc("2026-06-23 14:52")).incidents[0]
    assert (view.started_at, view.milestones[0].provenance) == (began, "stated")
    assert ImpactInterval.objects.get().started_at == broke


def test_an_end_is_stated_only_of_what_is_resolved_and_falls_with_a_reopening():
    incident = open_incident(make_component(), now=utc("2026-06-23 14:52"))
    end: dict[str, Any] = {
        "actor": MARIA,
        "incident_id": incident.pk,
        "milestone": "resolved",
        "reason": "The logs say so.",
    }
    with pytest.raises(Refused, match="not resolved"):
        amending.state_milestone(**end, at=utc("2026-06-23 15:00"))
    post_update(incident, "resolved", now=utc("2026-06-23 16:00"))
    amending.state_milestone(**end, at=utc("2026-06-23 15:55"))
    assert snapshot.build().incidents[0].resolved_at == utc("2026-06-23 15:55")
    actions.reopen_incident(actor=MARIA, incident_id=incident.pk, body="Back.", now=utc("2026-06-23 17:00"))
    assert snapshot.build().incidents[0].milestones[-1].at is None
    post_update(incident, "resolved", now=utc("2026-06-23 18:00"))
    assert snapshot.build().incidents[0].resolved_at == utc("2026-06-23 18:00")


def test_a_line_end_counts_as_one_character_however_the_browser_sends_it():
    incident = open_incident(body="x\r\n" * 12_500)
    assert len(incident.updates.get().body) == 24_999


def test_a_key_used_by_another_person_or_for_another_incident_is_a_conflict():
    one, other = open_incident(), open_incident(title="Other")
    values: dict[str, Any] = {"stage": "identified", "body": "Known.", "key": "k1"}
    actions.post_update(actor=MARIA, incident_id=one.pk, **values)
    for actor, incident in ((MARIA, other), (colleague("noor"), one)):
        with pytest.raises(Conflict, match="another text"):
            actions.post_update(actor=actor, incident_id=incident.pk, **values)
    assert IncidentUpdate.objects.filter(body="Known.").count() == 1


def test_milestones_say_where_they_come_from_and_can_be_corrected_with_a_reason():
    incident = open_incident(
        make_component(),
        now=utc("2026-06-23 14:52"),
        started_at=utc("2026-06-23 14:30"),
        detected_at=utc("2026-06-23 14:25"),
    )
    view = snapshot.build().incidents[0]
    found = {row.name: (row.at, row.provenance) for row in view.milestones}
    assert found["impact_started"] == (utc("2026-06-23 14:30"), "ledger")
    assert found["detected"] == (utc("2026-06-23 14:25"), "stated")
    assert found["acknowledged"] == (utc("2026-06-23 14:52"), "update")
    assert found["resolved"] == (None, "none")
    seconds = {row.name: row.seconds for row in view.durations}
    assert seconds["time_to_detect"] == -300, "an alert before the impact is good news"
    amending.state_milestone(
        actor=MARIA,
        incident_id=incident.pk,
        milestone="impact_started",
        at=utc("2026-06-23 14:20"),
        reason="Logs show it.",
    )
    view = snapshot.build().incidents[0]
    assert view.started_at == utc("2026-06-23 14:20")
    assert view.milestones[0].reason == "Logs show it."


def test_an_open_incident_cannot_be_said_to_have_been_resolved():
    incident = open_incident(make_component())
    with pytest.raises(Refused, match="not resolved yet"):
        amending.state_milestone(
            actor=MARIA, incident_id=incident.pk, milestone="resolved", at=utc("2026-06-23 15:00"), reason="It was."
        )
    assert snapshot.build().incidents[0].resolved_at is None

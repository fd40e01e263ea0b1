"""Maintenance: planned, moved and called off by hand, and begun and ended by the schedule, once and in order."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from incidents import chain
from incidents.actions import incident as incident_actions
from incidents.actions import maintenance
from incidents.actions.component import archive_component
from incidents.actions.maintenance_schedule import advance_due
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.status import Level
from incidents.models import ImpactInterval, Incident, IncidentUpdate, OutboxEvent, RecordEntry
from incidents.publishing import snapshot
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
T0 = utc("2026-06-20 09:00")
BEGIN, END = utc("2026-06-23 22:00"), utc("2026-06-23 23:00")
MINUTE = timedelta(minutes=1)


def schedule(**overrides: Any) -> Incident:
    values: dict[str, Any] = {
        "actor": MARIA, "title": "Database upgrade", "body": "We upgrade the database.", "scheduled_for": BEGIN,
        "scheduled_until": END, "now": T0,
    }  # fmt: skip
    if "scope" not in overrides:
        values["scope"] = [(make_component(now=T0 - timedelta(days=1)).pk, ())]
    return maintenance.schedule_maintenance(**{**values, **overrides})


def post(incident: Incident, stage: str, now: datetime, **overrides: Any) -> IncidentUpdate:
    values: dict[str, Any] = {"actor": MARIA, "incident_id": incident.pk, "stage": stage, "body": "News.", "now": now}
    return maintenance.post_maintenance_update(**{**values, **overrides})


def move(incident: Incident, begin: datetime, end: datetime, now: datetime, **overrides: Any) -> IncidentUpdate:
    return maintenance.change_window(**{
        "actor": MARIA, "incident_id": incident.pk, "scheduled_for": begin, "scheduled_until": end, "body": "Moved.",
        "now": now, **overrides,
    })  # fmt: skip


def stages(incident: Incident) -> list[str]:
    return list(incident.updates.values_list("stage", flat=True))


def held() -> list[tuple[str, datetime, datetime | None]]:
    return [(row.level, row.started_at, row.ended_at) for row in ImpactInterval.objects.all()]


def next_step(incident: Incident) -> datetime | None:
    return Incident.objects.get(pk=incident.pk).next_step_at


def test_what_is_scheduled_is_announced_and_touches_no_ledger():
    incident = schedule()
    assert (incident.kind, incident.stage, incident.next_step_at) == ("maintenance", "scheduled", BEGIN)
    assert stages(incident) == ["scheduled"]
    assert held() == []
    event = OutboxEvent.objects.get(incident=incident)
    assert (event.verb, event.reach, event.expires_at) == ("maintenance.scheduled", "subscribers", BEGIN)
    assert event.facts["maintenance"] == {
        "scheduled_for": BEGIN.isoformat(), "scheduled_until": END.isoformat(), "is_cancelled": False,
        "affects": ["API"],
    }  # fmt: skip
    assert event.audience == {"component_ids": [incident.scope.get().component_id]}
    rows = [row["row"] for row in RecordEntry.objects.latest("number").rows]
    assert rows == [chain.name_of(incident), chain.name_of(incident.updates.get())]


@pytest.mark.parametrize(
    ("field", "overrides"),
    [
        ("scheduled_until", {"scheduled_until": BEGIN}),
        ("scheduled_until", {"scheduled_for": END, "scheduled_until": BEGIN}),
        ("scheduled_until", {"now": END}),
        ("components", {"scope": []}),
        ("components", {"scope": [(4711, ())]}),
        ("reminder_lead_minutes", {"reminder_lead_minutes": [0]}),
        ("reminder_lead_minutes", {"reminder_lead_minutes": [60 * 24 * 60 + 1]}),
        ("reminder_lead_minutes", {"reminder_lead_minutes": [60, 60]}),
        ("title", {"title": " "}),
        ("body", {"body": ""}),
    ],
)
def test_what_cannot_be_is_refused_and_writes_nothing(field, overrides):
    with pytest.raises(Refused) as refused:
        schedule(**overrides)
    assert refused.value.field == field
    assert not Incident.objects.exists()


def test_a_component_that_cannot_be_taken_is_refused():
    group, region = make_component("Group", is_group=True), make_region("far")
    gone, web = make_component("Gone"), make_component("Web", region_ids=[make_region("near").pk])
    archive_component(actor=MARIA, component_id=gone.pk)
    for scope in ([(group.pk, ())], [(gone.pk, ())], [(web.pk, (region.pk,))], [(web.pk, ()), (web.pk, ())]):
        with pytest.raises(Refused):
            schedule(scope=scope)
    assert not Incident.objects.exists()


def test_a_repeat_under_the_same_key_makes_one_and_another_text_is_a_conflict():
    scope = [(make_component().pk, ())]
    assert schedule(scope=scope, key="k").pk == schedule(scope=scope, key="k").pk
    with pytest.raises(Conflict):
        schedule(scope=scope, key="k", title="Another")
    assert Incident.objects.count() == 1


def test_begun_and_completed_by_hand_before_its_time():
    incident = schedule()
    early = BEGIN - 10 * MINUTE
    post(incident, "scheduled", early - MINUTE)
    started = post(incident, "in_progress", early)
    assert held() == [("under_maintenance", early, None)]
    assert started.component_changes[0]["new_level"] == "under_maintenance"
    assert next_step(incident) == END
    post(incident, "verifying", BEGIN)
    post(incident, "in_progress", BEGIN + MINUTE)
    post(incident, "completed", BEGIN + 2 * MINUTE)
    assert held() == [("under_maintenance", early, BEGIN + 2 * MINUTE)]
    assert next_step(incident) is None
    assert advance_due(END + MINUTE) == 0
    verbs = list(OutboxEvent.objects.filter(incident=incident).order_by("id").values_list("verb", flat=True))
    assert [verb.split(".")[1] for verb in verbs] == [
        "scheduled", "updated", "started", "updated", "updated", "completed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [("scheduled", "completed"), ("scheduled", "verifying"), ("scheduled", "resolved"), ("in_progress", "scheduled"),
     ("completed", "in_progress"), ("scheduled", "nonsense")],
)  # fmt: skip
def test_a_stage_out_of_turn_is_refused(stage, wanted):
    incident = schedule()
    for each in ("in_progress", "completed")[: ("scheduled", "in_progress", "completed").index(stage)]:
        post(incident, each, BEGIN)
    before = stages(incident)
    with pytest.raises(Refused) as refused:
        post(incident, wanted, BEGIN + MINUTE)
    assert refused.value.field == "stage"
    assert stages(incident) == before


def test_incidents_and_maintenance_are_not_mistaken_for_one_another():
    planned, trouble = schedule(), open_incident(make_component("Web"))
    with pytest.raises(Refused, match="is maintenance"):
        post_update(planned, "resolved")
    with pytest.raises(Refused, match="is maintenance"):
        incident_actions.reopen_incident(actor=MARIA, incident_id=planned.pk, body="Again.")
    with pytest.raises(Refused, match="stage"):
        open_incident(stage="scheduled")
    with pytest.raises(Refused, match="not maintenance"):
        post(trouble, "in_progress", BEGIN)
    with pytest.raises(Refused, match="not maintenance"):
        maintenance.cancel_maintenance(actor=MARIA, incident_id=trouble.pk, body="No.")


def test_a_window_moves_before_it_begins_and_its_reminders_with_it():
    incident = schedule(reminder_lead_minutes=[60, 1440])
    assert next_step(incident) == BEGIN - timedelta(days=1)
    day = timedelta(days=1)
    move(incident, BEGIN + day, END + day, T0 + MINUTE, reason="A holiday")
    incident.refresh_from_db()
    assert (incident.scheduled_for, incident.calendar_sequence, incident.next_step_at) == (BEGIN + day, 1, BEGIN)
    assert advance_due(BEGIN - MINUTE) == 0
    assert advance_due(BEGIN) == 1
    assert incident.updates.last().is_reminder
    assert OutboxEvent.objects.filter(verb="maintenance.rescheduled").count() == 1


def test_while_it_runs_only_its_end_moves_and_only_away():
    incident = schedule()
    post(incident, "in_progress", BEGIN)
    now = BEGIN + MINUTE
    for begin, end in ((BEGIN + MINUTE, END + MINUTE), (BEGIN, END), (BEGIN, END - MINUTE), (BEGIN, BEGIN)):
        with pytest.raises(Refused):
            move(incident, begin, end, now)
    update = move(incident, BEGIN, END + 30 * MINUTE, now)
    assert (update.stage, next_step(incident)) == ("in_progress", END + 30 * MINUTE)
    assert OutboxEvent.objects.latest("id").verb == "maintenance.extended"
    assert advance_due(END) == 0
    assert advance_due(END + 30 * MINUTE) == 1
    with pytest.raises(Refused, match="over"):
        move(incident, BEGIN, END + 90 * MINUTE, END + 31 * MINUTE)


def test_what_is_cancelled_is_over_and_never_was_in_the_ledger():
    incident = schedule(reminder_lead_minutes=[60])
    maintenance.cancel_maintenance(actor=MARIA, incident_id=incident.pk, body="Not needed.", now=T0 + MINUTE)
    incident.refresh_from_db()
    assert (incident.stage, incident.cancelled_at, incident.calendar_sequence) == ("completed", T0 + MINUTE, 1)
    assert OutboxEvent.objects.latest("id").facts["maintenance"]["is_cancelled"] is True
    assert advance_due(END) == 0
    assert held() == []
    with pytest.raises(Refused, match="over"):
        maintenance.cancel_maintenance(actor=MARIA, incident_id=incident.pk, body="Again.", now=T0 + 2 * MINUTE)


def test_what_runs_is_not_cancelled_and_not_edited():
    incident = schedule()
    post(incident, "in_progress", BEGIN)
    with pytest.raises(Refused, match="has begun"):
        maintenance.cancel_maintenance(actor=MARIA, incident_id=incident.pk, body="No.", now=BEGIN)
    with pytest.raises(Refused, match="has begun"):
        edit(incident)


def edit(incident: Incident, **overrides: Any) -> Incident:
    values: dict[str, Any] = {
        "actor": MARIA, "incident_id": incident.pk, "title": incident.title, "reminder_lead_minutes": [],
        "scope": [(row.component_id, ()) for row in incident.scope.all()], "is_auto_starting": True,
        "is_auto_finishing": True, "is_start_notifying": True, "is_finish_notifying": True, "now": T0 + MINUTE,
    }  # fmt: skip
    return maintenance.edit_maintenance(**{**values, **overrides})


def test_an_edit_changes_scope_and_schedule_and_a_stale_one_is_a_conflict():
    incident = schedule()
    web = make_component("Web", now=T0)
    edited = edit(incident, title="New", scope=[(web.pk, ())], reminder_lead_minutes=[60], is_auto_starting=False)
    assert (edited.title, edited.next_step_at) == ("New", BEGIN - 60 * MINUTE)
    assert list(edited.scope.values_list("component", flat=True)) == [web.pk]
    version = edited.version
    assert edit(edited, reminder_lead_minutes=[60], is_auto_starting=False).version == version, "nothing changed"
    with pytest.raises(Conflict):
        edit(incident, title="Stale", seen_version=1)


def test_the_schedule_reminds_begins_and_ends_once_each():
    incident = schedule(reminder_lead_minutes=[60])
    assert advance_due(BEGIN - 61 * MINUTE) == 0
    for at in (BEGIN - 60 * MINUTE, BEGIN + timedelta(seconds=3), END + timedelta(seconds=4)):
        assert advance_due(at) == 1
        assert advance_due(at) == 0
    reminder, started, ended = incident.updates.all()[1:]
    assert (reminder.body, reminder.stage, reminder.is_reminder) == (
        "Maintenance will begin as scheduled in 60 minutes.", "scheduled", True,
    )  # fmt: skip
    assert started.body == "Scheduled maintenance is currently in progress. We will provide updates as necessary."
    assert ended.body == "The scheduled maintenance has been completed."
    assert [started.stage, started.time_note, started.author_label] == ["in_progress", "", "Candor"]
    assert held() == [("under_maintenance", BEGIN, END)]
    assert OutboxEvent.objects.get(verb="maintenance.reminded").expires_at == BEGIN
    ended_event = OutboxEvent.objects.get(verb="maintenance.completed")
    assert ended_event.expires_at == ended.posted_at + timedelta(hours=24)


def test_after_a_stop_all_is_caught_up_in_order_with_the_planned_times_and_one_notice():
    incident = schedule(reminder_lead_minutes=[60, 1440])
    late = END + timedelta(hours=3)
    assert advance_due(late) == 2
    assert stages(incident) == ["scheduled", "in_progress", "completed"]
    started, ended = incident.updates.all()[1:]
    assert held() == [("under_maintenance", BEGIN, END)]
    assert started.posted_at == ended.posted_at == late
    assert started.time_note == "It began as planned at 2026-06-23 22:00 UTC; this was posted late."
    assert "2026-06-23 23:00" in ended.time_note
    assert [started.is_notifying, ended.is_notifying] == [False, True]
    assert advance_due(late + MINUTE) == 0


def test_of_reminders_that_are_overdue_one_goes_out_and_says_how_long_it_is_still():
    incident = schedule(reminder_lead_minutes=[60, 1440, 120])
    assert advance_due(BEGIN - 30 * MINUTE) == 1
    assert incident.updates.last().body == "Maintenance will begin as scheduled in 30 minutes."
    assert next_step(incident) == BEGIN


def test_no_reminder_goes_out_for_a_time_before_the_announcement_or_once_the_window_began():
    incident = schedule(now=BEGIN - 30 * MINUTE, reminder_lead_minutes=[60, 5], is_auto_starting=False)
    assert next_step(incident) == BEGIN - 5 * MINUTE
    assert advance_due(BEGIN + MINUTE) == 0
    assert stages(incident) == ["scheduled"]
    assert next_step(incident) is None, "nobody asks for it again"


def test_without_the_schedule_it_neither_begins_nor_ends():
    incident = schedule(is_auto_starting=False, is_auto_finishing=False)
    assert advance_due(END + MINUTE) == 0
    post(incident, "in_progress", END + 2 * MINUTE)
    assert advance_due(END + timedelta(days=1)) == 0
    assert held() == [("under_maintenance", END + 2 * MINUTE, None)]


def test_a_start_that_would_end_at_once_is_refused():
    incident = schedule(is_auto_starting=False)
    with pytest.raises(Refused, match="Move the window"):
        post(incident, "in_progress", END)


def test_a_start_by_hand_after_the_planned_time_ends_by_the_schedule():
    incident = schedule(is_auto_starting=False)
    post(incident, "in_progress", BEGIN + 20 * MINUTE)
    assert advance_due(END) == 1
    assert held() == [("under_maintenance", BEGIN + 20 * MINUTE, END)]


def test_silent_starts_and_ends_reach_the_page_alone():
    schedule(is_start_notifying=False, is_finish_notifying=False)
    advance_due(BEGIN)
    advance_due(END)
    reaches = OutboxEvent.objects.filter(verb__in=["maintenance.started", "maintenance.completed"])
    assert set(reaches.values_list("reach", flat=True)) == {"page"}


def test_trouble_during_maintenance_is_the_worse_of_both_and_stays_when_it_ends():
    api = make_component(now=T0)
    incident = schedule(scope=[(api.pk, ())])
    advance_due(BEGIN)
    trouble = open_incident(api, level="major_outage", now=BEGIN + MINUTE)
    assert level_of(api, BEGIN + 2 * MINUTE) == Level.MAJOR_OUTAGE
    post(incident, "completed", BEGIN + 3 * MINUTE)
    assert level_of(api, BEGIN + 4 * MINUTE) == Level.MAJOR_OUTAGE
    post_update(trouble, "resolved", now=BEGIN + 5 * MINUTE)
    assert level_of(api, BEGIN + 6 * MINUTE) == Level.OPERATIONAL
    assert {row.source for row in ImpactInterval.objects.all()} == {"maintenance", "incident"}


def level_of(component: Any, now: datetime) -> str:
    truth = snapshot.build(now)
    return next(row.level for row in truth.leaves if row.slug == component.slug)


def test_one_region_is_taken_and_what_was_archived_since_is_left_out():
    near, far = make_region("near"), make_region("far")
    api, web = make_component(region_ids=[near.pk, far.pk], now=T0), make_component("Web", now=T0)
    schedule(scope=[(api.pk, (near.pk,)), (web.pk, ())])
    archive_component(actor=MARIA, component_id=web.pk, now=T0 + MINUTE)
    assert advance_due(BEGIN) == 1
    row = ImpactInterval.objects.get()
    assert (row.component_id, row.region_id) == (api.pk, near.pk)


def test_one_that_cannot_be_advanced_holds_up_no_other(monkeypatch, caplog):
    from incidents.actions import windows

    sick, well = schedule(scope=[(make_component("A", now=T0).pk, ())]), schedule()
    genuine = windows.begin

    def begin(incident: Incident, *rest: Any) -> Any:
        if incident.pk == sick.pk:
            raise KeyError("poison")
        return genuine(incident, *rest)

    monkeypatch.setattr(windows, "begin", begin)
    assert advance_due(BEGIN) == 1
    assert (stages(sick), stages(well)) == (["scheduled"], ["scheduled", "in_progress"])
    assert f"Maintenance {sick.pk} could not be advanced" in caplog.text
    monkeypatch.undo()
    assert advance_due(BEGIN + MINUTE) == 1


def test_overlapping_maintenance_on_one_component_keeps_each_its_own():
    api = make_component(now=T0)
    first = schedule(scope=[(api.pk, ())])
    schedule(scope=[(api.pk, ())], scheduled_until=END + 60 * MINUTE)
    assert advance_due(BEGIN) == 2
    assert advance_due(END) == 1
    assert level_of(api, END + MINUTE) == Level.UNDER_MAINTENANCE
    assert stages(first)[-1] == "completed"


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_take_each_step_once():
    incident = schedule(reminder_lead_minutes=[60])
    taken: list[int] = []

    def advance() -> None:
        try:
            taken.append(advance_due(END + MINUTE))
        finally:
            connection.close()

    threads = [threading.Thread(target=advance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 2
    assert stages(incident) == ["scheduled", "in_progress", "completed"]
    assert held() == [("under_maintenance", BEGIN, END)]


def test_a_change_of_level_by_an_incident_does_not_touch_what_maintenance_holds():
    api = make_component(now=T0)
    schedule(scope=[(api.pk, ())])
    advance_due(BEGIN)
    trouble = open_incident(api, now=BEGIN + MINUTE)
    post_update(trouble, "resolved", now=BEGIN + 2 * MINUTE)
    with pytest.raises(Refused):
        open_incident(stage="resolved", components=[change(api)], now=BEGIN + 3 * MINUTE)
    assert level_of(api, BEGIN + 3 * MINUTE) == Level.UNDER_MAINTENANCE

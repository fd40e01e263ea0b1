"""Maintenance in the console: scheduled, begun, moved, completed, cancelled, edited; recurring windows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.actions import maintenance as actions
from incidents.models import Incident, MaintenanceSeries
from incidents.web.console.times import as_typed
from tests.factories import MARIA, make_component, make_region, make_subscriber

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


def soon(**span):
    return timezone.now().replace(second=0, microsecond=0) + timedelta(**span)


def form(*scope, **overrides):
    values = {
        "title": "Move the database", "body": "Writes are **refused**.", "scheduled_for": as_typed(soon(hours=3)),
        "scheduled_until": "2 h", "scope": [str(each) for each in scope], "leads": ["60"], "other_leads": "2 h",
        "is_auto_starting": "on", "is_auto_finishing": "on", "is_start_notifying": "on", "is_notifying": "on",
        "key": "one",
    }  # fmt: skip
    return values | overrides


def given(*components, **overrides):
    chosen = components or [make_component(f"API {Incident.objects.count()}")]
    values = {
        "actor": MARIA, "title": "Move the database", "body": "Writes are refused.", "scheduled_for": soon(hours=3),
        "scheduled_until": soon(hours=5), "scope": [(each.pk, ()) for each in chosen],
    }  # fmt: skip
    return actions.schedule_maintenance(**values | overrides)


def test_it_is_scheduled_with_regions_reminders_and_flags_and_a_double_click_makes_one(console):
    regions = [make_region("eu"), make_region("us")]
    api, web = make_component("API", region_ids=[each.pk for each in regions]), make_component("Website")
    typed = form(f"{api.pk}:{regions[0].pk}", web.pk)
    for _click in range(2):
        answer = console.post("/console/maintenance/schedule", typed)
        assert answer.status_code == 302, text(answer)
    row = Incident.objects.get()
    assert answer.headers["Location"] == f"/console/maintenance/{row.code}"
    assert row.scheduled_until - row.scheduled_for == timedelta(hours=2)
    assert row.reminder_lead_minutes == [120, 60]
    assert (row.is_auto_starting, row.is_start_notifying, row.is_finish_notifying) == (True, True, False)
    assert set(row.scope.values_list("component__name", "region__key")) == {("API", "eu"), ("Website", None)}
    page = text(console.get(answer.headers["Location"]))
    assert "<bdi>API</bdi> (<bdi>Eu</bdi>), <bdi>Website</bdi>" in page
    assert "begins in 2 h" in page
    assert "<strong>refused</strong>" in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scheduled_until": as_typed(soon(hours=1))}, "scheduled_until"),
        ({"scheduled_until": "soon"}, "scheduled_until"),
        ({"scheduled_for": "2020-01-01 10:00"}, "scheduled_for"),
        ({"scope": []}, "scope"),
        ({"other_leads": "an hour"}, "other_leads"),
        ({"other_leads": "100 d"}, "other_leads"),
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(console, wrong, field):
    answer = console.post("/console/maintenance/schedule", form(make_component().pk, **wrong))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    kept = "Writes are **refused**." if field != "body" else "Move the database"
    assert kept in text(answer)
    assert not Incident.objects.exists()


def test_the_preview_counts_who_is_told_and_names_what_is_planned_at_the_same_time(console):
    api, web = make_component("API"), make_component("Website")
    make_subscriber("all@example.org")
    make_subscriber("api@example.org", component_ids=[api.pk])
    make_subscriber("web@example.org", component_ids=[web.pk])
    given(api, title="Replace a switch", scheduled_for=soon(hours=4), scheduled_until=soon(hours=9))
    given(web, title="Another thing")
    typed = form(api.pk, step="preview")
    page = text(console.post("/console/maintenance/schedule", typed, headers={"HX-Request": "true"}))
    assert "Schedule and notify 2 subscribers" in page
    assert "<td>1 h before</td> <td>2 subscribers</td>" in page
    assert "<td>nobody; the page shows it</td>" in page  # its end is not to be told
    assert "<strong>refused</strong>" in page
    assert "Replace a switch" in page
    assert "Another thing" not in page
    assert "<h1>" not in page
    whole = text(console.post("/console/maintenance/schedule", typed))  # without script
    assert "Schedule and notify 2 subscribers" in whole
    assert 'value="Move the database"' in whole
    assert Incident.objects.count() == 2


def test_it_goes_through_its_stages_by_hand(console):
    row = given()
    for stage in ("in_progress", "verifying", "completed"):
        path = f"/console/maintenance/{row.code}/update"
        initial = console.get(f"{path}?stage={stage}").context["form"].initial
        answer = console.post(path, initial | {"body": f"Now {stage}."})
        assert answer.status_code == 302, text(answer)
        row.refresh_from_db()
        assert row.stage == stage
    assert row.intervals.get().ended_at is not None
    page = text(console.get(f"/console/maintenance/{row.code}"))
    assert "Post an update" not in page
    assert "Now verifying." in page


def test_a_double_click_on_an_update_posts_it_once(console):
    row = given()
    path = f"/console/maintenance/{row.code}/update"
    typed = console.get(f"{path}?stage=in_progress").context["form"].initial | {"body": "We begin."}
    assert [console.post(path, typed).status_code for _click in range(2)] == [302, 302]
    assert row.updates.count() == 2


def test_a_conflict_shows_what_was_posted_and_keeps_what_was_typed(console):
    row = given()
    path = f"/console/maintenance/{row.code}/update"
    typed = console.get(path).context["form"].initial | {"body": "My own words."}
    actions.post_maintenance_update(
        actor=MARIA, incident_id=row.pk, stage="scheduled", body="She was quicker.", seen_version=row.version
    )
    answer = console.post(path, typed)
    assert answer.status_code == 409
    assert "She was quicker." in text(answer)
    assert "My own words." in text(answer)
    again = {name: answer.context["form"][name].value() for name in ("stage", "body", "seen_version", "key")}
    assert console.post(path, again).status_code == 302
    assert row.updates.last().body == "My own words."


def test_it_is_rescheduled_before_it_begins_and_extended_while_it_runs(console):
    row = given()
    path = f"/console/maintenance/{row.code}/window"
    typed = console.get(path).context["form"].initial
    typed |= {"scheduled_for": as_typed(soon(hours=6)), "scheduled_until": "90 min", "body": "Later."}
    assert console.post(path, typed).status_code == 302
    row.refresh_from_db()
    assert row.scheduled_until - row.scheduled_for == timedelta(minutes=90)
    actions.post_maintenance_update(actor=MARIA, incident_id=row.pk, stage="in_progress", body="We begin.")
    page = console.get(path)
    assert "scheduled_for" not in page.context["form"].fields
    assert "Extend the maintenance" in text(page)
    typed = page.context["form"].initial | {"scheduled_until": "4 h", "body": "Longer."}
    assert console.post(path, typed).status_code == 302
    row.refresh_from_db()
    assert row.scheduled_until - row.scheduled_for == timedelta(hours=4)
    typed = console.get(path).context["form"].initial | {"scheduled_until": "1 h", "body": "Shorter."}
    answer = console.post(path, typed)
    assert answer.status_code == 422
    assert "Shorter." in text(answer)


def test_it_is_edited_and_cancelled_and_then_nothing_is_left_to_do(console):
    web = make_component("Website")
    row = given()
    path = f"/console/maintenance/{row.code}/edit"
    shown = console.get(path).context["form"]
    typed = {name: shown.initial[name] for name in ("seen_version", "leads", "other_leads")}
    answer = console.post(path, typed | {"title": "Move both databases", "scope": [str(web.pk)]})
    assert answer.status_code == 302, text(answer)
    row.refresh_from_db()
    assert (row.title, row.is_auto_starting) == ("Move both databases", False)
    assert row.scope.get().component == web
    stale = console.post(path, typed | {"title": "My title", "scope": [str(web.pk)]})
    assert stale.status_code == 409
    assert "Move both databases" in text(stale)
    assert 'value="My title"' in text(stale)

    path = f"/console/maintenance/{row.code}/cancel"
    typed = console.get(path).context["form"].initial | {"body": "Not needed."}
    assert console.post(path, typed).status_code == 302
    page = text(console.get(f"/console/maintenance/{row.code}"))
    assert "cancelled" in page
    assert "Reschedule" not in page
    assert console.post(path, typed | {"seen_version": row.version + 1}).status_code in (409, 422)


def test_the_pages_of_incidents_send_a_maintenance_to_its_own(console):
    row = given()
    for path in ("", "/update", "/resolve", "/reopen"):
        answer = console.get(f"/console/incidents/{row.code}{path}")
        assert answer.headers["Location"] == f"/console/maintenance/{row.code}"
    assert row.title not in text(console.get("/console/incidents"))


def test_the_list_is_narrowed_by_state(console):
    given(title="To come")
    running = given(title="Under way")
    actions.post_maintenance_update(actor=MARIA, incident_id=running.pk, stage="in_progress", body="We begin.")
    gone = given(title="Called off")
    actions.cancel_maintenance(actor=MARIA, incident_id=gone.pk, body="Not needed.")
    shown = {
        state: [row.title for row in console.get(f"/console/maintenance?state={state}").context["page"]]
        for state in ("upcoming", "running", "past", "")
    }
    assert shown == {
        "upcoming": ["To come"], "running": ["Under way"], "past": ["Called off"],
        "": ["Called off", "Under way", "To come"],
    }  # fmt: skip


def test_the_overview_shows_the_maintenance_of_the_day_with_its_clock(console):
    given(title="To come")
    given(title="Next week", scheduled_for=soon(days=7), scheduled_until=soon(days=8))
    page = text(console.get("/console/"))
    assert "To come" in page
    assert "begins in 2 h" in page
    assert "Next week" not in page


def test_no_page_of_maintenance_asks_more_when_there_is_more(console):
    row = given()
    paths = ["/console/", "/console/maintenance", "/console/maintenance/schedule", f"/console/maintenance/{row.code}"]

    def counts():
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert console.get(path).status_code == 200
            found.append(len(captured))
        return found

    grow = [given(make_component(f"Site {number}")) for number in range(3)]
    counts()  # what is kept in the session is looked up once
    few = counts()
    grow += [given(make_component(f"Web {number}")) for number in range(6)]
    assert counts() == few


RULE = {
    "title": "Patch day", "body": "Short breaks.", "rrule": "FREQ=WEEKLY;BYDAY=SU", "first_day": "2026-06-01",
    "starts_at": "02:30", "zone": "Europe/Berlin", "duration_minutes": "90", "announce_days": "14", "other_leads": "",
    "leads": ["1440"], "is_auto_starting": "on", "is_auto_finishing": "on", "is_notifying": "on",
}  # fmt: skip


def test_a_series_is_added_with_a_preview_edited_and_ended(console):
    typed = RULE | {"scope": [str(make_component().pk)]}
    page = console.post("/console/maintenance/series/add", typed | {"step": "preview"})
    windows = page.context["windows"]
    assert len(windows) == 5
    assert {end - start for start, end in windows} == {timedelta(minutes=90)}
    assert {start.weekday() for start, _end in windows} == {6}
    answer = console.post("/console/maintenance/series/add", typed)
    assert answer.status_code == 302, text(answer)
    row = MaintenanceSeries.objects.get()
    path = f"/console/maintenance/series/{row.pk}/edit"
    assert console.get(path).context["form"].initial["scope"] == typed["scope"]
    answer = console.post(path, typed | {"title": "Patch night", "seen_version": row.version})
    assert answer.status_code == 302, text(answer)
    assert console.post(path, typed | {"title": "Mine", "seen_version": row.version}).status_code == 409
    assert "Patch night" in text(console.get("/console/maintenance/series"))
    assert console.post(f"/console/maintenance/series/{row.pk}/end").status_code == 302
    row.refresh_from_db()
    assert row.ended_at is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"rrule": "FREQ=SECONDLY"},
        {"zone": "Mars/Base"},
        {"zone": "Europe"},
        {"starts_at": "25:00"},
        {"duration_minutes": "0"},
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(console, wrong):
    typed = RULE | {"scope": [str(make_component().pk)]} | wrong
    answer = console.post("/console/maintenance/series/add", typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(wrong)
    assert "Short breaks." in text(answer)
    assert not MaintenanceSeries.objects.exists()

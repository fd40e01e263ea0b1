"""How people see maintenance: on the front page, on its own, with its components, in the history."""

from __future__ import annotations

import gzip
from datetime import date, timedelta

import pytest

from incidents.domain.status import Level, Stage
from incidents.models import Incident, MaintenanceScope, PublicPage
from incidents.publishing import pages, periods, planned, snapshot
from tests.factories import make_component, make_region, open_incident, post_update, utc
from tests.publishing.page_world import (
    Reading,
    add_past,
    all_pages,
    open_the_incident,
    ten_components,
    text_of,
    truth_at,
)
from tests.publishing.planned_world import begin, cancel, finish, plan, tell
from tests.publishing.test_pages import WINDOW, assert_sound
from tests.publishing.test_snapshot import queries_of_a_build

pytestmark = pytest.mark.django_db
OWN = "/incidents/mnt000000001"


def front_text(at: str) -> str:
    return text_of(all_pages(truth_at(at))["/"])


# --- the value ------------------------------------------------------------------------------------------------------


def test_maintenance_is_upcoming_then_running_then_over_and_never_an_open_incident():
    api = make_component("API")
    row = plan(api)

    def lists(at: str) -> tuple[list[str], list[str], list[str]]:
        truth = truth_at(at)
        found = (truth.open_incidents, truth.maintenances_upcoming, truth.maintenances_running)
        return tuple([view.code for view in views] for views in found)  # type: ignore[return-value]

    assert lists("13:00") == ([], [row.code], [])
    begin(row, utc("2026-06-23 14:01"))
    assert lists("14:02") == ([], [], [row.code])
    finish(row, utc("2026-06-23 15:30"))
    assert lists("15:31") == ([], [], [])
    [view] = truth_at("15:31").incidents
    assert view.window is not None
    assert view.started_at == view.window.scheduled_for == utc("2026-06-23 14:00")
    assert (view.begun_at, view.resolved_at) == (utc("2026-06-23 14:01"), utc("2026-06-23 15:30"))
    assert (view.milestones, view.durations, view.impact) == ((), (), "maintenance")


def test_upcoming_maintenance_stands_in_the_order_of_the_windows():
    for number, day in enumerate((26, 24, 25)):
        plan(
            code=f"mnt00000000{number}",
            scheduled_for=utc(f"2026-06-{day} 14:00"),
            scheduled_until=utc(f"2026-06-{day} 15:00"),
        )
    starts = [view.started_at.day for view in truth_at("12:00").maintenances_upcoming]
    assert starts == [24, 25, 26]


def test_the_components_of_the_plan_are_named_with_their_regions_before_and_after_the_start():
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk])
    web = make_component("Web")
    row = plan(api, regions=[west])
    MaintenanceScope.objects.create(incident=row, component=web)
    [view] = truth_at("13:00").incidents
    assert [(each.name, each.regions, each.level) for each in view.affected] == [
        ("API", ("West",), Level.OPERATIONAL),
        ("Web", (), Level.OPERATIONAL),
    ]
    begin(row, utc("2026-06-23 14:00"))
    [view] = truth_at("14:01").incidents
    assert {each.level for each in view.affected} == {Level.UNDER_MAINTENANCE}


def test_the_number_of_queries_does_not_grow_with_maintenance():
    api = make_component("API", region_ids=[make_region("east").pk, make_region("west").pk])
    plan(api)
    few = queries_of_a_build()
    for number in range(2, 8):
        begin(plan(api, make_component(f"Web {number}"), code=f"mnt00000000{number}"), utc("2026-06-23 14:00"))
    assert queries_of_a_build() == few


def test_the_next_change_is_an_edge_of_the_window_and_then_each_minute_over_it():
    row = plan()
    assert truth_at("13:00").next_change_at == utc("2026-06-23 14:00")
    assert truth_at("14:00").next_change_at == utc("2026-06-23 16:00")
    tell(row, Stage.IN_PROGRESS, utc("2026-06-23 14:00"))
    assert truth_at("16:00").next_change_at == utc("2026-06-23 16:01")
    assert truth_at("16:12:30").next_change_at == utc("2026-06-23 16:13")
    finish(row, utc("2026-06-23 16:14"))
    assert truth_at("16:15").next_change_at == utc("2026-06-24 00:00")


# --- the front page -------------------------------------------------------------------------------------------------


def test_maintenance_alone_makes_the_banner_blue_and_an_outage_stands_above_it():
    api, web = make_component("API"), make_component("Web")
    begin(plan(api), utc("2026-06-23 14:00"))
    body = all_pages(truth_at("14:05"))["/"].body
    assert b'class="banner maintenance page-status status-maintenance"' in body
    assert "Service Under Maintenance API is under maintenance." in front_text("14:05")

    incident = open_incident(api, level=Level.PARTIAL_OUTAGE, now=utc("2026-06-23 14:10"))
    page = all_pages(truth_at("14:11"))["/"]
    assert b'class="banner partial' in page.body
    assert page.body.index(b"card unresolved-incident") < page.body.index(b"card maintenance")
    assert truth_at("14:11").leaves[0].level == Level.PARTIAL_OUTAGE
    post_update(incident, "resolved", now=utc("2026-06-23 14:20"))
    assert "Service Under Maintenance" in front_text("14:21")

    open_incident(web, level=Level.OPERATIONAL, now=utc("2026-06-23 14:30"))
    assert "1 open incident API is under maintenance." in front_text("14:31")


def test_a_running_maintenance_is_a_card_with_its_window_its_newest_words_and_its_overrun():
    row = plan(make_component("API"))
    begin(row, utc("2026-06-23 14:01"))
    text = front_text("15:59")
    assert (
        "Database upgrade Maintenance API Planned: 14:00 UTC to 16:00 UTC In progress 14:01 UTC Work has begun." in text
    )
    assert "Planned to end" not in text
    assert "Planned to end 16:00 UTC, over by" not in front_text("16:00")
    assert "Planned to end 16:00 UTC, over by 12 min" in front_text("16:12:40")
    assert "Planned to end 16:00 UTC, over by 12 min" in text_of(all_pages(truth_at("16:12:40"))[OWN])


def test_an_upcoming_maintenance_is_listed_with_its_window_components_and_words():
    plan(make_component("API"))
    page = all_pages(truth_at("08:00"))["/"]
    text = text_of(page)
    assert "Scheduled maintenance Calendar Database upgrade 23 Jun 2026, 14:00 UTC to 16:00 UTC API" in text
    assert "Scheduled 20 Jun 2026, 09:00 UTC The database moves to new hardware." in text
    assert "All Systems Operational" in text
    stamps = [value for tag, name, value in Reading(page).attributes if (tag, name) == ("time", "datetime")]
    assert {"2026-06-23T14:00:00Z", "2026-06-23T16:00:00Z"} <= set(stamps)
    assert ("a", "href", "/history.ics") in Reading(page).attributes
    assert "the work has not" not in text
    assert "The window has begun, the work has not." in front_text("14:01")


def test_a_page_without_maintenance_has_no_section_for_it_but_offers_the_calendar():
    make_component("API")
    page = all_pages(truth_at("12:00"))["/"]
    assert b'id="planned"' not in page.body
    links = [value for tag, name, value in Reading(page).attributes if (tag, name) == ("link", "type")]
    assert links.count("text/calendar") == 1


def test_an_overlap_on_a_component_is_said_of_both_and_only_where_regions_meet():
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk])
    plan(api, regions=[east])
    other = plan(
        api,
        code="mnt000000002",
        title="Network <b>",
        scheduled_for=utc("2026-06-23 15:00"),
        scheduled_until=utc("2026-06-23 17:00"),
    )
    text = front_text("08:00")
    assert "Overlaps with Network <b> (23 Jun 2026, 15:00 UTC to 17:00 UTC) on API." in text
    assert "Overlaps with Database upgrade (23 Jun 2026, 14:00 UTC to 16:00 UTC) on API." in text
    MaintenanceScope.objects.filter(incident=other).update(region=west)
    assert "Overlaps" not in front_text("08:00")
    MaintenanceScope.objects.filter(incident=other).update(region=None)
    Incident.objects.filter(pk=other.pk).update(scheduled_for=utc("2026-06-23 16:00"))
    assert "Overlaps" not in front_text("08:00"), "the end is not inside"


def test_work_that_runs_over_meets_what_was_planned_after_it():
    api = make_component("API")
    begin(plan(api), utc("2026-06-23 14:00"))
    plan(
        api,
        code="mnt000000002",
        title="Network",
        scheduled_for=utc("2026-06-23 16:05"),
        scheduled_until=utc("2026-06-23 17:00"),
    )
    assert "Overlaps" not in front_text("16:05")
    assert "Overlaps with Network (23 Jun 2026, 16:05 UTC to 17:00 UTC) on API." in front_text("16:06")


def test_the_front_page_with_maintenance_still_fits_one_congestion_window():
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    begin(plan(*leaves[:3]), utc("2026-06-23 14:00"))
    for number in (2, 3):
        day = 23 + number
        plan(
            leaves[number],
            code=f"mnt00000000{number}",
            scheduled_for=utc(f"2026-06-{day} 14:00"),
            scheduled_until=utc(f"2026-06-{day} 16:00"),
        )
    assert len(gzip.compress(all_pages(truth_at("15:10"))["/"].body, 6)) <= WINDOW


# --- its own page and those of its components -----------------------------------------------------------------------


def test_its_page_has_the_window_and_the_work_and_no_time_to_resolve():
    row = plan(make_component("API"))
    begin(row, utc("2026-06-23 14:01"))
    page = all_pages(truth_at("14:05"))[OWN]
    assert b"unresolved" not in page.body.split(b"</style>")[1]
    assert "In progress Maintenance Database upgrade 23 Jun 2026, 14:00 UTC to 16:00 UTC" in text_of(page)
    finish(row, utc("2026-06-23 16:42"))
    text = text_of(all_pages(truth_at("17:00"))[OWN])
    assert (
        "Window 23 Jun 2026, 14:00 UTC to 16:00 UTC Work began 23 Jun 2026, 14:01 UTC "
        "Work ended 23 Jun 2026, 16:42 UTC Overrun 42 min Components API 1 interval"
    ) in text
    for word in ("Milestones", "Time to", "Trouble began", "Resolved"):
        assert word not in text


def test_its_page_is_written_anew_when_it_is_late_and_with_each_minute_over():
    row = plan()

    def key(at: str) -> str:
        return next(cold.key for cold in pages.cold(truth_at(at)) if cold.path == OWN)

    assert key("13:00") == key("13:59") != key("14:00") == key("14:30")
    tell(row, Stage.IN_PROGRESS, utc("2026-06-23 14:31"))
    assert key("15:00") == key("15:59") != key("16:12") == key("16:12:59") != key("16:13")


def test_a_component_shows_its_upcoming_maintenance_and_later_keeps_it():
    api, web = make_component("API"), make_component("Web")
    row = plan(api)
    found = all_pages(truth_at("08:00"))
    api_text = text_of(found[f"/components/{api.slug}"])
    assert "Scheduled maintenance Calendar Database upgrade 23 Jun 2026, 14:00 UTC to 16:00 UTC" in api_text
    assert "No incident has touched it." in api_text
    assert "Database upgrade" not in text_of(found[f"/components/{web.slug}"])
    begin(row, utc("2026-06-23 14:00"))
    finish(row, utc("2026-06-23 15:00"))
    text = text_of(all_pages(truth_at("15:10"))[f"/components/{api.slug}"])
    assert "Incidents Database upgrade Maintenance · 23 Jun 2026, 14:00 UTC to 16:00 UTC" in text
    assert "Scheduled maintenance" not in text


def test_a_cancelled_maintenance_is_called_so_everywhere():
    api = make_component("API")
    row = plan(api)
    cancel(row, utc("2026-06-22 10:00"))
    assert truth_at("08:00").maintenances_upcoming == ()
    assert "Database upgrade" not in front_text("08:00"), "the day of its window has not come"
    found = all_pages(truth_at("20:00"))
    text = text_of(found[OWN])
    assert "Cancelled Maintenance Database upgrade" in text
    assert "Work began – Cancelled 22 Jun 2026, 10:00 UTC" in text
    assert "Updates Oldest first As text Copy as text Cancelled 22 Jun 2026, 10:00 UTC Not this week." in text
    for path in ("/", "/history/2026-06", f"/components/{api.slug}"):
        assert "Cancelled" in text_of(found[path]), path
    assert "Maintenance · Cancelled · 23 Jun 2026, 14:00 UTC to 16:00 UTC" in text_of(found["/"])


def test_a_reminder_is_marked():
    row = plan()
    tell(row, Stage.SCHEDULED, utc("2026-06-22 14:00"), "In one day.", is_reminder=True)
    assert "Scheduled · reminder 22 Jun 2026, 14:00 UTC In one day." in text_of(all_pages(truth_at("08:00"))[OWN])


# --- history --------------------------------------------------------------------------------------------------------


def test_maintenance_is_history_from_the_start_of_its_window_on_the_days_that_it_took():
    PublicPage.objects.update(time_zone="Etc/UTC")
    make_component("API", start_date=date(2026, 6, 1))
    row = plan(scheduled_for=utc("2026-06-23 22:00"), scheduled_until=utc("2026-06-24 02:00"))

    def days(at: str) -> list[tuple[int, bool]]:
        """The days that name it, and whether it begins there."""
        told = periods.last_days(snapshot.build(utc(at)), 14)
        return [(day.day.day, bool(day.begun)) for day in told if day.begun or day.continued]

    assert days("2026-06-23 21:59") == []
    assert not periods.months(truth_at("21:59"))[0].incidents
    assert days("2026-06-25 08:00") == [(23, True)], "the window has begun, the work has not"
    begin(row, utc("2026-06-23 22:00"))
    finish(row, utc("2026-06-24 02:10"))
    assert days("2026-06-25 08:00") == [(24, False), (23, True)]
    text = text_of(all_pages(snapshot.build(utc("2026-06-25 08:00")))["/history/2026-06"])
    assert (
        "June 2026 1 maintenance Only some components Database upgrade Maintenance · 23 Jun 2026, 22:00 UTC to 24 Jun"
        in text
    )


def test_work_that_began_a_day_before_its_window_stands_on_the_day_when_it_began():
    row = plan()
    tell(row, Stage.IN_PROGRESS, utc("2026-06-22 20:00"))
    assert truth_at("08:00").incidents[0].started_at == utc("2026-06-22 20:00")
    assert [day.day.day for day in periods.last_days(truth_at("08:00"), 14) if day.begun] == [22]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0), "0 incidents"),
        ((1, 0), "1 incident"),
        ((2, 1), "2 incidents, 1 maintenance"),
        ((0, 2), "2 maintenances"),
    ],
)
def test_months_count_trouble_and_maintenance_apart(counts, expected):
    assert planned.tally(*counts) == expected


def test_every_page_is_sound_while_maintenance_is_at_every_stage():
    api, web = make_component("<API>"), make_component("Web")
    begin(plan(api), utc("2026-06-23 14:00"))
    plan(api, web, code="mnt000000002", title="<i>Later</i> {0} %s")
    late = plan(web, code="mnt000000003", scheduled_until=utc("2026-06-23 14:10"))
    begin(late, utc("2026-06-23 14:00"))
    done = plan(web, code="mnt000000004")
    begin(done, utc("2026-06-23 14:00"))
    finish(done, utc("2026-06-23 14:05"))
    cancel(plan(api, code="mnt000000005"), utc("2026-06-22 10:00"))
    found = all_pages(truth_at("14:30"))
    assert_sound(found)
    assert all(b"<i>Later" not in page.body for page in found.values())
    assert truth_at("14:30").next_change_at - utc("2026-06-23 14:30") == timedelta(minutes=1)

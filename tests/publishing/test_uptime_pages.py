"""Uptime by month: what the pages count, what they never claim, and when they are written anew."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from incidents.domain.status import Level
from incidents.domain.uptime import Entry, Policy, month_window, uptime_percent, weighed_seconds
from incidents.publishing import months, pages, snapshot, uptime_pages
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page, file_of
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc
from tests.publishing.page_world import (
    Reading,
    add_past,
    all_pages,
    open_the_incident,
    resolve,
    set_status,
    ten_components,
    text_of,
    truth_at,
)

pytestmark = pytest.mark.django_db
JUNE = "/uptime/2026-06"


def uptime_of(truth: Snapshot) -> dict[str, Page]:
    """Every page of uptime, by its address."""
    cold = (page.render() for page in uptime_pages.cold(truth))
    return {page.path: page for page in [*uptime_pages.hot(truth), *cold]}


def keys_of(truth: Snapshot) -> dict[str, str]:
    return {page.path: page.key for page in uptime_pages.cold(truth)}


def percents(truth: Snapshot, slug: str) -> dict[str, str]:
    """The months of one component as the book counts them, `2026-06` to text."""
    book = months.book(truth)
    account = next(row for row in book.accounts if row.view.slug == slug)
    return {f"{month:%Y-%m}": months.figure(account, month, book.zone, book.now).percent for month in book.months}


def outage(component, begun: str, ended: str, level: Level = Level.MAJOR_OUTAGE):
    incident = open_incident(component, level=level, started_at=utc(begun), now=utc(begun))
    post_update(incident, "resolved", now=utc(ended))
    return incident


# --- what is counted ------------------------------------------------------------------------------------------------


def test_the_reference_incident_costs_june_what_the_formula_says():
    resolve(open_the_incident(ten_components()), utc("2026-06-23 18:15"))
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "claude-ai")["2026-06"] == "99.47", "225 of 43,200 minutes, floored"
    said = text_of(uptime_of(truth)[JUNE])
    assert "Claude.ai 99.47 % 225 min weighed downtime" in said
    assert "23 Jun 2026 3 h 45 min major outage Increased error rates" in said
    assert "Mobile apps 99.47 %, the mean of its components" in said


def test_nothing_is_rounded_up_and_weights_are_those_of_the_policy():
    api = make_component(start_date=date(2026, 6, 1), now=utc("2026-06-01 00:00"))
    outage(api, "2026-06-10 10:00:00", "2026-06-10 10:00:10")
    outage(api, "2026-06-11 10:00", "2026-06-11 11:00", Level.DEGRADED_PERFORMANCE)
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "api")["2026-06"] == "99.99", "ten seconds are not a month without trouble"
    web = make_component("Web", start_date=date(2026, 6, 1), now=utc("2026-06-01 00:00"))
    outage(web, "2026-06-10 10:00", "2026-06-10 20:00", Level.PARTIAL_OUTAGE)
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "web")["2026-06"] == "99.58", "0.3 of ten hours in 720"
    assert "Web 99.58 % 180 min weighed downtime" in text_of(uptime_of(truth)[JUNE])
    assert "API 99.99 % 0.2 min weighed downtime" in text_of(uptime_of(truth)[JUNE])


def test_before_a_component_began_there_is_no_data_and_its_first_month_is_shorter():
    make_component("Old", start_date=date(2026, 4, 1), now=utc("2026-04-01 00:00"))
    young = make_component("Young", start_date=date(2026, 6, 21), now=utc("2026-06-21 00:00"))
    outage(young, "2026-06-21 00:00", "2026-06-22 00:00")
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "young") == {"2026-07": "100", "2026-06": "90.00", "2026-05": "", "2026-04": ""}
    assert percents(truth, "old") == {"2026-07": "100", "2026-06": "100", "2026-05": "100", "2026-04": "100"}
    found = uptime_of(truth)
    assert "Old no trouble, 100 % Young no data" in text_of(found["/uptime/2026-05"])
    assert "Young Apr 2026 no data May 2026 no data Jun 2026 90.00 % Jul 2026 100 %" in text_of(found["/uptime"])


def test_every_month_is_what_the_domain_counts_over_all_intervals():
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    set_status(leaves[0], Level.PARTIAL_OUTAGE, utc("2026-06-23 15:00"))
    truth = truth_at("16:00")
    keys = [region.key for region in truth.regions]
    for leaf in truth.leaves:
        told = percents(truth, leaf.slug)
        entries = [Entry(0, row.region_key or None, row.level, row.started_at, row.ended_at) for row in leaf.intervals]
        for number in (4, 5):
            window = month_window(2026, number, "UTC")
            weighed = weighed_seconds(
                entries,
                window=window,
                now=truth.built_at,
                policy=Policy(),
                components=[0],
                regions=keys,
            )
            assert told[f"2026-0{number}"] == str(uptime_percent(window.seconds, weighed))


def test_of_regions_the_worst_counts():
    east, west = make_region("east"), make_region("west")
    api = make_component(region_ids=[east.pk, west.pk], start_date=date(2026, 6, 1), now=utc("2026-06-01 00:00"))
    for region, begun, ended in ((east, "10:00", "12:00"), (west, "12:00", "13:00")):
        for level, at in ((Level.MAJOR_OUTAGE, begun), (Level.OPERATIONAL, ended)):
            component_actions.set_component_status(
                actor=MARIA, component_id=api.pk, level=level, region_ids=(region.pk,), now=utc(f"2026-06-10 {at}")
            )
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "api")["2026-06"] == "99.72", "two hours of 720, not three"
    assert "several regions: a figure is that of their worst region" in text_of(uptime_of(truth)["/uptime"])


def test_a_day_of_23_hours_makes_a_shorter_month_and_days_begin_in_the_zone():
    page_actions.edit_page(actor=MARIA, name="Status", time_zone="Europe/Berlin", now=utc("2026-02-01 00:00"))
    api = make_component(start_date=date(2026, 3, 1), now=utc("2026-02-28 23:00"))
    outage(api, "2026-03-28 22:00", "2026-03-29 22:30")  # from 23:00 on the 28th to 00:30 on the 30th, local time
    truth = snapshot.build(utc("2026-04-02 09:00"))
    book = months.book(truth)
    account, march = book.accounts[0], date(2026, 3, 1)
    bars = {bar.day.day: bar for bar in months.days(account, march, book.zone, book.now)}
    assert [bars[day].seconds.get(Level.MAJOR_OUTAGE) for day in (27, 28, 29, 30, 31)] == [
        None, 3600, 23 * 3600, 1800, None,
    ]  # fmt: skip
    found = months.figure(account, march, book.zone, book.now)
    assert found.window == 31 * 86400 - 3600
    assert found.weighed == sum(bar.seconds.get(Level.MAJOR_OUTAGE, 0) for bar in bars.values())


def test_an_interval_over_the_end_of_a_month_is_shared_out():
    api = make_component(start_date=date(2026, 5, 1), now=utc("2026-05-01 00:00"))
    outage(api, "2026-05-31 22:00", "2026-06-01 04:00")
    found = uptime_of(snapshot.build(utc("2026-07-02 09:00")))
    assert "API 99.73 % 120 min weighed" in text_of(found["/uptime/2026-05"])
    assert "API 99.44 % 240 min weighed" in text_of(found[JUNE])
    row = "Major outage 31 May 2026, 22:00 UTC 1 Jun 2026, 04:00 UTC"
    assert f"{row} 2 h Errors" in text_of(found["/uptime/2026-05"])
    assert f"{row} 4 h Errors" in text_of(found[JUNE])


def test_an_archived_component_keeps_its_months():
    make_component("Web", start_date=date(2026, 5, 1), now=utc("2026-05-01 00:00"))
    api = make_component(start_date=date(2026, 5, 1), now=utc("2026-05-01 00:00"))
    outage(api, "2026-06-10 10:00", "2026-06-10 12:00")
    component_actions.archive_component(actor=MARIA, component_id=api.pk, now=utc("2026-06-20 00:00"))
    found = uptime_of(snapshot.build(utc("2026-07-02 09:00")))
    assert "API 99.72 % 120 min weighed downtime" in text_of(found[JUNE])
    assert "API no longer on the page" in text_of(found["/uptime"])


# --- how it is shown ------------------------------------------------------------------------------------------------


def test_the_pages_are_sound_and_every_anchor_is_there():
    leaves = ten_components()
    make_component("Main", now=utc("2026-01-01 00:00"))  # its slug is an id of the frame
    add_past(leaves)
    open_the_incident(leaves)
    truth = truth_at("15:10")
    found = {**all_pages(truth), **uptime_of(truth)}
    ids = {}
    for path, page in found.items():
        read = Reading(page)
        assert file_of(path)
        assert len(read.ids) == len(set(read.ids)), path
        assert read.headings[0] == 1, path
        assert read.headings.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(read.headings)), path
        assert not [row for row in read.attributes if row[1] == "style" or row[1].startswith("on")], path
        ids[path] = set(read.ids)
    links = [
        re.match(r"(/uptime/\d{4}-\d\d)#(.+)", value)
        for page in found.values()
        for tag, name, value in Reading(page).attributes
        if tag == "a" and name == "href"
    ]
    anchors = {match.groups() for match in links if match}
    assert len(anchors) > 50
    assert [pair for pair in anchors if pair[1] not in ids[pair[0]]] == []
    assert (JUNE, "c-main") in anchors


def test_a_calendar_begins_on_monday_and_titles_each_troubled_day():
    api = make_component("<b>A&B</b>", start_date=date(2026, 6, 3), now=utc("2026-06-03 00:00"))
    outage(api, "2026-06-23 14:30", "2026-06-23 18:15")
    body = uptime_of(snapshot.build(utc("2026-07-02 09:00")))[JUNE].body.decode()
    drawing = body[body.index('<svg class="calendar"') :]
    drawing = drawing[: drawing.index("</svg>")]
    assert re.findall(r'y="14">(\w+)<', drawing) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert drawing.count('<g class="none">') == 2, "before it began"
    assert drawing.count('<g class="ok">') == 27
    assert "<title>23 Jun 2026: 3 h 45 min major outage · Errors</title>" in drawing
    assert 'href="#i-major"' in drawing, "a shape, for whom colours say nothing"
    assert 'aria-label="&lt;b&gt;A&amp;B&lt;/b&gt;: 28 days, trouble on 1."' in drawing
    assert "<b>A" not in body


def test_the_component_page_links_to_its_months():
    api = make_component(start_date=date(2026, 5, 20), now=utc("2026-05-20 00:00"))
    outage(api, "2026-06-10 10:00", "2026-06-10 12:00")
    page = all_pages(truth_at("15:10"))["/components/api"]
    assert "Months Jun 2026 99.63 % May 2026 100 %" in text_of(page)
    assert b'href="/uptime/2026-06#api"' in page.body


def test_an_empty_installation_has_a_page_that_says_what_will_appear():
    found = uptime_of(truth_at("15:10"))
    assert set(found) == {"/uptime", JUNE}
    assert "Components and their uptime will appear here once they are added." in text_of(found["/uptime"])
    assert "No trouble is on record for this month." in text_of(found[JUNE])


# --- when it is written ---------------------------------------------------------------------------------------------


def test_bytes_and_keys_stay_while_the_truth_stays():
    leaves = ten_components()
    add_past(leaves)
    resolve(open_the_incident(leaves), utc("2026-06-23 18:15"))
    early, late = truth_at("18:30"), truth_at("23:59")
    assert keys_of(early) == keys_of(late)
    assert {path: page.body for path, page in uptime_of(early).items()} == {
        path: page.body for path, page in uptime_of(late).items()
    }


def test_trouble_touches_the_months_it_lies_in_and_no_other():
    leaves = ten_components()
    add_past(leaves)
    before = keys_of(truth_at("14:00"))
    open_the_incident(leaves)
    after = keys_of(truth_at("14:55"))
    assert [path for path in after if after[path] != before[path]] == ["/uptime", JUNE]
    assert keys_of(truth_at("15:00"))[JUNE] != after[JUNE], "while it is open its downtime grows"


def test_a_renamed_component_is_renamed_in_every_month():
    api = make_component(start_date=date(2026, 4, 1), now=utc("2026-04-01 00:00"))
    before = keys_of(truth_at("14:00"))
    component_actions.edit_component(
        actor=MARIA, component_id=api.pk, name="Models API", description="", group_id=None, region_ids=[],
        start_date=date(2026, 4, 1), is_hidden_unless_degraded=False,
    )  # fmt: skip
    after = keys_of(truth_at("14:00"))
    assert all(after[path] != before[path] for path in before)


def test_the_mean_of_a_group_is_that_of_its_components_and_moves_with_them():
    group = make_component("Models", is_group=True, now=utc("2026-05-01 00:00"))
    opus = make_component("Opus", group_id=group.pk, start_date=date(2026, 5, 1), now=utc("2026-05-01 00:00"))
    haiku = make_component("Haiku", group_id=group.pk, start_date=date(2026, 5, 1), now=utc("2026-05-01 00:00"))
    outage(opus, "2026-06-10 10:00", "2026-06-10 12:00")
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "models")["2026-06"] == "99.86"
    before = keys_of(truth)
    component_actions.archive_component(actor=MARIA, component_id=haiku.pk, now=utc("2026-07-01 00:00"))
    truth = snapshot.build(utc("2026-07-02 09:00"))
    assert percents(truth, "models")["2026-06"] == "99.72"
    assert keys_of(truth)[JUNE] != before[JUNE]


def test_the_page_of_a_group_lists_each_interval_once_the_newest_first():
    group = make_component("Models", is_group=True, now=utc("2026-05-01 00:00"))
    opus = make_component("Opus", group_id=group.pk, now=utc("2026-05-01 00:00"))
    haiku = make_component("Haiku", group_id=group.pk, now=utc("2026-05-01 00:00"))
    outage(opus, "2026-06-10 10:00", "2026-06-10 12:00")
    outage(haiku, "2026-06-12 10:00", "2026-06-12 12:00")
    outage(opus, "2026-06-14 10:00", "2026-06-14 12:00")
    body = all_pages(truth_at("15:10"))["/components/models"].body.decode()
    listed = body[body.index('class="intervals"') :]
    assert re.findall(r'datetime="2026-06-(\d\d)T10', listed[: listed.index("</table>")]) == ["14", "12", "10"]


def test_the_frame_links_to_uptime():
    make_component()
    front = next(page for page in pages.hot(truth_at("15:10")) if page.path == "/")
    assert front.body.count(b'href="/uptime"') == 2

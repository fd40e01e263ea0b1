"""Regions on the public pages: who is hit where, only while it differs, in words; and each region's days."""

from __future__ import annotations

import pytest

from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.publishing import regions, snapshot
from tests.factories import make_component, make_region, open_incident, post_update, utc
from tests.publishing.page_world import Reading, all_pages, text_of

pytestmark = pytest.mark.django_db
NOON = utc("2026-06-23 12:00")


def a_world():
    east, west = make_region("east"), make_region("west")
    api = make_component(region_ids=[east.pk, west.pk])
    store = make_component("Store", region_ids=[west.pk, make_region("north").pk])
    make_component("Web")
    return api, store, east, west


def hit(component, region, level=Level.MAJOR_OUTAGE):
    found = [ComponentChange(component.pk, level, None, (region.pk,))]
    return open_incident(components=found, now=utc("2026-06-23 10:00"))


def test_the_matrix_stands_only_while_regions_differ():
    api, _store, east, _west = a_world()
    assert regions.matrix(snapshot.build(NOON)) is None
    everywhere = open_incident(api, now=utc("2026-06-23 09:00"))
    assert regions.matrix(snapshot.build(NOON)) is None
    post_update(everywhere, "resolved", now=utc("2026-06-23 09:30"))
    incident = hit(api, east)
    found = regions.matrix(snapshot.build(NOON))
    assert found.regions == ("East", "West")
    assert [(row.view.name, row.levels) for row in found.rows] == [("API", (Level.MAJOR_OUTAGE, Level.OPERATIONAL))]
    post_update(incident, "resolved", now=utc("2026-06-23 11:00"))
    assert regions.matrix(snapshot.build(NOON)) is None


def test_the_matrix_is_a_table_that_says_each_level_in_words():
    api, store, east, west = a_world()
    hit(api, east)
    hit(store, west, Level.DEGRADED_PERFORMANCE)
    front = all_pages(snapshot.build(NOON))["/"]
    read = Reading(front)
    assert ("th", "scope", "row") in read.attributes
    words = text_of(front)
    assert "Component East West North API Major outage Operational not there" in words
    assert "Store not there Degraded performance Operational" in words
    assert len(read.ids) == len(set(read.ids))


def test_a_component_page_gives_each_region_its_days_and_its_percentage():
    api, _store, east, _west = a_world()
    post_update(hit(api, east), "resolved", now=utc("2026-06-23 11:00"))
    truth = snapshot.build(NOON)
    view = truth.components[0]
    assert [(name, percent, bars[-1].worst) for name, bars, percent in view.region_bars] == [
        ("East", "99.95", Level.MAJOR_OUTAGE),
        ("West", "100.00", Level.OPERATIONAL),
    ]
    assert view.uptime_percent == "99.95"
    page = text_of(all_pages(truth)["/components/api"])
    assert "The last 90 days by region" in page
    assert "East 99.95 % uptime" in page
    assert "West 100 % uptime" in page
    assert "by region" not in text_of(all_pages(truth)["/components/store"])


def test_a_component_is_as_available_as_its_worst_region_not_as_all_of_them_together():
    api, _store, east, west = a_world()
    first = hit(api, east)
    post_update(first, "resolved", now=utc("2026-06-23 11:00"))
    found = [ComponentChange(api.pk, Level.MAJOR_OUTAGE, None, (west.pk,))]
    second = open_incident(components=found, now=utc("2026-06-23 11:10"))
    post_update(second, "resolved", now=utc("2026-06-23 11:40"))
    assert snapshot.build(NOON).components[0].uptime_percent == "99.95"


def test_months_begin_with_the_component_and_only_days_with_trouble_are_kept():
    api = make_component(start_date=utc("2026-05-15").date(), now=utc("2026-05-15 09:00"))
    incident = open_incident(api, now=utc("2026-05-20 10:00"))
    post_update(incident, "resolved", now=utc("2026-05-20 14:04:48"))  # 1 % of seventeen days
    view = snapshot.build(NOON).components[0]
    assert [(f"{month:%Y-%m}", f"{percent:.2f}") for month, percent in view.months] == [
        ("2026-06", "100.00"),
        ("2026-05", "99.00"),
    ]
    assert [(bar.day.day, bar.worst) for bar in view.month_days] == [(20, Level.MAJOR_OUTAGE)]


def test_a_group_says_that_it_is_the_mean_over_its_components():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    make_component("Haiku", group_id=group.pk)
    post_update(open_incident(opus, now=utc("2026-06-23 10:00")), "resolved", now=utc("2026-06-23 11:00"))
    truth = snapshot.build(NOON)
    bar = truth.components[0].bars[-1]
    assert (bar.worst, bar.seconds) == (Level.MAJOR_OUTAGE, {Level.MAJOR_OUTAGE: 1_800})
    assert "mean over its components" in text_of(all_pages(truth)["/components/models"])

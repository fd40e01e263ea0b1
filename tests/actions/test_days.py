"""The day table follows the ledger through whatever is done, and says what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.actions import component as component_actions
from incidents.actions import days, ledger
from incidents.actions import page as page_actions
from incidents.actions.refusals import Refused
from incidents.counting import days as counting
from incidents.domain.days import Amounts, ComponentDays
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component, ComponentDay, ImpactInterval, PublicPage
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
START = utc("2026-03-27 20:00")
MINUTE = 60_000_000
ZONES = ("Etc/UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["update", "update", "resolve", "hand", "correct", "zone", "regions"]),
        st.integers(0, 40),  # hours since the step before
        st.sampled_from(Level),
        st.frozensets(st.integers(0, 2)),  # regions
        st.integers(0, 30),  # which interval, zone or earlier hour
    ),
    max_size=10,
)


def do(act: str, hours: int, level: Level, places: frozenset[int], choice: int, world: dict) -> None:
    api, regions, now = world["api"], world["regions"], world["now"]
    region_ids = tuple(regions[place].pk for place in places)
    since = now - timedelta(hours=choice) if choice % 3 == 0 else None
    if act in ("update", "resolve"):
        stage = "resolved" if act == "resolve" else "identified"
        changes = [] if act == "resolve" else [ComponentChange(api.pk, level, since, region_ids)]
        post_update(world["incident"], stage, components=changes, now=now)
    elif act == "hand":
        component_actions.set_component_status(
            actor=MARIA, component_id=api.pk, level=level, since=since, region_ids=region_ids, now=now
        )
    elif act == "correct":
        rows = list(ImpactInterval.objects.filter(superseded_at=None))
        if not rows:
            return
        row = rows[choice % len(rows)]
        ledger.correct_interval(
            actor=MARIA, interval_id=row.pk, level=level, started_at=row.started_at - timedelta(hours=choice),
            ended_at=row.ended_at and row.ended_at + timedelta(hours=hours - choice), reason="Logs.", now=now,
        )  # fmt: skip
    elif act == "zone":
        page_actions.edit_page(
            actor=MARIA, name="Status", time_zone=ZONES[choice % len(ZONES)], reason="Moved.", now=now
        )
    else:
        named = [region.pk for region in regions] if choice % 2 else list(region_ids)
        component_actions.edit_component(
            actor=MARIA, component_id=api.pk, name="API", description="", group_id=None, region_ids=named,
            start_date=None, is_hidden_unless_degraded=False, now=now,
        )  # fmt: skip


def check(world: dict) -> None:
    zone = PublicPage.objects.get().time_zone
    assert list(days.differences()) == []
    live = counting.counted(ImpactInterval.objects.filter(superseded_at=None), world["now"], zone)
    told = counting.figures(world["now"])
    assert without_empty(told) == without_empty(live)


def without_empty(found: Mapping[int, ComponentDays]) -> dict[int, ComponentDays]:
    return {pk: own for pk, own in found.items() if own.anywhere}


@pytest.mark.slow
@given(STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_the_table_is_as_the_ledger_says(db, steps):
    savepoint = transaction.savepoint()
    try:
        regions = [make_region(key) for key in ("east", "north", "west")]
        api = make_component(region_ids=[region.pk for region in regions])
        world = {"api": api, "regions": regions, "now": START, "incident": open_incident(api, now=START)}
        for act, hours, level, places, choice in steps:
            world["now"] += timedelta(hours=hours)
            with suppress(Refused):
                do(act, hours, level, places, choice, world)
            check(world)
    finally:
        transaction.savepoint_rollback(savepoint)


def an_outage(component: Component, start: str, end: str, **given: Any) -> None:
    incident = open_incident(component, now=utc(start), **given)
    post_update(incident, "resolved", now=utc(end))


def rows() -> list[tuple]:
    return list(
        ComponentDay.objects.order_by("day", "region").values_list("region__key", "day__day", "major_us", "partial_us")
    )


def test_only_days_with_trouble_have_rows_and_an_open_interval_has_none():
    api = make_component()
    incident = open_incident(api, now=utc("2026-06-22 23:30"))
    assert rows() == []
    assert counting.figures(utc("2026-06-22 23:40"))[api.pk].anywhere == {
        utc("2026-06-22").date(): Amounts(major=10 * MINUTE)
    }
    post_update(incident, "resolved", now=utc("2026-06-23 00:45"))
    assert rows() == [(None, 22, 30 * MINUTE, 0), (None, 23, 45 * MINUTE, 0)]


def test_a_region_has_a_row_only_on_days_on_which_it_differs():
    east, west = make_region("east"), make_region("west")
    api = make_component(region_ids=[east.pk, west.pk])
    an_outage(api, "2026-06-22 10:00", "2026-06-22 11:00")
    one_place = [ComponentChange(api.pk, Level.PARTIAL_OUTAGE, None, (east.pk,))]
    incident = open_incident(components=one_place, now=utc("2026-06-23 10:00"))
    post_update(incident, "resolved", now=utc("2026-06-23 10:20"))
    found = rows()
    assert (None, 22, 60 * MINUTE, 0) in found
    assert sorted(row for row in found if row[0]) == [("west", 23, 0, 0)]


def test_a_correction_takes_back_what_never_was():
    api = make_component()
    an_outage(api, "2026-06-22 10:00", "2026-06-22 11:00")
    row = ImpactInterval.objects.get()
    ledger.correct_interval(
        actor=MARIA, interval_id=row.pk, level=Level.OPERATIONAL, started_at=row.started_at, ended_at=row.ended_at,
        reason="A false alarm.", now=utc("2026-06-23 09:00"),
    )  # fmt: skip
    assert rows() == []


def test_another_zone_of_the_page_cuts_the_days_elsewhere():
    api = make_component()
    an_outage(api, "2026-06-22 22:30", "2026-06-22 23:30")
    page_actions.edit_page(
        actor=MARIA, name="Status", time_zone="Europe/Berlin", reason="Moved.", now=utc("2026-06-24 09:00")
    )
    assert rows() == [(None, 23, 60 * MINUTE, 0)]
    page_actions.edit_page(
        actor=MARIA, name="Status", time_zone="America/New_York", reason="Moved.", now=utc("2026-06-24 09:00")
    )
    assert rows() == [(None, 22, 60 * MINUTE, 0)]


def test_the_command_says_which_rows_differ_and_mends_them():
    api = make_component()
    an_outage(api, "2026-06-22 10:00", "2026-06-22 11:00")
    call_command("rebuild_days", "--check", stdout=StringIO())
    ComponentDay.objects.update(major_us=1)
    ComponentDay.objects.create(component=api, day=utc("2026-06-20").date(), partial_us=5)
    told = StringIO()
    with pytest.raises(CommandError, match="differ from the ledger: 2"):
        call_command("rebuild_days", "--check", stdout=told)
    assert "2026-06-20" in told.getvalue()
    assert "major 1 us" in told.getvalue()
    call_command("rebuild_days", stdout=StringIO())
    assert rows() == [(None, 22, 60 * MINUTE, 0)]
    call_command("rebuild_days", "--check", stdout=StringIO())


def test_reading_and_renewing_take_the_same_queries_whatever_there_is():
    def grow(count: int) -> None:
        for number in range(count):
            api = make_component(f"API {Component.objects.count()}")
            an_outage(api, f"2026-06-{10 + number:02} 10:00", f"2026-06-{11 + number:02} 11:00")
            open_incident(api, now=utc("2026-06-22 10:00"))

    def queries() -> tuple[int, int]:
        api = Component.objects.first()
        ComponentDay.objects.filter(component=api).update(major_us=1)
        with CaptureQueriesContext(connection) as reading:
            counting.figures(utc("2026-06-23 10:00"))
        with CaptureQueriesContext(connection) as renewing, transaction.atomic():
            days.renew([api.pk], utc("2026-06-01 10:00"))
        return len(reading), len(renewing)

    grow(2)
    few = queries()
    grow(8)
    assert queries() == few
    assert few[0] <= 4
    assert few[1] <= 8

"""Maintenance that comes again: each occurrence is announced once, near enough, and is ordinary maintenance then."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from incidents.actions import series
from incidents.actions.component import archive_component
from incidents.actions.maintenance import change_window
from incidents.actions.refusals import Conflict, Refused
from incidents.models import Incident, MaintenanceSeries
from tests.factories import MARIA, make_component, utc

pytestmark = pytest.mark.django_db
T0 = utc("2026-06-01 09:00")
DAY = timedelta(days=1)


def values(**overrides: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "actor": MARIA, "title": "Weekly restart", "body": "We restart.", "rrule": "FREQ=WEEKLY;BYDAY=TU",
        "first_day": date(2026, 6, 1), "starts_at": time(22, 0), "zone": "Europe/Berlin", "duration_minutes": 90,
        "now": T0,
    }  # fmt: skip
    if "scope" not in overrides:
        given["scope"] = [(make_component(now=T0).pk, ())]
    return given | overrides


def windows() -> list[tuple[datetime | None, datetime | None]]:
    rows = Incident.objects.order_by("scheduled_for")
    return [(row.scheduled_for, row.scheduled_until) for row in rows]


def test_what_is_near_is_announced_and_nothing_twice():
    added = series.add_series(**values(reminder_lead_minutes=[60]))
    assert series.announce_due(T0) == 2
    assert series.announce_due(T0) == 0
    assert windows() == [
        (utc("2026-06-02 20:00"), utc("2026-06-02 21:30")), (utc("2026-06-09 20:00"), utc("2026-06-09 21:30")),
    ]  # fmt: skip
    row = Incident.objects.earliest("scheduled_for")
    assert (row.kind, row.stage, row.series, row.occurrence_at) == (
        "maintenance",
        "scheduled",
        added,
        row.scheduled_for,
    )
    assert row.next_step_at == utc("2026-06-02 19:00")
    assert [series.announce_due(T0 + number * DAY) for number in range(1, 9)] == [0, 1, 0, 0, 0, 0, 0, 0]
    assert Incident.objects.count() == 3


def test_the_forgotten_mark_of_what_was_announced_announces_nothing_twice():
    series.add_series(**values())
    series.announce_due(T0)
    before = windows()
    MaintenanceSeries.objects.update(announced_until=None)
    assert series.announce_due(T0) == 0
    assert windows() == before


def test_one_call_announces_twenty_at_most_and_the_next_goes_on():
    series.add_series(**values(rrule="FREQ=DAILY", announce_days=30))
    assert [series.announce_due(T0) for _ in range(3)] == [20, 10, 0]
    starts = [begin for begin, _end in windows()]
    assert len(starts) == len(set(starts)) == 30


def test_an_occurrence_that_was_moved_by_hand_stays_where_it_is():
    series.add_series(**values())
    series.announce_due(T0)
    row = Incident.objects.earliest("scheduled_for")
    begin, end = utc("2026-06-03 20:00"), utc("2026-06-03 21:00")
    change_window(actor=MARIA, incident_id=row.pk, scheduled_for=begin, scheduled_until=end, body="Moved.", now=T0)
    MaintenanceSeries.objects.update(announced_until=None)
    assert series.announce_due(T0) == 0
    assert windows()[0] == (begin, end)


def test_an_edit_leaves_what_was_announced_and_changes_what_follows():
    scope = [(make_component(now=T0).pk, ())]
    added = series.add_series(**values(scope=scope))
    series.announce_due(T0)
    before = windows()
    new = values(scope=scope, rrule="FREQ=WEEKLY;BYDAY=TH", series_id=added.pk, seen_version=1)
    assert series.edit_series(**new).version == 2
    assert series.announce_due(T0 + 14 * DAY) == 2
    assert windows()[:2] == before
    assert windows()[2][0] == utc("2026-06-18 20:00")
    with pytest.raises(Conflict):
        series.edit_series(**new)


def test_what_has_ended_announces_nothing_and_what_was_announced_stays():
    added = series.add_series(**values())
    series.announce_due(T0)
    series.end_series(actor=MARIA, series_id=added.pk, now=T0)
    assert series.announce_due(T0 + 30 * DAY) == 0
    assert Incident.objects.count() == 2
    for act in (lambda: series.end_series(actor=MARIA, series_id=added.pk),
                lambda: series.edit_series(**values(scope=[]), series_id=added.pk)):  # fmt: skip
        with pytest.raises(Refused, match="has ended"):
            act()


def test_after_a_long_stop_only_what_is_still_to_come_is_announced():
    series.add_series(**values())
    series.announce_due(T0)
    late = T0 + 60 * DAY
    series.announce_due(late)
    assert all(begin and begin > late for begin, _end in windows()[2:])


def test_a_component_that_is_gone_is_left_out_and_without_any_nothing_is_announced():
    api, web = make_component(now=T0), make_component("Web", now=T0)
    series.add_series(**values(scope=[(api.pk, ()), (web.pk, ())]))
    archive_component(actor=MARIA, component_id=web.pk, now=T0)
    assert series.announce_due(T0) == 2
    assert list(Incident.objects.earliest("id").scope.values_list("component", flat=True)) == [api.pk]
    archive_component(actor=MARIA, component_id=api.pk, now=T0)
    assert series.announce_due(T0 + 14 * DAY) == 0


@pytest.mark.parametrize(
    ("field", "overrides"),
    [
        ("rrule", {"rrule": "FREQ=HOURLY"}), ("rrule", {"rrule": "every week"}),
        ("rrule", {"rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}), ("rrule", {"rrule": "FREQ=DAILY;UNTIL=20260101"}),
        ("zone", {"zone": "Mars/Olympus"}), ("zone", {"zone": "../../etc/passwd"}), ("zone", {"zone": ""}),
        ("duration_minutes", {"duration_minutes": 0}), ("announce_days", {"announce_days": 0}),
        ("announce_days", {"announce_days": 367}), ("first_day", {"first_day": date(1, 1, 1)}),
        ("components", {"scope": []}), ("reminder_lead_minutes", {"reminder_lead_minutes": [0]}),
        ("title", {"title": ""}), ("body", {"body": ""}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_writes_nothing(field, overrides):
    with pytest.raises(Refused) as refused:
        series.add_series(**values(**overrides))
    assert refused.value.field == field
    assert not MaintenanceSeries.objects.exists()

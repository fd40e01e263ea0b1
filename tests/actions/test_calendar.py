"""Business calendars: loaded, imported, typed; what cannot be counted by is refused and nothing is written."""

from __future__ import annotations

from datetime import time

import pytest

from incidents.actions.refusals import Conflict, Refused
from incidents.models import BusinessCalendar
from tests.factories import STRANGER, utc
from tests.promise_world import make_calendar, make_policy

pytestmark = pytest.mark.django_db
NOW = utc("2026-06-01 12:00")
FEAST = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260703
DTEND;VALUE=DATE:20260705
SUMMARY:Summer days
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20200501
RRULE:FREQ=YEARLY;UNTIL=20271231T000000Z
SUMMARY:May Day
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20260812T090000Z
DTEND:20260812T170000Z
SUMMARY:Outing\\, all of us
END:VEVENT
BEGIN:VEVENT
UID:4
DTSTART;VALUE=DATE:20260901
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
"""


def test_the_holidays_of_a_country_are_loaded_for_the_years_around_now():
    row = make_calendar(country="us", zone="America/Los_Angeles", now=NOW)
    names = {each["date"]: each["name"] for each in row.holidays}
    assert names["2026-06-19"].startswith("Juneteenth")
    assert {day[:4] for day in names} == {"2025", "2026", "2027", "2028", "2029"}
    england = make_calendar(name="London", country="GB", subdivision="ENG", zone="Europe/London", now=NOW)
    assert "2026-08-31" in {each["date"] for each in england.holidays}


def test_an_icalendar_text_is_imported_day_by_day_and_added_to_what_was_typed():
    row = make_calendar(icalendar=FEAST, holidays=[{"date": "2026-07-03", "name": "Ours"}], now=NOW)
    found = {each["date"]: each["name"] for each in row.holidays}
    assert found["2026-07-03"] == "Ours"
    assert found["2026-07-04"] == "Summer days"
    assert found["2026-08-12"] == "Outing, all of us"
    assert [day for day in found if day.endswith("-05-01")] == ["2025-05-01", "2026-05-01", "2027-05-01"]
    assert "2026-09-01" not in found
    assert "2026-07-05" not in found


@pytest.mark.parametrize(
    "text",
    [
        "no calendar", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR", "\x00\x01", "\ud800",
        FEAST.replace("FREQ=YEARLY", "FREQ=SECONDLY"), FEAST.replace("FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=0"),
        FEAST.replace("20260703", "20261399"), FEAST.replace("DTSTART", "DTSTOP"),
        FEAST.replace("20260705", "99991231"), FEAST.replace("20260703", "19000101").replace("20260705", "19000102")
        .replace("20200501", "19500501").replace("RRULE", "X").replace("20260812", "19000101"),
        "x" * 1_000_001,
    ],
)  # fmt: skip
def test_a_broken_calendar_is_refused_with_a_sentence_and_nothing_is_written(text):
    with pytest.raises(Refused, match=r"\.$") as refusal:
        make_calendar(icalendar=text, now=NOW)
    assert refusal.value.field == "icalendar"
    assert not BusinessCalendar.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"weekend": range(7)}, "weekend"),
        ({"weekend": [7]}, "weekend"),
        ({"country": "XX"}, "country"),
        ({"country": "GB", "subdivision": "XXX"}, "subdivision"),
        ({"subdivision": "ENG"}, "country"),
        ({"holidays": [{"date": "2026-02-30", "name": ""}]}, "holidays"),
        ({"holidays": [{"name": ""}]}, "holidays"),
        ({"opens_at": time(9)}, "closes_at"),
        ({"opens_at": time(9), "closes_at": time(8)}, "closes_at"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_what_cannot_be_counted_by_is_refused_at_its_field(given, field):
    with pytest.raises(Refused) as refusal:
        make_calendar(**given)
    assert refusal.value.field == field
    assert not BusinessCalendar.objects.exists()


def test_only_an_administrator_changes_calendars_and_nobody_by_a_stale_form():
    with pytest.raises(Refused, match="administrator"):
        make_calendar(actor=STRANGER)
    row = make_calendar()
    make_calendar(calendar_id=row.pk, seen_version=1, zone="Europe/Berlin")
    with pytest.raises(Conflict):
        make_calendar(calendar_id=row.pk, seen_version=1)
    with pytest.raises(Refused, match="of that name"):
        make_calendar()


def test_hours_that_a_policy_needs_cannot_be_taken_away():
    row = make_calendar(opens_at=time(9), closes_at=time(17))
    make_policy(cut_off="business_close")
    with pytest.raises(Refused, match="“Review”"):
        make_calendar(calendar_id=row.pk)

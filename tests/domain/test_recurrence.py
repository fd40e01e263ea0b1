"""Rules that come again: read strictly, counted in wall time, and never for long."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.domain.recurrence import NotARule, has_occurrence, occurrences, parse_rule
from tests.factories import utc

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 1, 1)
BEFORE, AFTERWARDS = utc("2025-12-31 00:00"), utc("2026-12-31 00:00")


def starts(
    text: str,
    first_day: date = FIRST,
    at: time = time(2, 30),
    zone: ZoneInfo = BERLIN,
    after: datetime = BEFORE,
    until: datetime = AFTERWARDS,
) -> list[datetime]:
    return occurrences(parse_rule(text), first_day, at, zone, after, until)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "hello", "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "FREQ=", "INTERVAL=2", "x" * 301,
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=99999999", "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1001", "FREQ=DAILY;COUNT=3;UNTIL=20270101", "FREQ=DAILY;UNTIL=2027", "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYMONTH=,", "FREQ=DAILY;BYHOUR=2", "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY\nRRULE:FREQ=DAILY", "DTSTART:20260101\nRRULE:FREQ=DAILY", "FREQ=MONTHLY;BYSETPOS=0",
        "FREQ=DAILY;" + "A" * 200,
    ],
)  # fmt: skip
def test_what_is_not_a_rule_for_whole_days_is_refused(text):
    with pytest.raises(NotARule):
        parse_rule(text)


@pytest.mark.parametrize(
    "text",
    ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=99",
     "FREQ=YEARLY;BYDAY=99MO", "FREQ=YEARLY;BYWEEKNO=99", "FREQ=DAILY;UNTIL=20200101"],
)  # fmt: skip
def test_a_rule_that_never_comes_true_is_found_out_soon(text):
    begun = clock.monotonic()
    assert not has_occurrence(parse_rule(text), FIRST, time(2), BERLIN, utc("2026-01-01 00:00"))
    assert clock.monotonic() - begun < 5


def test_the_first_sunday_of_each_month():
    found = starts("RRULE:FREQ=MONTHLY;BYDAY=1SU", until=utc("2026-04-30 00:00"))
    assert [f"{at:%m-%d}" for at in found] == ["01-04", "02-01", "03-01", "04-05"]


def test_count_and_the_last_day_end_it():
    assert len(starts("FREQ=DAILY;COUNT=3")) == 3
    assert len(starts("FREQ=DAILY;UNTIL=20260104")) == 4
    assert len(starts("FREQ=DAILY;UNTIL=20260104T013000Z")) == 4, "02:30 in Berlin is 01:30 UTC"
    assert len(starts("FREQ=DAILY;UNTIL=20260104T012959Z")) == 3


def test_what_was_is_left_out_and_what_is_far_is_too():
    found = starts("FREQ=DAILY", after=utc("2026-02-01 01:30"), until=utc("2026-02-04 01:30"))
    assert found == [utc("2026-02-02 01:30"), utc("2026-02-03 01:30"), utc("2026-02-04 01:30")]


def test_a_wall_time_that_is_left_out_comes_an_hour_later_and_one_that_comes_twice_is_the_first():
    spring = starts("FREQ=DAILY", first_day=date(2026, 3, 28), until=utc("2026-03-31 00:00"))
    assert spring == [utc("2026-03-28 01:30"), utc("2026-03-29 01:30"), utc("2026-03-30 00:30")]
    assert f"{spring[1].astimezone(BERLIN):%H:%M}" == "03:30"
    autumn = starts("FREQ=DAILY", first_day=date(2026, 10, 24), until=utc("2026-10-27 00:00"))
    assert autumn == [utc("2026-10-24 00:30"), utc("2026-10-25 00:30"), utc("2026-10-26 01:30")]


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"])
def test_the_wall_time_stays_across_the_year(name):
    zone = ZoneInfo(name)
    found = starts("FREQ=WEEKLY;BYDAY=TU", at=time(22, 15), zone=zone)
    assert {(at.astimezone(zone).weekday(), f"{at.astimezone(zone):%H:%M}") for at in found} == {(1, "22:15")}
    assert len(found) in (51, 52)


@settings(max_examples=60, deadline=None)
@given(
    first=st.dates(date(2000, 1, 1), date(2200, 12, 31)),
    interval=st.integers(1, 40),
    freq=st.sampled_from(["DAILY", "WEEKLY"]),
    at=st.times(),
)
def test_days_are_as_far_apart_as_the_rule_says_in_whichever_century(first, interval, freq, at):
    """The 400 years by which days are shifted must be seen in no date."""
    begin = datetime.combine(first, at, UTC)
    found = occurrences(
        parse_rule(f"FREQ={freq};INTERVAL={interval}"), first, at, ZoneInfo("UTC"),
        begin - timedelta(seconds=1), begin + timedelta(days=900), 3,
    )  # fmt: skip
    step = timedelta(days=interval * (7 if freq == "WEEKLY" else 1))
    assert [moment.replace(microsecond=0) for moment in found] == [
        (begin + number * step).replace(microsecond=0) for number in range(3)
    ]


@settings(max_examples=200, deadline=2000)
@given(st.text("FREQ=DAILYWKMONTH;BYSUP,+-0123456789\n: é", max_size=60))
def test_no_text_does_anything_but_be_read_or_be_refused(text):
    try:
        rule = parse_rule(text)
    except NotARule:
        return
    occurrences(rule, FIRST, time(0), BERLIN, utc("2026-01-01 00:00"), utc("2027-01-01 00:00"))

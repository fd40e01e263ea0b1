"""A promise falls due at the right instant, in the zone of its calendar, and stands as its times say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.due import MOST, Terms, due_at, soon_at, state_of, terms_from
from incidents.domain.promises import CutOff, PromiseState, StartRule, Unit

LOS_ANGELES = "America/Los_Angeles"
FIVE = Terms(quantity=5, unit=Unit.BUSINESS_DAYS)


def local(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def us() -> frozenset[date]:
    return frozenset(holidays.country_holidays("US", years=range(2025, 2027)))


def england() -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=range(2025, 2027)))


def due_day(terms: Terms, anchor: datetime) -> date:
    return due_at(terms, anchor).astimezone(ZoneInfo(terms.zone)).date()


def test_the_review_of_the_reference_incident_is_due_at_the_end_of_the_thirtieth_of_june():
    assert due_at(FIVE, local("2026-06-23 18:15")) == datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("resolved", "zone", "days_off", "due"),
    [
        pytest.param("2025-11-21 17:00", LOS_ANGELES, us, "2025-12-01", id="V1"),
        pytest.param("2025-11-21 17:00", LOS_ANGELES, frozenset, "2025-11-28", id="V1 without holidays"),
        pytest.param("2025-12-24 10:00", "Europe/London", england, "2026-01-05", id="V2"),
        pytest.param("2025-12-24 10:00", "Europe/London", frozenset, "2025-12-31", id="V2 without holidays"),
        pytest.param("2026-02-14 12:00", "America/New_York", us, "2026-02-23", id="V3"),
        pytest.param("2026-02-14 12:00", "America/New_York", frozenset, "2026-02-20", id="V3 without holidays"),
        pytest.param("2026-03-06 20:00", LOS_ANGELES, frozenset, "2026-03-13", id="V4"),
        pytest.param("2025-06-12 18:18", LOS_ANGELES, us, "2025-06-20", id="V6"),
        pytest.param("2025-06-12 18:18", LOS_ANGELES, frozenset, "2025-06-19", id="V6 without holidays"),
        pytest.param("2025-12-05 09:12", "UTC", frozenset, "2025-12-12", id="V7"),
    ],
)
def test_five_business_days_end_on_the_day_of_the_vector(resolved, zone, days_off, due):
    terms = replace(FIVE, zone=zone, holidays=days_off())
    assert due_day(terms, local(resolved, zone)) == date.fromisoformat(due)


def test_v4_the_day_ends_by_the_clocks_of_that_day():
    terms = replace(FIVE, zone=LOS_ANGELES)
    assert due_at(terms, local("2026-03-06 20:00", LOS_ANGELES)) == local("2026-03-14 06:59:59")


def test_v5_the_zone_is_part_of_the_promise():
    anchor = local("2025-10-30 00:05")
    assert due_day(FIVE, anchor) == date(2025, 11, 6)
    assert due_day(replace(FIVE, zone=LOS_ANGELES), anchor) == date(2025, 11, 5)


def test_hours_pass_on_the_clock_whatever_the_clocks_do():
    terms = Terms(quantity=72, unit=Unit.HOURS, zone=LOS_ANGELES)
    anchor = local("2026-03-06 20:00", LOS_ANGELES)
    assert due_at(terms, anchor) - anchor.astimezone(UTC) == timedelta(hours=72)


def test_weeks_and_calendar_days_count_every_day():
    anchor = local("2025-12-24 10:00")
    assert due_day(Terms(2, Unit.WEEKS, holidays=england()), anchor) == date(2026, 1, 7)
    assert due_day(Terms(14, Unit.CALENDAR_DAYS, holidays=england()), anchor) == date(2026, 1, 7)


@pytest.mark.parametrize(
    ("cut_off", "due"),
    [
        (CutOff.END_OF_DAY, "2026-06-30 23:59:59"),
        (CutOff.SAME_TIME, "2026-06-30 18:15"),
        (CutOff.NOON, "2026-06-30 12:00"),
        (CutOff.BUSINESS_CLOSE, "2026-06-30 17:30"),
    ],
)
def test_the_cut_off_says_when_the_last_day_is_over(cut_off, due):
    terms = replace(FIVE, cut_off=cut_off, closes_at=time(17, 30))
    assert due_at(terms, local("2026-06-23 18:15")) == local(due)


def test_at_once_counts_the_day_itself_and_never_ends_before_it_began():
    one = Terms(1, Unit.BUSINESS_DAYS, start_rule=StartRule.IMMEDIATE)
    anchor = local("2026-06-23 18:15")
    assert due_at(one, anchor) == local("2026-06-23 23:59:59")
    assert due_at(replace(one, cut_off=CutOff.NOON), anchor) == local("2026-06-24 12:00")
    assert due_at(replace(one, cut_off=CutOff.SAME_TIME), anchor) == local("2026-06-24 18:15")


def test_after_hours_the_next_business_day_is_the_first():
    rule = StartRule.NEXT_BUSINESS_DAY_IF_AFTER_HOURS
    one = Terms(1, Unit.BUSINESS_DAYS, start_rule=rule, opens_at=time(9), closes_at=time(17))
    assert due_day(one, local("2026-06-23 16:59")) == date(2026, 6, 23)
    assert due_day(one, local("2026-06-23 17:00")) == date(2026, 6, 24)
    assert due_day(one, local("2026-06-26 18:00")) == date(2026, 6, 29)
    hours = replace(one, unit=Unit.HOURS, quantity=4)
    assert due_at(hours, local("2026-06-26 18:00")) == local("2026-06-29 13:00")


def test_a_time_that_the_clocks_skip_is_the_one_they_show_instead():
    terms = Terms(1, Unit.CALENDAR_DAYS, cut_off=CutOff.SAME_TIME, zone=LOS_ANGELES)
    assert due_at(terms, local("2026-03-07 02:30", LOS_ANGELES)) == local("2026-03-08 10:30")


@pytest.mark.parametrize(
    "terms",
    [
        replace(FIVE, quantity=0),
        replace(FIVE, quantity=-1),
        replace(FIVE, quantity=10**9),
        replace(FIVE, weekend=frozenset(range(7))),
        replace(FIVE, cut_off=CutOff.BUSINESS_CLOSE),
        replace(FIVE, holidays=frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(366 * 13))),
    ],
)
def test_terms_that_never_fall_due_are_refused(terms):
    with pytest.raises(ValueError, match=r"\w"):
        due_at(terms, local("2026-06-23 18:15"))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(ZoneInfoNotFoundError):
        due_at(replace(FIVE, zone=zone), local("2026-06-23 18:15"))


def test_terms_come_back_from_what_a_promise_keeps():
    kept = {
        "quantity": 5, "unit": "business_days", "cut_off": "noon", "start_rule": "exclude_anchor_day", "zone": "UTC",
        "weekend": [4, 5], "holidays": [{"date": "2026-06-24", "name": "Midsummer"}], "closes_at": "17:00",
    }  # fmt: skip
    terms = terms_from(kept)
    assert terms.holidays == {date(2026, 6, 24)}
    assert (terms.closes_at, terms.opens_at, terms.weekend) == (time(17), None, frozenset({4, 5}))


ANCHORS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
ZONES = st.sampled_from(["UTC", LOS_ANGELES, "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"])
TERMS = st.builds(
    Terms,
    quantity=st.integers(1, 40),
    unit=st.sampled_from(Unit),
    cut_off=st.sampled_from(CutOff),
    start_rule=st.sampled_from(StartRule),
    zone=ZONES,
    weekend=st.frozensets(st.integers(0, 6), max_size=6),
    holidays=st.frozensets(st.dates(date(2000, 1, 1), date(2040, 12, 31)), max_size=20),
    opens_at=st.just(time(9)),
    closes_at=st.just(time(17)),
)


@given(TERMS, ANCHORS)
def test_a_promise_is_due_after_it_began_and_on_a_day_that_counts(terms, anchor):
    due = due_at(terms, anchor)
    assert due > anchor
    # Where the clocks leave out a whole day (Apia, 2011) its promise is due in the next.
    if terms.unit == Unit.BUSINESS_DAYS and terms.zone != "Pacific/Apia":
        assert terms.is_business_day(due.astimezone(ZoneInfo(terms.zone)).date())


@given(TERMS, ANCHORS)
def test_a_longer_promise_is_due_later(terms, anchor):
    assert due_at(replace(terms, quantity=terms.quantity + 1), anchor) >= due_at(terms, anchor)


@given(TERMS, ANCHORS, st.dates(date(2000, 1, 1), date(2040, 12, 31)))
def test_a_holiday_more_never_brings_a_due_date_forward(terms, anchor, day):
    assert due_at(replace(terms, holidays=terms.holidays | {day}), anchor) >= due_at(terms, anchor)


@given(st.sampled_from(Unit), ANCHORS)
def test_the_most_of_each_unit_can_be_promised(unit, anchor):
    assert due_at(Terms(MOST[unit], unit), anchor) > anchor


BEGIN, DUE = local("2026-06-23 00:00"), local("2026-07-03 00:00")


def state(now: str, **given_times) -> PromiseState:
    times = {"anchor_at": BEGIN, "first_due_at": DUE, "due_at": DUE} | given_times
    return state_of(now=local(now), **times)


def test_a_promise_runs_is_due_soon_at_four_fifths_and_is_missed_after_its_time():
    assert soon_at(BEGIN, DUE) == local("2026-07-01 00:00")
    assert state("2026-06-30 23:59:59") == PromiseState.RUNNING
    assert state("2026-07-01 00:00") == PromiseState.DUE_SOON
    assert state("2026-07-03 00:00") == PromiseState.DUE_SOON
    assert state("2026-07-03 00:00:01") == PromiseState.MISSED


def test_what_is_kept_after_it_was_first_due_is_kept_late_put_off_or_not():
    later = local("2026-07-10 00:00")
    assert state("2026-08-01", fulfilled_at=DUE) == PromiseState.MET
    assert state("2026-08-01", fulfilled_at=later) == PromiseState.MET_LATE
    assert state("2026-08-01", due_at=later, fulfilled_at=later) == PromiseState.MET_LATE
    assert state("2026-07-05", due_at=later) == PromiseState.RUNNING
    assert state("2026-07-05", due_at=later, is_missed=True) == PromiseState.MISSED
    assert state("2026-08-01", waived_at=later) == PromiseState.WAIVED

"""Days of components: each instant once, days as long as clocks make them, percentages as the contract says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain import days
from incidents.domain.days import NOTHING, Amounts, Calendar, ComponentDays, Stretch, calendar_of, days_of
from incidents.domain.intervals import Span, worst_by_instant
from incidents.domain.status import Level

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = datetime(2026, 3, 20, tzinfo=UTC)
NOW = START + timedelta(days=30)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
LEVELS = [level for level in Level if level != Level.OPERATIONAL]

moments = st.integers(0, 30 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def some_stretches(draw: st.DrawFn) -> list[Stretch]:
    """A few intervals of one component in thirty days; some are open."""
    found: list[Stretch] = []
    for _ in range(draw(st.integers(0, 6))):
        start, end = sorted((draw(moments), draw(moments)))
        level, region = draw(st.sampled_from(LEVELS)), draw(st.sampled_from([None, "east", "west"]))
        found.append((start, draw(st.sampled_from([end, end, None])), level, region))
    return found


def counted(stretches: list[Stretch], zone: str = "UTC", now: datetime = NOW) -> ComponentDays:
    return days_of(stretches, calendar_of(stretches, now, zone), now, ("east", "west"))


def summed(own: days.ByDay) -> Amounts:
    return days.total(own, date.min, date.max)


@given(some_stretches(), st.sampled_from(ZONES))
def test_days_hold_what_an_independent_count_of_each_instant_gives(stretches: list[Stretch], zone: str) -> None:
    own = counted(stretches, zone)
    calendar = calendar_of(stretches, NOW, zone)
    plain = [(start, end, Level(level)) for start, end, level, _region in stretches]
    for day in calendar.days:
        whole = Span(*(days.beginning(edge, zone) for edge in (day, day + timedelta(days=1))))
        found = dict.fromkeys(LEVELS, 0)
        for segment in worst_by_instant(plain, NOW, whole):
            found[segment.level] += int(segment.seconds * SECOND)
        assert own.anywhere.get(day, NOTHING) == Amounts(
            found[Level.MAJOR_OUTAGE],
            found[Level.PARTIAL_OUTAGE],
            found[Level.DEGRADED_PERFORMANCE],
            found[Level.UNDER_MAINTENANCE],
        )


@given(some_stretches())
def test_an_instant_counts_once_however_many_intervals_hold_it(stretches: list[Stretch]) -> None:
    union = summed(counted(stretches).anywhere)
    alone = [summed(counted([stretch]).anywhere) for stretch in stretches]
    assert sum(union) <= sum(sum(amounts) for amounts in alone)
    assert union.weighed <= sum(amounts.weighed for amounts in alone)


@given(some_stretches(), st.integers(0, 30))
def test_two_windows_that_touch_add_up(stretches: list[Stretch], at: int) -> None:
    own = counted(stretches).anywhere
    cut = START.date() + timedelta(days=at)
    before, after = days.total(own, date.min, cut - timedelta(days=1)), days.total(own, cut, date.max)
    assert Amounts(*(one + other for one, other in zip(before, after, strict=True))) == summed(own)


@given(some_stretches(), some_stretches())
def test_more_trouble_never_weighs_less(stretches: list[Stretch], more: list[Stretch]) -> None:
    assert summed(counted([*stretches, *more]).anywhere).weighed >= summed(counted(stretches).anywhere).weighed


@given(some_stretches(), moments, st.sampled_from(ZONES))
def test_splitting_an_interval_changes_nothing(stretches: list[Stretch], cut: datetime, zone: str) -> None:
    halves: list[Stretch] = []
    for start, end, level, region in stretches:
        if start < cut < (end or NOW):
            halves += [(start, cut, level, region), (cut, end, level, region)]
        else:
            halves.append((start, end, level, region))
    assert counted(halves, zone) == counted(stretches, zone)


@given(some_stretches())
def test_a_region_counts_its_own_and_what_is_everywhere(stretches: list[Stretch]) -> None:
    own = counted(stretches)
    for region in ("east", "west"):
        theirs: list[Stretch] = [
            (start, end, level, None) for start, end, level, place in stretches if place in (None, region)
        ]
        assert own.of_region(region) == counted(theirs).anywhere
        assert summed(own.of_region(region)).weighed <= summed(own.anywhere).weighed


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("America/Havana", date(2026, 3, 8), 23),  # its midnight does not exist
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float) -> None:
    around = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    stretch = (around - timedelta(days=2), around + timedelta(days=3), Level.MAJOR_OUTAGE, None)
    own = counted([stretch], zone, now=around + timedelta(days=4))
    assert own.anywhere[day].major == hours * HOUR == days.length_us(day, day, zone)
    bar = days.bars_of([own.anywhere], Calendar(day, day, zone))[0]
    assert (bar.length_seconds, bar.seconds) == (hours * 3_600, {Level.MAJOR_OUTAGE: hours * 3_600})


@pytest.mark.parametrize(
    ("major", "partial", "length", "percent"),
    [
        (0, 0, 90 * DAY, "100"),
        (7_776 * SECOND // 10, 0, 90 * DAY, "99.99"),
        (1, 0, 90 * DAY, "99.99"),  # never rounded up
        (0, 10 * HOUR, 90 * DAY, "99.86"),
        (3 * HOUR, 10 * HOUR, 90 * DAY, "99.72"),
        (DAY, 0, DAY, "0.00"),
        (0, DAY, DAY, "70.00"),
    ],
)
def test_known_answers_of_the_formula(major: int, partial: int, length: int, percent: str) -> None:
    assert days.percent(length, Amounts(major, partial, DAY, DAY).weighed) == Decimal(percent)


def test_no_window_is_no_data_and_not_full_uptime() -> None:
    assert days.percent(0, 0) is None


@given(st.integers(0, DAY), st.integers(0, DAY), st.integers(0, DAY))
def test_a_heavier_level_never_gives_a_better_percentage(major: int, partial: int, shift: int) -> None:
    shift = min(shift, partial)
    lighter = days.percent(3 * DAY, Amounts(major, partial).weighed)
    heavier = days.percent(3 * DAY, Amounts(major + shift, partial - shift).weighed)
    assert lighter is not None
    assert heavier is not None
    assert heavier <= lighter


def test_the_worst_region_is_that_with_the_most_weighed_time_in_the_window() -> None:
    """The second vector of the scenario: 69 minutes in one region, 18 in the other; the worst counts, 69."""
    nine = datetime(2026, 4, 1, 9, tzinfo=UTC)
    stretches: list[Stretch] = [
        (nine, nine + timedelta(minutes=69), Level.MAJOR_OUTAGE, "east"),
        (nine + timedelta(minutes=10), nine + timedelta(minutes=28), Level.MAJOR_OUTAGE, "west"),
    ]
    own = counted(stretches)
    minutes = [summed(own.of_region(region)).major // (60 * SECOND) for region in ("east", "west")]
    window = (date(2026, 4, 1), date(2026, 4, 30))
    assert minutes == [69, 18]
    assert days.worst_weighed(own, ["east", "west"], *window) == 69 * 60 * SECOND * 10
    apart: list[Stretch] = [
        (nine, nine + timedelta(minutes=30), Level.MAJOR_OUTAGE, "east"),
        (nine + timedelta(hours=1), nine + timedelta(hours=1, minutes=20), Level.MAJOR_OUTAGE, "west"),
    ]
    other = counted(apart)
    assert summed(other.anywhere).major == 50 * 60 * SECOND
    assert days.worst_weighed(other, ["east", "west"], *window) == 30 * 60 * SECOND * 10


def test_a_group_is_the_mean_of_the_seconds_and_the_worst_of_the_levels() -> None:
    day = date(2026, 4, 1)
    parts = [{day: Amounts(major=HOUR)}, {day: Amounts(degraded=2 * HOUR)}, {}, {}]
    bar = days.bars_of(parts, Calendar(day, day, "UTC"))[0]
    assert bar.worst == Level.MAJOR_OUTAGE
    assert bar.seconds == {Level.MAJOR_OUTAGE: 900, Level.DEGRADED_PERFORMANCE: 1_800}
    assert days.percent(DAY, HOUR * 10, parts=4) == Decimal("98.95")


def test_days_before_it_began_have_no_data_and_sparse_days_are_those_with_trouble() -> None:
    first, second, third = (date(2026, 4, number) for number in (1, 2, 3))
    own = {first: Amounts(major=HOUR), third: Amounts(partial=HOUR)}
    bars = days.bars_of([own], Calendar(first, third, "UTC"), since=second)
    assert [bar.worst for bar in bars] == [None, Level.OPERATIONAL, Level.PARTIAL_OUTAGE]
    assert [bar.day for bar in days.troubled_bars([own], "UTC")] == [first, third]
    assert [bar.day for bar in days.troubled_bars([own], "UTC", since=second)] == [third]


def test_months_run_back_to_the_first_and_end_on_their_last_day() -> None:
    months = days.months_since(date(2025, 11, 30), date(2026, 2, 1))
    assert months == [date(2026, 2, 1), date(2026, 1, 1), date(2025, 12, 1), date(2025, 11, 1)]
    assert [days.last_of_month(month).day for month in months] == [28, 31, 31, 30]

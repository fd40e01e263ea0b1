"""Stretches of time add up: no instant is counted twice, none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.intervals import Interval, Segment, Span, worst_by_instant
from incidents.domain.status import HEAVINESS, Level

DAY = datetime(2026, 6, 23, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)
MAJOR, PARTIAL, DEGRADED = Level.MAJOR_OUTAGE, Level.PARTIAL_OUTAGE, Level.DEGRADED_PERFORMANCE
MAINTENANCE, OPERATIONAL = Level.UNDER_MAINTENANCE, Level.OPERATIONAL


def at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return DAY + timedelta(hours=int(hour), minutes=int(minute))


def span(text: str) -> Span:
    start, end = text.split("-")
    return Span(at(start), at(end))


minutes = st.integers(0, 300).map(lambda minute: DAY + timedelta(minutes=minute))
some_intervals: st.SearchStrategy[list[Interval]] = st.lists(
    st.tuples(minutes, st.none() | minutes, st.sampled_from(Level)), max_size=12
)


def test_a_span_refuses_naive_times_and_an_end_before_its_start() -> None:
    with pytest.raises(ValueError, match="zone"):
        Span(DAY.replace(tzinfo=None), DAY.replace(tzinfo=None))
    with pytest.raises(ValueError, match="before"):
        Span(NOON, DAY)


def test_seconds_are_exact_to_the_microsecond() -> None:
    assert Span(DAY, DAY + timedelta(microseconds=1)).seconds == Fraction(1, 1_000_000)


def test_each_instant_shows_its_heaviest_level_once() -> None:
    intervals: list[Interval] = [
        (at("10:00"), at("11:00"), MAJOR),
        (at("10:30"), at("11:30"), PARTIAL),
        (at("11:15"), at("12:00"), MAINTENANCE),
    ]
    assert worst_by_instant(intervals, NOON) == [
        Segment(at("10:00"), at("11:00"), MAJOR),
        Segment(at("11:00"), at("11:30"), PARTIAL),
        Segment(at("11:30"), at("12:00"), MAINTENANCE),
    ]


def test_resolving_one_of_two_overlapping_outages_does_not_heal_the_other() -> None:
    intervals: list[Interval] = [(at("10:00"), at("11:00"), MAJOR), (at("10:30"), None, MAJOR)]
    assert worst_by_instant(intervals, NOON) == [Segment(at("10:00"), NOON, MAJOR)]


def test_open_intervals_end_now_and_plans_for_the_future_do_not_show() -> None:
    intervals: list[Interval] = [(at("11:00"), None, DEGRADED), (at("13:00"), at("14:00"), MAINTENANCE)]
    assert worst_by_instant(intervals, NOON) == [Segment(at("11:00"), NOON, DEGRADED)]


def test_segments_are_clipped_to_the_window_and_operational_time_is_left_out() -> None:
    intervals: list[Interval] = [(at("08:00"), None, MAJOR), (at("06:00"), at("08:00"), OPERATIONAL)]
    assert worst_by_instant(intervals, NOON, span("07:00-09:00")) == [Segment(at("08:00"), at("09:00"), MAJOR)]


@given(some_intervals)
def test_segments_agree_with_a_minute_by_minute_count(intervals: list[Interval]) -> None:
    now = DAY + timedelta(hours=5)
    segments = worst_by_instant(intervals, now)
    for minute in range(0, 300, 7):
        instant = DAY + timedelta(minutes=minute)
        levels = [level for start, end, level in intervals if start <= instant < (end or now)]
        heaviest = max(levels, key=HEAVINESS.__getitem__, default=OPERATIONAL)
        shown = [segment.level for segment in segments if segment.start <= instant < segment.end]
        assert shown == ([] if heaviest == OPERATIONAL else [heaviest])

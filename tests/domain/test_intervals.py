"""Stretches of time add up: no instant is counted twice, none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.intervals import Interval, Segment, Span, clip, subtract, total_seconds, union, worst_by_instant
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


def spans(text: str) -> list[Span]:
    return [span(part) for part in text.split()]


minutes = st.integers(0, 300).map(lambda minute: DAY + timedelta(minutes=minute))
some_spans = st.lists(st.tuples(minutes, minutes).map(lambda pair: Span(min(pair), max(pair))), max_size=12)
some_intervals: st.SearchStrategy[list[Interval]] = st.lists(
    st.tuples(minutes, st.none() | minutes, st.sampled_from(Level)), max_size=12
)


def test_a_span_refuses_naive_times_and_an_end_before_its_start() -> None:
    with pytest.raises(ValueError, match="zone"):
        Span(DAY.replace(tzinfo=None), DAY.replace(tzinfo=None))
    with pytest.raises(ValueError, match="before"):
        Span(NOON, DAY)


def test_a_union_joins_what_overlaps_or_touches_and_drops_what_is_empty() -> None:
    assert union(spans("10:00-11:00 09:00-09:30 10:30-12:00 12:00-13:00 14:00-14:00")) == spans(
        "09:00-09:30 10:00-13:00"
    )


def test_clipping_keeps_only_what_lies_in_the_window() -> None:
    assert clip(spans("08:00-10:30 11:00-11:30 11:45-13:00 13:00-14:00"), span("10:00-12:00")) == spans(
        "10:00-10:30 11:00-11:30 11:45-12:00"
    )


def test_subtracting_leaves_the_parts_on_both_sides_of_a_hole() -> None:
    assert subtract(spans("10:00-12:00 13:00-14:00"), spans("10:30-11:00 11:30-13:30")) == spans(
        "10:00-10:30 11:00-11:30 13:30-14:00"
    )


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


@given(some_spans)
def test_a_union_is_sorted_apart_and_never_longer_than_the_sum(given_spans: list[Span]) -> None:
    joined = union(given_spans)
    assert all(before.end < after.start for before, after in zip(joined, joined[1:], strict=False))
    assert total_seconds(joined) <= total_seconds(given_spans)
    assert union(joined) == joined


@given(some_spans, some_spans)
def test_what_is_subtracted_and_what_is_left_add_up_to_the_whole(given_spans: list[Span], holes: list[Span]) -> None:
    left = subtract(given_spans, holes)
    assert total_seconds(union(left + holes)) == total_seconds(left) + total_seconds(union(holes))
    assert union(left + holes) == union(given_spans + holes)


@given(some_spans, minutes)
def test_two_windows_that_touch_hold_together_what_one_window_holds(given_spans: list[Span], cut: datetime) -> None:
    whole = Span(DAY, DAY + timedelta(hours=5))
    halves = clip(given_spans, Span(whole.start, cut)) + clip(given_spans, Span(cut, whole.end))
    assert total_seconds(halves) == total_seconds(clip(given_spans, whole))


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

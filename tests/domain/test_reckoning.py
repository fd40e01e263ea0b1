"""The reckoning is the same count told one stretch at a time: nothing twice, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.intervals import Span
from incidents.domain.reckoning import Exclusion, reckon
from incidents.domain.status import Level
from incidents.domain.uptime import Clock, Entry, Policy, Rule, weighed_seconds

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAY = Span(NINE, NINE + timedelta(hours=10))
PLACES = {"api": ("one", "two"), "web": ("one", "two")}


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def minutes(low: int = -100, high: int = 800) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    start = draw(minutes())
    length = draw(st.none() | st.integers(0, 300))
    posted, recovering = draw(st.none() | minutes()), draw(st.none() | minutes())
    return Entry(
        draw(st.sampled_from(["api", "web", "other"])),
        draw(st.sampled_from([None, "one", "two"])),
        draw(st.sampled_from([level for level in Level if level != Level.OPERATIONAL])),
        at(start),
        None if length is None else at(start + length),
        None if posted is None else at(posted),
        None if recovering is None else at(recovering),
    )


policies = st.builds(
    Policy,
    clock=st.sampled_from(Clock),
    weight_partial=st.sampled_from([Decimal("0.3"), Decimal(1), Decimal(0)]),
    weight_degraded=st.sampled_from([Decimal(0), Decimal("0.25")]),
    is_maintenance_excluded=st.booleans(),
    maintenance_notice_hours=st.sampled_from([0, 1, 48]),
    weight_after_monitoring=st.sampled_from([None, Decimal("0.3"), Decimal(0)]),
    component_rule=st.sampled_from(Rule),
    region_rule=st.sampled_from(Rule),
)


@given(st.lists(entries(), max_size=8), policies, st.integers(0, 700))
def test_the_stretches_add_up_to_the_weighed_seconds_and_no_instant_counts_twice(known, policy, now):
    found = reckon(known, window=DAY, now=at(now), policy=policy, components=PLACES)
    asked = {"window": DAY, "now": at(now), "policy": policy}
    assert found.total == weighed_seconds(known, components=list(PLACES), regions=["one", "two"], **asked)
    for (component, region), total in found.by_place.items():
        own = [row for row in found.stretches if (row.component, row.region) == (component, region)]
        assert sum((row.weighed_seconds for row in own), Fraction(0)) == total
        assert total == weighed_seconds(known, components=[component], regions=[region], **asked)
        assert all(before.end <= after.start for before, after in pairwise(own))
        assert all(DAY.start <= row.start < row.end <= min(DAY.end, at(now)) and row.weight > 0 for row in own)


@given(st.lists(entries(), max_size=6), policies, st.lists(st.tuples(minutes(0, 500), st.integers(1, 200)), max_size=3))
def test_exclusions_take_time_away_and_never_add_any(known, policy, given_):
    exclusions = [Exclusion(None, at(start), at(start + length), "R") for start, length in given_]
    found = reckon(known, window=DAY, now=at(700), policy=policy, components=PLACES, exclusions=exclusions)
    plain = reckon(known, window=DAY, now=at(700), policy=policy, components=PLACES)
    assert found.total <= plain.total
    assert all(saved >= 0 for saved in found.saved_by_exclusions)
    assert found.saved_by_maintenance >= 0
    for row in found.stretches:
        assert not any(row.start < out.end and out.start < row.end for out in exclusions)


def test_what_an_exclusion_of_one_component_saves():
    known = [Entry(one, None, Level.MAJOR_OUTAGE, at(0), at(60)) for one in ("api", "web")]
    exclusions = [Exclusion("api", at(30), at(90), "R")]
    mean = Policy(component_rule=Rule.MEAN)
    found = reckon(known, window=DAY, now=at(700), policy=mean, components=PLACES, exclusions=exclusions)
    assert (found.by_component, found.total) == ({"api": Fraction(1800), "web": Fraction(3600)}, Fraction(2700))
    assert found.saved_by_exclusions == (Fraction(900),)
    worst = reckon(known, window=DAY, now=at(700), policy=Policy(), components=PLACES, exclusions=exclusions)
    assert (worst.total, worst.saved_by_exclusions) == (Fraction(3600), (Fraction(0),))


@pytest.mark.parametrize(
    ("posted_before", "hours", "counted"),
    [(48, 48, 0), (47, 48, 3600), (None, 48, 3600), (None, 0, 0), (-1, 1, 3600)],
)
def test_maintenance_that_was_announced_late_is_an_outage(posted_before, hours, counted):
    posted = None if posted_before is None else at(60) - timedelta(hours=posted_before)
    known = [Entry("api", None, Level.UNDER_MAINTENANCE, at(60), at(120), posted)]
    policy = Policy(maintenance_notice_hours=hours)
    found = reckon(known, window=DAY, now=at(700), policy=policy, components={"api": ()})
    assert found.total == counted
    assert found.saved_by_maintenance == 3600 - counted


def test_an_agreement_without_components_cannot_be_counted():
    with pytest.raises(ValueError, match="at least one component"):
        reckon([], window=DAY, now=at(1), policy=Policy(), components={})

"""The derived words of the Statuspage dialect: top status, impact at its worst, allowed moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.impact import Spell, incident_impact, levels_at
from incidents.domain.status import IMPACT_WEIGHT, MOVES, Impact, Level, Stage, is_allowed_move, top_status, worst_of

UP, M, D, P, X = Level  # operational, maintenance, degraded, partial, major
NOON = datetime(2026, 6, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("levels", "indicator", "description"),
    [
        ([], "none", "All Systems Operational"),
        ([UP, UP], "none", "All Systems Operational"),
        ([X, X], "critical", "Major System Outage"),
        ([X], "critical", "Major System Outage"),
        ([X, UP], "major", "Partial System Outage"),
        ([X, P, UP], "major", "Partial System Outage"),
        ([P, P], "major", "Partial System Outage"),
        ([P, UP], "minor", "Minor Service Outage"),
        ([P, D], "minor", "Minor Service Outage"),
        ([D, D], "minor", "Degraded System Service"),
        ([D, UP], "minor", "Partially Degraded Service"),
        ([D, M], "minor", "Partially Degraded Service"),
        ([M, UP], "maintenance", "Service Under Maintenance"),
        ([M, M], "maintenance", "Service Under Maintenance"),
    ],
)
def test_the_top_status_is_that_of_the_first_row_that_holds(levels, indicator, description):
    found = top_status(levels)
    assert (found.indicator, found.description) == (indicator, description)


def test_the_worst_of_nothing_is_operational_and_maintenance_weighs_less_than_any_trouble():
    assert worst_of([]) == UP
    assert [worst_of(pair) for pair in ((UP, M), (M, D), (D, P), (P, X))] == [M, D, P, X]


def test_only_a_resolved_incident_takes_no_ordinary_update():
    open_stages = [Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING]
    assert all(is_allowed_move(before, after) for before in open_stages for after in [*open_stages, Stage.RESOLVED])
    assert not any(is_allowed_move(Stage.RESOLVED, after) for after in Stage)


def test_maintenance_moves_from_its_announcement_to_its_end_and_never_into_an_incident():
    planned, running, verifying, over = Stage.SCHEDULED, Stage.IN_PROGRESS, Stage.VERIFYING, Stage.COMPLETED
    allowed = {(before, after) for before in Stage for after in Stage if is_allowed_move(before, after)}
    of_maintenance = {pair for pair in allowed if set(pair) & {planned, running, verifying, over}}
    assert of_maintenance == {
        (planned, planned), (planned, running), (running, running), (running, verifying), (running, over),
        (verifying, running), (verifying, verifying), (verifying, over),
    }  # fmt: skip
    assert set(MOVES) == set(Stage)


def spell(component, level, start, end=None):
    minutes = [None if at is None else NOON + timedelta(minutes=at) for at in (start, end)]
    return Spell(component, None, level, minutes[0] or NOON, minutes[1])


@pytest.mark.parametrize(
    ("spells", "impact"),
    [
        ([], Impact.NONE),
        ([spell(1, P, 0)], Impact.MAJOR),  # all attached are partial
        ([spell(1, P, 0), spell(2, D, 0)], Impact.MINOR),
        ([spell(1, X, 0, 5), spell(1, D, 5)], Impact.CRITICAL),  # does not fall by recovery
        ([spell(1, P, 0, 5), spell(2, D, 5)], Impact.MAJOR),  # nor is it diluted by one attached later
        ([spell(1, D, 0, 5), spell(2, X, 5)], Impact.MAJOR),  # the first has recovered: not all are down
        ([spell(1, M, 0)], Impact.MAINTENANCE),
        ([spell(1, X, 0, 0)], Impact.NONE),  # lasted no time at all
    ],
)
def test_impact_is_the_worst_moment_of_those_attached_so_far(spells, impact):
    assert incident_impact(spells) == impact


some_spells = st.lists(
    st.builds(
        lambda component, level, start, length: spell(component, level, start, length and start + length),
        st.integers(1, 3), st.sampled_from([M, D, P, X]), st.integers(0, 60), st.none() | st.integers(1, 30),
    ),
    max_size=8,
)  # fmt: skip


@given(some_spells, st.integers(0, 90))
def test_impact_never_falls_as_time_goes_on(spells, minute):
    now = NOON + timedelta(minutes=minute)
    so_far = [row for row in spells if row.start <= now]
    assert IMPACT_WEIGHT[incident_impact(so_far)] <= IMPACT_WEIGHT[incident_impact(spells)]


@given(some_spells, st.integers(0, 90))
def test_the_level_of_an_instant_is_the_worst_of_what_was_open_then(spells, minute):
    now = NOON + timedelta(minutes=minute)
    for component in (1, 2, 3):
        held = [
            row.level
            for row in spells
            if row.component_id == component and row.start <= now and (row.end is None or now < row.end)
        ]
        assert levels_at(spells, now).get(component, UP) == worst_of(held)

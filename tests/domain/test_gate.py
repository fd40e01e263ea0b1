"""The order of levels for gates, which is not that of the page."""

from __future__ import annotations

import pytest

from incidents.domain.gate import DEFAULT_LIMIT, ORDER, is_down, worst_for_gate
from incidents.domain.status import HEAVINESS, Level


def test_every_level_has_its_place():
    assert sorted(ORDER) == sorted(Level)


def test_planned_work_is_worse_than_slowness_for_a_script_and_lighter_for_a_reader():
    assert worst_for_gate([Level.UNDER_MAINTENANCE, Level.DEGRADED_PERFORMANCE]) == Level.UNDER_MAINTENANCE
    assert HEAVINESS[Level.UNDER_MAINTENANCE] < HEAVINESS[Level.DEGRADED_PERFORMANCE]


def test_nothing_open_is_operational():
    assert worst_for_gate([]) == Level.OPERATIONAL


@pytest.mark.parametrize("limit", ORDER)
def test_a_gate_is_down_above_its_limit_and_only_there(limit):
    assert [is_down(level, limit) for level in ORDER] == [False] * (ORDER.index(limit) + 1) + [True] * (
        4 - ORDER.index(limit)
    )


def test_slowness_passes_by_default():
    assert DEFAULT_LIMIT == Level.DEGRADED_PERFORMANCE
    assert not is_down(Level.DEGRADED_PERFORMANCE)
    assert is_down(Level.UNDER_MAINTENANCE)

"""Ninety days as a drawing: heights, classes, words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from incidents.domain.status import Level
from incidents.publishing import bars
from tests.factories import make_component, utc
from tests.publishing.page_world import open_the_incident, resolve, truth_at

pytestmark = pytest.mark.django_db


def test_a_troubled_day_stands_out_by_height_and_class_and_says_its_figures_and_incident():
    api = make_component(now=utc("2025-12-01 00:00"))
    resolve(open_the_incident([api]), utc("2026-06-23 18:15"))
    leaf = truth_at("19:00").leaves[0]
    drawing = bars.drawing(leaf, bars.troubled_days(leaf, "UTC"))
    assert '<path class="major" d="M357.5 28v-28">' in drawing
    assert "<title>23 Jun 2026: 3 h 45 min major outage · Increased error rates" in drawing
    assert 'aria-label="API: 90 days, trouble on 1 of them."' in drawing
    assert drawing.count("<path") == 2


def test_more_downtime_is_never_drawn_lower():
    api = make_component(now=utc("2025-12-01 00:00"))
    open_the_incident([api])
    bar = truth_at("15:00").leaves[0].bars[-1]
    heights = [bars.height(replace(bar, seconds={Level.MAJOR_OUTAGE: minutes * 60})) for minutes in range(0, 1440, 5)]
    assert heights == sorted(heights)
    assert (heights[0], heights[-1]) == (bars.LOWEST, bars.HEIGHT)
    partial = replace(bar, seconds={Level.PARTIAL_OUTAGE: 3600})
    assert bars.height(partial) < bars.height(replace(bar, seconds={Level.MAJOR_OUTAGE: 3600}))


def test_days_before_a_component_existed_are_drawn_as_no_data():
    make_component(start_date=date(2026, 6, 14), now=utc("2026-06-14 00:00"))
    leaf = truth_at("15:00").leaves[0]
    assert bars.drawing(leaf, []).count("<path") == 2
    assert 'class="none" d="M0 26h319"' in bars.drawing(leaf, [])
    assert 'class="ok" d="M320 22h39"' in bars.drawing(leaf, [])
    assert 'aria-label="API: 10 days without trouble."' in bars.drawing(leaf, [])

"""Figures are computed: the reference incident gives exactly the published numbers, under each policy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.intervals import Span
from incidents.domain.status import Level
from incidents.domain.uptime import (
    Clock,
    Entry,
    Policy,
    Rule,
    day_bars,
    days_window,
    month_window,
    uptime_percent,
    verdict,
    weighed_seconds,
)

STORY = json.loads((Path(__file__).parent.parent / "data" / "scenario.json").read_text())
JUNE = month_window(2026, 6, STORY["page"]["time_zone"])
LATER = datetime(2026, 7, 10, tzinfo=UTC)
COMPONENTS = STORY["incident"]["affected"]
REGIONS = STORY["incident"]["affected_regions"]
POLICIES = {
    "full_from_start": Policy(),
    "full_from_first_post": Policy(clock=Clock.FIRST_POST),
    "recovery_weighed_0.3": Policy(weight_after_monitoring=Decimal("0.3")),
}
MINUTES = {"full_from_start": 225, "full_from_first_post": 203, "recovery_weighed_0.3": 204}
NINE = datetime(2026, 6, 23, 9, tzinfo=UTC)


def story_entries() -> list[Entry]:
    updates = STORY["incident"]["updates"]
    first = {update["status"]: datetime.fromisoformat(update["at"]) for update in updates if update["at"]}
    return [
        Entry(
            component,
            region,
            Level(updates[0]["component_status"]),
            datetime.fromisoformat(STORY["incident"]["started_at"]),
            first["resolved"],
            first_post_at=first["investigating"],
            monitoring_at=first["monitoring"],
        )
        for component in COMPONENTS
        for region in REGIONS
    ]


def minutes_after_nine(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def two_regions() -> list[Entry]:
    return [
        Entry("api", "one", Level.MAJOR_OUTAGE, minutes_after_nine(60), minutes_after_nine(120)),
        Entry("api", None, Level.PARTIAL_OUTAGE, minutes_after_nine(90), minutes_after_nine(150)),
        Entry("api", None, Level.UNDER_MAINTENANCE, minutes_after_nine(135), minutes_after_nine(180)),
    ]


def weigh_api(
    entries: list[Entry], policy: Policy | None = None, regions: tuple[str, ...] = ("one", "two")
) -> Fraction:
    return weighed_seconds(
        entries, window=JUNE, now=LATER, policy=policy or Policy(), components=["api"], regions=regions
    )


moments = st.integers(0, 300).map(minutes_after_nine)
some_entries = st.lists(
    st.builds(
        Entry,
        st.sampled_from(["api", "web"]),
        st.sampled_from([None, "one", "two"]),
        st.sampled_from(Level),
        moments,
        st.none() | moments,
        st.none() | moments,
        st.none() | moments,
    ),
    max_size=8,
)
some_policies = st.builds(
    Policy,
    clock=st.sampled_from(Clock),
    is_maintenance_excluded=st.booleans(),
    weight_after_monitoring=st.sampled_from([None, Decimal(0), Decimal("0.3")]),
    component_rule=st.sampled_from(Rule),
    region_rule=st.sampled_from(Rule),
)


@pytest.mark.parametrize("component_rule", Rule)
@pytest.mark.parametrize("name", POLICIES)
def test_the_reference_incident_gives_the_published_june_figures(name: str, component_rule: Rule) -> None:
    policy = replace(POLICIES[name], component_rule=component_rule)
    counted = weighed_seconds(
        story_entries(), window=JUNE, now=LATER, policy=policy, components=COMPONENTS, regions=REGIONS
    )
    assert counted == MINUTES[name] * 60
    assert str(uptime_percent(JUNE.seconds, counted, 3)) == STORY["expected"]["june_uptime_percent"][name]
    judged = verdict(JUNE.seconds, counted, Decimal(STORY["agreements"][0]["target_percent"]))
    assert judged.allowed_seconds == 216 * 60
    assert judged.is_breached is STORY["expected"]["enterprise_breached"][name]


def test_one_region_is_weighed_by_the_union_and_not_by_the_sum() -> None:
    assert weigh_api(two_regions(), regions=("one",)) == 69 * 60
    assert weigh_api(two_regions(), regions=("two",)) == 18 * 60


def test_regions_count_as_the_worst_or_as_the_mean_of_them() -> None:
    assert weigh_api(two_regions()) == 69 * 60
    assert weigh_api(two_regions(), Policy(region_rule=Rule.MEAN)) == Fraction(69 + 18, 2) * 60


def test_components_without_trouble_lower_a_mean_and_not_the_worst() -> None:
    entries = two_regions()
    worst, mean = Policy(), Policy(component_rule=Rule.MEAN)
    names = ["api", "web", "mobile"]
    count = [
        weighed_seconds(entries, window=JUNE, now=LATER, policy=policy, components=names, regions=("one",))
        for policy in (worst, mean)
    ]
    assert count == [69 * 60, 23 * 60]


def test_maintenance_that_is_not_excluded_weighs_as_an_outage_where_it_is() -> None:
    assert weigh_api(two_regions(), Policy(is_maintenance_excluded=False), ("two",)) == (Fraction(3, 10) * 45 + 45) * 60


def test_impact_without_an_incident_counts_from_its_start_under_either_clock() -> None:
    assert weigh_api(two_regions(), Policy(clock=Clock.FIRST_POST)) == 69 * 60


def test_recovering_never_weighs_more_than_the_level_itself() -> None:
    slow = Entry("api", None, Level.DEGRADED_PERFORMANCE, NINE, minutes_after_nine(60), NINE, minutes_after_nine(30))
    assert weigh_api([slow], Policy(weight_after_monitoring=Decimal("0.3"))) == 0


def test_a_recovering_outage_does_not_hide_another_that_still_counts() -> None:
    recovering = Entry("api", None, Level.MAJOR_OUTAGE, NINE, minutes_after_nine(60), NINE, NINE)
    other = Entry("api", None, Level.PARTIAL_OUTAGE, NINE, minutes_after_nine(60), NINE)
    assert weigh_api([recovering, other], Policy(weight_after_monitoring=Decimal(0))) == 18 * 60


def test_open_impact_counts_until_now_and_not_to_the_end_of_the_window() -> None:
    entry = Entry("api", None, Level.MAJOR_OUTAGE, NINE, None)
    assert weighed_seconds([entry], window=JUNE, now=minutes_after_nine(10), policy=Policy(), components=["api"]) == 600


def test_a_set_of_no_components_has_no_uptime() -> None:
    with pytest.raises(ValueError, match="at least one component"):
        weighed_seconds([], window=JUNE, now=LATER, policy=Policy(), components=[])


@pytest.mark.parametrize(
    ("weighed", "digits", "printed"),
    [(0, 2, "100"), (1, 2, "99.99"), (Fraction(1, 10**9), 3, "99.999"), (13_500, 2, "99.47"), (2_592_000, 2, "0.00")],
)
def test_percentages_are_floored_and_only_full_uptime_prints_as_100(
    weighed: int | Fraction, digits: int, printed: str
) -> None:
    assert str(uptime_percent(30 * 86_400, weighed, digits)) == printed


def test_uptime_of_an_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        uptime_percent(0, 0)


def test_a_verdict_compares_seconds_so_that_one_more_than_allowed_is_a_breach() -> None:
    target = Decimal("99.5")
    assert [verdict(2_592_000, counted, target).is_breached for counted in (12_959, 12_960, 12_961)] == [
        False,
        False,
        True,
    ]


def test_a_month_begins_and_ends_at_midnight_of_its_zone() -> None:
    assert JUNE.seconds == 43_200 * 60
    october = month_window(2026, 10, "Europe/Berlin")
    assert (october.start, october.seconds) == (datetime(2026, 9, 30, 22, tzinfo=UTC), Fraction(31 * 86_400 + 3_600))
    assert month_window(2026, 12, "UTC").end == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_last_ninety_days_include_today_and_begin_with_the_component_if_it_is_younger() -> None:
    assert days_window(NINE, 90, "UTC").seconds == 90 * 86_400
    young = days_window(NINE, 90, "UTC", since=date(2026, 6, 20))
    assert (young.start, young.end) == (datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 6, 24, tzinfo=UTC))
    assert days_window(NINE, 90, "UTC", since=date(2027, 1, 1)).seconds == 86_400


def test_bars_give_each_day_its_seconds_by_level_and_its_worst() -> None:
    late = datetime(2026, 6, 22, 23, 30, tzinfo=UTC)
    bars = day_bars(
        [(late, late + timedelta(hours=1), Level.MAJOR_OUTAGE), (NINE, None, Level.DEGRADED_PERFORMANCE)],
        days=4,
        now=minutes_after_nine(60),
        zone="UTC",
        since=date(2026, 6, 21),
    )
    assert [(bar.day.day, bar.worst, bar.seconds) for bar in bars] == [
        (20, None, {}),
        (21, Level.OPERATIONAL, {}),
        (22, Level.MAJOR_OUTAGE, {Level.MAJOR_OUTAGE: 1_800}),
        (23, Level.MAJOR_OUTAGE, {Level.MAJOR_OUTAGE: 1_800, Level.DEGRADED_PERFORMANCE: 3_600}),
    ]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_on_which_clocks_change_are_as_long_as_they_are(day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    bars = day_bars(
        [(noon - timedelta(days=3), noon + timedelta(days=3), Level.PARTIAL_OUTAGE)],
        days=3,
        now=noon + timedelta(days=1),
        zone="Europe/Berlin",
    )
    assert (bars[1].day, bars[1].length_seconds) == (day, hours * 3_600)
    assert bars[1].seconds == {Level.PARTIAL_OUTAGE: hours * 3_600}


@given(some_entries, some_policies)
def test_weighed_time_is_never_more_than_the_window_or_than_the_sum_of_the_entries(
    entries: list[Entry], policy: Policy
) -> None:
    window = Span(NINE, minutes_after_nine(300))

    def weigh(rows: list[Entry]) -> Fraction:
        return weighed_seconds(
            rows, window=window, now=window.end, policy=policy, components=["api", "web"], regions=("one", "two")
        )

    assert 0 <= weigh(entries) <= min(window.seconds, sum((weigh([entry]) for entry in entries), Fraction(0)))


@given(some_entries, some_policies, moments)
def test_two_windows_that_touch_add_up_to_one_for_a_single_region(
    entries: list[Entry], policy: Policy, cut: datetime
) -> None:
    end = minutes_after_nine(300)
    whole, before, after = (
        weighed_seconds(entries, window=window, now=end, policy=policy, components=["api"])
        for window in (Span(NINE, end), Span(NINE, cut), Span(cut, end))
    )
    assert before + after == whole


@given(some_entries, some_policies, moments)
def test_splitting_an_interval_of_the_ledger_changes_no_figure(
    entries: list[Entry], policy: Policy, cut: datetime
) -> None:
    end = minutes_after_nine(300)
    halves = [
        half
        for entry in entries
        for half in (replace(entry, end=min(entry.end or end, cut)), replace(entry, start=max(entry.start, cut)))
    ]
    one, other = (
        weighed_seconds(
            rows, window=Span(NINE, end), now=end, policy=policy, components=["api", "web"], regions=("one", "two")
        )
        for rows in (entries, halves)
    )
    assert one == other

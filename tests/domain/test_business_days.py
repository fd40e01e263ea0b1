"""A promise in business days falls due at the end of the right day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from incidents.domain.business_days import business_day_due

TUESDAY = date(2026, 6, 23)


def test_five_business_days_after_the_reference_incident_end_on_the_thirtieth_of_june() -> None:
    assert business_day_due(TUESDAY, 5, "UTC") == datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)


def test_a_weekend_does_not_count_whether_in_the_way_or_at_the_start() -> None:
    assert business_day_due(date(2026, 6, 26), 1, "UTC").date() == date(2026, 6, 29)
    assert business_day_due(date(2026, 6, 27), 1, "UTC").date() == date(2026, 6, 29)


def test_a_holiday_moves_the_day_by_one_unless_it_is_on_a_weekend() -> None:
    assert business_day_due(TUESDAY, 5, "UTC", {date(2026, 6, 24)}).date() == date(2026, 7, 1)
    assert business_day_due(TUESDAY, 5, "UTC", {date(2026, 6, 27)}).date() == date(2026, 6, 30)


def test_the_day_ends_in_the_zone_of_the_page_whatever_its_clocks_do() -> None:
    assert business_day_due(TUESDAY, 5, "America/New_York") == datetime(2026, 7, 1, 3, 59, 59, tzinfo=UTC)
    assert business_day_due(date(2026, 10, 23), 1, "Europe/Berlin") == datetime(2026, 10, 26, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("days", [0, -1])
def test_a_promise_of_no_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        business_day_due(TUESDAY, days, "UTC")

"""Times as people type them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from incidents.web.console.times import parse_coming, parse_past
from tests.factories import utc

NOW = utc("2026-06-23 14:52")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("14:30", "2026-06-23 14:30"),
        ("9:05", "2026-06-23 09:05"),
        ("14:52:00", "2026-06-23 14:52"),
        ("23:50", "2026-06-22 23:50"),
        ("2026-06-23 14:30", "2026-06-23 14:30"),
        ("2026-06-23T14:30:05Z", "2026-06-23 14:30:05"),
        ("2026-06-23 16:30+02:00", "2026-06-23 14:30"),
        ("2026-03-29 02:30", "2026-03-29 02:30"),
    ],
)
def test_a_past_time_is_read_as_utc(typed, meant):
    assert parse_past(typed, NOW) == utc(meant)


def test_a_coming_clock_time_is_its_next_occurrence():
    assert parse_coming("15:30", NOW) == utc("2026-06-23 15:30")
    assert parse_coming("00:10", NOW) == utc("2026-06-24 00:10")


@pytest.mark.parametrize(
    "typed",
    [
        "23:59:60", "24:00", "14.30", "2:30 pm", "2026-02-30 10:00", "2026-13-01 10:00", "0000-01-01 00:00",
        "2026-03-29 02:30 Europe/Berlin", "2026-06-23 14:30+99:00", "0001-01-01 00:00+14:00", "yesterday", "１４:３０",
        "0206-06-23 14:30", "0001-01-01 00:00", "9999-12-31 00:00", "2026-06-23", "14:30\x00", "now()", "' OR 1=1 --",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_sentence(typed):
    for parse in (parse_past, parse_coming):
        with pytest.raises(ValidationError, match="Write it in UTC"):
            parse(typed, NOW)


def test_the_future_is_not_the_past_and_the_other_way_round():
    with pytest.raises(ValidationError, match="in the future"):
        parse_past("2026-06-23 14:53", NOW)
    with pytest.raises(ValidationError, match="has passed"):
        parse_coming("2026-06-23 14:52", NOW)

"""Instants as machines read them, in each of the forms that some document needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from incidents.domain.instants import in_full, in_zone, to_the_microsecond, to_the_second

AT = datetime(2026, 6, 23, 16, 30, 7, 1_999, tzinfo=timezone(timedelta(hours=2)))


def test_an_instant_is_written_in_utc_with_as_many_digits_as_the_form_has():
    assert to_the_second(AT) == "2026-06-23T14:30:07Z"
    assert to_the_microsecond(AT) == in_full(AT) == "2026-06-23T14:30:07.001999Z"
    assert in_full(AT.replace(microsecond=0)) == "2026-06-23T14:30:07Z"
    assert to_the_microsecond(AT.replace(microsecond=0)) == "2026-06-23T14:30:07.000000Z"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Etc/UTC", "2026-01-23T14:30:00.000Z"),
        ("Zulu", "2026-01-23T14:30:00.000Z"),
        ("Europe/London", "2026-01-23T14:30:00.000+00:00"),
        ("America/Los_Angeles", "2026-01-23T06:30:00.000-08:00"),
    ],
)
def test_only_a_zone_that_is_utc_itself_is_written_with_a_z(zone: str, text: str):
    assert in_zone(datetime(2026, 1, 23, 14, 30, tzinfo=UTC), ZoneInfo(zone)) == text

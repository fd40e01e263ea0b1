"""The schedules, as numbers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.notifying import retry
from tests.factories import utc

T0 = utc("2026-06-23 14:52")


def test_pauses_between_attempts_follow_the_schedule() -> None:
    pauses = [retry.next_attempt_at(retry.EMAIL_SECONDS, made, T0, 0) for made in range(1, 9)]
    minutes = [(at - T0).total_seconds() / 60 for at in pauses if at]
    assert minutes == [0.5, 2, 5, 15, 30, 60, 120, 240]
    assert retry.next_attempt_at(retry.EMAIL_SECONDS, 9, T0, 0) is None


@pytest.mark.parametrize(("spread", "seconds"), [(-1, 96), (0, 120), (1, 144)])
def test_a_pause_is_spread_by_a_fifth(spread: float, seconds: int) -> None:
    assert retry.next_attempt_at(retry.EMAIL_SECONDS, 2, T0, spread) == T0 + timedelta(seconds=seconds)


@pytest.mark.parametrize(("wish", "seconds"), [(5, 30), (600, 600), (10**6, 86_400)])
def test_the_receivers_wish_only_lengthens_and_by_a_day_at_most(wish: float, seconds: int) -> None:
    assert retry.next_attempt_at(retry.EMAIL_SECONDS, 1, T0, 0, wish) == T0 + timedelta(seconds=seconds)


def test_expiry_beats_the_schedule() -> None:
    assert retry.is_too_late(T0, T0)
    assert not retry.is_too_late(T0, T0 + timedelta(seconds=1))
    assert not retry.is_too_late(T0, None)


def test_a_pause_doubles_up_to_ten_minutes() -> None:
    assert [retry.pause_seconds(failures) for failures in (1, 2, 3, 4, 5, 6, 50)] == [30, 60, 120, 240, 480, 600, 600]

"""When to try again: the schedules, their spread, and how long a failing relay rests. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# Seconds from one attempt to the next; the first is made at once. Short on purpose: old status is noise.
EMAIL_SECONDS = (0, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400)
SPREAD = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)
CRASHES_ALLOWED = 3

FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 600


def next_attempt_at(
    schedule: tuple[int, ...],
    attempts: int,
    now: datetime,
    spread: float,
    retry_after_seconds: float | None = None,
) -> datetime | None:
    """When the next attempt is due after `attempts` (one or more) were made; None when the schedule is used up.

    `spread` in [-1, 1] moves the pause by up to ±20 %, so that a thousand refusals do not come back in one second.
    `retry_after_seconds` is the receiver's own wish; it only lengthens the pause, and by 24 hours at most.
    """
    if attempts >= len(schedule):
        return None
    pause = timedelta(seconds=schedule[attempts] * (1 + SPREAD * spread))
    if retry_after_seconds:
        pause = max(pause, min(timedelta(seconds=retry_after_seconds), LONGEST_RETRY_AFTER))
    return now + pause


def is_too_late(at: datetime, expires_at: datetime | None) -> bool:
    """Whether an attempt at that time would begin after the expiry; it beats the schedule."""
    return expires_at is not None and at >= expires_at


def pause_seconds(failures: int) -> int:
    """How long a relay rests after so many failures in a row (one or more): 30 s, doubling up to 10 min."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS << min(failures - 1, 10))

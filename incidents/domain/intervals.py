"""Stretches of time: the heaviest level at each instant.

All times are aware; a span holds its start and not its end, so that two that touch share no instant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from incidents.domain.status import Level, worst_of

# Start, end (None: still open), level: one row of the ledger, as far as time and weight go.
Interval = tuple[datetime, datetime | None, Level]

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, order=True)
class Span:
    """From `start` until just before `end`. Raises ValueError for a naive time or an end before the start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("A span needs times with a zone.")
        if self.end < self.start:
            raise ValueError("A span cannot end before it starts.")

    @property
    def seconds(self) -> Fraction:
        """Its length in seconds, exact to the microsecond."""
        return seconds_between(self.start, self.end)


class Segment(NamedTuple):
    """A stretch in which one level was the heaviest."""

    start: datetime
    end: datetime
    level: Level

    @property
    def seconds(self) -> Fraction:
        """Its length in seconds, exact to the microsecond."""
        return seconds_between(self.start, self.end)


def seconds_between(start: datetime, end: datetime) -> Fraction:
    """Seconds from one aware time to another, exact (timedelta.total_seconds is a float); may be negative."""
    return Fraction((end - start) // _MICROSECOND, 1_000_000)


def worst_by_instant(intervals: Iterable[Interval], now: datetime, window: Span | None = None) -> list[Segment]:
    """Each instant once, at its heaviest level: sorted, non-overlapping segments, neighbours of one level joined.

    Pass the intervals of one component and region. Open ones, and what a plan says of the future, end at `now`; all
    are clipped to `window` if there is one. Operational time is left out, so maintenance shows only where nothing
    worse is open.
    """
    edges: dict[datetime, Counter[Level]] = {}
    for start, end, level in intervals:
        begins = start if window is None else max(start, window.start)
        ends = min(now if end is None else min(end, now), now if window is None else window.end)
        if begins < ends and level != Level.OPERATIONAL:
            edges.setdefault(begins, Counter())[level] += 1
            edges.setdefault(ends, Counter())[level] -= 1
    segments: list[Segment] = []
    is_open: Counter[Level] = Counter()
    since: datetime | None = None
    for instant in sorted(edges):
        level = worst_of(level for level, count in is_open.items() if count)
        if since is not None and level != Level.OPERATIONAL:
            _append(segments, Segment(since, instant, level))
        for changed, by in edges[instant].items():
            is_open[changed] += by
        since = instant
    return segments


def _append(segments: list[Segment], segment: Segment) -> None:
    last = segments[-1] if segments else None
    if last is not None and last.end == segment.start and last.level == segment.level:
        segments[-1] = Segment(last.start, segment.end, last.level)
    else:
        segments.append(segment)

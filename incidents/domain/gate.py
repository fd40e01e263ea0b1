"""Whether a script may go ahead: the order of levels for gates, and when a gate is down.

The order is not that of the page: for a script, planned work that takes a component away is worse than slowness.
"""

from __future__ import annotations

from collections.abc import Iterable

from incidents.domain.status import Level

ORDER: tuple[Level, ...] = (
    Level.OPERATIONAL,
    Level.DEGRADED_PERFORMANCE,
    Level.UNDER_MAINTENANCE,
    Level.PARTIAL_OUTAGE,
    Level.MAJOR_OUTAGE,
)
DEFAULT_LIMIT = Level.DEGRADED_PERFORMANCE


def worst_for_gate(levels: Iterable[Level]) -> Level:
    """The last of the levels in the order of gates; `operational` for none at all."""
    return max(levels, key=ORDER.index, default=Level.OPERATIONAL)


def is_down(level: Level, limit: Level = DEFAULT_LIMIT) -> bool:
    """Whether a gate that lets everything up to `limit` pass is down at this level."""
    return ORDER.index(level) > ORDER.index(limit)

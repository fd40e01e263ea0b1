"""Levels, stages, allowed moves and the derived words of a status page.

The wire strings and the derivations follow the Atlassian Statuspage dialect (top status table and sticky incident
impact), so that whoever polls such a page today reads ours without a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a component does for its users. The values are wire strings."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"


class Kind(StrEnum):
    """What an incident is: trouble that came, or maintenance that was planned."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class Stage(StrEnum):
    """Where an incident stands, as its newest update says; the last four are those of maintenance.
    `postmortem` is the publication of a review: the incident stays resolved."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"


class Impact(StrEnum):
    """How bad an incident was at its worst."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


HEAVINESS: dict[Level, int] = {level: weight for weight, level in enumerate(Level)}
IMPACT_WEIGHT: dict[Impact, int] = {impact: weight for weight, impact in enumerate(Impact)}
OPEN_STAGES = (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING)
INCIDENT_STAGES = (*OPEN_STAGES, Stage.RESOLVED)
RUNNING_STAGES = (Stage.IN_PROGRESS, Stage.VERIFYING)
MAINTENANCE_STAGES = (Stage.SCHEDULED, *RUNNING_STAGES, Stage.COMPLETED)
OVER_STAGES = (Stage.RESOLVED, Stage.POSTMORTEM)
CLOSED_STAGES = (*OVER_STAGES, Stage.COMPLETED)

# From a stage to the stages that an ordinary update may name. Going back is allowed (a wrong diagnosis is news);
# leaving `resolved` is not a step but the act of reopening. Maintenance that is over stays over: plan another.
MOVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.INVESTIGATING: (*OPEN_STAGES, Stage.RESOLVED),
    Stage.IDENTIFIED: (*OPEN_STAGES, Stage.RESOLVED),
    Stage.MONITORING: (*OPEN_STAGES, Stage.RESOLVED),
    Stage.RESOLVED: (),
    Stage.POSTMORTEM: (),
    Stage.SCHEDULED: (Stage.SCHEDULED, Stage.IN_PROGRESS),
    Stage.IN_PROGRESS: (*RUNNING_STAGES, Stage.COMPLETED),
    Stage.VERIFYING: (*RUNNING_STAGES, Stage.COMPLETED),
    Stage.COMPLETED: (),
}


@dataclass(frozen=True)
class TopStatus:
    """The one sentence for the whole page: `indicator` (none, minor, major, critical, maintenance) and its text."""

    indicator: str
    description: str


def is_allowed_move(before: Stage, after: Stage) -> bool:
    """Whether an ordinary update may take an incident from one stage to the other."""
    return after in MOVES[before]


def worst_of(levels: Iterable[Level]) -> Level:
    """The heaviest of the levels; `operational` for none at all."""
    return max(levels, key=HEAVINESS.__getitem__, default=Level.OPERATIONAL)


def painted(level: Level, *, is_quality: bool) -> Level:
    """The level as which bars and days show a stretch: what was served but wrong is degraded performance at most."""
    return min(level, Level.DEGRADED_PERFORMANCE, key=HEAVINESS.__getitem__) if is_quality else level


def top_status(levels: Iterable[Level]) -> TopStatus:
    """The status of a set of leaf components, by the table of the Statuspage dialect (first row that holds wins)."""
    leaves = list(levels)
    every, some = _every(leaves), set(leaves)
    if not leaves or every(Level.OPERATIONAL):
        return TopStatus("none", "All Systems Operational")
    if every(Level.MAJOR_OUTAGE):
        return TopStatus("critical", "Major System Outage")
    if Level.MAJOR_OUTAGE in some or every(Level.PARTIAL_OUTAGE):
        return TopStatus("major", "Partial System Outage")
    if Level.PARTIAL_OUTAGE in some:
        return TopStatus("minor", "Minor Service Outage")
    if every(Level.DEGRADED_PERFORMANCE):
        return TopStatus("minor", "Degraded System Service")
    if Level.DEGRADED_PERFORMANCE in some:
        return TopStatus("minor", "Partially Degraded Service")
    return TopStatus("maintenance", "Service Under Maintenance")


def impact_of(levels: Iterable[Level]) -> Impact:
    """The impact of one moment of an incident: the top-status table over the components attached to it."""
    return Impact(top_status(levels).indicator)


def heavier_impact(one: Impact, other: Impact) -> Impact:
    """The heavier of two impacts."""
    return max(one, other, key=IMPACT_WEIGHT.__getitem__)


def _every(leaves: list[Level]) -> Callable[[Level], bool]:
    return lambda level: all(leaf == level for leaf in leaves)

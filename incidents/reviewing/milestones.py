"""Milestones of an incident and the durations between them: computed from ledger and updates, never typed.

What a person stated (with a public reason) counts above what is derived; `detected` can only be stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.domain.impact import Spell
from incidents.domain.status import Stage
from incidents.models import IncidentUpdate, MilestoneStatement

ORDER = ("impact_started", "detected", "acknowledged", "identified", "first_recovery", "resolved")
SPANS = (
    ("time_to_detect", "impact_started", "detected"),
    ("time_to_acknowledge", "impact_started", "acknowledged"),
    ("time_to_first_recovery", "impact_started", "first_recovery"),
    ("time_to_resolve", "impact_started", "resolved"),
)


@dataclass(frozen=True)
class Milestone:
    """One instant (UTC) of an incident, None while it has not come or is not known.

    `provenance` is `ledger` (the first interval), `update` (the public time of an update; `update_code` says which),
    `stated` (by a person; `reason` is public), or `none`.
    """

    name: str
    at: datetime | None
    provenance: str
    update_code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Duration:
    """Seconds from one milestone to another, None while one is missing. Negative is possible: an alert before the
    impact."""

    name: str
    seconds: int | None
    start: str
    end: str


def milestones(
    spells: Iterable[Spell], updates: Sequence[IncidentUpdate], statements: Iterable[MilestoneStatement]
) -> tuple[Milestone, ...]:
    """The milestones in ORDER. `updates` oldest first; `statements` may hold superseded ones, which are passed over."""
    started = min((spell.start for spell in spells), default=None)
    derived = {
        "impact_started": Milestone("impact_started", started, "ledger" if started else "none"),
        "detected": Milestone("detected", None, "none"),
        "acknowledged": _from_update("acknowledged", updates[:1]),
        "identified": _from_update("identified", [row for row in updates if row.stage == Stage.IDENTIFIED]),
        "first_recovery": _from_update("first_recovery", [row for row in updates if row.stage == Stage.MONITORING]),
        "resolved": _from_update("resolved", _resolution(updates)),
    }
    stated = {row.milestone: row for row in statements if row.superseded_at is None}
    return tuple(
        Milestone(name, stated[name].at, "stated", reason=stated[name].reason) if name in stated else derived[name]
        for name in ORDER
    )


def durations(found: Sequence[Milestone]) -> tuple[Duration, ...]:
    """The spans of SPANS in whole seconds, each naming the two milestones that it lies between."""
    at = {milestone.name: milestone.at for milestone in found}
    return tuple(Duration(name, _seconds(at[start], at[end]), start, end) for name, start, end in SPANS)


def _resolution(updates: Sequence[IncidentUpdate]) -> list[IncidentUpdate]:
    """The update that ended it: the last one, if it resolves. A reopened incident is not resolved; a review that was
    published since is no news of the trouble."""
    told = [row for row in updates if row.stage != Stage.POSTMORTEM]
    return told[-1:] if told and told[-1].stage == Stage.RESOLVED else []


def _from_update(name: str, rows: Sequence[IncidentUpdate]) -> Milestone:
    if not rows:
        return Milestone(name, None, "none")
    return Milestone(name, rows[0].posted_at, "update", update_code=rows[0].code)


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    return int((end - start).total_seconds()) if start and end else None

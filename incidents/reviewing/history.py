"""How a section came to be: its revisions as people read them, one for each sitting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.domain.diffing import Hunk, hunks
from incidents.models import ReviewSection, SectionRevision

SITTING = timedelta(minutes=10)


@dataclass(frozen=True)
class Step:
    """What one person made of a section in one sitting: who, until when (UTC), and from what to what.

    `is_conflicting`: it could not be put together with another's, and is not in the section.
    """

    number: int
    actor_label: str
    saved_at: datetime
    old: str
    new: str
    is_conflicting: bool

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """The difference, lines first."""
        return hunks(self.old, self.new)


def steps_of(section: ReviewSection) -> tuple[Step, ...]:
    """The steps, newest first; saves of one person less than ten minutes apart are one. Notes are not told of."""
    steps: list[Step] = []
    bodies: dict[int, str] = {0: ""}
    last: SectionRevision | None = None
    for row in section.revisions.order_by("id"):
        if row.is_conflicting:
            old = bodies.get(row.number, "")
            steps.append(Step(row.number, row.actor_label, row.saved_at, old, row.body, True))
            continue
        bodies[row.number] = row.body
        old = last.body if last else ""
        if _is_one_sitting(last, row) and not steps[-1].is_conflicting:
            old = steps.pop().old
        steps.append(Step(row.number, row.actor_label, row.saved_at, old, row.body, False))
        last = row
    return tuple(reversed([step for step in steps if step.old != step.new or step.is_conflicting]))


def _is_one_sitting(before: SectionRevision | None, after: SectionRevision) -> bool:
    return bool(before and before.actor_label == after.actor_label and after.saved_at - before.saved_at <= SITTING)

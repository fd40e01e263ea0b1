"""What the schedule of a maintenance has to do, and when: reminders, the start and the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.domain.status import RUNNING_STAGES, Stage

MAX_LEAD_MINUTES = 60 * 24 * 60


class Step(StrEnum):
    """What the schedule does by itself."""

    REMIND = "remind"
    START = "start"
    FINISH = "finish"


@dataclass(frozen=True)
class Plan:
    """A maintenance as the schedule sees it. Times are UTC.

    `told_at`: when readers were last told of the window; a reminder that was due before that is not sent any more.
    """

    stage: Stage
    scheduled_for: datetime
    scheduled_until: datetime
    is_auto_starting: bool
    is_auto_finishing: bool
    lead_minutes: tuple[int, ...]
    told_at: datetime


def step_due(plan: Plan, now: datetime) -> Step | None:
    """What is to be done at this instant: one step, the first in order; None for nothing."""
    due = [(at, step) for at, step in _steps(plan, now) if at <= now]
    return min(due)[1] if due else None


def next_step_at(plan: Plan, now: datetime) -> datetime | None:
    """When the schedule has something to do next, as seen at `now`; None for never."""
    return min((at for at, _step in _steps(plan, now)), default=None)


def _steps(plan: Plan, now: datetime) -> Iterable[tuple[datetime, Step]]:
    if plan.stage == Stage.SCHEDULED:
        if now < plan.scheduled_for:
            for lead in plan.lead_minutes:
                at = plan.scheduled_for - timedelta(minutes=lead)
                if at > plan.told_at:
                    yield at, Step.REMIND
        if plan.is_auto_starting:
            yield plan.scheduled_for, Step.START
    elif plan.stage in RUNNING_STAGES and plan.is_auto_finishing:
        yield plan.scheduled_until, Step.FINISH

"""What a person states of a milestone, within a write of the incident."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.models import Incident, MilestoneStatement

MILESTONES = ("impact_started", "detected", "acknowledged", "identified", "first_recovery", "resolved")


def state(
    actor: Actor, incident: Incident, milestone: str, at: datetime, reason: str, now: datetime
) -> list[MilestoneStatement]:
    """The statements that were withdrawn for it, and the new one, last. Raises Refused."""
    if milestone not in MILESTONES:
        raise Refused(_("There is no such milestone."), "milestone")
    if at > now:
        raise Refused(_("The time is in the future."), "at")
    if milestone == "resolved" and incident.is_open:
        raise Refused(_("The incident is not resolved yet."), "milestone")
    withdrawn = withdraw(incident, milestone, now)
    stated = MilestoneStatement.objects.create(
        incident=incident, milestone=milestone, at=at, reason=reason, actor_label=actor.label, stated_at=now
    )
    return [*withdrawn, stated]


def withdraw(incident: Incident, milestone: str, now: datetime) -> list[MilestoneStatement]:
    """Let no statement of the milestone count any more; returns those that did."""
    rows = MilestoneStatement.objects.filter(incident=incident, milestone=milestone, superseded_at__isnull=True)
    withdrawn = list(rows)
    for statement in withdrawn:
        statement.superseded_at = now
        statement.save(update_fields=["superseded_at"])
    return withdrawn

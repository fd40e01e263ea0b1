"""What a maintenance tells whom at each step, and what else is planned for the same time, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import queries
from incidents.domain.status import Stage
from incidents.models import Component, Incident, MaintenanceScope
from incidents.publishing import words


@dataclass(frozen=True)
class Step:
    """One step of a maintenance: when it comes and who is told of it."""

    name: str
    when: str
    told: str


def subscriber_count(component_ids: Sequence[int], incident_id: int | None = None) -> int:
    """How many subscribers a message about these components reaches."""
    groups = Component.objects.filter(pk__in=component_ids, group__isnull=False).values_list("group_id", flat=True)
    return queries.audience([*component_ids, *(pk for pk in groups if pk)], incident_id).count()


def told(count: int) -> str:
    """`12 subscribers`."""
    return ngettext("%(count)s subscriber", "%(count)s subscribers", count) % {"count": f"{count:,}"}


def steps(
    count: int,
    *,
    is_notifying: bool,
    lead_minutes: Sequence[int],
    is_auto_starting: bool,
    is_auto_finishing: bool,
    is_start_notifying: bool,
    is_finish_notifying: bool,
) -> list[Step]:
    """The steps in the order in which they come."""

    def whom(is_told: bool) -> str:
        return told(count) if is_told else _("nobody; the page shows it")

    by_schedule, by_hand = _("by the schedule"), _("when you say so")
    reminders = [
        Step(_("Reminder"), _("%(lead)s before") % {"lead": words.duration(lead * 60)}, whom(True))
        for lead in lead_minutes
    ]
    return [
        Step(_("Announced"), _("now"), whom(is_notifying)),
        *reminders,
        Step(_("Begins"), by_schedule if is_auto_starting else by_hand, whom(is_start_notifying)),
        Step(_("Completed"), by_schedule if is_auto_finishing else by_hand, whom(is_finish_notifying)),
    ]


def overlaps(
    component_ids: Sequence[int], start: datetime, end: datetime, but: Incident | None = None
) -> list[MaintenanceScope]:
    """What else is planned for one of these components within the window; allowed, but to be seen. One query."""
    rows = MaintenanceScope.objects.filter(
        component_id__in=component_ids,
        incident__in=queries.planned_maintenance().exclude(stage=Stage.COMPLETED),
        incident__scheduled_for__lt=end,
        incident__scheduled_until__gt=start,
    )
    if but:
        rows = rows.exclude(incident=but)
    return list(rows.select_related("incident", "component__group", "region").order_by("incident__scheduled_for", "id"))

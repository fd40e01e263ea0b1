"""What the schedule does by itself: reminders, and the start and end of maintenance, also when it comes to it late."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import guards, texts, updates, windows
from incidents.domain.actor import SYSTEM
from incidents.domain.maintenance import Step, step_due
from incidents.domain.status import Kind, Stage
from incidents.domain.verbs import Verb
from incidents.models import Incident, PublicPage

log = logging.getLogger(__name__)
ON_TIME = timedelta(seconds=60)


def advance_due(now: datetime | None = None) -> int:
    """Do what is due by now (UTC) of every schedule, step by step in order; returns how many steps were taken.

    Each step is one transaction that looks at the maintenance again under its lock, so two sweeps at once do it once.
    A maintenance that cannot be advanced holds up no other.
    """
    now = now or timezone.now()
    due = Incident.objects.filter(kind=Kind.MAINTENANCE, next_step_at__lte=now).order_by("next_step_at", "id")
    return sum(_advance_or_leave(incident_id, now) for incident_id in list(due.values_list("pk", flat=True)))


def _advance_or_leave(incident_id: int, now: datetime) -> int:
    taken = 0
    try:
        while _take_step(incident_id, now):
            taken += 1
    except DatabaseError:
        raise
    except Exception:
        log.exception("Maintenance %s could not be advanced; the others go on, and the next sweep tries again.",
                      incident_id)  # fmt: skip
    return taken


def _take_step(incident_id: int, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        incident = guards.lock_incident(incident_id, None, Kind.MAINTENANCE)
        step = None if incident.withdrawn_at else step_due(windows.plan_of(incident), now)
        if step == Step.REMIND:
            _remind(page, incident, now)
        elif step == Step.START:
            _start(page, incident, now)
        elif step == Step.FINISH:
            _finish(page, incident, now)
        windows.plan_next_step(incident, now)
    return step is not None


def _remind(page: PublicPage, incident: Incident, now: datetime) -> None:
    begin, _end = windows.window_of(incident)
    # Seconds late are still on time: it says what was planned. Of several that are overdue this is the only one.
    left = begin - now
    lead = min(
        (lead for lead in incident.reminder_lead_minutes if timedelta(0) <= timedelta(minutes=lead) - left <= ON_TIME),
        default=max(1, round(left / timedelta(minutes=1))),
    )
    text = _("Maintenance will begin as scheduled in %(time)s.") % {"time": _in_words(lead)}
    _post(page, incident, Verb.MAINTENANCE_REMINDED, Stage.SCHEDULED, text, now, is_notifying=True, is_reminder=True)


def _start(page: PublicPage, incident: Incident, now: datetime) -> None:
    begin, end = windows.window_of(incident)
    told, moved = windows.begin(incident, begin, now)
    is_over_already = incident.is_auto_finishing and end <= now
    _post(
        page, incident, Verb.MAINTENANCE_STARTED, Stage.IN_PROGRESS,
        _("Scheduled maintenance is currently in progress. We will provide updates as necessary."), now,
        is_notifying=incident.is_start_notifying and not is_over_already, told=told, moved=moved,
        time_note=_late(_("It began as planned at %(time)s UTC; this was posted late."), begin, now),
    )  # fmt: skip


def _finish(page: PublicPage, incident: Incident, now: datetime) -> None:
    _begin, end = windows.window_of(incident)
    told, moved = windows.finish(incident, end)
    _post(
        page, incident, Verb.MAINTENANCE_COMPLETED, Stage.COMPLETED,
        _("The scheduled maintenance has been completed."), now,
        is_notifying=incident.is_finish_notifying, told=told, moved=moved,
        time_note=_late(_("It ended as planned at %(time)s UTC; this was posted late."), end, now),
    )  # fmt: skip


def _post(
    page: PublicPage,
    incident: Incident,
    verb: Verb,
    stage: Stage,
    body: str,
    now: datetime,
    *,
    is_notifying: bool,
    is_reminder: bool = False,
    told: list[dict[str, Any]] | None = None,
    moved: list[Model] | None = None,
    time_note: str = "",
) -> None:
    before = incident.stage
    text, html = texts.body(body)
    update = updates.append(
        actor=SYSTEM, incident=incident, stage=stage, text=text, html=html,
        now=updates.not_before_newest(incident, now), is_notifying=is_notifying, told=told or [],
        is_reminder=is_reminder, time_note=time_note,
    )  # fmt: skip
    updates.tell(SYSTEM, verb, page, incident, update, changes={"stage": [before, stage.value]}, published=moved or [])


def _late(sentence: str, planned: datetime, now: datetime) -> str:
    return sentence % {"time": f"{planned:%Y-%m-%d %H:%M}"} if now - planned > ON_TIME else ""


def _in_words(minutes: int) -> str:
    if minutes >= 48 * 60 and minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if minutes >= 120 and minutes % 60 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", minutes // 60) % {"count": minutes // 60}
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}

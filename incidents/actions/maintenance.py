"""Schedule, begin, update, move, edit, complete and cancel maintenance by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts, updates, windows
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.status import MAINTENANCE_STAGES, RUNNING_STAGES, Kind, Stage, is_allowed_move
from incidents.domain.verbs import Reach, Verb
from incidents.models import Incident, IncidentUpdate

Scope = windows.Scope


def schedule_maintenance(
    *,
    actor: Actor,
    title: str,
    body: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    scope: Scope,
    reminder_lead_minutes: Sequence[int] = (),
    is_auto_starting: bool = True,
    is_auto_finishing: bool = True,
    is_start_notifying: bool = True,
    is_finish_notifying: bool = True,
    is_notifying: bool = True,
    is_example: bool = False,
    key: str = "",
    now: datetime | None = None,
) -> Incident:
    """Announce maintenance for a window (UTC). `scope`: (component id, region ids), no region ids for all of them.

    A repeat under the same `key` returns what was made first. Raises Refused, Conflict.
    """
    now = now or timezone.now()
    flags = {
        "is_auto_starting": is_auto_starting, "is_auto_finishing": is_auto_finishing,
        "is_start_notifying": is_start_notifying, "is_finish_notifying": is_finish_notifying, "is_example": is_example,
    }  # fmt: skip
    content = guards.fingerprint(
        actor=actor.label, title=title, body=body, begin=scheduled_for, end=scheduled_until, scope=scope,
        leads=reminder_lead_minutes, notify=is_notifying, **flags,
    )  # fmt: skip
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return Incident.objects.get(pk=earlier)
        incident = windows.announce(
            actor=actor, page=page, title=title, body=body, scheduled_for=scheduled_for,
            scheduled_until=scheduled_until, scope=scope, reminder_lead_minutes=reminder_lead_minutes,
            is_notifying=is_notifying, now=now, flags=flags,
        )  # fmt: skip
        guards.keep_result(key, content, incident.pk, now)
    return incident


def post_maintenance_update(
    *,
    actor: Actor,
    incident_id: int,
    stage: str,
    body: str,
    is_notifying: bool = True,
    seen_version: int | None = None,
    key: str = "",
    now: datetime | None = None,
) -> IncidentUpdate:
    """Post an update. Stage `in_progress` begins the maintenance now, whatever was planned; `completed` ends it now.

    Raises Refused for a move that is not allowed, Conflict as `post_update` of incidents.
    """
    now = now or timezone.now()
    content = guards.fingerprint(
        actor=actor.label, incident=incident_id, body=body, stage=stage, notify=is_notifying, maintenance=True
    )
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return IncidentUpdate.objects.get(pk=earlier)
        incident = _lock(incident_id, seen_version)
        before, after = Stage(incident.stage), _stage(stage)
        _refuse_move(incident, before, after, now)
        text, html = texts.body(body)
        now = updates.not_before_newest(incident, now)
        told: list[dict[str, Any]] = []
        moved: list[Model] = []
        if before == Stage.SCHEDULED and after != before:
            told, moved = windows.begin(incident, now, now)
        elif after == Stage.COMPLETED:
            told, moved = windows.finish(incident, now)
        update = updates.append(
            actor=actor, incident=incident, stage=after, text=text, html=html, now=now, is_notifying=is_notifying,
            told=told,
        )  # fmt: skip
        windows.plan_next_step(incident, now)
        updates.tell(
            actor, _verb(before, after), page, incident, update, changes={"stage": [before, after]}, published=moved
        )
        guards.keep_result(key, content, update.pk, now)
    return update


def change_window(
    *,
    actor: Actor,
    incident_id: int,
    scheduled_for: datetime,
    scheduled_until: datetime,
    body: str,
    reason: str = "",
    is_notifying: bool = True,
    seen_version: int | None = None,
    key: str = "",
    now: datetime | None = None,
) -> IncidentUpdate:
    """Move the window (UTC), with an update that says so; while it runs only the end, and only to a later time.

    Reminders that were not sent yet follow the new window. Raises Refused, Conflict.
    """
    now = now or timezone.now()
    content = guards.fingerprint(
        actor=actor.label, incident=incident_id, body=body, begin=scheduled_for, end=scheduled_until, window=True
    )
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return IncidentUpdate.objects.get(pk=earlier)
        incident = _lock(incident_id, seen_version)
        begin, end = windows.window_of(incident)
        if not incident.is_open:
            raise Refused(_("This maintenance is over; its window cannot be moved any more."))
        windows.refuse_window(scheduled_for, scheduled_until, now)
        is_running = incident.stage in RUNNING_STAGES
        if is_running:
            _refuse_other_than_extension(begin, end, scheduled_for, scheduled_until)
            scheduled_for = begin
        elif (scheduled_for, scheduled_until) == (begin, end):
            raise Refused(_("That is the window already."), "scheduled_for")
        text, html = texts.body(body)
        incident.scheduled_for, incident.scheduled_until = scheduled_for, scheduled_until
        incident.calendar_sequence += 1
        incident.save(update_fields=["scheduled_for", "scheduled_until", "calendar_sequence"])
        update = updates.append(
            actor=actor, incident=incident, stage=Stage(incident.stage), text=text, html=html,
            now=updates.not_before_newest(incident, now), is_notifying=is_notifying,
        )  # fmt: skip
        windows.plan_next_step(incident, now)
        updates.tell(
            actor, Verb.MAINTENANCE_EXTENDED if is_running else Verb.MAINTENANCE_RESCHEDULED, page, incident, update,
            changes={
                "scheduled_for": [begin.isoformat(), scheduled_for.isoformat()],
                "scheduled_until": [end.isoformat(), scheduled_until.isoformat()],
                "reason": ["", texts.line(reason, field="reason", limit=300, is_required=False)],
            },
        )  # fmt: skip
        guards.keep_result(key, content, update.pk, now)
    return update


def cancel_maintenance(
    *,
    actor: Actor,
    incident_id: int,
    body: str,
    is_notifying: bool = True,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> IncidentUpdate:
    """Call off maintenance that has not begun; nothing of it is in the ledger. Raises Refused, Conflict."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        incident = _lock(incident_id, seen_version)
        _refuse_begun(incident, _("This maintenance has begun. Complete it instead."))
        text, html = texts.body(body)
        incident.cancelled_at = now
        incident.calendar_sequence += 1
        incident.save(update_fields=["cancelled_at", "calendar_sequence"])
        update = updates.append(
            actor=actor, incident=incident, stage=Stage.COMPLETED, text=text, html=html,
            now=updates.not_before_newest(incident, now), is_notifying=is_notifying,
        )  # fmt: skip
        windows.plan_next_step(incident, now)
        updates.tell(
            actor, Verb.MAINTENANCE_CANCELLED, page, incident, update, changes={"cancelled_at": ["", now.isoformat()]}
        )
    return update


def edit_maintenance(
    *,
    actor: Actor,
    incident_id: int,
    title: str,
    scope: Scope,
    reminder_lead_minutes: Sequence[int],
    is_auto_starting: bool,
    is_auto_finishing: bool,
    is_start_notifying: bool,
    is_finish_notifying: bool,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> Incident:
    """Change what a maintenance that has not begun is called, takes and does by itself. Raises Refused, Conflict."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        incident = _lock(incident_id, seen_version)
        _refuse_begun(incident, _("This maintenance has begun; what was announced of it stays."))
        new: dict[str, Any] = {
            "title": texts.line(title, field="title", limit=255),
            "reminder_lead_minutes": windows.leads(reminder_lead_minutes),
            "is_auto_starting": is_auto_starting, "is_auto_finishing": is_auto_finishing,
            "is_start_notifying": is_start_notifying, "is_finish_notifying": is_finish_notifying,
        }  # fmt: skip
        changes = {name: [getattr(incident, name), value] for name, value in new.items()
                   if getattr(incident, name) != value}  # fmt: skip
        rows = windows.scope_rows(scope)
        former = list(incident.scope.values_list("component_id", "region_id"))
        if set(former) != set(rows):
            windows.keep_scope(incident, rows)
            changes["scope"] = [former, rows]
        if changes:
            for name, value in new.items():
                setattr(incident, name, value)
            incident.calendar_sequence += 1
            incident.save(update_fields=[*new, "calendar_sequence"])
            guards.touch(incident, now)
            windows.plan_next_step(incident, now)
            record(
                actor=actor, verb=Verb.INCIDENT_EDITED, subject=incident, now=now, incident=incident, changes=changes,
                reach=Reach.PAGE, published=[incident],
            )  # fmt: skip
    return incident


def _lock(incident_id: int, seen_version: int | None) -> Incident:
    return guards.lock_incident(incident_id, seen_version, Kind.MAINTENANCE)


def _stage(raw: str) -> Stage:
    if raw not in MAINTENANCE_STAGES:
        raise Refused(_("Choose a stage."), "stage")
    return Stage(raw)


def _refuse_move(incident: Incident, before: Stage, after: Stage, now: datetime) -> None:
    if before == Stage.COMPLETED:
        raise Refused(_("This maintenance is over. Schedule another one."), "stage")
    if not is_allowed_move(before, after):
        sentence = (
            _("This maintenance has not begun. Begin it first, or cancel it.")
            if before == Stage.SCHEDULED
            else _("This maintenance has begun; it cannot be scheduled again.")
        )
        raise Refused(sentence, "stage")
    _begin, end = windows.window_of(incident)
    if before == Stage.SCHEDULED and after != before and incident.is_auto_finishing and end <= now:
        raise Refused(_("The planned window is over, so it would end at once. Move the window first."), "stage")


def _verb(before: Stage, after: Stage) -> Verb:
    if after == Stage.COMPLETED:
        return Verb.MAINTENANCE_COMPLETED
    return Verb.MAINTENANCE_STARTED if before == Stage.SCHEDULED and after != before else Verb.MAINTENANCE_UPDATED


def _refuse_other_than_extension(begin: datetime, end: datetime, new_begin: datetime, new_end: datetime) -> None:
    # To the minute: that is what people type.
    if new_begin.replace(second=0, microsecond=0) != begin.replace(second=0, microsecond=0):
        raise Refused(_("This maintenance has begun; only its end can be moved."), "scheduled_for")
    if new_end <= end:
        raise Refused(_("A running maintenance can only be extended. Complete it to end earlier."), "scheduled_until")


def _refuse_begun(incident: Incident, sentence: str) -> None:
    if not incident.is_open:
        raise Refused(_("This maintenance is over. Schedule another one."))
    if incident.stage != Stage.SCHEDULED:
        raise Refused(sentence)

"""Maintenance in the dialect: an incident with `scheduled_for`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from incidents.actions import maintenance as actions
from incidents.domain.status import Stage
from incidents.models import Incident
from incidents.web.api.v1 import asked
from incidents.web.api.v1.components import ids_of
from incidents.web.api.v1.default_texts import text_of
from incidents.web.api.v1.table import Call, Refusal

REMINDER_MINUTES = 60  # how long before the window the dialect reminds


def schedule_maintenance(call: Call, fields: asked.IncidentFields, codes: Sequence[str] | None) -> Incident:
    """Announce it. What is not said of its automatic steps is no, as in the dialect. Raises Refusal, Refused."""
    if fields.scheduled_for is None or fields.scheduled_until is None:
        raise Refusal(422, _("Give the window of the maintenance: scheduled_for and scheduled_until."))
    if fields.status not in (None, Stage.SCHEDULED):
        raise Refusal(422, _("status: maintenance is scheduled first; begin it by another request."))
    is_auto = bool(fields.scheduled_auto_transition)
    return actions.schedule_maintenance(
        actor=call.actor,
        title=fields.name or "",
        body=fields.text or _("Maintenance is planned."),
        scheduled_for=fields.scheduled_for,
        scheduled_until=fields.scheduled_until,
        scope=[(pk, ()) for pk in ids_of(codes or [], "components")],
        reminder_lead_minutes=[REMINDER_MINUTES] if fields.scheduled_remind_prior else [],
        is_auto_starting=_or(fields.scheduled_auto_in_progress, is_auto),
        is_auto_finishing=_or(fields.scheduled_auto_completed, is_auto),
        is_start_notifying=_or(fields.auto_transition_deliver_notifications_at_start, True),
        is_finish_notifying=_or(fields.auto_transition_deliver_notifications_at_end, True),
        is_notifying=fields.deliver_notifications is not False,
        key=call.key,
    )


def edit_maintenance(
    call: Call, row: Incident, fields: asked.IncidentFields, codes: Sequence[str] | None
) -> None:  # fmt: skip
    """Change what is named, move the window, and tell what is to be told. Raises Refusal, Refused."""
    _edit(call, row, fields, codes)
    text, stage = fields.text, fields.status or row.stage
    is_moving_on = stage != row.stage
    begin, end = fields.scheduled_for or row.scheduled_for, fields.scheduled_until or row.scheduled_until
    assert begin is not None
    assert end is not None
    if (begin, end) != (row.scheduled_for, row.scheduled_until):
        actions.change_window(
            actor=call.actor, incident_id=row.pk, scheduled_for=begin, scheduled_until=end,
            body=text or _("The time of this maintenance has changed."), reason=fields.reason or "",
            is_notifying=fields.deliver_notifications is not False, key="" if is_moving_on else call.key,
        )  # fmt: skip
        text = ""
    if text or is_moving_on:
        actions.post_maintenance_update(
            actor=call.actor, incident_id=row.pk, stage=stage, body=text or text_of(stage),
            is_notifying=fields.deliver_notifications is not False, key=call.key,
        )  # fmt: skip


def _edit(call: Call, row: Incident, fields: asked.IncidentFields, codes: Sequence[str] | None) -> None:
    scope: dict[int, list[int]] = {}
    for component_id, region_id in row.scope.values_list("component_id", "region_id"):
        scope.setdefault(component_id, []).extend([region_id] if region_id else [])
    wanted = scope if codes is None else {pk: scope.get(pk, []) for pk in ids_of(codes, "components")}
    known: dict[str, Any] = {
        "title": row.title,
        "reminder_lead_minutes": row.reminder_lead_minutes,
        "is_auto_starting": row.is_auto_starting,
        "is_auto_finishing": row.is_auto_finishing,
        "is_start_notifying": row.is_start_notifying,
        "is_finish_notifying": row.is_finish_notifying,
    }
    new = known | {name: value for name, value in _named(row, fields).items() if value is not None}
    if new != known or set(wanted) != set(scope):
        actions.edit_maintenance(
            actor=call.actor, incident_id=row.pk, scope=[(pk, tuple(ids)) for pk, ids in wanted.items()], **new
        )


def _named(row: Incident, fields: asked.IncidentFields) -> dict[str, Any]:
    """What the request says of the schedule, by the names of ours; None for what it does not say."""
    is_auto, leads = fields.scheduled_auto_transition, row.reminder_lead_minutes or [REMINDER_MINUTES]
    is_reminding = fields.scheduled_remind_prior
    return {
        "title": fields.name,
        "reminder_lead_minutes": None if is_reminding is None else leads if is_reminding else [],
        "is_auto_starting": is_auto if fields.scheduled_auto_in_progress is None else fields.scheduled_auto_in_progress,
        "is_auto_finishing": is_auto if fields.scheduled_auto_completed is None else fields.scheduled_auto_completed,
        "is_start_notifying": fields.auto_transition_deliver_notifications_at_start,
        "is_finish_notifying": fields.auto_transition_deliver_notifications_at_end,
    }


def _or(wanted: bool | None, otherwise: bool) -> bool:
    return otherwise if wanted is None else wanted

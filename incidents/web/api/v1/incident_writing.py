"""One request of the dialect, several acts of ours: an incident is opened, edited, told of, reopened; maintenance is
scheduled, moved, told of. Each act is whole in itself; a repeat of the request finds what was done and goes on."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import amending
from incidents.actions import incident as actions
from incidents.actions.component_status import put_component_status
from incidents.actions.incident_metadata import keep_metadata
from incidents.domain.impact import ComponentChange, levels_at
from incidents.domain.status import INCIDENT_STAGES, MAINTENANCE_STAGES, OPEN_STAGES, Level, Stage
from incidents.models import Component, Incident
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.components import SHOWN, ids_of
from incidents.web.api.v1.default_texts import text_of
from incidents.web.api.v1.incident_shapes import incident_answer
from incidents.web.api.v1.maintenance_writing import edit_maintenance, schedule_maintenance
from incidents.web.api.v1.shapes import Levels
from incidents.web.api.v1.table import Call, Refusal, missing


def add_incident(call: Call) -> answers.Incident:
    """A new incident or, where a window or a stage of maintenance is named, a new maintenance."""
    fields = call.asked(asked.IncidentBody).incident
    if call.earlier:
        return incident_answer(Incident.objects.get(pk=call.earlier), call.page)
    if fields.backfilled:
        raise Refusal(422, _("An incident of the past cannot be entered here: use manage.py import_history."))
    if fields.scheduled_for or fields.status in MAINTENANCE_STAGES:
        row = schedule_maintenance(call, fields, _codes(fields))
    else:
        row = _open(call, fields)
        _put_statuses(call, fields)
    _keep_metadata(call, row, fields)
    return incident_answer(Incident.objects.get(pk=row.pk), call.page)


def edit_incident(call: Call) -> answers.Incident:
    """What is named changes; `status`, `body` and `components` are told by one more update."""
    fields = call.asked(asked.IncidentBody).incident
    row = Incident.objects.filter(code=call.path["incident_id"], withdrawn_at__isnull=True).first()
    if row is None:
        raise missing(_("incident"))
    if not call.earlier:
        if row.is_maintenance:
            edit_maintenance(call, row, fields, _codes(fields))
        else:
            _edit(call, row, fields)
            _tell(call, row, fields)
        if Incident.objects.get(pk=row.pk).stage != Stage.SCHEDULED:
            _put_statuses(call, fields)
        _keep_metadata(call, row, fields)
    return incident_answer(Incident.objects.get(pk=row.pk), call.page)


def _open(call: Call, fields: asked.IncidentFields) -> Incident:
    stage = fields.status or Stage.INVESTIGATING
    return actions.open_incident(
        actor=call.actor,
        title=fields.name or "",
        body=fields.text or text_of(stage),
        stage=stage,
        components=_changes(fields, {}),
        impact_override=fields.impact_override or "",
        is_notifying=fields.deliver_notifications is not False,
        key=call.key,
    )


def _edit(call: Call, row: Incident, fields: asked.IncidentFields) -> None:
    title = row.title if fields.name is None else fields.name
    impact = row.impact_override if fields.impact_override is None else fields.impact_override
    if (title, impact) != (row.title, row.impact_override):
        amending.edit_incident(
            actor=call.actor, incident_id=row.pk, title=title, impact_override=impact, advice=row.advice,
            reason=fields.reason or _("Changed through the API."),
        )  # fmt: skip


def _tell(call: Call, row: Incident, fields: asked.IncidentFields) -> None:
    stage = fields.status or row.stage
    if stage not in INCIDENT_STAGES and stage != row.stage:
        raise Refusal(422, _("status: “%(stage)s” is not a stage of an incident.") % {"stage": stage})
    held = {pk: Level(level) for pk, level in levels_at(queries.spells_of(row), call.now).items()}
    changes = _changes(fields, held)
    if not (fields.text or changes or stage != row.stage):
        return
    is_reopening = not row.is_open and stage in OPEN_STAGES
    write = actions.reopen_incident if is_reopening else actions.post_update
    write(
        actor=call.actor,
        incident_id=row.pk,
        stage=stage,
        body=fields.text or text_of(stage, is_repeat=stage == row.stage),
        components=changes,
        is_notifying=fields.deliver_notifications is not False,
        key=call.key,
    )


def _changes(fields: asked.IncidentFields, held: dict[int, Level]) -> list[ComponentChange]:
    """What the incident is to say of components beside what it `held`. Those without a status are taken at the one that
    they have now; an operational one is nothing to say."""
    found = [
        ComponentChange(pk, Level(status))
        for pk, status in zip(ids_of(list(fields.statuses), "components"), fields.statuses.values(), strict=True)
        if held.get(pk, Level.OPERATIONAL) != status
    ]
    levels = Levels()
    bare = [code for code in fields.codes if code not in fields.statuses]
    listed = [pk for pk in ids_of(bare, "component_ids") if pk not in held]
    rows = SHOWN.in_bulk(listed)
    known = [(pk, levels.of(rows[pk])) for pk in listed if not rows[pk].is_group]
    return found + [ComponentChange(pk, level) for pk, level in known if level != Level.OPERATIONAL]


def _codes(fields: asked.IncidentFields) -> Sequence[str] | None:
    """All components that are named; None where nothing is said of them."""
    return None if fields.components is None and fields.component_ids is None else fields.codes


def _put_statuses(call: Call, fields: asked.IncidentFields) -> None:
    """A status that is named is that of the component, whoever else holds it."""
    rows = {row.code: row for row in Component.objects.filter(code__in=fields.statuses, is_group=False)}
    for code, status in fields.statuses.items():
        if code in rows and Levels().of(rows[code]) != status:
            put_component_status(actor=call.actor, component_id=rows[code].pk, level=status)


def _keep_metadata(call: Call, row: Incident, fields: asked.IncidentFields) -> None:
    if fields.metadata is not None and fields.metadata != row.metadata:
        keep_metadata(actor=call.actor, incident_id=row.pk, metadata=fields.metadata)

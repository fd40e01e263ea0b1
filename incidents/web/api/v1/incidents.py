"""Incidents and maintenance: reading, deleting, and amending an update. Writing one is `incident_writing`."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import amending, maintenance, withholding
from incidents.domain.scopes import Scope
from incidents.domain.status import OVER_STAGES, RUNNING_STAGES, Kind, Stage
from incidents.models import Incident, IncidentUpdate
from incidents.web.api.v1 import answers, asked
from incidents.web.api.v1.incident_shapes import incident_answer, incident_answers, update_answer
from incidents.web.api.v1.incident_writing import add_incident, edit_incident
from incidents.web.api.v1.table import Call, Route, missing


def shown() -> QuerySet[Incident]:
    """All that were not withdrawn, newest first."""
    return Incident.objects.filter(withdrawn_at__isnull=True).order_by("-created_at", "-id")


def row_of(call: Call) -> Incident:
    """The incident of the address. Raises Refusal 404."""
    row = shown().filter(code=call.path["incident_id"]).first()
    if row is None:
        raise missing(_("incident"))
    return row


def incident_list(call: Call) -> list[answers.Incident]:
    """All of them, maintenance among them."""
    options, rows = call.options(asked.IncidentSearch), shown()
    if options.q:
        about = IncidentUpdate.objects.filter(body__icontains=options.q).values("incident_id")
        rows = rows.filter(Q(title__icontains=options.q) | Q(pk__in=about))
    return incident_answers(list(rows[options.rows]), call.page)


def unresolved_list(call: Call) -> list[answers.Incident]:
    """Incidents that are not resolved."""
    return _listed(call, shown().filter(kind=Kind.INCIDENT).exclude(stage__in=OVER_STAGES))


def scheduled_list(call: Call) -> list[answers.Incident]:
    """Maintenance that has not begun, the next one first."""
    return _listed(call, shown().filter(kind=Kind.MAINTENANCE, stage=Stage.SCHEDULED).order_by("scheduled_for", "id"))


def upcoming_list(call: Call) -> list[answers.Incident]:
    """Of these, those whose window is still to come."""
    rows = shown().filter(kind=Kind.MAINTENANCE, stage=Stage.SCHEDULED, scheduled_for__gt=timezone.now())
    return _listed(call, rows.order_by("scheduled_for", "id"))


def running_list(call: Call) -> list[answers.Incident]:
    """Maintenance that is being worked on."""
    return _listed(call, shown().filter(kind=Kind.MAINTENANCE, stage__in=RUNNING_STAGES))


def incident(call: Call) -> answers.Incident:
    """One of them."""
    return incident_answer(row_of(call), call.page)


def delete_incident(call: Call) -> answers.Incident:
    """Withdraw it: a tombstone stays. Maintenance that has not begun is called off, in public; what runs is refused."""
    row = row_of(call)
    gone = incident_answer(row, call.page)
    if row.is_maintenance and row.is_open:
        body = _("This maintenance was called off.")
        maintenance.cancel_maintenance(actor=call.actor, incident_id=row.pk, body=body)
        return incident_answer(Incident.objects.get(pk=row.pk), call.page)
    withholding.withdraw_incident(actor=call.actor, incident_id=row.pk, reason=_("Deleted through the API."))
    return gone


def amend_update(call: Call) -> answers.Update:
    """Another text or time of an update; the former stay readable."""
    fields = call.asked(asked.UpdateBody).incident_update
    rows = IncidentUpdate.objects.filter(incident=row_of(call)).select_related("incident")
    update = rows.filter(code=call.path["update_id"]).first()
    if update is None:
        raise missing(_("update"))
    body = update.body if fields.body is None else fields.body
    if (body, fields.display_at or update.posted_at) != (update.body, update.posted_at):
        amending.amend_update(
            actor=call.actor, update_id=update.pk, body=body, posted_at=fields.display_at,
            reason=fields.reason or _("Changed through the API."),
        )  # fmt: skip
    return update_answer(rows.get(pk=update.pk), call.page)


def _listed(call: Call, rows: QuerySet[Incident]) -> list[answers.Incident]:
    return incident_answers(list(rows[call.options(asked.Paging).rows]), call.page)


_ALL, _ONE = "/pages/{page_id}/incidents", "/pages/{page_id}/incidents/{incident_id}"
_UPDATE, _SCOPE = f"{_ONE}/incident_updates/{{update_id}}", Scope.INCIDENTS
_INCIDENT, _INCIDENTS, _PAGING = answers.Incident, list[answers.Incident], asked.Paging
ROUTES = (
    Route("GET", _ALL, "List the incidents", incident_list, _SCOPE, _INCIDENTS, query=asked.IncidentSearch),
    Route("POST", _ALL, "Open an incident or schedule maintenance", add_incident, _SCOPE, _INCIDENT, 201,
          asked.IncidentBody),
    Route("GET", f"{_ALL}/unresolved", "List the unresolved", unresolved_list, _SCOPE, _INCIDENTS, query=_PAGING),
    Route("GET", f"{_ALL}/scheduled", "List what is scheduled", scheduled_list, _SCOPE, _INCIDENTS, query=_PAGING),
    Route("GET", f"{_ALL}/upcoming", "List what is to come", upcoming_list, _SCOPE, _INCIDENTS, query=_PAGING),
    Route("GET", f"{_ALL}/active_maintenance", "List what runs", running_list, _SCOPE, _INCIDENTS, query=_PAGING),
    Route("GET", _ONE, "Get an incident", incident, _SCOPE, _INCIDENT),
    Route("PATCH", _ONE, "Edit an incident, or post an update", edit_incident, _SCOPE, _INCIDENT,
          body=asked.IncidentBody),
    Route("PUT", _ONE, "Edit an incident, or post an update", edit_incident, _SCOPE, _INCIDENT,
          body=asked.IncidentBody),
    Route("DELETE", _ONE, "Withdraw an incident, or call maintenance off", delete_incident, _SCOPE, _INCIDENT),
    Route("PATCH", _UPDATE, "Amend an update", amend_update, _SCOPE, answers.Update, body=asked.UpdateBody),
    Route("PUT", _UPDATE, "Amend an update", amend_update, _SCOPE, answers.Update, body=asked.UpdateBody),
)  # fmt: skip

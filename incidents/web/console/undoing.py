"""The seconds in which an update can be taken back, before anybody is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents import queries
from incidents.actions import undoing as actions
from incidents.actions.refusals import Refused
from incidents.models import Incident, IncidentUpdate, OutboxEvent
from incidents.web.access import actor_of


@dataclass(frozen=True)
class Waiting:
    """An update that still waits for its author: how many it goes to, and when."""

    event: OutboxEvent
    update_code: str
    count: int
    at: datetime
    seconds: int


def waiting_of(incident: Incident, now: datetime) -> Waiting | None:
    """The newest update of an incident, while it can be taken back."""
    event = incident.events.filter(relayed_at__isnull=True, held_until__gt=now).order_by("-sequence").first()
    if event is None or event.held_until is None:
        return None
    count = queries.audience(event.audience["component_ids"], incident.pk).count()
    left = int((event.held_until - now).total_seconds()) + 1
    return Waiting(event, event.facts["update"]["code"], count, event.held_until, left)


@require_POST
def take_back_update(request: HttpRequest, code: str) -> HttpResponse:
    """Take an update back before anybody is told, and go back to its text."""
    update = get_object_or_404(IncidentUpdate.objects.select_related("incident"), code=code)
    event = OutboxEvent.objects.filter(incident=update.incident, sequence=update.sequence).first()
    path = event.before.get("path") if event else None
    try:
        actions.take_back_update(actor=actor_of(request), update_id=update.pk)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("console:incident", code=update.incident.code)
    messages.success(request, _("Taken back, and nobody was told. The text is here again; a tombstone is on the page."))
    return redirect(path or "console:incidents")

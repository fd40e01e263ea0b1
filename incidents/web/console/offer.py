"""From the composer's form to a draft that waits for somebody else to publish it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import offering
from incidents.domain.permissions import PEOPLE
from incidents.domain.verbs import Verb
from incidents.models import Incident
from incidents.web.access import actor_of, roles_of
from incidents.web.console.submitting import forget_drafts, is_sent_by_script

# What goes with the form and is no word of its author.
_NOT_TYPED = frozenset(("csrfmiddlewaretoken", "step", "template"))


def must_offer(request: HttpRequest) -> bool:
    """Whether what this person composes is published by somebody else: an author's, or by the rule of the page."""
    return PEOPLE[Verb.INCIDENT_UPDATED].isdisjoint(roles_of(request)) or queries.the_page().is_four_eyes


def offer_typed(request: HttpRequest, incident: Incident | None) -> HttpResponse:
    """Offer what was typed, and show it as it waits. Raises Refused, Conflict."""
    draft = offering.offer(
        actor=actor_of(request),
        path=request.path,
        fields={name: request.POST.getlist(name) for name in request.POST if name not in _NOT_TYPED},
        key=request.POST.get("key", "")[:100],
        incident_id=incident.pk if incident else None,
    )
    messages.success(request, _("Offered. Somebody else publishes it now."), extra_tags=forget_drafts(request.path))
    address = reverse("console:draft", args=[draft.code])
    # A redirect would be followed out of a script's sight, and its message be spent there.
    return HttpResponse(status=201, headers={"Location": address}) if is_sent_by_script(request) else redirect(address)

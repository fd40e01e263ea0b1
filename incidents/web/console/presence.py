"""Who else is at an incident, and what they posted meanwhile: asked every two seconds by the pages of the incident."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from incidents.actions import presence as actions
from incidents.domain.canonical import sha256_of
from incidents.domain.presence import SEEN_FOR, TYPING_FOR
from incidents.models import Incident, Presence
from incidents.web.access import actor_of


@require_POST
def be_present(request: HttpRequest, code: str) -> HttpResponse:
    """Say that one is there (`typing`: 1), and hear who else is and what was posted after the update number `seen`.

    204 where nothing is new against `state`; else a fragment, with the state of it in `Candor-State`.
    """
    incident = get_object_or_404(Incident, code=code)
    actions.be_present(actor=actor_of(request), incident_id=incident.pk, is_typing=request.POST.get("typing") == "1")
    seen = request.POST.get("seen", "")
    newer = []
    if seen.isascii() and seen.isdigit() and len(seen) < 10:
        newer = list(incident.updates.filter(sequence__gt=int(seen)).order_by("-sequence"))
    sentence = _sentence(incident, actor_of(request).user_id or 0)
    state = sha256_of([sentence, [[row.code, row.amended_at.isoformat() if row.amended_at else ""] for row in newer]])
    if request.POST.get("state") == state:
        return HttpResponse(status=204)
    context = {"sentence": sentence, "newer": newer, "incident": incident}
    response = render(request, "console/incidents/_present.html", context)
    response["Candor-State"] = state
    return response


def _sentence(incident: Incident, own_id: int) -> str:
    """Who else is there, those who write first; "" for nobody."""
    now = timezone.now()
    rows = Presence.objects.filter(incident=incident, seen_at__gt=now - SEEN_FOR).exclude(user_id=own_id)
    people = list(rows.select_related("user").order_by("user__username"))
    writing = [row.user.get_username() for row in people if row.typed_at and row.typed_at > now - TYPING_FOR]
    reading = [row.user.get_username() for row in people if row.user.get_username() not in writing]
    told = []
    if writing:
        text = ngettext("%(names)s is writing an update.", "%(names)s are writing updates.", len(writing))
        told.append(text % {"names": ", ".join(writing)})
    if reading:
        text = ngettext("%(names)s is here too.", "%(names)s are here too.", len(reading))
        told.append(text % {"names": ", ".join(reading)})
    return " ".join(told)

"""Who was told, and how it ended: deliveries with their attempts; the kill switch; mail kept in files."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import queries
from incidents.actions import page as actions
from incidents.models import Delivery, Incident
from incidents.web.access import actor_of
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.paging import page_of, query_without_page, search_text, sorted_by
from incidents.web.htmx import answer

COLUMNS = {"to": "subscriber__address_key", "state": "state", "recorded": "created_at", "attempts": "attempts"}


@require_safe
def delivery_list(request: HttpRequest) -> HttpResponse:
    """All deliveries, newest first; `?state=`, `?class=`, `?incident=` and `?q=` (address) narrow the list,
    and `?sort=` (to, state, recorded or attempts) puts it in another order."""
    wanted = {name: request.GET.get(name, "")[:40] for name in ("state", "class", "incident")}
    text = search_text(request)
    rows = sorted_by(
        request, Delivery.objects.select_related("subscriber", "incident", "event").order_by("-id"), COLUMNS
    )
    if wanted["state"] in Delivery.State.values:
        rows = rows.filter(state=wanted["state"])
    if wanted["class"]:
        rows = rows.filter(last_class=search_text(request, "class"))
    incident = Incident.objects.filter(code=search_text(request, "incident")).first() if wanted["incident"] else None
    if wanted["incident"]:
        rows = rows.filter(incident=incident) if incident else rows.none()
    if text:
        rows = rows.filter(subscriber__address_key__contains=text.casefold())
    answers = Delivery.objects.exclude(last_class="")
    context = {
        "page": page_of(request, rows),
        "states": Delivery.State.values,
        "classes": answers.order_by("last_class").values_list("last_class", flat=True).distinct(),
        "wanted": wanted,
        "answer_class": wanted["class"],
        "incident": incident,
        "q": text,
        "query": query_without_page(request),
        "is_held": queries.the_page().is_sending_held,
    }
    return answer(request, "console/deliveries/list.html", context, fragment="table")


@require_safe
def delivery(request: HttpRequest, number: int) -> HttpResponse:
    """One delivery with every attempt that was not accepted at once."""
    row = get_object_or_404(Delivery.objects.select_related("subscriber", "incident", "event"), pk=number)
    return render(request, "console/deliveries/page.html", {"delivery": row, "attempts": row.attempt_log.all()})


@require_POST
def hold_sending(request: HttpRequest) -> HttpResponse:
    """Press the kill switch: no attempt begins while it is held; what waits is kept."""
    actions.hold_sending(actor=actor_of(request), is_held=True)
    messages.warning(request, _("All sending is stopped. What waits is kept."))
    return redirect("console:overview")


@recently_proved
@require_POST
def release_sending(request: HttpRequest) -> HttpResponse:
    """Release the kill switch."""
    actions.hold_sending(actor=actor_of(request), is_held=False)
    messages.success(request, _("Sending goes on."))
    return redirect("console:overview")

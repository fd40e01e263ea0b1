"""Who is told: list, add by hand, unsubscribe."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import operators
from incidents.actions import subscriber as actions
from incidents.models import Subscriber
from incidents.web.access import actor_of
from incidents.web.console.forms import OperatorForm, SubscriberForm
from incidents.web.console.paging import page_of, query_without_page, search_text, sorted_by
from incidents.web.console.submitting import submit
from incidents.web.htmx import answer

TOLD = Q(confirmed_at__isnull=False, unsubscribed_at__isnull=True, suspended_at__isnull=True)
STATES = {
    "told": (gettext_lazy("Told"), TOLD),
    "unconfirmed": (gettext_lazy("Not confirmed"), Q(confirmed_at__isnull=True, unsubscribed_at__isnull=True)),
    "unsubscribed": (gettext_lazy("Unsubscribed"), Q(unsubscribed_at__isnull=False)),
    "suspended": (gettext_lazy("Suspended"), Q(suspended_at__isnull=False, unsubscribed_at__isnull=True)),
}


@require_safe
def subscriber_list(request: HttpRequest) -> HttpResponse:
    """All subscribers, newest first; `?state=` and `?q=` (part of the address) narrow the list, and
    `?sort=` (address or since) puts it in another order."""
    state, text = request.GET.get("state", ""), search_text(request)
    rows = Subscriber.objects.filter(is_operator=False).order_by("-id").prefetch_related("components__group")
    rows = sorted_by(request, rows, {"address": "address_key", "since": "created_at"})
    if state in STATES:
        rows = rows.filter(STATES[state][1])
    if text:
        rows = rows.filter(address_key__contains=text.casefold())
    readers = Subscriber.objects.filter(is_operator=False)
    counts = readers.aggregate(**{name: Count("id", filter=rule) for name, (_label, rule) in STATES.items()})
    context = {
        "page": page_of(request, rows),
        "states": [(name, label, counts[name]) for name, (label, _rule) in STATES.items()],
        "told": counts["told"],
        "operators": Subscriber.objects.filter(
            is_operator=True, is_personal=False, unsubscribed_at__isnull=True
        ).order_by("address_key"),
        "state": state,
        "q": text,
        "query": query_without_page(request),
    }
    return answer(request, "console/subscribers/list.html", context, fragment="table")


@require_http_methods(["GET", "HEAD", "POST"])
def add_subscriber(request: HttpRequest) -> HttpResponse:
    """Enter an address whose owner agreed elsewhere; the signed-in person vouches for it."""
    form = SubscriberForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.add_confirmed_subscriber(actor=actor_of(request), **form.cleaned_data),
            {"components": "component_ids"},
        )
        if outcome.result:
            messages.success(request, _("Added %(address)s.") % {"address": outcome.result.address})
            return redirect("console:subscribers")
        status = outcome.status
    return render(request, "console/subscribers/form.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def add_operator(request: HttpRequest) -> HttpResponse:
    """Enter an address that gets the reminders of the operators."""
    form = OperatorForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: operators.add_operator(actor=actor_of(request), **form.cleaned_data))
        if outcome.result:
            messages.success(request, _("Added %(address)s.") % {"address": outcome.result.address})
            return redirect("console:subscribers")
        status = outcome.status
    note = _(
        "It is mailed what waits for a responder: maintenance that should have begun or ended, an update past its "
        "promised time, a component in trouble with no open incident. Nothing else."
    )
    context = {"form": form, "title": _("Add an address of the operators"), "note": note}
    return render(request, "console/form.html", context, status=status)


@require_POST
def unsubscribe(request: HttpRequest, number: int) -> HttpResponse:
    """End a subscription; nothing more is sent."""
    subscriber = get_object_or_404(Subscriber, pk=number)
    actions.unsubscribe(actor=actor_of(request), subscriber_id=subscriber.pk)
    messages.success(request, _("%(address)s gets nothing more.") % {"address": subscriber.address})
    return redirect("console:subscribers")

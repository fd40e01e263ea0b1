"""Take away a text or a whole incident: each after a page that says in words what will happen."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions import withholding as actions
from incidents.models import Incident, IncidentUpdate
from incidents.web.access import actor_of
from incidents.web.accounts.reauthentication import recently_proved
from incidents.web.console.forms import WithdrawForm, WithholdForm
from incidents.web.console.submitting import forget_drafts, submit


@require_http_methods(["GET", "HEAD", "POST"])
def withhold_text(request: HttpRequest, code: str) -> HttpResponse:
    """Take the text of an update away, in public, from the record and from what waits to be sent."""
    update = get_object_or_404(IncidentUpdate.objects.select_related("incident"), code=code)
    form = WithholdForm(request.POST if request.method == "POST" else None)
    title = _("Withhold this text")
    note = _(
        "The text and all its former texts are deleted, from the page, the feeds, the record, the log and the messages "
        "that wait. This cannot be undone. In its place the page says when and why it was withheld. What was sent "
        "already cannot be called back."
    )
    if form.is_bound:
        outcome = submit(
            form, lambda: actions.withhold_text(actor=actor_of(request), update_id=update.pk, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Withheld."), extra_tags=forget_drafts(request.path))
            return redirect("console:incident", code=update.incident.code)
        return _form_page(request, title, note, form, update.incident, outcome.status)
    return _form_page(request, title, note, form, update.incident)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_incident(request: HttpRequest, code: str) -> HttpResponse:
    """Take back an incident that was opened by mistake."""
    incident = get_object_or_404(Incident, code=code)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    title = _("Withdraw this incident")
    note = _(
        "The incident leaves the page, the history and the feeds, and nothing of it counts in any figure. At its "
        "address the page says when and why it was withdrawn, and the corrections log says which figures moved. If it "
        "is open, an update first says that it was opened by mistake. This cannot be undone."
    )
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.withdraw_incident(actor=actor_of(request), incident_id=incident.pk, **form.cleaned_data),
        )
        if outcome.is_done:
            messages.success(request, _("Withdrawn."), extra_tags=forget_drafts(request.path))
            return redirect("console:incident", code=code)
        return _form_page(request, title, note, form, incident, outcome.status)
    return _form_page(request, title, note, form, incident)


def _form_page(
    request: HttpRequest, title: str, note: str, form: forms.Form, incident: Incident, status: int = 200
) -> HttpResponse:
    context = {"title": title, "note": note, "form": form, "incident": incident, "button": title}
    return render(request, "console/incidents/form.html", context, status=status)

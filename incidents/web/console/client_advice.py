"""Advice to client programs: give it on an incident or a maintenance, take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.actions import client_advice as actions
from incidents.domain.advice import AdviceKind
from incidents.models import ClientAdvice, Incident, Region
from incidents.publishing import advice
from incidents.web.access import actor_of
from incidents.web.console.forms import TextField, component_choices
from incidents.web.console.submitting import submit
from incidents.web.console.times import UtcField

KINDS = {
    AdviceKind.RETRY_AFTER: _("Retry after a time"),
    AdviceKind.FAIL_OVER: _("Fail over to something else"),
    AdviceKind.HOLD: _("Hold: begin nothing new"),
    AdviceKind.DISCARD_SINCE: _("Discard results since an instant"),
}


@dataclass(frozen=True)
class Line:
    """An advice that stands, as the console lists it."""

    number: int
    said: SafeString
    given_at: datetime


class AdviceForm(forms.Form):
    """What programs are told to do."""

    kind = forms.ChoiceField(label=_("Advice"), choices=list(KINDS.items()))
    seconds = forms.IntegerField(label=_("Seconds to wait"), required=False, help_text=_("To retry after a time."))
    target = TextField(
        label=_("Where to"), required=False, help_text=_("To fail over: an address as https://…, or in words.")
    )
    discard_since = UtcField(label=_("Since (UTC)"), required=False, help_text=_("To discard results."))
    component_id = forms.TypedChoiceField(label=_("Component"), coerce=int, required=False, empty_value=None)
    region_id = forms.TypedChoiceField(label=_("Region"), coerce=int, required=False, empty_value=None)
    note = TextField(label=_("Note"), required=False, help_text=_("Public, one line."))

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        names = component_choices(has_groups=True)
        self.fields["component_id"].choices = [("", _now("All that it touches")), *names]  # type: ignore[attr-defined]
        regions = list(Region.objects.values_list("pk", "name"))
        self.fields["region_id"].choices = [("", _now("All regions")), *regions]  # type: ignore[attr-defined]


def lines_of(incident: Incident) -> list[Line]:
    """The advice that stands on one incident, for its page."""
    return [Line(row.number, advice.said(row), row.given_at) for row in advice.advice_of(incident)]


@require_http_methods(["GET", "HEAD", "POST"])
def give_advice(request: HttpRequest, code: str) -> HttpResponse:
    """Advise client programs while an incident or a maintenance is open."""
    row = get_object_or_404(Incident, code=code)
    form = AdviceForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome = submit(
            form, lambda: actions.give_advice(actor=actor_of(request), incident_id=row.pk, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Given. The public page and the gate say it; nobody is notified."))
            return redirect("console:incident", code=code)
        status = outcome.status
    note = _("Programs read this at the gate as data, people on the page in words. It ends with the incident.")
    title = _now("Advise programs: %(title)s") % {"title": row.title}
    context = {"title": title, "form": form, "note": note, "button": _("Give it")}
    return render(request, "console/form.html", context, status=status)


@require_POST
def withdraw_advice(request: HttpRequest, number: int) -> HttpResponse:
    """Take an advice back."""
    row = get_object_or_404(ClientAdvice.objects.select_related("incident"), pk=number)
    actions.withdraw_advice(actor=actor_of(request), advice_id=row.pk)
    messages.success(request, _("Withdrawn."))
    return redirect("console:incident", code=row.incident.code)

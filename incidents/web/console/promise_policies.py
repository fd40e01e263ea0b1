"""The policies that make promises, and the business calendars that they count by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import calendar as calendar_actions
from incidents.actions import promise as actions
from incidents.domain.promises import Anchor, CutOff, Deliverable, StartRule, Unit
from incidents.models import BusinessCalendar, PromisePolicy
from incidents.models.review_words import word_of
from incidents.publishing.words import IMPACTS
from incidents.web.access import actor_of
from incidents.web.console.promise_form import (
    CalendarForm,
    PolicyForm,
    default_policy,
    standing_calendar,
    standing_policy,
)
from incidents.web.console.submitting import Outcome, submit

CALENDAR_NOTE = "A change here moves no promise that was made: each keeps the days that it was counted by."


@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    """All policies, those that have ended last, and all calendars."""
    policies = sorted(
        PromisePolicy.objects.select_related("calendar"), key=lambda row: (row.archived_at is not None, row.name)
    )
    context = {
        "policies": [(row, _policy_words(row)) for row in policies],
        "calendars": [(row, _weekend_words(row), len(row.holidays)) for row in BusinessCalendar.objects.all()],
    }
    return render(request, "console/promises/policies.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_policy(request: HttpRequest) -> HttpResponse:
    """Add a policy."""
    if not BusinessCalendar.objects.exists():
        messages.info(request, _("A policy counts by a calendar. Add one first."))
        return redirect("console:add-calendar")
    form = PolicyForm(request.POST if request.method == "POST" else None, initial=default_policy())
    return _answer(
        request, _("Add a policy"), form,
        lambda: actions.save_policy(actor=actor_of(request), **form.cleaned_data),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def edit_policy(request: HttpRequest, number: int) -> HttpResponse:
    """Change a policy, for the promises to come."""
    row = get_object_or_404(PromisePolicy, pk=number)
    form = PolicyForm(request.POST.copy() if request.method == "POST" else None, initial=standing_policy(row))
    note = _("Promises that were made keep their terms.")
    return _answer(
        request, _("Edit %(name)s") % {"name": row.name}, form,
        lambda: actions.save_policy(actor=actor_of(request), policy_id=row.pk, **form.cleaned_data), note,
        lambda: standing_policy(PromisePolicy.objects.get(pk=number)),
    )  # fmt: skip


@require_POST
def archive_policy(request: HttpRequest, number: int) -> HttpResponse:
    """End a policy."""
    row = actions.archive_policy(actor=actor_of(request), policy_id=number)
    messages.success(request, _("Ended %(name)s.") % {"name": row.name})
    return redirect("console:promise-policies")


@require_http_methods(["GET", "HEAD", "POST"])
def add_calendar(request: HttpRequest) -> HttpResponse:
    """Add a business calendar."""
    initial = {"zone": "UTC", "weekend": [5, 6]}
    form = CalendarForm(request.POST if request.method == "POST" else None, initial=initial)
    return _answer(
        request, _("Add a business calendar"), form,
        lambda: calendar_actions.save_calendar(actor=actor_of(request), **form.cleaned_data),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def edit_calendar(request: HttpRequest, number: int) -> HttpResponse:
    """Change a business calendar, for the promises to come."""
    row = get_object_or_404(BusinessCalendar, pk=number)
    form = CalendarForm(request.POST.copy() if request.method == "POST" else None, initial=standing_calendar(row))
    return _answer(
        request, _("Edit %(name)s") % {"name": row.name}, form,
        lambda: calendar_actions.save_calendar(actor=actor_of(request), calendar_id=row.pk, **form.cleaned_data),
        _(CALENDAR_NOTE), lambda: standing_calendar(BusinessCalendar.objects.get(pk=number)),
    )  # fmt: skip


def _answer(
    request: HttpRequest,
    title: str,
    form: forms.Form,
    write: Callable[[], object],
    note: str = "",
    standing: Callable[[], dict[str, Any]] | None = None,
) -> HttpResponse:
    status = 200
    if form.is_bound:
        outcome: Outcome[object] = submit(form, write)
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:promise-policies")
        status = outcome.status
    theirs: list[tuple[str, str]] = []
    if status == 409 and standing:
        now = standing()
        form.data["seen_version"] = str(now.pop("seen_version"))  # type: ignore[index]
        theirs = [
            (str(form[name].label), str(value))
            for name, value in now.items()
            if not isinstance(value, bool | list) and str(form[name].value() or "") != str(value or "")
        ]
    context = {"title": title, "form": form, "note": note, "theirs": theirs, "is_conflict": status == 409}
    return render(request, "console/promises/form.html", context, status=status)


def _policy_words(row: PromisePolicy) -> list[str]:
    """A policy in words, for the list."""
    said = [
        _("%(thing)s within %(quantity)s %(unit)s of %(anchor)s")
        % {
            "thing": word_of(Deliverable, row.deliverable),
            "quantity": row.quantity,
            "unit": word_of(Unit, row.unit).lower(),
            "anchor": word_of(Anchor, row.anchor),
        },
        _("from “%(impact)s” up") % {"impact": dict(IMPACTS).get(row.minimum_impact, row.minimum_impact)},  # type: ignore[call-overload]
        word_of(StartRule, row.start_rule),
        word_of(CutOff, row.cut_off),
        _("calendar %(name)s") % {"name": row.calendar.name},
        _("a preliminary review keeps it") if row.is_met_by_preliminary else "",
        "" if row.is_public else _("not public"),
        _("then the group %(name)s") % {"name": row.escalation_group} if row.escalation_group else "",
    ]
    return [each for each in said if each]


def _weekend_words(row: BusinessCalendar) -> str:
    return ", ".join(str(WEEKDAYS[day]) for day in row.weekend)

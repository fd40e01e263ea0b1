"""Maintenance: the list, one with its acts, and the words that are posted on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from incidents.actions import maintenance as actions
from incidents.domain.status import MOVES, RUNNING_STAGES, Kind, Stage
from incidents.models import IdempotencyKey, Incident, IncidentUpdate
from incidents.web.access import actor_of
from incidents.web.console import client_advice, telling
from incidents.web.console.maintenance_form import PLACES, CancelForm, StageForm, WindowForm
from incidents.web.console.paging import page_of, query_without_page, search_text
from incidents.web.console.sending import progress_of
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.console.times import as_typed
from incidents.web.htmx import answer

STATES = {
    "upcoming": gettext_lazy("Upcoming"),
    "running": gettext_lazy("Running"),
    "past": gettext_lazy("Past"),
}


@require_safe
def maintenance_list(request: HttpRequest) -> HttpResponse:
    """All maintenance, the latest window first; `?state=` (upcoming, running or past) and `?q=` narrow the list."""
    state, text = request.GET.get("state", ""), search_text(request)
    rows = Incident.objects.filter(kind=Kind.MAINTENANCE)
    is_over = {"stage": Stage.COMPLETED}
    if state == "upcoming":
        rows = rows.filter(stage=Stage.SCHEDULED, cancelled_at__isnull=True).order_by("scheduled_for", "id")
    elif state == "running":
        rows = rows.filter(stage__in=RUNNING_STAGES).order_by("scheduled_until", "id")
    elif state == "past":
        rows = rows.filter(**is_over) | rows.filter(cancelled_at__isnull=False)
        rows = rows.order_by("-scheduled_for", "-id")
    else:
        rows = rows.order_by("-scheduled_for", "-id")
    if text:
        rows = rows.filter(title__icontains=text)
    context = {
        "page": page_of(request, rows.prefetch_related("scope__component__group", "scope__region")),
        "states": STATES.items(),
        "state": state,
        "q": text,
        "query": query_without_page(request),
        "now": timezone.now(),
    }
    return answer(request, "console/maintenance/list.html", context, fragment="table")


@require_safe
def maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """One maintenance: window, what it takes, what is told, timeline, and its acts."""
    row = maintenance_of(code)
    now = timezone.now()
    updates = list(row.updates.prefetch_related("revisions"))
    events = row.events.filter(reach="subscribers").select_related("incident").order_by("-id")
    progress = {item.event.sequence: item for item in progress_of(list(events))}
    scope = list(row.scope.select_related("component__group", "region"))
    ids = [each.component_id for each in scope]
    start, end = window_of(row)
    context = {
        "row": row,
        "updates": [(update, progress.get(update.sequence)) for update in reversed(updates)],
        "scope": scope,
        "client_advice": client_advice.lines_of(row),
        "steps": _steps_left(row, ids, updates, now),
        "overlaps": telling.overlaps(ids, start, end, row) if row.is_open else [],
        "is_open": is_acted_on(row),
        "is_running": row.stage in RUNNING_STAGES,
        "clock": clock_of(row, now),
        "next_stages": [stage for stage in MOVES[Stage(row.stage)] if stage != row.stage],
        "public_address": f"/incidents/{row.code}",
    }  # fmt: skip
    return render(request, "console/maintenance/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def update_maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """Post an update; `?stage=` chooses the step: begin now, verifying, complete."""
    row = maintenance_of(code)
    if not is_acted_on(row) and request.method != "POST":
        return redirect("console:maintenance", code=code)
    initial = {
        "stage": request.GET.get("stage", row.stage), "is_notifying": True, "seen_version": row.version,
        "key": uuid.uuid4().hex,
    }  # fmt: skip
    form = StageForm(_copy(request), row=row, initial=initial)
    if form.is_bound and form.data.get("key"):
        known = IdempotencyKey.objects.filter(key=form.data["key"].replace("\0", "")[:100]).exists()
        if known:  # the second of a double click says the stage that the first has left behind
            form.fields["stage"].choices = [(each.value, each) for each in Stage]  # type: ignore[attr-defined]
    return act(
        request, _("Post an update"), form, row,
        lambda: actions.post_maintenance_update(
            actor=actor_of(request), incident_id=row.pk, **form.cleaned_data
        ),
        _("Posted."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def reschedule_maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """Give it another window; one that has begun, another end."""
    row = maintenance_of(code)
    is_running = row.stage in RUNNING_STAGES
    initial = {
        "scheduled_for": row.scheduled_for, "scheduled_until": row.scheduled_until, "is_notifying": True,
        "seen_version": row.version,
    }  # fmt: skip
    form = WindowForm(_copy(request), row=row, initial=initial)

    def write() -> object:
        data = dict(form.cleaned_data)
        start = data.pop("scheduled_for", row.scheduled_for)
        return actions.change_window(actor=actor_of(request), incident_id=row.pk, scheduled_for=start, **data)

    title = _("Extend the maintenance") if is_running else _("Reschedule the maintenance")
    return act(request, title, form, row, write, _("The window was changed."), is_window=True)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """Cancel it; calendars take it off."""
    row = maintenance_of(code)
    form = CancelForm(_copy(request), initial={"is_notifying": True, "seen_version": row.version})
    return act(
        request, _("Cancel the maintenance"), form, row,
        lambda: actions.cancel_maintenance(actor=actor_of(request), incident_id=row.pk, **form.cleaned_data),
        _("Cancelled."),
    )  # fmt: skip


def act(
    request: HttpRequest,
    title: str,
    form: forms.Form,
    row: Incident,
    write: Callable[[], object],
    done: str,
    *,
    is_window: bool = False,
) -> HttpResponse:
    """Show the form, or carry the act out: 302 when done, 422 refused, 409 with what somebody else wrote.

    `is_window`: a conflict shows the window that stands now as well.
    """
    status = 200
    if form.is_bound:
        outcome = submit(form, write, PLACES)
        if outcome.is_done:
            messages.success(request, done, extra_tags=forget_drafts(request.path))
            return redirect("console:maintenance", code=row.code)
        status = outcome.status
    theirs: list[tuple[str, str]] = []
    if status == 409:
        row.refresh_from_db()
        theirs = [(_("Window"), _window(row))] if is_window else []
        form.data["seen_version"] = str(row.version)  # type: ignore[index]
        if "key" in form.fields:
            form.data["key"] = uuid.uuid4().hex  # type: ignore[index]
    ids = list(row.scope.values_list("component_id", flat=True))
    note = _("A message about it goes to %(told)s.") % {"told": telling.told(telling.subscriber_count(ids, row.pk))}
    context = {
        "title": title, "form": form, "incident": row, "note": note, "is_conflict": status == 409,
        "newest": row.updates.last(), "theirs": theirs, "button": title,
    }  # fmt: skip
    return render(request, "console/incidents/form.html", context, status=status)


def maintenance_of(code: str) -> Incident:
    """The maintenance with this code. Raises Http404."""
    row = get_object_or_404(Incident, code=code)
    if not row.is_maintenance:
        raise Http404
    return row


def is_acted_on(row: Incident) -> bool:
    """Whether anything can still be done about it."""
    return row.is_open and row.cancelled_at is None and row.withdrawn_at is None


def clock_of(row: Incident, now: datetime) -> tuple[str, int] | None:
    """What its clock says, and seconds: until it begins or ends, or how late either is. None once it is over."""
    if not is_acted_on(row):
        return None
    is_running = row.stage in RUNNING_STAGES
    left = int((window_of(row)[is_running] - now).total_seconds())
    if left >= 0:
        return (_("ends in") if is_running else _("begins in")), left
    return (_("should have ended, late by") if is_running else _("should have begun, late by")), -left


def _steps_left(row: Incident, ids: list[int], updates: list[IncidentUpdate], now: datetime) -> list[telling.Step]:
    """What is still to be told: all after the announcement; while it runs, its completion."""
    steps = telling.steps(
        telling.subscriber_count(ids, row.pk),
        (window_of(row)[0] - now).total_seconds(),
        is_notifying=bool(updates and updates[0].is_notifying),
        lead_minutes=row.reminder_lead_minutes,
        is_auto_starting=row.is_auto_starting,
        is_auto_finishing=row.is_auto_finishing,
        is_start_notifying=row.is_start_notifying,
        is_finish_notifying=row.is_finish_notifying,
    )
    return steps[-1:] if row.stage in RUNNING_STAGES else steps[1:]


def window_of(row: Incident) -> tuple[datetime, datetime]:
    """Begin and end of its window."""
    assert row.scheduled_for, "maintenance has a window"
    assert row.scheduled_until, "maintenance has a window"
    return row.scheduled_for, row.scheduled_until


def _window(row: Incident) -> str:
    start, end = window_of(row)
    return f"{as_typed(start)} – {as_typed(end)} UTC"


def _copy(request: HttpRequest) -> Any:
    return request.POST.copy() if request.method == "POST" else None

"""Schedule a maintenance, with a preview of its text, its steps and its neighbours; edit one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions import maintenance as actions
from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.models import IdempotencyKey, Incident
from incidents.web.access import actor_of
from incidents.web.console import telling
from incidents.web.console.board import current_board
from incidents.web.console.maintenance import maintenance_of
from incidents.web.console.maintenance_form import PLACES, ScheduleForm, lead_values, scope_of, scope_values
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.htmx import answer, is_fragment_wanted


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_maintenance(request: HttpRequest) -> HttpResponse:
    """Announce a maintenance."""
    fresh = {
        "leads": ["1440", "60"], "is_auto_starting": True, "is_auto_finishing": True, "is_start_notifying": True,
        "is_finish_notifying": True, "is_notifying": True, "key": uuid.uuid4().hex,
    }  # fmt: skip
    form = _form(request, fresh, None)

    def write() -> Incident:
        data = form.cleaned_data
        names = (
            "title", "body", "scheduled_for", "scheduled_until", "is_start_notifying", "is_finish_notifying",
            "is_notifying", "key",
        )  # fmt: skip
        return actions.schedule_maintenance(
            actor=actor_of(request), **form.common(), **{name: data[name] for name in names}
        )

    status = 200
    if form.is_bound and request.POST.get("step") != "preview":
        outcome = submit(form, write, PLACES)
        if outcome.result:
            messages.success(request, _("Scheduled."), extra_tags=forget_drafts(request.path))
            return redirect("console:maintenance", code=outcome.result.code)
        status = outcome.status
        if outcome.is_conflict:
            form.data["key"] = uuid.uuid4().hex  # type: ignore[index]
    return _page(request, form, None, status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_maintenance(request: HttpRequest, code: str) -> HttpResponse:
    """Change title, components, reminders and what happens by itself. Nobody is notified."""
    row = maintenance_of(code)
    form = _form(request, _standing(row), row)

    def write() -> object:
        data = form.cleaned_data
        names = ("title", "is_start_notifying", "is_finish_notifying", "seen_version")
        return actions.edit_maintenance(
            actor=actor_of(request), incident_id=row.pk, **form.common(), **{name: data[name] for name in names}
        )

    status = 200
    if form.is_bound and request.POST.get("step") != "preview":
        outcome = submit(form, write, PLACES)
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            return redirect("console:maintenance", code=code)
        status = outcome.status
        if outcome.is_conflict:
            row.refresh_from_db()
            form.data["seen_version"] = str(row.version)  # type: ignore[index]
    return _page(request, form, row, status)


def _form(request: HttpRequest, initial: dict[str, Any], row: Incident | None) -> ScheduleForm:
    data = request.POST.copy() if request.method == "POST" else None
    # A repeated post must mean the same times as the first, or it would be another text under the same key.
    key = data.get("key", "").replace("\0", "")[:100] if data else ""
    first = IdempotencyKey.objects.filter(key=key).first() if key else None
    return ScheduleForm(
        data, components=current_board().leaves(), is_new=row is None, initial=initial,
        now=first.created_at if first else timezone.now(),
    )  # fmt: skip


def _standing(row: Incident) -> dict[str, Any]:
    names = ("title", "is_auto_starting", "is_auto_finishing", "is_start_notifying", "is_finish_notifying")
    return {
        **{name: getattr(row, name) for name in names},
        "seen_version": row.version,
        "scope": scope_values(row.scope.values_list("component_id", "region_id")),
        **lead_values(row.reminder_lead_minutes),
    }


def _page(request: HttpRequest, form: ScheduleForm, row: Incident | None, status: int) -> HttpResponse:
    is_preview = request.POST.get("step") == "preview"
    is_piece = is_preview and is_fragment_wanted(request)
    shown = form
    if is_preview and not is_piece:  # without script: show again what was typed, without judging it
        typed = {
            name: field.widget.value_from_datadict(form.data, form.files, name) for name, field in form.fields.items()
        }
        shown = _form_of(typed, form, row)
    context = {"form": shown, "row": row, "is_piece": is_piece, "is_conflict": status == 409} | _live(form, row)
    if status == 409 and row:
        context["newest"] = row.updates.last()
    return answer(
        request, "console/maintenance/schedule.html", context, fragment="live" if is_piece else "", status=status
    )


def _form_of(typed: dict[str, Any], form: ScheduleForm, row: Incident | None) -> ScheduleForm:
    return ScheduleForm(components=current_board().leaves(), is_new=row is None, now=form.now, initial=typed)


def _live(form: ScheduleForm, row: Incident | None) -> dict[str, Any]:
    """What is seen beside the form: text, steps, neighbours, and what the button does."""
    if form.is_bound:
        form.is_valid()
        offered = {value for value, _label in form.fields["scope"].choices}  # type: ignore[attr-defined]
        chosen = [value for value in form.data.getlist("scope") if value in offered]  # type: ignore[attr-defined]
        flags = {name: bool(form.data.get(name)) for name in _FLAGS}
    else:
        chosen = [str(value) for value in form.initial.get("scope", [])]
        flags = {name: bool(form.initial.get(name)) for name in _FLAGS}
    ids = [pk for pk, _regions in scope_of(chosen)]
    count = telling.subscriber_count(ids, row.pk if row else None)
    leads = form.lead_minutes() if form.is_bound else (row.reminder_lead_minutes if row else [1440, 60])
    cleaned = getattr(form, "cleaned_data", {})
    start = cleaned.get("scheduled_for") or (row.scheduled_for if row else None)
    end = cleaned.get("scheduled_until") or (row.scheduled_until if row else None)
    steps = telling.steps(count, lead_minutes=leads, **flags)
    effect = _("Schedule and notify %(told)s") % {"told": telling.told(count)}
    return {
        "html": _html(str(form.data.get("body", ""))),
        "start": start,
        "end": end,
        "steps": steps[1:] if row else steps,
        "overlaps": telling.overlaps(ids, start, end, row) if ids and start and end else [],
        "effect": _("Save") if row else effect if flags["is_notifying"] else _("Schedule, tell nobody"),
    }


_FLAGS = ("is_notifying", "is_auto_starting", "is_auto_finishing", "is_start_notifying", "is_finish_notifying")


def _html(body: str) -> str:
    try:
        return texts.body(body, is_required=False)[1]
    except Refused:
        return ""

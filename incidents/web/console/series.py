"""Recurring maintenance: the list, add, edit, end, with the next windows before anything is saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import series as actions
from incidents.domain import recurrence
from incidents.models import MaintenanceSeries
from incidents.web.access import actor_of
from incidents.web.console.board import current_board
from incidents.web.console.maintenance_form import PLACES, SeriesForm, lead_values, scope_values
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.htmx import answer, is_fragment_wanted

SHOWN = 5
NAMES = (
    "title", "body", "rrule", "first_day", "starts_at", "zone", "duration_minutes", "announce_days", "is_notifying",
)  # fmt: skip


@require_safe
def series_list(request: HttpRequest) -> HttpResponse:
    """Every window that comes again, with the next of each; the ended ones last."""
    now = timezone.now()
    rows = MaintenanceSeries.objects.order_by("ended_at", "title", "id")
    lines = [(row, [] if row.ended_at else next_windows(_rule_of(row), now)[:1]) for row in rows]
    lines.sort(key=lambda line: line[0].ended_at is not None)
    return answer(request, "console/series/list.html", {"lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
def add_series(request: HttpRequest) -> HttpResponse:
    """Add a window that comes again."""
    fresh = {
        "leads": ["1440", "60"], "is_auto_starting": True, "is_auto_finishing": True, "is_notifying": True,
        "announce_days": 14, "duration_minutes": 60, "zone": queries.the_page().time_zone,
    }  # fmt: skip
    return _edit(request, None, fresh)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_series(request: HttpRequest, number: int) -> HttpResponse:
    """Change a window that comes again; what was announced of it already stays as it is."""
    row = get_object_or_404(MaintenanceSeries, pk=number)
    initial = {name: getattr(row, name) for name in (*NAMES, "is_auto_starting", "is_auto_finishing")}
    pairs = [(component, region) for component, regions in row.scope for region in (regions or [None])]
    initial |= {"scope": scope_values(pairs), "seen_version": row.version, **lead_values(row.reminder_lead_minutes)}
    return _edit(request, row, initial)


@require_POST
def end_series(request: HttpRequest, number: int) -> HttpResponse:
    """Announce no more windows of it."""
    row = get_object_or_404(MaintenanceSeries, pk=number)
    actions.end_series(actor=actor_of(request), series_id=row.pk)
    messages.success(request, _("“%(title)s” comes no more.") % {"title": row.title})
    return redirect("console:series")


def next_windows(rule: Mapping[str, Any], now: datetime) -> list[tuple[datetime, datetime]]:
    """The next windows after `now`, at most five; none for a rule that cannot be read or is not typed yet."""
    try:
        parsed = recurrence.parse_rule(rule["rrule"])
        starts = recurrence.occurrences(
            parsed, rule["first_day"], rule["starts_at"], ZoneInfo(rule["zone"]), now, now + recurrence.SEARCHED, SHOWN
        )
        length = timedelta(minutes=rule["duration_minutes"])
    except (KeyError, ValueError, OSError):
        return []
    return [(start, start + length) for start in starts]


def _rule_of(row: MaintenanceSeries) -> dict[str, Any]:
    return {name: getattr(row, name) for name in NAMES}


def _edit(request: HttpRequest, row: MaintenanceSeries | None, initial: dict[str, Any]) -> HttpResponse:
    components = current_board().leaves()
    form = SeriesForm(request.POST.copy() if request.method == "POST" else None, components=components, initial=initial)
    is_preview = request.POST.get("step") == "preview"
    status = 200
    if form.is_bound and not is_preview:
        outcome = submit(form, lambda: _write(request, form, row), PLACES)
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            return redirect("console:series")
        status = outcome.status
        if outcome.is_conflict and row:
            row.refresh_from_db()
            form.data["seen_version"] = str(row.version)  # type: ignore[index]
    is_piece = is_preview and is_fragment_wanted(request)
    return _page(request, form, row, status, is_piece=is_piece)


def _write(request: HttpRequest, form: SeriesForm, row: MaintenanceSeries | None) -> object:
    data = form.cleaned_data
    values = {**form.common(), **{name: data[name] for name in NAMES}}
    if row is None:
        return actions.add_series(actor=actor_of(request), **values)
    return actions.edit_series(actor=actor_of(request), series_id=row.pk, seen_version=data["seen_version"], **values)


def _page(
    request: HttpRequest, form: SeriesForm, row: MaintenanceSeries | None, status: int, *, is_piece: bool
) -> HttpResponse:
    rule: Mapping[str, Any] = form.initial
    shown: forms.Form = form
    if form.is_bound:
        form.is_valid()
        rule = form.cleaned_data
        if status == 200:  # a preview judges nothing
            typed = {n: field.widget.value_from_datadict(form.data, form.files, n) for n, field in form.fields.items()}
            shown = SeriesForm(components=current_board().leaves(), initial=typed)
    context = {
        "form": shown,
        "row": row,
        "is_piece": is_piece,
        "is_conflict": status == 409,
        "windows": next_windows(rule, timezone.now()),
        "title": _("Edit the recurring window") if row else _("Add a recurring window"),
    }
    return answer(request, "console/series/form.html", context, fragment="live" if is_piece else "", status=status)

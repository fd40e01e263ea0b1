"""The list of incidents, one incident with all that is known of it, and the corrections of its record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import DateTimeField, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents import queries
from incidents.actions import amending as actions
from incidents.actions import ledger
from incidents.domain.review import ReviewState
from incidents.domain.status import INCIDENT_STAGES, OVER_STAGES, Kind
from incidents.models import ImpactInterval, Incident, IncidentUpdate, MilestoneStatement, Proposal
from incidents.publishing import words
from incidents.reviewing.milestones import Milestone, durations, milestones
from incidents.web.access import actor_of
from incidents.web.console import client_advice, promises, proposals
from incidents.web.console.forms import IMPACT_CHOICES, AmendForm, IncidentForm, IntervalForm, MilestoneForm
from incidents.web.console.paging import page_of, query_without_page, search_text, sorted_by
from incidents.web.console.sending import progress_of
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.console.times import as_typed
from incidents.web.console.undoing import waiting_of
from incidents.web.htmx import answer

MOST_PROPOSALS = 50
# When the trouble began, as queries.impact_started_at says it, for the database to sort by.
STARTED = Coalesce(
    Subquery(
        MilestoneStatement.objects.filter(
            incident=OuterRef("pk"), milestone="impact_started", superseded_at__isnull=True
        ).values("at")[:1]
    ),
    Subquery(
        ImpactInterval.objects.filter(incident=OuterRef("pk"), superseded_at__isnull=True)
        .order_by("started_at")
        .values("started_at")[:1]
    ),
    "created_at",
    output_field=DateTimeField(),
)


@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """All incidents, newest first; `?stage=` (one of them, or open) and `?q=` (title or text) narrow the list, and
    `?sort=` (title, stage or started) puts it in another order."""
    stage, text = request.GET.get("stage", ""), search_text(request)
    rows = sorted_by(
        request,
        Incident.objects.filter(kind=Kind.INCIDENT).order_by("-id"),
        {"title": "title", "stage": "stage", "started": STARTED},
    )
    if stage == "open":
        rows = rows.exclude(stage__in=OVER_STAGES)
    elif stage in words.STAGES:
        rows = rows.filter(stage=stage)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(updates__body__icontains=text) | Q(code=text)).distinct()
    standing = queries.standing_intervals().select_related("component__group")
    page = page_of(
        request,
        rows.prefetch_related(
            Prefetch("intervals", queryset=standing, to_attr="standing"), "updates", "milestone_statements"
        ),
    )
    context = {
        "page": page,
        "lines": [_line(incident) for incident in page],
        "stages": [(stage, words.STAGES[stage]) for stage in INCIDENT_STAGES],
        "stage": stage,
        "q": text,
        "query": query_without_page(request),
    }
    return answer(request, "console/incidents/list.html", context, fragment="table")


@require_safe
def incident(request: HttpRequest, code: str) -> HttpResponse:
    """One incident: timeline, ledger, milestones, deliveries."""
    row = get_object_or_404(Incident, code=code)
    if row.is_maintenance:
        return redirect("console:maintenance", code=code)
    intervals = list(row.intervals.select_related("component__group", "region", "superseded_by").order_by("id"))
    standing = [interval for interval in intervals if interval.superseded_at is None]
    spells = [queries.spell_of(interval) for interval in standing]
    updates = list(row.updates.prefetch_related("revisions"))
    found = milestones(spells, updates, row.milestone_statements.all())
    events = row.events.filter(reach="subscribers").select_related("incident").order_by("-id")
    progress = {item.event.sequence: item for item in progress_of(list(events))}
    context = {
        "incident": row,
        "impact": queries.impact_of(row, spells),
        "updates": [(update, progress.get(update.sequence)) for update in reversed(updates)],
        "promised": promises.lines_of(row),
        "client_advice": client_advice.lines_of(row),
        "hints": [] if row.withdrawn_at else promises.hints_of(row, updates),
        "public_address": f"/incidents/{row.code}",
        "newest": updates[-1] if updates else None,
        "standing": sorted(standing, key=lambda interval: (interval.started_at, interval.pk)),
        "superseded": [interval for interval in intervals if interval.superseded_at],
        "milestones": found,
        "proposals": _proposals(row),
        "durations": durations(found),
        "waiting": waiting_of(row, timezone.now()),
        "reviews": list(row.reviews.exclude(state=ReviewState.RETRACTED).order_by("id")),
    }
    return render(request, "console/incidents/page.html", context)


def _proposals(incident: Incident) -> list[tuple[Proposal, str]]:
    rows = list(incident.proposals.select_related("source").order_by("pk")[:MOST_PROPOSALS])
    makers = proposals.proposers(rows)
    return [(row, makers[row.pk]) for row in rows]


@require_http_methods(["GET", "HEAD", "POST"])
def edit_incident(request: HttpRequest, code: str) -> HttpResponse:
    """Change title, impact and advice."""
    row = get_object_or_404(Incident, code=code)
    if row.is_maintenance:
        return redirect("console:edit-maintenance", code=code)
    initial = {
        "title": row.title, "impact_override": row.impact_override, "advice": row.advice, "seen_version": row.version,
    }  # fmt: skip
    form = IncidentForm(request.POST.copy() if request.method == "POST" else None, initial=initial)
    if form.is_bound:
        outcome = submit(
            form, lambda: actions.edit_incident(actor=actor_of(request), incident_id=row.pk, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            return redirect("console:incident", code=code)
        row.refresh_from_db()
        now = {"title": row.title, "advice": row.advice}
        if row.impact_override != form["impact_override"].value():
            now["impact_override"] = str(dict(IMPACT_CHOICES)[row.impact_override])
        return _form_page(request, _("Edit the incident"), form, row, outcome.status, now=now)
    return _form_page(request, _("Edit the incident"), form, row)


@require_http_methods(["GET", "HEAD", "POST"])
def state_milestone(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """State or correct when a milestone was."""
    row = get_object_or_404(Incident, code=code)
    if milestone not in words.MILESTONES:
        raise Http404
    form = MilestoneForm(
        request.POST.copy() if request.method == "POST" else None,
        initial={"seen_version": row.version, "at": _milestone_of(row, milestone).at},
    )
    title = _("State a milestone: %(name)s") % {"name": words.MILESTONES[milestone]}
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.state_milestone(
                actor=actor_of(request), incident_id=row.pk, milestone=milestone, **form.cleaned_data
            ),
        )
        if outcome.is_done:
            messages.success(request, _("Saved."), extra_tags=forget_drafts(request.path))
            return redirect("console:incident", code=code)
        at = _milestone_of(row, milestone).at
        return _form_page(request, title, form, row, outcome.status, now={"at": as_typed(at)} if at else None)
    return _form_page(request, title, form, row)


@require_http_methods(["GET", "HEAD", "POST"])
def amend_update(request: HttpRequest, code: str) -> HttpResponse:
    """Change the text or the time of a published update; the former stay readable in public."""
    update = get_object_or_404(IncidentUpdate.objects.select_related("incident"), code=code)
    row = update.incident
    form = AmendForm(
        request.POST.copy() if request.method == "POST" else None,
        initial={"body": update.body, "posted_at": update.posted_at, "seen_version": row.version},
    )
    note = _("The former text stays readable in public, with the reason. Nobody is notified.")
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.amend_update(
                actor=actor_of(request), update_id=update.pk, **_unless_untouched(form.cleaned_data, update)
            ),
        )
        if outcome.is_done:
            messages.success(request, _("Amended."), extra_tags=forget_drafts(request.path))
            return redirect("console:incident", code=row.code)
        update.refresh_from_db()
        return _form_page(request, _("Amend an update"), form, row, outcome.status, note, {"body": update.body})
    return _form_page(request, _("Amend an update"), form, row, note=note)


@require_http_methods(["GET", "HEAD", "POST"])
def correct_interval(request: HttpRequest, number: int) -> HttpResponse:
    """Correct one interval of the ledger, with a public reason."""
    interval = get_object_or_404(
        ImpactInterval.objects.select_related("component__group", "region", "incident"), pk=number
    )
    initial = {
        "level": interval.level, "started_at": interval.started_at, "ended_at": interval.ended_at,
        "component_id": interval.component_id, "region_id": interval.region_id, "is_quality": interval.is_quality,
    }  # fmt: skip
    form = IntervalForm(request.POST if request.method == "POST" else None, initial=initial, own=interval.component)
    title = _("Correct the ledger: %(name)s") % {"name": interval.component.full_name}
    note = _("The former interval stays in the corrections log. Every figure is computed anew. Nobody is notified.")
    if form.is_bound:
        outcome = submit(
            form, lambda: ledger.correct_interval(actor=actor_of(request), interval_id=number, **form.cleaned_data)
        )
        if outcome.is_done:
            messages.success(request, _("Corrected."), extra_tags=forget_drafts(request.path))
            if interval.incident:
                return redirect("console:incident", code=interval.incident.code)
            return redirect("console:components")
        return _form_page(request, title, form, interval.incident, outcome.status, note)
    return _form_page(request, title, form, interval.incident, note=note)


def _line(row: Incident) -> dict[str, object]:
    intervals = row.standing  # type: ignore[attr-defined]
    spells = [queries.spell_of(interval) for interval in intervals]
    updates = list(row.updates.all())
    found = milestones(spells, updates, row.milestone_statements.all())
    return {
        "incident": row,
        "impact": queries.impact_of(row, spells),
        "components": list(dict.fromkeys(interval.component.full_name for interval in intervals)),
        "started_at": found[0].at or row.created_at,
        "to_resolve": durations(found)[-1].seconds,
        "update_count": len(updates),
    }


def _unless_untouched(values: dict[str, Any], update: IncidentUpdate) -> dict[str, Any]:
    """Without a time that is only what the field showed: it shows no fractions of a second, and must not cut them."""
    is_same = values["posted_at"] and as_typed(values["posted_at"]) == as_typed(update.posted_at)
    return values | {"posted_at": None if is_same else values["posted_at"]}


def _milestone_of(row: Incident, name: str) -> Milestone:
    found = milestones(queries.spells_of(row), list(row.updates.all()), row.milestone_statements.all())
    return next(milestone for milestone in found if milestone.name == name)


def _typed(form: forms.Form, name: str) -> str:
    return str(form[name].value() or "").replace("\r\n", "\n")


def _form_page(
    request: HttpRequest,
    title: str,
    form: AmendForm | IncidentForm | IntervalForm | MilestoneForm,
    row: Incident | None,
    status: int = 200,
    note: str = "",
    now: dict[str, str] | None = None,
) -> HttpResponse:
    """`now`: what stands in the record by field of the form, for a writer who must see what somebody else wrote."""
    if status == 409 and row and isinstance(form.data, dict):
        # What was typed is offered again, on top of what is there now.
        row.refresh_from_db()
        form.data["seen_version"] = str(row.version)
    newest = row.updates.last() if row else None
    context = {
        "title": title, "form": form, "incident": row, "note": note, "is_conflict": status == 409, "newest": newest,
        "theirs": [(form[name].label, text) for name, text in (now or {}).items() if text != _typed(form, name)],
    }  # fmt: skip
    return render(request, "console/incidents/form.html", context, status=status)

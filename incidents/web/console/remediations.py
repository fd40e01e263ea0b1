"""Remediations: the list of all, and adding, editing and removing one in its review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import remediation as actions
from incidents.domain.follow_through import IN_TIME_STATES, is_overdue
from incidents.domain.review import SETTLED_STATES, RemediationState
from incidents.models import Remediation, Review
from incidents.publishing.remediations import ICONS
from incidents.web.access import actor_of
from incidents.web.console.paging import page_of, query_without_page, search_text, sorted_by
from incidents.web.console.remediation_form import RemediationForm, standing
from incidents.web.console.submitting import submit
from incidents.web.htmx import answer

FILTERS = {
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "mine": gettext_lazy("Mine"),
    "all": gettext_lazy("All"),
}
USUAL_DAYS = 30


@require_safe
def remediation_list(request: HttpRequest) -> HttpResponse:
    """Remediations by due date: `?show=` (open, overdue, mine or all), `?review=` (its code) and `?q=` narrow the list,
    `?sort=` (title, due or state) puts it in another order."""
    show, text, today = request.GET.get("show", ""), search_text(request), today_of_page()
    review = Review.objects.filter(code=request.GET.get("review", "")[:12]).first()
    show = show if show in FILTERS else "all" if review else "open"
    unsettled = ~Q(state__in=SETTLED_STATES)
    late = ~Q(state__in=IN_TIME_STATES) & Q(due_on__lt=today)
    rules = {"open": unsettled, "overdue": late, "mine": unsettled & _mine(request)}
    rows = Remediation.objects.filter(rules.get(show, Q())).order_by(F("due_on").asc(nulls_last=True), "id")
    if review:
        rows = rows.filter(review=review)
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(owner_team__icontains=text) | Q(code=text))
    rows = sorted_by(request, rows, {"title": "title", "due": "due_on", "state": "state"})
    page = page_of(request, rows.select_related("review", "owner").prefetch_related("slips"))
    context = {
        "page": page,
        "lines": [_line(row, today) for row in page],
        "filters": FILTERS.items(),
        "show": show,
        "review": review,
        "q": text,
        "query": query_without_page(request),
        "public_address": "/remediations",
    }
    return answer(request, "console/remediations/list.html", context, fragment="table")


@require_http_methods(["GET", "HEAD", "POST"])
def add_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Add one to a review."""
    review = get_object_or_404(Review, code=code)
    initial = {
        "priority": "P2", "strength": "tooling", "is_public": True, "owner_id": getattr(request.user, "pk", None),
        "owner_team": review.owner_team, "due_on": today_of_page() + timedelta(days=USUAL_DAYS),
    }  # fmt: skip
    form = RemediationForm(request.POST if request.method == "POST" else None, review=review, initial=initial)
    return form_answer(
        request, _("Add a remediation"), form, review,
        lambda: actions.save_remediation(actor=actor_of(request), review_id=review.pk, **form.cleaned_data),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def edit_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Change one; what is public of it only for a public reason."""
    row = remediation_of(code)
    form = RemediationForm(
        request.POST.copy() if request.method == "POST" else None, review=row.review, row=row, initial=standing(row)
    )

    def write() -> object:
        kept: dict[str, Any] = {"due_on": row.due_on, "is_public": row.is_public} if row.published_at else {}
        return actions.save_remediation(
            actor=actor_of(request), review_id=row.review_id, remediation_id=row.pk, **kept, **form.cleaned_data
        )

    note = _("The public follows this. Its date moves by an act of its own.") if row.published_at else ""
    return form_answer(request, _("Edit the remediation"), form, row.review, write, note, row)


@require_POST
def remove_remediation(request: HttpRequest, code: str) -> HttpResponse:
    """Take away one that was never public."""
    row = remediation_of(code)
    actions.remove_remediation(actor=actor_of(request), remediation_id=row.pk)
    messages.success(request, _("Removed “%(title)s”.") % {"title": row.title})
    return back_to(row.review)


def remediation_of(code: str) -> Remediation:
    """The remediation of an address. Raises Http404."""
    return get_object_or_404(Remediation.objects.select_related("review", "owner"), code=code)


def today_of_page() -> date:
    """Which day it is in the zone of the page."""
    return timezone.now().astimezone(ZoneInfo(queries.the_page().time_zone)).date()


def back_to(review: Review) -> HttpResponseRedirect:
    """To the remediations of the review."""
    return redirect(f"{reverse('console:remediations')}?{urlencode({'review': review.code})}")


def form_answer(
    request: HttpRequest,
    title: str,
    form: forms.Form,
    review: Review,
    write: Callable[[], object],
    note: str = "",
    row: Remediation | None = None,
) -> HttpResponse:
    """The form, or once it is written the remediations of the review; a conflict says what stands there now."""
    status = 200
    if form.is_bound:
        outcome = submit(form, write)
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return back_to(review)
        status = outcome.status
    theirs: list[tuple[str, str]] = []
    if status == 409 and row:
        row.refresh_from_db()
        theirs = _differences(form, standing(row))
    context = {
        "title": title, "form": form, "note": note, "review": review, "row": row, "theirs": theirs,
        "is_conflict": status == 409,
    }  # fmt: skip
    return render(request, "console/remediations/form.html", context, status=status)


def _differences(form: forms.Form, now: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands there now and was typed otherwise; the next save is over that."""
    form.data["seen_version"] = str(now.pop("seen_version"))  # type: ignore[index]
    now.pop("factor_ids")
    return [
        (str(form[name].label), str(value or ""))
        for name, value in now.items()
        if name in form.fields and str(form[name].value() or "") != str(value or "") and not isinstance(value, bool)
    ]


def _mine(request: HttpRequest) -> Q:
    return Q(owner=getattr(request.user, "pk", None))


def _line(row: Remediation, today: date) -> dict[str, Any]:
    state = RemediationState(row.state)
    return {
        "row": row,
        "icon": ICONS[state],
        "is_overdue": is_overdue(state, row.due_on, today),
        "is_settled": state in SETTLED_STATES,
        "is_delivered": state == RemediationState.DELIVERED,
        "is_declined": state == RemediationState.DECLINED,
        "slips": len(row.slips.all()),
    }

"""Promises: what runs and what became of the others; make one, put it off, waive it, keep it, give it to somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.actions import promise as actions
from incidents.domain.promise_words import promises_in
from incidents.domain.promises import Deliverable, PromiseState
from incidents.models import Incident, IncidentUpdate, Promise
from incidents.models.review_words import word_of
from incidents.publishing import promise_pages
from incidents.publishing.promised import KINDS
from incidents.reviewing.promises import PromiseValue, promises, promises_of, running_promises
from incidents.web.access import actor_of
from incidents.web.console.paging import page_of, query_without_page
from incidents.web.console.promise_form import AssignForm, ExtendForm, MeetForm, PromiseForm, WaiveForm
from incidents.web.console.submitting import Outcome, submit


@dataclass(frozen=True)
class Line:
    """A promise as the console lists it: `kind` is the class of its state; `seconds` is negative once it is overdue."""

    promise: PromiseValue
    kind: str
    word: str
    seconds: int
    thing: str

    @property
    def is_own(self) -> bool:
        """Whether it can be put off and waived here; remediations have a page of their own."""
        return self.promise.deliverable != Deliverable.REMEDIATION and not self.promise.is_over


def lines(rows: tuple[PromiseValue, ...], now: datetime) -> list[Line]:
    """Promises made ready for a list."""
    return [_line(row, now) for row in rows]


def hints_of(incident: Incident, updates: list[IncidentUpdate]) -> dict[str, tuple[str, ...]]:
    """By code of the update: the sentences that read like a promise and were not made one."""
    told = set(Promise.objects.filter(incident=incident).values_list("update_id", flat=True))
    return {
        row.code: found
        for row in updates
        if row.pk not in told and not row.withheld_at and (found := promises_in(row.body))
    }


def lines_of(incident: Incident) -> list[Line]:
    """The promises about one incident, for its page."""
    return lines(promises_of(incident), timezone.now())


@require_safe
def promise_list(request: HttpRequest) -> HttpResponse:
    """What is promised and not kept yet, the soonest first; then what became of the others, the newest first."""
    now = timezone.now()
    over = [row for row in promises(now) if row.is_over and row.deliverable != Deliverable.UPDATE]
    page = page_of(request, over)
    context = {
        "running": lines(running_promises(), now),
        "page": page,
        "over": lines(tuple(page), now),
        "query": query_without_page(request),
        "public_address": promise_pages.PATH,
    }
    return render(request, "console/promises/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def make_promise(request: HttpRequest, code: str) -> HttpResponse:
    """Promise something about an incident; `?update=` and `?sentence=` say where it was said and how."""
    row = get_object_or_404(Incident, code=code)
    said = row.updates.filter(code=request.GET.get("update", "")).first()
    form = PromiseForm(
        request.POST if request.method == "POST" else None,
        initial={"sentence": request.GET.get("sentence", "")[:300], "is_public": True},
    )
    note = _("A promise is followed in public until it is kept. What you say in an update alone nobody is reminded of.")
    return _answer(
        request, _("Make a promise: %(title)s") % {"title": row.title}, form,
        lambda: actions.make_promise(
            actor=actor_of(request), incident_id=row.pk, update_id=said.pk if said else None, **form.cleaned_data
        ), note, back=("console:incident", row.code),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def extend_promise(request: HttpRequest, code: str) -> HttpResponse:
    """Put a promise off, for a public reason."""
    row = get_object_or_404(Promise, code=code)
    form = ExtendForm(request.POST if request.method == "POST" else None)
    note = _("“%(sentence)s”. By when it was first due stays in public; what is kept after that counts as late.")
    return _answer(
        request, _("Put off a promise"), form,
        lambda: actions.extend_promise(actor=actor_of(request), promise_id=row.pk, **form.cleaned_data),
        note % {"sentence": row.sentence},
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def waive_promise(request: HttpRequest, code: str) -> HttpResponse:
    """Take a promise back, for a public reason."""
    row = get_object_or_404(Promise, code=code)
    form = WaiveForm(request.POST if request.method == "POST" else None)
    return _answer(
        request, _("Waive a promise"), form,
        lambda: actions.waive_promise(actor=actor_of(request), promise_id=row.pk, **form.cleaned_data), row.sentence,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def meet_promise(request: HttpRequest, code: str) -> HttpResponse:
    """Say that a promise was kept, and by what."""
    row = get_object_or_404(Promise, code=code)
    form = MeetForm(request.POST if request.method == "POST" else None)
    return _answer(
        request, _("Keep a promise"), form,
        lambda: actions.meet_promise(actor=actor_of(request), promise_id=row.pk, **form.cleaned_data), row.sentence,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def assign_promise(request: HttpRequest, code: str) -> HttpResponse:
    """Say who is reminded of a promise."""
    row = get_object_or_404(Promise, code=code)
    form = AssignForm(request.POST if request.method == "POST" else None, initial={"owner_id": row.owner_id})
    return _answer(
        request, _("Who is reminded of this promise?"), form,
        lambda: actions.assign_promise(actor=actor_of(request), promise_id=row.pk, **form.cleaned_data), row.sentence,
    )  # fmt: skip


def _line(row: PromiseValue, now: datetime) -> Line:
    state = row.state(now)
    return Line(
        promise=row,
        kind=KINDS[state].replace("notice", "unknown"),  # a notice in public is a box of another meaning here
        word=word_of(PromiseState, state),
        seconds=int((row.due_at - now).total_seconds()),
        thing=word_of(Deliverable, row.deliverable),
    )


def _answer(
    request: HttpRequest,
    title: str,
    form: forms.Form,
    write: Callable[[], object],
    note: str = "",
    back: tuple[str, ...] = ("console:promises",),
) -> HttpResponse:
    status = 200
    if form.is_bound:
        outcome: Outcome[object] = submit(form, write)
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect(*back)
        status = outcome.status
    return render(request, "console/form.html", {"title": title, "form": form, "note": note}, status=status)

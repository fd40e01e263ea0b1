"""Drafts that wait for somebody else to publish them: the list, one as it will be published, and the answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents import queries
from incidents.actions import offering
from incidents.actions.four_eyes import Offered
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.drafts import DraftState
from incidents.domain.review import PersonRole
from incidents.models import Draft, Incident, IncidentUpdate, Proposal
from incidents.web.access import actor_of, is_administrator, roles_of
from incidents.web.console import composer
from incidents.web.console.board import current_board
from incidents.web.console.composer_form import ComposerForm
from incidents.web.console.composer_page import effect_of
from incidents.web.console.preview import preview_of
from incidents.web.console.times import UtcField

MODES = {
    "open-incident": "open", "edit-proposal": "open", "post-update": "update", "resolve-incident": "update",
    "resolve-proposal": "update", "reopen-incident": "reopen",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A draft in a list: what it will be, and its first words."""

    draft: Draft
    title: str
    act: str
    words: str


@require_safe
def draft_list(request: HttpRequest) -> HttpResponse:
    """What is offered, oldest first, and what was sent back to the reader."""
    context = {
        "lines": lines(offered()),
        "returned": lines(returned_to(request)),
        "is_four_eyes": queries.the_page().is_four_eyes,
    }
    return render(request, "console/drafts/list.html", context)


@require_safe
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """One offered draft, exactly as it will be published."""
    return _page(request, _found(code))


@require_POST
def publish_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Publish it as it was on screen."""
    row = _found(code)
    try:
        update = _publish(request, row)
    except Refused as refused:
        return _page(request, row, refused)
    messages.success(request, _("Published."))
    return redirect(reverse("console:incident", args=[update.incident.code]) + f"#update-{update.code}")


@require_POST
def return_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Send it back to its author with a word."""
    row, seen = _found(code), _number(request, "seen_draft")
    try:
        offering.return_draft(
            actor=actor_of(request), draft_id=row.pk, seen_version=seen, reason=request.POST.get("reason", "")
        )
    except Refused as refused:
        return _page(request, row, refused)
    messages.success(request, _("Sent back to its author."))
    return redirect("console:drafts")


@require_POST
def take_back_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Take one's own offer back, and go on writing it."""
    row = _found(code)
    try:
        offering.take_back_draft(actor=actor_of(request), draft_id=row.pk)
    except Refused as refused:
        return _page(request, row, refused)
    return redirect(row.path)


def offered() -> QuerySet[Draft]:
    """Every draft that waits, the longest wait first."""
    rows = Draft.objects.filter(state=DraftState.OFFERED).order_by("offered_at")
    return rows.select_related("user", "incident")


def returned_to(request: HttpRequest) -> QuerySet[Draft]:
    """What was sent back to the reader, and not offered again."""
    mine = Q(user_id=actor_of(request).user_id, state=DraftState.WRITING)
    return Draft.objects.filter(mine).exclude(note="").select_related("user", "incident")


def lines(rows: QuerySet[Draft]) -> list[Line]:
    """The drafts as a list prints them."""
    acts = {
        "open-incident": _("New incident"), "edit-proposal": _("New incident"), "post-update": _("Update"),
        "resolve-incident": _("Resolution"), "resolve-proposal": _("Resolution"), "reopen-incident": _("Reopening"),
    }  # fmt: skip
    found = []
    for row in rows:
        name = _address(row)[0]
        title = row.incident.title if row.incident else _first(row, "title")
        found.append(Line(row, title, acts.get(name, name), _first(row, "body")))
    return found


def _publish(request: HttpRequest, row: Draft) -> IncidentUpdate:
    form = _form(row, _number(request, "seen_incident"))
    if not form.is_valid():
        raise Refused(_("It cannot be published as it is: %(why)s") % {"why": _errors(form)})
    seen, reason = _number(request, "seen_draft"), request.POST.get("reason", "")
    return composer.write(request, form, Offered(row.pk, seen, reason))


def _page(request: HttpRequest, row: Draft, refused: Refused | None = None) -> HttpResponse:
    row.refresh_from_db()
    status = 200
    if refused is not None:
        status = 409 if isinstance(refused, Conflict) else 403 if isinstance(refused, Forbidden) else 422
    is_waiting = row.state == DraftState.OFFERED
    form = _form(row) if is_waiting else None
    is_own = row.user_id == actor_of(request).user_id
    is_publisher = bool(roles_of(request) & {PersonRole.PUBLISHER, PersonRole.ADMINISTRATOR})
    is_alone = is_own and queries.the_page().is_four_eyes
    context: dict[str, Any] = {
        "line": lines(Draft.objects.filter(pk=row.pk).select_related("user", "incident"))[0],
        "draft": row,
        "is_waiting": is_waiting,
        "form": form,
        "preview": preview_of(form, form.board) if form else None,
        "problem": _errors(form) if form and not form.is_valid() else "",
        "incident": form.incident if form else row.incident,
        "effect": effect_of(form) if form else "",
        "is_own": is_own,
        "may_publish": is_waiting and is_publisher and not is_alone,
        "may_break": is_waiting and is_alone and is_administrator(request),
        "may_return": is_waiting and is_publisher and not is_own,
        "sentence": refused.sentence if refused else "",
    }
    return render(request, "console/drafts/page.html", context, status=status)


def _form(row: Draft, seen_incident: int | None = None) -> ComposerForm:
    """The composer's form as it was offered: clock times mean what they meant then, a promise counts from now."""
    name, arguments = _address(row)
    proposal = None
    if number := arguments.get("number"):
        proposal = get_object_or_404(Proposal.objects.select_related("source", "incident"), pk=number)
    incident = row.incident
    if incident is not None:
        incident = Incident.objects.get(pk=incident.pk)
    data = QueryDict(mutable=True)
    for field, values in row.fields.items():
        data.setlist(field, values)
    if incident is not None:
        # Its publisher has read it upon the incident as it stood on this page.
        data["seen_version"] = str(seen_incident if seen_incident is not None else incident.version)
    data["key"] = row.key
    form = composer.form_of(current_board(), MODES[name], incident, proposal, data=data)
    for field in form.fields.values():
        if isinstance(field, UtcField) and row.offered_at:
            field.now = row.offered_at
    return form


def _address(row: Draft) -> tuple[str, dict[str, Any]]:
    """The name of the form's address and what stands in it. Raises Http404 for one that there is not any more."""
    try:
        match = resolve(row.path)
    except Resolver404:
        raise Http404(row.path) from None
    if match.url_name not in MODES:
        raise Http404(row.path)
    return match.url_name, match.kwargs


def _found(code: str) -> Draft:
    rows = Draft.objects.exclude(state=DraftState.DROPPED).exclude(state=DraftState.WRITING, answered_by_label="")
    return get_object_or_404(rows.select_related("user", "incident"), code=code)


def _first(row: Draft, name: str) -> str:
    return str((row.fields.get(name) or [""])[0])


def _number(request: HttpRequest, name: str) -> int:
    raw = request.POST.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else -1


def _errors(form: ComposerForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)

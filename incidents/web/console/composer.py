"""Open, update, resolve and reopen an incident: the composer."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions import incident as actions
from incidents.actions.four_eyes import Offered
from incidents.actions.updates import Typed
from incidents.domain.status import Stage
from incidents.models import IdempotencyKey, Incident, IncidentUpdate, Proposal, UpdateTemplate
from incidents.publishing import words
from incidents.web.access import actor_of
from incidents.web.console.board import Board, current_board
from incidents.web.console.composer_form import PLACES, ComposerForm
from incidents.web.console.composer_page import page
from incidents.web.console.kept_drafts import NOT_TYPED, forget_typed, keep_typed, kept_draft, typed_fields
from incidents.web.console.offer import offer_typed
from incidents.web.console.proposed import proposed
from incidents.web.console.submitting import forget_drafts, is_sent_by_script, submit
from incidents.web.htmx import is_fragment_wanted

FILLED_IN = re.compile(r"\{components\}|\{title\}")
MARKDOWN = re.compile(r"[\\`*_\[\]<>]")


@require_http_methods(["GET", "HEAD", "POST"])
def open_incident(request: HttpRequest) -> HttpResponse:
    """Open an incident with its first update."""
    return _compose(request, "open", None, Stage.INVESTIGATING)


@require_http_methods(["GET", "HEAD", "POST"])
def post_update(request: HttpRequest, code: str) -> HttpResponse:
    """Post an update to an open incident; to a resolved one, offer to reopen it."""
    incident = get_object_or_404(Incident, code=code)
    if not incident.is_open and request.method != "POST":
        return redirect("console:reopen-incident", code=code)
    return _compose(request, "update", incident, incident.stage)


@require_http_methods(["GET", "HEAD", "POST"])
def resolve_incident(request: HttpRequest, code: str) -> HttpResponse:
    """Post the update that resolves an incident."""
    return _compose(request, "update", get_object_or_404(Incident, code=code), Stage.RESOLVED)


@require_http_methods(["GET", "HEAD", "POST"])
def reopen_incident(request: HttpRequest, code: str) -> HttpResponse:
    """Open a resolved incident again, with an update that says so."""
    return _compose(request, "reopen", get_object_or_404(Incident, code=code), Stage.INVESTIGATING)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """Open an incident from what a monitor proposes, in one's own words."""
    row = get_object_or_404(Proposal.objects.select_related("source", "incident"), pk=number)
    return _compose(request, "open", None, Stage.INVESTIGATING, row)


@require_http_methods(["GET", "HEAD", "POST"])
def resolve_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """Post the update that resolves an incident, from the time at which a monitor says that it was over."""
    row = get_object_or_404(Proposal.objects.select_related("source", "incident"), pk=number)
    if row.incident is None or not row.incident.is_open:
        return redirect("console:proposals")
    return _compose(request, "update", row.incident, Stage.RESOLVED, row)


def _compose(
    request: HttpRequest, mode: str, incident: Incident | None, stage: str, proposal: Proposal | None = None
) -> HttpResponse:
    if incident and incident.is_maintenance:
        return redirect("console:maintenance", code=incident.code)
    board = current_board()
    if request.method != "POST":
        fresh = _fresh(incident, stage) | (proposed(proposal, incident, board) if proposal else {})
        kept = kept_draft(request)
        if kept:
            typed = _typed(form_of(board, mode, incident, proposal, data=kept.fields))
            fresh |= {name: value for name, value in typed.items() if name not in NOT_TYPED}
            fresh["key"] = kept.key or fresh["key"]
        return page(request, form_of(board, mode, incident, proposal, initial=fresh), kept=kept)
    form = form_of(board, mode, incident, proposal, data=request.POST.copy())
    if request.POST.get("step") in ("preview", "fill"):
        typed = _typed(form)
        if request.POST["step"] == "fill":
            typed |= _filled(form, typed, request.POST.get("template", ""))
        version = None if is_fragment_wanted(request) else keep_typed(request, incident)
        return page(request, form_of(board, mode, incident, proposal, initial=typed), form, draft_version=version)
    if request.POST.get("step") == "offer":
        offer = submit(form, lambda: offer_typed(request, incident), PLACES)
        return offer.result or page(request, form, status=offer.status)
    outcome = submit(form, lambda: write(request, form), PLACES)
    if outcome.is_conflict and not form.is_repeat:
        # The first of a double click may have been on its way still; read the times again as it meant them.
        again = form_of(board, mode, incident, proposal, data=request.POST.copy())
        if again.is_repeat:
            form = again
            outcome = submit(form, lambda: write(request, form), PLACES)
    if outcome.result:
        return _posted(request, outcome.result)
    version = keep_typed(request, incident)
    newer = _meet_conflict(form) if outcome.is_conflict else []
    return page(request, form, newer=newer, draft_version=version, status=outcome.status)


def form_of(
    board: Board,
    mode: str,
    incident: Incident | None,
    proposal: Proposal | None = None,
    *,
    data: Any = None,
    initial: dict[str, Any] | None = None,
) -> ComposerForm:
    """The form, bound or not, over what the board says now."""
    # A repeated post must mean the same times as the first, or it would be another text under the same key.
    key = data.get("key", "").replace("\0", "")[:100] if data else ""  # PostgreSQL takes no NUL, not even in a question
    first = IdempotencyKey.objects.filter(key=key).first() if key else None
    form = ComposerForm(
        data,
        mode=mode,
        components=board.leaves(),
        levels_now=board.levels(),
        held=board.held_by(incident.pk if incident else None),
        incident=incident,
        now=first.created_at if first else timezone.now(),
        initial=initial,
    )
    form.is_repeat = first is not None
    form.board, form.templates = board.components, list(UpdateTemplate.objects.all())
    form.proposal = proposal
    return form


def _fresh(incident: Incident | None, stage: str) -> dict[str, Any]:
    newest = incident.updates.last() if incident else None
    return {
        "stage": stage,
        "due": "30",
        "is_notifying": True,
        "advice": incident.advice if incident else "",
        "seen_version": incident.version if incident else "",
        "seen_sequence": newest.sequence if newest else 0,
        "key": uuid.uuid4().hex,
    }


def _typed(form: ComposerForm) -> dict[str, Any]:
    """Everything typed, to show again without judging it."""
    return {name: field.widget.value_from_datadict(form.data, form.files, name) for name, field in form.fields.items()}


def _filled(form: ComposerForm, typed: dict[str, Any], template_id: str) -> dict[str, Any]:
    """What a template changes. A text that was typed stays; only an untouched text of another template gives way."""
    templates = form.templates
    chosen = _template(templates, template_id)
    if chosen is None:
        return {}
    title = typed.get("title") or (form.incident.title if form.incident else "")
    ids = {*form.chosen_ids(), *(row.component.pk for row in form.own_rows())}
    names = ", ".join(row.component.full_name for row in form.rows() if row.component.pk in ids)

    values = {"{components}": names, "{title}": str(title)}

    def flat(text: str) -> str:
        # One pass, so that what is filled in is not read for names again; as text, not as Markdown.
        return FILLED_IN.sub(lambda found: MARKDOWN.sub(r"\\\g<0>", values[found[0]]), text)

    body = str(typed.get("body") or "").replace("\r\n", "\n")
    is_untouched = not body.strip() or body in {flat(template.body) for template in templates}
    filled = {"body": flat(chosen.body) if is_untouched else f"{body}\n\n{flat(chosen.body)}"}
    if form.mode == "open" and not typed.get("title") and chosen.title:
        filled["title"] = FILLED_IN.sub(lambda found: values[found[0]], chosen.title)
    offered = [value for value, _label in form.fields["stage"].choices]  # type: ignore[attr-defined]
    return filled | ({"stage": chosen.stage} if chosen.stage in offered else {})


def _template(templates: Sequence[UpdateTemplate], typed: str) -> UpdateTemplate | None:
    """The template of a number, of a name, or the only one whose name or stage has these letters in it."""
    wanted = typed.strip().casefold()
    for template in templates:
        if wanted in (str(template.pk), template.name.casefold()):
            return template
    near = [row for row in templates if wanted and wanted in f"{words.STAGES[Stage(row.stage)]}: {row.name}".casefold()]
    return near[0] if len(near) == 1 else None


def write(request: HttpRequest, form: ComposerForm, offered: Offered | None = None) -> IncidentUpdate:
    """What the button does with a checked form: the one place that decides it; `offered`: the draft that it was. Raises
    Refused, Conflict."""
    data = form.cleaned_data | {"advice": form.cleaned_data.get("advice", "").replace("\r\n", "\n")}
    shared: dict[str, Any] = {
        "actor": actor_of(request),
        # A script and a browser end lines differently; a repeat of either is the same post.
        "body": data["body"].replace("\r\n", "\n"),
        "stage": data["stage"],
        "components": form.changes(),
        "next_update_due_at": form.next_update_due_at(),
        "is_notifying": data["is_notifying"],
        "key": data["key"],
        "typed": Typed(request.path, typed_fields(request.POST)),
        "offered": offered,
    }
    if form.incident is None:
        names = ("title", "started_at", "detected_at", "advice", "impact_override")
        number = form.proposal.pk if form.proposal else None
        incident = actions.open_incident(**shared, **{name: data[name] for name in names}, proposal_id=number)
        return incident.updates.select_related("incident").earliest("sequence")
    shared |= {"incident_id": form.incident.pk, "seen_version": data["seen_version"]}
    if form.mode == "reopen":
        return actions.reopen_incident(**shared)
    return actions.post_update(**shared, advice=data["advice"])


def _posted(request: HttpRequest, update: IncidentUpdate) -> HttpResponse:
    # While it was resolved nobody could post an update: a draft of one was taken over into the reopening, or is stale.
    stale = [reverse("console:post-update", args=[update.incident.code])] if update.is_reopening else []
    forget_typed(request, request.path, *stale)
    messages.success(request, _("Posted."), extra_tags=forget_drafts(request.path, *stale))
    address = reverse("console:incident", args=[update.incident.code]) + f"#update-{update.code}"
    if is_sent_by_script(request):
        # A redirect would be followed out of sight, and its message be spent there.
        return HttpResponse(status=201, headers={"Location": address})
    return redirect(address)


def _meet_conflict(form: ComposerForm) -> list[IncidentUpdate]:
    """Offer what was typed again, on top of what is there now; returns the updates that the writer has not seen."""
    if IdempotencyKey.objects.filter(key=form.data["key"]).exists():
        form.data["key"] = uuid.uuid4().hex  # type: ignore[index]
    if form.incident is None:
        return []
    form.incident.refresh_from_db()
    newer = list(form.incident.updates.filter(sequence__gt=form.cleaned_data["seen_sequence"]))
    form.data["seen_version"] = str(form.incident.version)  # type: ignore[index]
    if newer:
        form.data["seen_sequence"] = str(newer[-1].sequence)  # type: ignore[index]
    return newer

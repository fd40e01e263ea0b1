"""Open, update, resolve and reopen an incident: the composer."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import facts
from incidents.actions import incident as actions
from incidents.actions.four_eyes import Offered
from incidents.domain.status import Stage
from incidents.models import Component, IdempotencyKey, Incident, IncidentUpdate, Proposal, UpdateTemplate
from incidents.web.access import actor_of
from incidents.web.console.board import Board, current_board
from incidents.web.console.composer_form import PLACES, ComposerForm
from incidents.web.console.offer import must_offer, offer_typed
from incidents.web.console.preview import preview_of
from incidents.web.console.proposed import proposed
from incidents.web.console.submitting import forget_drafts, submit
from incidents.web.htmx import answer, is_fragment_wanted

FILLED_IN = re.compile(r"\{components\}|\{title\}")
LEFT_OPEN = re.compile(r"\{\w+\}", re.ASCII)
MARKDOWN = re.compile(r"[\\`*\[\]<>]")
NEXT_STAGE = {
    Stage.INVESTIGATING: Stage.IDENTIFIED,
    Stage.IDENTIFIED: Stage.MONITORING,
    Stage.MONITORING: Stage.RESOLVED,
}


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
        return _page(request, form_of(board, mode, incident, proposal, initial=fresh))
    form = form_of(board, mode, incident, proposal, data=request.POST.copy())
    if request.POST.get("step") in ("preview", "fill"):
        typed = _typed(form)
        if request.POST["step"] == "fill":
            typed |= _filled(form, typed, request.POST.get("template", ""))
        return _page(request, form_of(board, mode, incident, proposal, initial=typed), form)
    if request.POST.get("step") == "offer":
        offer = submit(form, lambda: offer_typed(request, incident), PLACES)
        return offer.result or _page(request, form, status=offer.status)
    outcome = submit(form, lambda: write(request, form), PLACES)
    if outcome.is_conflict and not form.is_repeat:
        # The first of a double click may have been on its way still; read the times again as it meant them.
        again = form_of(board, mode, incident, proposal, data=request.POST.copy())
        if again.is_repeat:
            form = again
            outcome = submit(form, lambda: write(request, form), PLACES)
    if outcome.result:
        return _posted(request, outcome.result)
    newer = _meet_conflict(form) if outcome.is_conflict else []
    return _page(request, form, newer=newer, status=outcome.status)


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
    templates = list(UpdateTemplate.objects.all())
    chosen = next((template for template in templates if str(template.pk) == template_id), None)
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


def write(request: HttpRequest, form: ComposerForm, offered: Offered | None = None) -> IncidentUpdate:
    """Do what a checked form says; `offered`: the draft that it was. Raises Refused, Conflict."""
    data = form.cleaned_data
    shared: dict[str, Any] = {
        "actor": actor_of(request),
        "body": data["body"],
        "stage": data["stage"],
        "components": form.changes(),
        "next_update_due_at": form.next_update_due_at(),
        "is_notifying": data["is_notifying"],
        "key": data["key"],
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
    messages.success(request, _("Posted."), extra_tags=forget_drafts(request.path, *stale))
    return redirect(reverse("console:incident", args=[update.incident.code]) + f"#update-{update.code}")


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


def _page(
    request: HttpRequest,
    form: ComposerForm,
    typed: ComposerForm | None = None,
    *,
    newer: list[IncidentUpdate] | None = None,
    status: int = 200,
) -> HttpResponse:
    read = typed or form
    incident = form.incident
    newest = incident.updates.last() if incident else None
    stage_now = Stage(incident.stage) if incident else None
    count = _audience_count(read)
    is_piece = is_fragment_wanted(request) and request.POST.get("step") == "preview"
    templates = list(UpdateTemplate.objects.all())
    placeholders = {name for template in templates for name in LEFT_OPEN.findall(template.body)}
    context = {
        "form": form,
        "is_piece": is_piece,
        "incident": incident,
        "newest": newest,
        "newer": newer or [],
        "is_conflict": status == 409,
        "suggested": NEXT_STAGE.get(stage_now) if stage_now and form.mode == "update" else None,
        "templates": templates,
        "left_open": sorted(placeholders & set(LEFT_OPEN.findall(str(read["body"].value() or "")))),
        "is_resolved_meanwhile": bool(incident and not incident.is_open and form.mode == "update"),
        "preview": preview_of(read) if read.is_bound else None,
        "effect": _effect(count, bool(read["is_notifying"].value()), read["stage"].value() == Stage.RESOLVED),
        "must_offer": must_offer(request),
    }
    return answer(request, "console/composer/page.html", context, fragment="live" if is_piece else "", status=status)


def effect_of(form: ComposerForm) -> str:
    """What the button of a bound form says."""
    return _effect(_audience_count(form), bool(form["is_notifying"].value()), form["stage"].value() == Stage.RESOLVED)


def _audience_count(form: ComposerForm) -> int:
    ids = set(form.chosen_ids())
    if form.incident:
        ids |= set(facts.audience_of(form.incident)["component_ids"])
    groups = Component.objects.filter(pk__in=ids, group__isnull=False).values_list("group_id", flat=True)
    incident_id = form.incident.pk if form.incident else None
    return queries.audience([*ids, *(pk for pk in groups if pk)], incident_id).count()


def _effect(count: int, is_notifying: bool, is_resolving: bool) -> str:
    """What the button says: the effect, in numbers."""
    if not is_notifying:
        return _("Resolve, tell nobody") if is_resolving else _("Post, tell nobody")
    told = ngettext("notify %(count)s subscriber", "notify %(count)s subscribers", count) % {"count": f"{count:,}"}
    verb = _("Resolve and %(told)s") if is_resolving else _("Post and %(told)s")
    return verb % {"told": told}

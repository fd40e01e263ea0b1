"""Go anywhere by name: the list behind Ctrl+K, and the choice of having single keys at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions import presence as actions
from incidents.domain.status import CLOSED_STAGES
from incidents.models import Incident, Preference
from incidents.models.words import Word
from incidents.web.access import actor_of, may_reach
from incidents.web.console.board import current_board
from incidents.web.console.places import groups

MOST = 2000
ACTS = ("open-incident", "schedule-maintenance", "add-component", "add-subscriber", "start-review", "add-template")


@dataclass(frozen=True)
class Line:
    """What can be chosen: `kind` says what it is."""

    kind: str
    label: str | Promise | Word
    href: str


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Every place and act that the reader may reach, open incidents first."""
    lines = [*_incidents(request), *_acts(request), *_places(request), *_components(request)]
    return render(request, "console/palette.html", {"lines": lines[:MOST]})


@require_POST
def set_keys(request: HttpRequest) -> HttpResponse:
    """Let keys act without Ctrl or Alt, or not (`single`: 1 or empty)."""
    is_on = request.POST.get("single") == "1"
    actions.set_single_keys(actor=actor_of(request), has_single_keys=is_on)
    messages.success(request, _("Single keys act again.") if is_on else _("Single keys do nothing now."))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_ours and back.startswith("/console/") else "console:overview")


def has_single_keys(request: HttpRequest) -> bool:
    """Whether keys act without Ctrl or Alt for the signed-in person."""
    row = Preference.objects.filter(user_id=actor_of(request).user_id or 0).first()
    return row is None or row.has_single_keys


def _incidents(request: HttpRequest) -> Iterator[Line]:
    rows = Incident.objects.exclude(stage__in=CLOSED_STAGES).filter(withdrawn_at=None).order_by("-created_at")[:30]
    acts = {"incident": _("Open"), "post-update": _("Update"), "resolve-incident": _("Resolve")}
    work = {"maintenance": _("Open"), "update-maintenance": _("Update")}
    for row in rows:
        for name, kind in (work if row.is_maintenance else acts).items():
            if may_reach(request, name):
                yield Line(kind, row.title, reverse(f"console:{name}", args=[row.code]))


def _acts(request: HttpRequest) -> Iterator[Line]:
    words = {
        "open-incident": _("New incident"), "schedule-maintenance": _("Schedule maintenance"),
        "add-component": _("Add a component"), "add-subscriber": _("Add a subscriber"),
        "start-review": _("Start a review"), "add-template": _("Add a template"),
    }  # fmt: skip
    yield from (Line(_("Do"), words[name], reverse(f"console:{name}")) for name in ACTS if may_reach(request, name))


def _places(request: HttpRequest) -> Iterator[Line]:
    for _heading, lines in groups(partial(may_reach, request)):
        yield from (Line(_("Go to"), line.label, line.href) for line in lines)
    yield Line(_("Go to"), _("Your account"), reverse("console:account"))
    yield Line(_("Go to"), _("Public page"), "/")


def _components(request: HttpRequest) -> Iterator[Line]:
    for row in current_board().components:
        if may_reach(request, "set-component-status") and not row.is_group:
            yield Line(_("Status"), row.full_name, reverse("console:set-component-status", args=[row.code]))
        if may_reach(request, "edit-component"):
            yield Line(_("Component"), row.full_name, reverse("console:edit-component", args=[row.code]))

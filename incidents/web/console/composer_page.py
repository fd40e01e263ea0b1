"""The composer's page: what was typed, what it will look like, and whom it reaches."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import queries
from incidents.actions import facts
from incidents.domain.status import Stage
from incidents.models import Component, IncidentUpdate, Subscriber
from incidents.notifying.channels import REGISTRY
from incidents.web.console.composer_form import ComposerForm, picking_problem
from incidents.web.console.kept_drafts import Kept, seen_version
from incidents.web.console.offer import must_offer
from incidents.web.console.preview import preview_of
from incidents.web.htmx import answer, is_fragment_wanted

NEXT_STAGE = {
    Stage.INVESTIGATING: Stage.IDENTIFIED,
    Stage.IDENTIFIED: Stage.MONITORING,
    Stage.MONITORING: Stage.RESOLVED,
}


def page(
    request: HttpRequest,
    form: ComposerForm,
    typed: ComposerForm | None = None,
    *,
    newer: list[IncidentUpdate] | None = None,
    kept: Kept | None = None,
    draft_version: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the form, and beside it what it will look like. `typed`: the form as it was posted, where `form` only
    shows it again; `newer`: updates that its author has not seen; `kept`: the draft that it was filled from;
    `draft_version`: what it was just kept with."""
    read = typed or form
    incident = form.incident
    newest = incident.updates.last() if incident else None
    stage_now = Stage(incident.stage) if incident else None
    reached = _reached(read)
    count = sum(reached.told.values())
    stage = str(read["stage"].value() or "")
    is_piece = is_fragment_wanted(request) and request.POST.get("step") == "preview"
    context = {
        "form": form,
        "is_piece": is_piece,
        "incident": incident,
        "newest": newest,
        "newer": newer or [],
        "is_conflict": status == 409,
        "suggested": NEXT_STAGE.get(stage_now) if stage_now and form.mode == "update" else None,
        "templates": form.templates,
        "left_open": form.left_open(),
        "is_resolved_meanwhile": bool(incident and not incident.is_open and form.mode == "update"),
        "preview": preview_of(read, read.board) if read.is_bound else None,
        "effect": _effect(count, bool(read["is_notifying"].value()), stage == Stage.RESOLVED),
        "is_notifying": bool(read["is_notifying"].value()),
        "reached": reached,
        "must_offer": must_offer(request),
        "undo_seconds": queries.the_page().undo_seconds,
        "picked_names": read.picked_names(),
        "picked_level": read.picked_level_now(),
        "picking_problem": picking_problem(read.picking()),
        "kept": kept,
        "draft_version": kept.version if kept else seen_version(request) if draft_version is None else draft_version,
    }
    return answer(request, "console/composer/page.html", context, fragment="live" if is_piece else "", status=status)


def effect_of(form: ComposerForm) -> str:
    """What the button of a bound form says."""
    count = sum(_reached(form).told.values())
    return _effect(count, bool(form["is_notifying"].value()), form["stage"].value() == Stage.RESOLVED)


@dataclass(frozen=True)
class Reached:
    """Whom a notifying update reaches: subscribers by channel (its name for people), and how many confirmed ones it
    leaves out because they chose other components, and because they are suspended."""

    told: dict[str, int]
    elsewhere: int
    suspended: int


def _reached(form: ComposerForm) -> Reached:
    ids = set(form.chosen_ids())
    if form.incident:
        ids |= set(facts.audience_of(form.incident)["component_ids"])
    groups = Component.objects.filter(pk__in=ids, group__isnull=False).values_list("group_id", flat=True)
    incident_id = form.incident.pk if form.incident else None
    audience = queries.audience([*ids, *(pk for pk in groups if pk)], incident_id)
    rows = audience.order_by("channel").values_list("channel").annotate(count=Count("pk"))
    told = {REGISTRY[key].label if key in REGISTRY else key: count for key, count in rows}
    everybody = queries.told_subscribers().count()
    suspended = Subscriber.objects.filter(
        confirmed_at__isnull=False, unsubscribed_at__isnull=True, suspended_at__isnull=False, is_operator=False
    ).count()
    return Reached(told, max(0, everybody - sum(told.values())), suspended)


def _effect(count: int, is_notifying: bool, is_resolving: bool) -> str:
    """What the button says: the effect, in numbers."""
    if not is_notifying:
        return _("Resolve, tell nobody") if is_resolving else _("Post, tell nobody")
    told = ngettext("notify %(count)s subscriber", "notify %(count)s subscribers", count) % {"count": f"{count:,}"}
    verb = _("Resolve and %(told)s") if is_resolving else _("Post and %(told)s")
    return verb % {"told": told}

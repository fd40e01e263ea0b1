"""Components and regions: add, edit, move, archive, restore; set a status by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import component as actions
from incidents.models import Component, Region
from incidents.web.access import actor_of
from incidents.web.console.board import current_board, ordered
from incidents.web.console.forms import ComponentForm, RegionForm, StatusForm
from incidents.web.console.submitting import submit

PLACES = {"group": "group_id", "regions": "region_ids"}


@require_safe
def component_list(request: HttpRequest) -> HttpResponse:
    """The components in the order of the page with their status now, and the archived ones."""
    board = current_board()
    levels = board.levels()
    archived = Component.objects.filter(archived_at__isnull=False).select_related("group").prefetch_related("regions")
    context = {
        "lines": [
            (component, levels.get(component.pk, "operational"), board.open_by_component.get(component.pk, []))
            for component in board.components
        ],
        "archived": ordered(archived),
        "regions": Region.objects.all(),
    }
    return render(request, "console/components/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_component(request: HttpRequest) -> HttpResponse:
    """Add a component or a group."""
    # A component has no history before it stands here; who imports one says from which day there is data.
    today = timezone.now().astimezone(ZoneInfo(queries.the_page().time_zone)).date()
    form = ComponentForm(request.POST if request.method == "POST" else None, initial={"start_date": today})
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.add_component(actor=actor_of(request), **form.cleaned_data), PLACES)
        if outcome.result:
            messages.success(request, _("Added %(name)s.") % {"name": outcome.result.name})
            return redirect("console:components")
        status = outcome.status
    return _form_page(request, _("Add a component"), form, status)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_component(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a component is called and where it stands."""
    component = get_object_or_404(Component, code=code)
    names = ("name", "description", "group_id", "start_date", "is_hidden_unless_degraded")
    initial = {name: getattr(component, name) for name in names}
    initial["region_ids"] = [region.pk for region in component.regions.all()]
    form = ComponentForm(request.POST if request.method == "POST" else None, initial=initial, is_new=False)
    status = 200
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.edit_component(
                actor=actor_of(request), component_id=component.pk, **form.cleaned_data
            ),
            PLACES,
        )  # fmt: skip
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:components")
        status = outcome.status
    return _form_page(request, _("Edit %(name)s") % {"name": component.name}, form, status)


@require_http_methods(["GET", "HEAD", "POST"])
def set_component_status(request: HttpRequest, code: str) -> HttpResponse:
    """Set a status by hand, without an incident."""
    component = get_object_or_404(Component, code=code)
    form = StatusForm(request.POST if request.method == "POST" else None, component=component)
    status = 200
    if form.is_bound:
        outcome = submit(
            form,
            lambda: actions.set_component_status(
                actor=actor_of(request), component_id=component.pk, level=form.cleaned_data["level"],
                since=form.cleaned_data["since"], region_ids=tuple(form.cleaned_data.get("region_ids", ())),
            ),
            PLACES | {"components": "level"},
        )  # fmt: skip
        if outcome.is_done:
            messages.success(request, _("Set. The public page shows it; nobody is notified."))
            return redirect("console:components")
        status = outcome.status
    note = _("The public page shows it at once. Nobody is notified: to tell subscribers, open an incident.")
    return _form_page(request, _("Set the status of %(name)s") % {"name": component.name}, form, status, note)


@require_POST
def move_component_up(request: HttpRequest, code: str) -> HttpResponse:
    """Move a component one place up among its neighbours."""
    return _move(request, code, -1)


@require_POST
def move_component_down(request: HttpRequest, code: str) -> HttpResponse:
    """Move a component one place down among its neighbours."""
    return _move(request, code, 1)


@require_POST
def archive_component(request: HttpRequest, code: str) -> HttpResponse:
    """Take a component off the page; its history stays."""
    component = get_object_or_404(Component, code=code)
    actions.archive_component(actor=actor_of(request), component_id=component.pk)
    messages.success(request, _("Archived %(name)s. Its history stays.") % {"name": component.name})
    return redirect("console:components")


@require_POST
def restore_component(request: HttpRequest, code: str) -> HttpResponse:
    """Put an archived component back on the page."""
    component = get_object_or_404(Component, code=code)
    actions.restore_component(actor=actor_of(request), component_id=component.pk)
    messages.success(request, _("Restored %(name)s.") % {"name": component.name})
    return redirect("console:components")


@require_http_methods(["GET", "HEAD", "POST"])
def add_region(request: HttpRequest) -> HttpResponse:
    """Add a region."""
    form = RegionForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.add_region(actor=actor_of(request), **form.cleaned_data))
        if outcome.is_done:
            messages.success(request, _("Added. Choose it in the components that run there."))
            return redirect("console:components")
        status = outcome.status
    return _form_page(request, _("Add a region"), form, status)


def _move(request: HttpRequest, code: str, step: int) -> HttpResponse:
    component = get_object_or_404(Component, code=code)
    place = Component.objects.filter(group_id=component.group_id, archived_at__isnull=True).order_by("position", "pk")
    ids = list(place.values_list("pk", flat=True))
    at = ids.index(component.pk) if component.pk in ids else -1
    if at >= 0 and 0 <= at + step < len(ids):
        ids[at], ids[at + step] = ids[at + step], ids[at]
        actions.arrange_components(actor=actor_of(request), component_ids=ids)
    return redirect("console:components")


def _form_page(
    request: HttpRequest, title: str, form: ComponentForm | RegionForm | StatusForm, status: int, note: str = ""
) -> HttpResponse:
    return render(request, "console/components/form.html", {"title": title, "form": form, "note": note}, status=status)

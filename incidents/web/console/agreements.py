"""Agreements on uptime: list, add, edit, archive, restore; what each does not count."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import queries
from incidents.actions import agreement as actions
from incidents.models import Agreement, AgreementExclusion, Component
from incidents.web.access import actor_of
from incidents.web.console.agreement_form import PLACES, AgreementForm, ExclusionForm, WithdrawForm, standing_terms
from incidents.web.console.submitting import Outcome, submit

STARTING = {
    "clock": "impact", "weight_major": "1", "weight_partial": "0.3", "weight_degraded": "0",
    "is_maintenance_excluded": True, "maintenance_notice_hours": 0, "component_rule": "worst", "region_rule": "worst",
}  # fmt: skip


@require_safe
def agreement_list(request: HttpRequest) -> HttpResponse:
    """All agreements, the archived ones last, each with what it does not count."""
    rows = list(Agreement.objects.prefetch_related("components__group", "exclusions__component__group"))
    rows.sort(key=lambda row: row.archived_at is not None)
    lines = [(row, f"{row.target_percent.normalize():f}", f"/agreements/{row.slug}") for row in rows]
    return render(request, "console/agreements/list.html", {"lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
def add_agreement(request: HttpRequest) -> HttpResponse:
    """Publish an agreement."""
    form = AgreementForm(
        request.POST if request.method == "POST" else None, components=_offered(),
        initial=STARTING | {"zone": queries.the_page().time_zone},
    )  # fmt: skip
    return _answer(
        request, _("Add an agreement"), form,
        lambda: actions.add_agreement(actor=actor_of(request), slug=form.cleaned_data["slug"], terms=form.terms()),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def edit_agreement(request: HttpRequest, number: int) -> HttpResponse:
    """Change what an agreement says, for a public reason."""
    row = get_object_or_404(Agreement, pk=number)
    form = AgreementForm(
        request.POST.copy() if request.method == "POST" else None, components=_offered(row), is_new=False,
        initial=standing_terms(row),
    )  # fmt: skip
    note = _("Verdicts that were issued stay as they were. One that comes out otherwise now is issued again, numbered.")
    return _answer(
        request, _("Edit %(name)s") % {"name": row.name}, form,
        lambda: actions.edit_agreement(
            actor=actor_of(request), agreement_id=row.pk, terms=form.terms(), reason=form.cleaned_data["reason"],
            seen_version=form.cleaned_data["seen_version"],
        ), note, row,
    )  # fmt: skip


@require_POST
def archive_agreement(request: HttpRequest, number: int) -> HttpResponse:
    """End an agreement; what was issued stays public."""
    row = get_object_or_404(Agreement, pk=number)
    actions.archive_agreement(actor=actor_of(request), agreement_id=row.pk)
    messages.success(request, _("Archived %(name)s.") % {"name": row.name})
    return redirect("console:agreements")


@require_POST
def restore_agreement(request: HttpRequest, number: int) -> HttpResponse:
    """Take up an archived agreement again."""
    row = get_object_or_404(Agreement, pk=number)
    actions.restore_agreement(actor=actor_of(request), agreement_id=row.pk)
    messages.success(request, _("Restored %(name)s.") % {"name": row.name})
    return redirect("console:agreements")


@require_http_methods(["GET", "HEAD", "POST"])
def grant_exclusion(request: HttpRequest, number: int) -> HttpResponse:
    """Leave a stretch out of the count."""
    row = get_object_or_404(Agreement, pk=number)
    components = [(component.pk, component.full_name) for component in row.components.select_related("group")]
    form = ExclusionForm(request.POST if request.method == "POST" else None, components=components)
    return _answer(
        request, _("Grant an exclusion: %(name)s") % {"name": row.name}, form,
        lambda: actions.grant_exclusion(actor=actor_of(request), agreement_id=row.pk, **form.cleaned_data),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_exclusion(request: HttpRequest, number: int) -> HttpResponse:
    """Count again what an exclusion left out."""
    row = get_object_or_404(AgreementExclusion.objects.select_related("agreement"), pk=number)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    return _answer(
        request, _("Withdraw an exclusion: %(name)s") % {"name": row.agreement.name}, form,
        lambda: actions.withdraw_exclusion(actor=actor_of(request), exclusion_id=row.pk, **form.cleaned_data),
    )  # fmt: skip


def _offered(row: Agreement | None = None) -> list[tuple[int, str]]:
    """The components on the page, and those that the agreement covers although they are archived."""
    leaves = Component.objects.filter(is_group=False, archived_at__isnull=True)
    if row:
        leaves |= Component.objects.filter(pk__in=row.components.values("pk"))
    return [(each.pk, each.full_name) for each in leaves.select_related("group")]


def _answer(
    request: HttpRequest,
    title: str,
    form: forms.Form,
    write: Callable[[], object],
    note: str = "",
    row: Agreement | None = None,
) -> HttpResponse:
    status = 200
    if form.is_bound:
        outcome: Outcome[object] = submit(form, write, PLACES)
        if outcome.is_done:
            messages.success(request, _("Saved."))
            return redirect("console:agreements")
        status = outcome.status
    theirs: list[tuple[str, str]] = []
    if status == 409 and row:
        row.refresh_from_db()
        now = standing_terms(row)
        form.data["seen_version"] = str(now.pop("seen_version"))  # type: ignore[index]
        now.pop("component_ids")
        now["first_month"] = f"{row.first_month:%Y-%m}"
        differs = [name for name, value in now.items() if str(form[name].value() or "") != str(value or "")]
        theirs = [(str(form[name].label), str(now[name])) for name in differs if not isinstance(now[name], bool)]
    context = {"title": title, "form": form, "note": note, "theirs": theirs, "is_conflict": status == 409}
    return render(request, "console/agreements/form.html", context, status=status)

"""Contributing factors of a review, and the codes that an administrator adds to the taxonomy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions import factor as actions
from incidents.domain.factors import CODES, FAMILIES
from incidents.models import ContributingFactor, FactorCode
from incidents.web.access import actor_of
from incidents.web.console.factor_form import FactorCodeForm, FactorForm, standing_factor
from incidents.web.console.part_page import Page, address, answer, confirm_removal, form_methods, part_of, review_of
from incidents.web.console.submitting import Outcome, submit

FORM = "console/reviews/parts/factor.html"


@form_methods
def add_factor(request: HttpRequest, code: str) -> HttpResponse:
    """Add a factor."""
    review = review_of(code)
    entry = request.GET.get("entry", "")
    form = FactorForm(
        request.POST if request.method == "POST" else None, review=review,
        initial={"entry_refs": [entry]} if entry else {},
    )  # fmt: skip
    page = Page(_("Add a factor"), review, "factors", again=address("add-factor", code), template=FORM)
    return answer(
        request, page, form,
        lambda: actions.save_factor(actor=actor_of(request), review_id=review.pk, **form.terms()),
    )  # fmt: skip


@form_methods
def edit_factor(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Write a factor anew."""
    row = part_of(ContributingFactor.objects.all(), code, number)
    form = FactorForm(
        request.POST if request.method == "POST" else None, review=row.review, standing=row.code, initial=_standing(row)
    )
    page = Page(
        _("Edit “%(name)s”") % {"name": row.title}, row.review, "factors",
        standing=lambda: _standing(ContributingFactor.objects.get(pk=row.pk)), template=FORM,
        remove=address("remove-factor", code, row.pk),
    )  # fmt: skip
    return answer(
        request, page, form,
        lambda: actions.save_factor(
            actor=actor_of(request), review_id=row.review_id, factor_id=row.pk,
            seen=form.cleaned_data["seen_version"], **form.terms(),
        ),
    )  # fmt: skip


@form_methods
def remove_factor(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Take a factor out of a review."""
    row = part_of(ContributingFactor.objects.all(), code, number)
    return confirm_removal(
        request, Page(_("Remove a factor"), row.review, "factors"), f"{row.code} {row.title}",
        lambda: actions.remove_factor(actor=actor_of(request), factor_id=row.pk),
    )  # fmt: skip


@require_safe
def factor_codes(request: HttpRequest) -> HttpResponse:
    """The taxonomy: the codes of the house and those that were added here."""
    groups = [
        (name, [(code, title) for code, title in CODES.items() if code.partition("-")[0] == family])
        for family, name in FAMILIES.items()
    ]
    own = list(FactorCode.objects.all())
    return render(request, "console/reviews/parts/codes.html", {"groups": groups, "own": own})


@form_methods
def add_factor_code(request: HttpRequest) -> HttpResponse:
    """Add a code to the taxonomy."""
    form = FactorCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome: Outcome[FactorCode] = submit(
            form, lambda: actions.add_factor_code(actor=actor_of(request), **form.cleaned_data)
        )
        if outcome.result:
            messages.success(request, _("Added %(code)s.") % {"code": outcome.result.code})
            return redirect("console:factor-codes")
        status = outcome.status
    context: dict[str, Any] = {"title": _("Add a factor to the taxonomy"), "form": form}
    return render(request, "console/form.html", context, status=status)


@require_POST
def retire_factor_code(request: HttpRequest, number: int) -> HttpResponse:
    """Offer a code no more."""
    row = get_object_or_404(FactorCode, pk=number)
    actions.retire_factor_code(actor=actor_of(request), code_id=row.pk)
    messages.success(request, _("Retired %(code)s.") % {"code": row.code})
    return redirect("console:factor-codes")


def _standing(row: ContributingFactor) -> dict[str, Any]:
    return {**standing_factor(row), "seen_version": actions.mark_of(row)}

"""Contributing factors of a review; the codes that they name are `taxonomy`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import factor as actions
from incidents.models import ContributingFactor
from incidents.web.access import actor_of
from incidents.web.console.factor_form import FactorForm, standing_factor
from incidents.web.console.part_page import Page, address, answer, confirm_removal, form_methods, part_of, review_of

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


def _standing(row: ContributingFactor) -> dict[str, Any]:
    return {**standing_factor(row), "seen_version": actions.mark_of(row)}

"""The taxonomy of contributing factors: the codes that are built in, and those that an administrator adds."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import factor as actions
from incidents.domain.factors import FAMILIES
from incidents.models import ContributingFactor, FactorCode
from incidents.models.words import factor_codes, factor_family
from incidents.web.access import actor_of, is_administrator
from incidents.web.console.forms import TextField
from incidents.web.console.submitting import submit


class FactorCodeForm(forms.Form):
    """A code of one's own."""

    code = TextField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("A family and a number, as CHG-11 or NET-1; never used again."),
    )
    title = TextField(
        label=gettext_lazy("What it means"),
        help_text=gettext_lazy("What a system let happen; there is no code for a person’s error."),
    )


@require_safe
def factor_list(request: HttpRequest) -> HttpResponse:
    """Every code by its family, with how many reviews name it."""
    used = Counter(code for code, _review in set(ContributingFactor.objects.values_list("code", "review_id")))
    lines: list[dict[str, Any]] = [
        {"code": code, "title": title, "used": used[code]} for code, title in factor_codes().items()
    ]
    lines += [
        {"code": row.code, "title": row.title, "used": used[row.code], "row": row} for row in FactorCode.objects.all()
    ]
    known = [factor_family(f"{prefix}-1") for prefix in FAMILIES]
    lines.sort(key=lambda line: _place(line["code"], known))
    families = [(name, list(found)) for name, found in groupby(lines, key=lambda line: factor_family(line["code"]))]
    context = {"families": families, "may_change": is_administrator(request)}
    return render(request, "console/factors/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_factor_code(request: HttpRequest) -> HttpResponse:
    """Add a code."""
    form, status = FactorCodeForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.add_factor_code(actor=actor_of(request), **form.cleaned_data))
        if outcome.result:
            messages.success(request, _("Added %(code)s.") % {"code": outcome.result.code})
            return redirect("console:factors")
        status = outcome.status
    context = {"form": form, "title": _("Add a factor to the taxonomy")}
    return render(request, "console/form.html", context, status=status)


@require_POST
def retire_factor_code(request: HttpRequest, number: int) -> HttpResponse:
    """Offer a code no more; reviews that name it keep it."""
    row = get_object_or_404(FactorCode, pk=number)
    actions.retire_factor_code(actor=actor_of(request), code_id=row.pk)
    messages.success(request, _("%(code)s is offered no more.") % {"code": row.code})
    return redirect("console:factors")


def _place(code: str, known: list[str]) -> tuple[int, str, int]:
    """Families in the order of the taxonomy, others behind them by name; then by number."""
    family, _dash, number = code.partition("-")
    name = factor_family(code)
    return known.index(name) if name in known else len(known), family, int(number) if number.isdecimal() else 0

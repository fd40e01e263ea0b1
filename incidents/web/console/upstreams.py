"""Upstreams: list with what they say and when they were asked, add, edit, remove. For administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import upstream as actions
from incidents.domain.upstream import UpstreamKind
from incidents.models import Upstream
from incidents.publishing.upstreams import upstream_views
from incidents.web.access import actor_of, is_administrator
from incidents.web.console.forms import Choices, TextField, component_choices
from incidents.web.console.submitting import submit

KINDS: Choices = [
    (UpstreamKind.STATUSPAGE, gettext_lazy("Statuspage JSON (/api/v2)")),
    (UpstreamKind.FEED, gettext_lazy("Feed (RSS or Atom)")),
]


class UpstreamForm(forms.Form):
    """A provider that the page depends on."""

    name = TextField(label=gettext_lazy("Name"))
    kind = forms.ChoiceField(label=gettext_lazy("What is read"), choices=KINDS)
    url = TextField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Of the feed; of a Statuspage its front page is enough."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place in the list"), required=False, min_value=1, max_value=10_000,
        help_text=gettext_lazy("Empty: last."),
    )  # fmt: skip
    is_enabled = forms.BooleanField(label=gettext_lazy("Ask it, and show it"), required=False)
    is_proposing = forms.BooleanField(
        label=gettext_lazy("Let its trouble propose an incident of ours"), required=False,
        help_text=gettext_lazy("Somebody still decides whether it is published."),
    )  # fmt: skip
    component_id = forms.TypedChoiceField(
        label=gettext_lazy("For our component"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["component_id"].choices = [("", _("None")), *component_choices()]  # type: ignore[attr-defined]


@require_safe
def upstream_list(request: HttpRequest) -> HttpResponse:
    """Every upstream in the order of the page, with the last check of each."""
    rows = list(Upstream.objects.select_related("component__group"))
    lines = list(zip(rows, upstream_views(rows, timezone.now()), strict=True))
    return render(request, "console/upstreams/list.html", {"lines": lines, "may_change": is_administrator(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def add_upstream(request: HttpRequest) -> HttpResponse:
    """Follow another provider."""
    form = UpstreamForm(request.POST if request.method == "POST" else None, initial={"is_enabled": True})
    return _answer(
        request, _("Follow another provider"), form,
        lambda: actions.save_upstream(actor=actor_of(request), **form.cleaned_data),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def edit_upstream(request: HttpRequest, number: int) -> HttpResponse:
    """Change what is asked, or stop asking."""
    row = get_object_or_404(Upstream, pk=number)
    form = UpstreamForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(row, name) for name in UpstreamForm.base_fields},
    )
    return _answer(
        request, _("Edit %(name)s") % {"name": row.name}, form,
        lambda: actions.save_upstream(actor=actor_of(request), upstream_id=row.pk, **form.cleaned_data),
    )  # fmt: skip


@require_POST
def remove_upstream(request: HttpRequest, number: int) -> HttpResponse:
    """Follow a provider no more."""
    row = get_object_or_404(Upstream, pk=number)
    actions.remove_upstream(actor=actor_of(request), upstream_id=row.pk)
    messages.success(request, _("%(name)s is followed no more.") % {"name": row.name})
    return redirect("console:upstreams")


def _answer(request: HttpRequest, title: str, form: UpstreamForm, write: Callable[[], Upstream]) -> HttpResponse:
    status = 200
    if form.is_bound:
        outcome = submit(form, write)
        if outcome.is_done:
            messages.success(request, _("Saved. It is asked within seconds, and then every minute."))
            return redirect("console:upstreams")
        status = outcome.status
    note = _("What they say stands on the front page as their word. It never changes a status of ours.")
    return render(request, "console/form.html", {"title": title, "form": form, "note": note}, status=status)

"""The first administrator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import page as actions
from incidents.actions.first_link import is_first_link, void_first_link
from incidents.models import Component
from incidents.web.access import open_to_anybody
from incidents.web.accounts.entering import enter
from incidents.web.console.forms import FirstAdministratorForm
from incidents.web.console.submitting import submit


@open_to_anybody
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first administrator, by the one-time link that `manage.py first_admin_link` prints."""
    if not is_first_link(token):
        raise Http404
    form = FirstAdministratorForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        outcome = submit(form, lambda: actions.make_administrator(**form.cleaned_data))
        if isinstance(outcome.result, User):
            void_first_link()
            first = "console:overview" if Component.objects.exists() else "console:add-component"
            return enter(request, outcome.result, reverse(first))
        status = outcome.status
    context: dict[str, Any] = {"form": form, "page_name": queries.the_page().name}
    return render(request, "console/sign_in/set_up.html", context, status=status)

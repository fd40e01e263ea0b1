"""Signing in and out, one's own password, and the first administrator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import page as actions
from incidents.actions.first_link import is_first_link, void_first_link
from incidents.models import Component
from incidents.web.access import open_to_anybody
from incidents.web.console.forms import FirstAdministratorForm
from incidents.web.console.submitting import submit

sign_in = open_to_anybody(
    auth_views.LoginView.as_view(template_name="console/sign_in/page.html", redirect_authenticated_user=True)
)
sign_out = auth_views.LogoutView.as_view()
change_password = auth_views.PasswordChangeView.as_view(
    template_name="console/sign_in/password.html", success_url=reverse_lazy("console:overview")
)


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
            login(request, outcome.result)
            return redirect("console:overview" if Component.objects.exists() else "console:add-component")
        status = outcome.status
    context: dict[str, Any] = {"form": form, "page_name": queries.the_page().name}
    return render(request, "console/sign_in/set_up.html", context, status=status)

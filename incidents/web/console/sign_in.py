"""Signing in and out, one's own password, and the first administrator."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents import queries
from incidents.actions import page as actions
from incidents.actions.first_link import is_first_link, void_first_link
from incidents.models import Component
from incidents.web.access import open_to_anybody
from incidents.web.client import client_ip
from incidents.web.console import guessing
from incidents.web.console.forms import FirstAdministratorForm
from incidents.web.console.submitting import submit


class SignInForm(AuthenticationForm):
    """Username and password; after several wrong ones a pause, which is said and grows."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong pair, or while the pause lasts (code `pause`): then nothing is checked."""
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")) or self.request is None:
            return super().clean()
        found = guessing.counters(self.cleaned_data["username"], client_ip(self.request))
        if seconds := guessing.pause_seconds(found):
            raise ValidationError(
                _("Too many wrong passwords. Wait %(seconds)s s, then try again."),
                code="pause",
                params={"seconds": seconds},
            )
        guessing.count_try(found)
        cleaned = super().clean()
        guessing.forget_tries(found)
        return cleaned


class SignInView(auth_views.LoginView):
    """Django's sign-in, with a pause for those who guess."""

    template_name = "console/sign_in/page.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The form again: 429 during a pause, else 422."""
        response = super().form_invalid(form)
        response.status_code = 429 if form.has_error("__all__", "pause") else 422
        return response


sign_in = open_to_anybody(SignInView.as_view())
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

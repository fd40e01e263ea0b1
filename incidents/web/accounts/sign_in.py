"""Signing in and out."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import accounts as actions
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.web.access import open_to_anybody
from incidents.web.accounts import guessing
from incidents.web.accounts.backend import account_of
from incidents.web.accounts.device import known_device
from incidents.web.accounts.limits import part_of_the_account
from incidents.web.client import client_ip


class SignInForm(AuthenticationForm):
    """Username or address, and password; after several wrong ones a pause, which is said and grows."""

    def __init__(self, request: Any = None, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        name = self.fields["username"]
        assert isinstance(name, forms.CharField)
        name.label, name.max_length = _("Username or e-mail address"), 254
        name.widget.attrs |= {"autocomplete": "username webauthn", "maxlength": 254}

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong pair, or while the pause lasts (code `pause`): then nothing is checked."""
        typed = self.cleaned_data.get("username")
        if not (typed and self.cleaned_data.get("password")) or self.request is None:
            return super().clean()
        user, address = account_of(typed), client_ip(self.request)
        device = known_device(self.request, user.pk) if user else ""
        found = guessing.counters(f"account {user.pk}" if user else typed, address, device)
        if seconds := guessing.pause_seconds(found):
            raise ValidationError(
                _("Too many wrong passwords. Wait %(seconds)s s, then try again."),
                code="pause",
                params={"seconds": seconds},
            )
        guessing.count_try(found)
        try:
            cleaned = super().clean()
        except ValidationError:
            tries = guessing.tries(found)
            actions.refuse(user=user, what="password", client_ip=address, is_told=tries == guessing.TOLD_AT)
            raise
        guessing.forget_tries(found)
        return cleaned


@open_to_anybody
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, or the next step: the second factor of whoever has one, else where the person wanted to go. 429 during
    a pause, 422 for a wrong pair."""
    wanted = way_on(request)
    if request.user.is_authenticated:
        return redirect(wanted)
    form, status = SignInForm(request, data=request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        if form.is_valid():
            return _go_on(request, form, wanted)
        status = 429 if form.has_error("__all__", "pause") else 422
    context = {"form": form, "next": request.POST.get("next", request.GET.get("next", ""))}
    context |= {"single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else ""}
    return render(request, "console/sign_in/page.html", context, status=status)


@part_of_the_account
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    user = request.user
    assert isinstance(user, User), "the middleware lets nobody else through"
    actions.note(actor=Actor("user", user.get_username(), user.pk), verb=Verb.ACCOUNT_SIGNED_OUT, user=user)
    logout(request)
    return redirect("console:sign-in")


@open_to_anybody
@require_safe
def switched_off(request: HttpRequest) -> HttpResponse:
    """What somebody is told whose account was switched off."""
    context = {
        "title": gettext_lazy("This account is switched off"),
        "sentence": gettext_lazy("Ask an administrator, if that is a mistake."),
    }
    return render(request, "account/said.html", context, status=403)


def way_on(request: HttpRequest) -> str:
    """Where to go after signing in: what `next` says, if it is on this site."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _go_on(request: HttpRequest, form: SignInForm, wanted: str) -> HttpResponse:
    user = form.get_user()
    response: HttpResponse = perform_password_login(
        request, {"username": user.get_username()}, Login(user=user, redirect_url=wanted)
    )
    return response

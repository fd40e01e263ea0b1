"""Setting a password: by the link of an invitation, by a link that was mailed, or because one wants another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from incidents.actions import accounts as actions
from incidents.actions.one_time import Opens, account_opened_by
from incidents.actions.refusals import Refused
from incidents.web.access import actor_of, open_to_anybody
from incidents.web.accounts.entering import end_sessions_of, enter
from incidents.web.accounts.limits import part_of_the_account
from incidents.web.accounts.reauthentication import check_password, note_proof, shown_when_proved
from incidents.web.client import client_ip

# The token waits in the session: it leaves the address bar, and with it the history and every Referer.
TAKEN, KEPT_TOKEN = "now", "reset_token"
ASKED_PER_HOUR_BY_NETWORK, MAILED_PER_HOUR = 20, 3


class ResetForm(forms.Form):
    """Whose password it is."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # generic for the type checker alone
    """A password, twice; what it must be in one sentence."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["new_password1"].help_text = _(
            "At least 12 characters of any kind; not a common one, not digits alone, and not just the name of this "
            "page or your own."
        )
        self.fields["new_password2"].label, self.fields["new_password2"].help_text = _("Once more"), ""


class ChangeForm(NewPasswordForm, PasswordChangeForm):
    """The same, after the old one, which is counted as at the door."""

    def __init__(self, request: HttpRequest, user: User, data: Any = None) -> None:
        super().__init__(user, data)
        self.request, self.person = request, user

    def clean_old_password(self) -> str:
        """Raises ValidationError for a wrong one, and during a pause."""
        typed: str = self.cleaned_data["old_password"]
        check_password(self.request, self.person, typed)
        return typed


@open_to_anybody
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. The answer is the same whether anybody has the address or not."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return render(request, "account/password_reset.html", {"form": form}, status=422 if form.is_bound else 200)
    if _count(f"reset:network:{client_ip(request)}") > ASKED_PER_HOUR_BY_NETWORK:
        sentence = _("Too many links were asked for from this network. Try again in an hour.")
        return render(request, "account/said.html", {"title": _("Not now"), "sentence": sentence}, status=429)
    address = form.cleaned_data["email"]
    if _count(f"reset:address:{address.casefold()}") <= MAILED_PER_HOUR:
        actions.ask_reset(address=address, client_ip=client_ip(request))
    return render(request, "account/password_reset_done.html")


@open_to_anybody
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """Set a password by a link that was mailed. Looking at it changes nothing, however often; the second factor is
    asked for after it as ever."""
    kept = request.session.get(KEPT_TOKEN, "") if token == TAKEN else token
    user = account_opened_by(kept, Opens.PASSWORD_RESET)
    if user is None:
        return render(request, "account/password_reset_void.html", status=410)
    if token != TAKEN:
        request.session[KEPT_TOKEN] = kept
        return redirect("console:reset-password", TAKEN)
    form = NewPasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        changed = actions.reset_password(token=kept, password=form.cleaned_data["new_password1"])
        del request.session[KEPT_TOKEN]
        end_sessions_of(request, changed)
        messages.success(request, _("The password is set. All other sessions of the account have ended."))
        return enter(request, changed, reverse("console:overview"))
    context = {"form": form, "person": user}
    return render(request, "account/password_reset_from_key.html", context, status=422 if form.is_bound else 200)


class SetPasswordView(PasswordResetConfirmView):
    """The link by which somebody who was added sets a password. Django checks it; looking at it changes nothing."""

    template_name = "console/people/password.html"
    form_class = NewPasswordForm

    def form_valid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        """Set it, unless the link was used meanwhile, and let the person in."""
        user = self.user
        assert user is not None, "a link that is good has an account"
        try:
            actions.accept_invitation(user_id=user.pk, password=form.cleaned_data["new_password1"])
        except Refused as refused:
            form.add_error(refused.field or None, refused.sentence)
            return self.form_invalid(form)
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        user.refresh_from_db()
        return enter(self.request, user, reverse("console:overview"))

    def form_invalid(self, form: SetPasswordForm[Any]) -> HttpResponse:
        """The form again."""
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


set_password = open_to_anybody(SetPasswordView.as_view())


@part_of_the_account
@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponseBase:
    """Another password: the old one, typed beside it, is the proof. Or the first one of somebody who came by single
    sign-on: after a proof. All other sessions end."""
    user = request.user
    assert isinstance(user, User), "the middleware lets nobody else through"
    if not user.has_usable_password():
        return _set_first(request)
    return _set(request, ChangeForm(request, user, request.POST if request.method == "POST" else None))


@shown_when_proved
def _set_first(request: HttpRequest) -> HttpResponse:
    return _set(request, NewPasswordForm(request.user, request.POST if request.method == "POST" else None))


def _set(request: HttpRequest, form: NewPasswordForm) -> HttpResponse:
    if form.is_bound and form.is_valid():
        changed = actions.change_password(
            actor=actor_of(request), user_id=form.user.pk, password=form.cleaned_data["new_password1"]
        )
        update_session_auth_hash(request, changed)
        note_proof(request)
        ended = end_sessions_of(request, changed)
        messages.success(request, _("The password is changed. Other sessions ended: %(count)d.") % {"count": ended})
        return redirect("console:account")
    return render(request, "console/sign_in/password.html", {"form": form}, status=422 if form.is_bound else 200)


def _count(key: str) -> int:
    cache.add(key, 0, 3600)
    return cache.incr(key)

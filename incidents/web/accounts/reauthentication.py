"""Dangerous acts want a proof of a few minutes ago. It is asked for in between: what was typed comes along.

`GUARDED` lists the acts; a test compares it with the views.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as passkeys
from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.actions import accounts as actions
from incidents.web.accounts import guessing
from incidents.web.accounts.device import known_device
from incidents.web.accounts.factor_forms import check_code
from incidents.web.accounts.limits import LAST_RESORT, SIGNED_IN_AT
from incidents.web.client import client_ip

PROVED_AT = "proved_at"
# The names of the fields that are about the proof alone; no view sees them.
MARK, OWN = "proof_for", ("proof_for", "proof_password", "proof_code", "credential")
View = Callable[..., HttpResponseBase]

# Every act that wants a fresh proof, by the name of its address, with what makes it dangerous.
GUARDED: dict[str, str] = {
    "console:edit-page": "what the public page is called, and its days",
    "console:set-roles": "what somebody may do",
    "console:add-person": "who may sign in",
    "console:invite-person": "the link by which somebody sets a password",
    "console:set-four-eyes": "whether one alone publishes",
    "console:make-token": "a key that writes",
    "console:revoke-token": "what programs depend on",
    "console:add-source": "the key of a monitor",
    "console:renew-key": "the key of a monitor",
    "console:export-public": "takes the records away",
    "console:export-everything": "takes subscribers, accounts and log away",
    "console:release-sending": "lets held messages go to everybody",
    "console:withdraw-incident": "takes an incident off the page",
    "console:retract-review": "takes a review off the page",
    "mfa_activate_totp": "a second factor",
    "mfa_deactivate_totp": "a second factor",
    "mfa_add_webauthn": "a passkey",
    "mfa_remove_webauthn": "a passkey",
    "mfa_edit_webauthn": "a passkey",
    "mfa_view_recovery_codes": "the recovery codes",
    "mfa_generate_recovery_codes": "the recovery codes",
    "mfa_download_recovery_codes": "the recovery codes",
}


class ProofForm(forms.Form):
    """A password, a code or a passkey: whichever the account has, one is enough."""

    proof_password = forms.CharField(
        label=gettext_lazy("Password"), strip=False, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )  # fmt: skip
    proof_code = forms.CharField(
        label=gettext_lazy("Or a code of your app, or a recovery code"), required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}),
    )  # fmt: skip
    credential = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        assert isinstance(request.user, User), "the middleware lets nobody else through"
        self.request, self.user = request, request.user
        if not self.user.has_usable_password():
            del self.fields["proof_password"]
            self.fields["proof_code"].label = _("A code of your app, or a recovery code")
        if not is_mfa_enabled(self.user, ["totp", "recovery_codes"]):
            del self.fields["proof_code"]
        self.has_passkey = is_mfa_enabled(self.user, ["webauthn"])
        if not self.has_passkey:
            del self.fields["credential"]

    @property
    def can_prove(self) -> bool:
        """Whether the account has anything to prove it by here; single sign-on alone has not."""
        return bool(self.fields)

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError unless one of them is right."""
        given = super().clean() or {}
        if given.get("credential"):
            passkey = AuthenticateWebAuthnForm(user=self.user, data={"credential": self.data.get("credential")})
            if not passkey.is_valid():
                raise ValidationError(_("That passkey is not one of this account."))
        elif given.get("proof_password"):
            check_password(self.request, self.user, given["proof_password"])
        elif given.get("proof_code"):
            self._check_code(given["proof_code"])
        else:
            raise ValidationError(_("Type one of them."))
        return given

    def _check_code(self, code: str) -> None:
        form = BaseAuthenticateForm(user=self.user)
        form.cleaned_data = {"code": code}
        check_code(self.request, self.user, form.clean_code, lambda: form.authenticator)


def check_password(request: HttpRequest, user: User, password: str) -> None:
    """Count wrong ones as at the door. Raises ValidationError, during a pause too."""
    counters = guessing.counters(f"account {user.pk}", client_ip(request), known_device(request, user.pk))
    if seconds := guessing.pause_seconds(counters):
        raise ValidationError(
            _("Too many wrong passwords. Wait %(seconds)s s, then try again."), params={"seconds": seconds}
        )
    guessing.count_try(counters)
    if not user.check_password(password):
        actions.refuse(user=user, what="password", client_ip=client_ip(request))
        raise ValidationError(_("That is not your password."))
    guessing.forget_tries(counters)


def recently_proved(view: View) -> View:
    """Guard a view: a POST is answered only to somebody who proved within PROOF_MINUTES who they are. Else the answer
    asks for a proof, keeps what was posted in its form, and sends both to the same address: nothing typed is lost, and
    files are chosen once more there."""
    return _guard(view, {"POST"})


def shown_when_proved(view: View) -> View:
    """As `recently_proved`, for a page that must not even be seen without a proof."""
    return _guard(view, {"GET", "HEAD", "POST"})


def _guard(view: View, methods: set[str]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        is_answer = request.method == "POST" and MARK in request.POST
        if request.method in methods and not is_proved(request):
            form = ProofForm(request, request.POST if is_answer else None)
            if not is_answer or not form.is_valid():
                return ask(request, form)
            note_proof(request)
        if is_answer:
            if request.POST[MARK] != "POST":
                return redirect(request.get_full_path())
            request.POST = _without_proof(request.POST)  # type: ignore[assignment]
        return view(request, *args, **kwargs)

    guarded.wants_proof = True  # type: ignore[attr-defined]
    return guarded


def is_proved(request: HttpRequest) -> bool:
    """Whether the person signed in, or proved who they are, within PROOF_MINUTES. A session of last resort, which ends
    after an hour, is proof enough."""
    if request.session.get(LAST_RESORT):
        return True
    latest = max(request.session.get(PROVED_AT, 0.0), request.session.get(SIGNED_IN_AT, 0.0))
    return bool(time.time() - latest < settings.PROOF_MINUTES * 60)


def note_proof(request: HttpRequest) -> None:
    """Begin the minutes anew."""
    request.session[PROVED_AT] = time.time()


def ask(request: HttpRequest, form: ProofForm) -> HttpResponseBase:
    """The page that asks; 403 says to programs that nothing was done."""
    own = {*OWN, "csrfmiddlewaretoken"}
    shown = [name for name in request.POST if name not in own and "password" not in name]
    kept = [(name, value) for name in shown for value in request.POST.getlist(name)]
    is_post = request.method == "POST" and request.POST.get(MARK, "POST") == "POST"
    values = {
        "form": form, "mark": "POST" if is_post else "GET", "kept": kept if is_post else [],
        "files": [(name, str(file)) for name, file in request.FILES.items()],
        "minutes": f"{settings.PROOF_MINUTES:g}",
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "passkey_options": passkeys.begin_authentication(form.user) if form.has_passkey else None,
    }  # fmt: skip
    return render(request, "account/prove.html", values, status=403)


def _without_proof(posted: QueryDict) -> QueryDict:
    rest = posted.copy()
    for name in OWN:
        rest.pop(name, None)
    rest._mutable = False
    return rest

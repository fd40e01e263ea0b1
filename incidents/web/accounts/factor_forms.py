"""Codes and passkeys as they are typed in: slowed down for those who guess, and each code once only."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.actions import accounts as actions
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.web.accounts import guessing
from incidents.web.accounts.device import known_device
from incidents.web.client import client_ip

LAST_COUNTER = "last_counter"


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code of an authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["code"]
        field.label = _("Code")
        field.widget.attrs = {
            "autocomplete": "one-time-code",
            "inputmode": "text",
            "spellcheck": "false",
            "autofocus": True,
        }

    def clean_code(self) -> str:
        """The code, if it is right and was not used before. Raises ValidationError, during a pause too (code `pause`):
        then it is not looked at."""
        return check_code(context.request, self.user, super().clean_code, lambda: self.authenticator)


def check_code(request: HttpRequest, user: User, look: Any, found_by: Any) -> str:
    """Look at a code (`look` raises ValidationError for a wrong one; `found_by` then gives its authenticator), count
    wrong ones, refuse a second use. Raises ValidationError."""
    counters = guessing.code_counters(user.pk, client_ip(request), known_device(request, user.pk))
    if seconds := guessing.pause_seconds(counters):
        raise ValidationError(
            _("Too many wrong codes. Wait %(seconds)s s, then try again."), code="pause", params={"seconds": seconds}
        )
    guessing.count_try(counters)
    try:
        code: str = look()
        use_once(found_by(), code)
    except ValidationError:
        tries = guessing.tries(counters)
        actions.refuse(
            user=user, what="code", client_ip=client_ip(request), is_told=tries == guessing.TOLD_AT
        )  # fmt: skip
        raise
    guessing.forget_tries(counters)
    if found_by().type == Authenticator.Type.RECOVERY_CODES:
        actions.note(actor=Actor("user", user.get_username(), user.pk), verb=Verb.RECOVERY_CODE_USED, user=user)
    return code


def use_once(authenticator: Authenticator, code: str) -> None:
    """Note that the code of an app was used, in the database: all processes see it, and so do those after a restart.
    Raises ValidationError for one that was, or is older than one that was."""
    if authenticator.type != Authenticator.Type.TOTP:
        return  # recovery codes are struck out by allauth
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        counter = counter_of(decrypt(row.data["secret"]), code)
        if counter is None or counter <= row.data.get(LAST_COUNTER, -1):
            raise ValidationError(_("This code was used already. Wait for the next one."), code="used")
        row.data[LAST_COUNTER] = counter
        row.save(update_fields=["data"])
    authenticator.data = row.data


def counter_of(secret: str, code: str) -> int | None:
    """Which half minute (RFC 6238) a code is of; None for one of none that counts now."""
    plain = "".join(code.split())
    for counter in yield_hotp_counters_from_time():
        if constant_time_compare(plain, format_hotp_value(hotp_value(secret, counter))):
            return int(counter)
    return None


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey: always one that can sign in by itself, so the device asks for a finger, a face or a PIN."""

    passwordless = forms.BooleanField(required=False, widget=forms.HiddenInput, initial=True)
    name = forms.CharField(
        required=False, max_length=60, label=gettext_lazy("Name"),
        help_text=gettext_lazy("By which you will know it in the list, such as the device it is on."),
    )  # fmt: skip
    field_order = ["name"]

    def clean_passwordless(self) -> bool:
        """Whatever was sent."""
        return True


class RenamedPasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)

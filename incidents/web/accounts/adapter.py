"""Where django-allauth asks this house: who may join, who is asking, how secrets are kept, what is said."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import accounts as actions
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.web.accounts.device import remember_device
from incidents.web.client import client_ip

# What a page says by itself, and allauth would say once more.
_UNSAID = (
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
)


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Nobody signs up; whoever signs in is noted, and so is the device."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Never: an administrator adds people."""
        return False

    def is_reauthentication_required(self, **_which: Any) -> bool:
        """Not by allauth: `reauthentication` guards its views as it guards ours."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere here: behind the proxies that we trust."""
        return client_ip(request) or "0.0.0.0"  # noqa: S104 (a Unix socket has no address; the column wants one)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *more: Any, **named: Any
    ) -> None:  # noqa: E501
        """As allauth says it, but for what the page says already."""
        if message_template not in _UNSAID:
            super().add_message(request, level, message_template, *more, **named)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse:
        """Note who signed in, by what and from where; remember the device."""
        assert isinstance(user, User)
        response: HttpResponse = super().post_login(request, user, **hooks)
        ways = [each.get("type") or each["method"] for each in get_authentication_records(request, user)]
        actions.note(
            actor=Actor("user", user.get_username(), user.pk), verb=Verb.ACCOUNT_SIGNED_IN, user=user,
            changes={"by": ["", ", ".join(dict.fromkeys(ways))], "from": ["", client_ip(request)]},
        )  # fmt: skip
        remember_device(request, response, user.pk)
        return response


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are encrypted with a key that is not in the database."""

    def encrypt(self, text: str) -> str:
        """With today's key."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """With today's key or a former one (SECRET_KEY_FALLBACKS). Raises InvalidToken where none fits."""
        return _keys().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """What the app on the telephone shows."""
        return queries.the_page().name

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        """What a passkey is called unless its owner says otherwise."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number} if number > 1 else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bound to the host; named as the page."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": queries.the_page().name}


def _keys() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"second factors " + str(secret).encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

"""People with passwords and second factors, their clients, and what is mailed to them."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from incidents.domain.review import PersonRole
from incidents.models import AuditEntry

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "a long and quiet evening"


def somebody(name: str = "noor", **more: Any) -> User:
    """An account with a password and an address, which may read the console."""
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **more)
    user.groups.add(Group.objects.get_or_create(name=PersonRole.VIEWER)[0])
    return user


def at(ip: str, client: Client | None = None) -> Client:
    """A client at an address; with `client`, the same browser moved there."""
    moved = Client(headers={"X-Forwarded-For": ip})
    if client:
        moved.cookies = client.cookies
    return moved


def sign_in(client: Client, name: str = "noor", password: str = PASSWORD, **more: Any) -> Any:
    """Type name and password."""
    return client.post("/console/sign-in", {"username": name, "password": password, **more})


def with_app(user: User) -> str:
    """Give an account an authenticator app; returns its key."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def with_codes(user: User) -> list[str]:
    """Give an account recovery codes."""
    return list(RecoveryCodes.activate(user).get_unused_codes())


def with_passkey(user: User) -> int:
    """Give an account a passkey, which nobody holds; returns its number."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    known = AttestedCredentialData.create(Aaguid.NONE, b"a passkey of the tests", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    said = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), flags, 0, known)
    answer = {
        "clientDataJSON": CollectedClientData.create(CollectedClientData.TYPE.CREATE, b"asked", "http://testserver"),
        "attestationObject": AttestationObject.create("none", said, {}),
    }
    credential = {
        "id": websafe_encode(known.credential_id),
        "rawId": websafe_encode(known.credential_id),
        "type": "public-key",
        "response": {name: websafe_encode(value) for name, value in answer.items()},
        "clientExtensionResults": {},
    }
    passkey = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Телефон", "credential": credential}
    )
    return int(passkey.pk)


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def verbs() -> list[str]:
    """What stands in the log, oldest first."""
    return list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))


def letters() -> list[str]:
    """The mails about accounts, oldest first, as text in one line each part."""
    folder = Path(settings.DATA_DIR) / "account-mail"
    files = sorted(folder.glob("*.eml")) if folder.is_dir() else []
    return [file.read_text().replace("=\n", "").replace("=\r\n", "").replace("=3D", "=") for file in files]


def link_in(letter: str, place: str) -> str:
    """The path of the link to `place`."""
    found = re.search(rf"{re.escape(settings.SITE_URL)}(/console/{place}/\S+)", letter)
    assert found, letter
    return found.group(1)

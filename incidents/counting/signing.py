"""Signed evidence: Ed25519 (RFC 8032) over the canonical JSON of a verdict's document.

The key follows from the installation's SECRET_KEY. Whoever changes that signs with another key from then on; what was
issued before keeps the signature and the public key of its day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from incidents.domain.canonical import canonical

ALGORITHM = "Ed25519"
_PURPOSE = b"candor evidence signature"


def signature_of(document: dict[str, Any]) -> str:
    """The signature over the document, base64."""
    return base64.b64encode(_key().sign(canonical(document))).decode()


def public_key() -> str:
    """The 32 bytes of the public key, base64."""
    raw = _key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def evidence_of(document: dict[str, Any], signature: str, key: str) -> dict[str, Any]:
    """The evidence file: the document, its signature, and the public key of the day that it was signed with."""
    return {"algorithm": ALGORITHM, "public_key": key, "signature": signature, "document": document}


def _key() -> Ed25519PrivateKey:
    seed = hmac.new(settings.SECRET_KEY.encode(), _PURPOSE, hashlib.sha256).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)

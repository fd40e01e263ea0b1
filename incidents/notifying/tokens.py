"""The links in mails: HMACs of (subscriber, purpose, generation), made when needed and stored nowhere.

A token for one purpose is worth nothing for another. A confirmation carries its time and ends after 24 hours, and only
that of the newest generation counts; the right to change or to leave has no end, so every mail ever sent serves for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings

CONFIRM_EXPIRY = timedelta(hours=24)
_MAC_BYTES = 24  # 192 bits, 32 characters
_LONGEST = 120


class Purpose(StrEnum):
    """What a token is good for."""

    CONFIRM = "confirm"
    MANAGE = "manage"
    UNSUBSCRIBE = "unsubscribe"


class BadToken(Exception):
    """Not one of ours, for another purpose, or over."""


@dataclass(frozen=True)
class Claim:
    """What a token proves: which subscription, and of which generation it was when the mail was written."""

    subscriber_id: int
    generation: int


def make_token(purpose: Purpose, subscriber_id: int, generation: int, made_at: datetime) -> str:
    """A token of URL-safe characters. `made_at` (aware) is kept only in a confirmation."""
    parts = [str(subscriber_id), str(generation)]
    if purpose == Purpose.CONFIRM:
        parts.append(str(int(made_at.timestamp())))
    payload = ".".join(parts)
    return f"{payload}.{_mac(purpose, payload)}"


def read_token(purpose: Purpose, token: str, now: datetime) -> Claim:
    """What the token proves at `now` (aware). Raises BadToken; every wrong one takes the same time to compare."""
    payload, _, mac = token.rpartition(".")
    if len(token) > _LONGEST or not token.isascii() or not hmac.compare_digest(mac, _mac(purpose, payload)):
        raise BadToken
    numbers = [int(part) for part in payload.split(".")]  # ours, so well-formed
    if purpose == Purpose.CONFIRM and now >= datetime.fromtimestamp(numbers[2], UTC) + CONFIRM_EXPIRY:
        raise BadToken
    return Claim(numbers[0], numbers[1])


def _mac(purpose: Purpose, payload: str) -> str:
    message = f"subscription:{purpose}:{payload}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()

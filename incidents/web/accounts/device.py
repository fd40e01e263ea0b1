"""A device that somebody has signed in from before: it has its own count of wrong tries, so that a flood from
elsewhere, or through the same network, never keeps its owner out."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

KEPT = timedelta(days=180)
_SALT = "known device"


def known_device(request: HttpRequest, user_id: int) -> str:
    """What this device is called for this account; "" where the account has not signed in from it."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=_SALT, max_age=KEPT)
    except signing.BadSignature:
        return ""
    return str(kept.get(str(user_id), "")) if isinstance(kept, dict) else ""


def remember_device(request: HttpRequest, response: HttpResponseBase, user_id: int) -> None:
    """Note on this device that the account has signed in from it; other accounts that it knows stay."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=_SALT, max_age=KEPT)
    except signing.BadSignature:
        kept = {}
    names = dict(list(kept.items())[-4:]) if isinstance(kept, dict) else {}
    names.setdefault(str(user_id), secrets.token_urlsafe(12))
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(names, salt=_SALT),
        max_age=KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )

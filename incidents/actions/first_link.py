"""The one-time link that makes the first administrator: a token in a file under DATA_DIR, gone after its use."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User


def first_link_token() -> str:
    """The token, made on the first call and kept; "" once anybody can sign in."""
    if User.objects.exists():
        void_first_link()
        return ""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start together one makes the token and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text()


def is_first_link(token: str) -> bool:
    """Whether the token is the one of the link, and the link still opens anything."""
    try:
        kept = _path().read_text()
    except FileNotFoundError:
        return False
    is_right = bool(kept) and secrets.compare_digest(kept.encode(), token.encode())
    return is_right and not User.objects.exists()


def void_first_link() -> None:
    """Remove the token; twice is as good as once."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.DATA_DIR) / "first_admin_token"

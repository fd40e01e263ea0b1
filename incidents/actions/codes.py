"""Public ids: 12 characters of a-z0-9, random, so that no address can be guessed or counted."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_lowercase + string.digits


def new_code() -> str:
    """A fresh public id (62 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))

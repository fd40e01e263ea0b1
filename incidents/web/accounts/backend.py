"""Whose password it is: found by username, or by the e-mail address where one account alone has it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest


class UsernameOrAddress(ModelBackend):
    """Django's backend, which hashes for an unknown name too, so that both take as long."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        """The account, or None."""
        found = account_of(username or "")
        name = found.get_username() if found else username
        return super().authenticate(request, username=name, password=password, **more)


def account_of(typed: str) -> User | None:
    """The account that somebody means who types this; a username goes before an address. None where it is nobody's, or
    where two have the address."""
    if not typed or "\x00" in typed:
        return None
    by_name = User.objects.filter(username=typed).first()
    if by_name or "@" not in typed:
        return by_name
    by_address = list(User.objects.filter(email__iexact=typed, is_active=True)[:2])
    return by_address[0] if len(by_address) == 1 else None

"""Links that open an account once: nothing is stored, a token is bound to the account as it is and to one purpose.

Whoever signs in or sets a password makes every link of before void.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.contrib.auth.models import User
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac


class Opens(StrEnum):
    """What a link is for; one made for one purpose opens nothing else."""

    PASSWORD_RESET = "password reset"
    LAST_RESORT = "last resort"


VALID: dict[Opens, timedelta] = {Opens.PASSWORD_RESET: timedelta(hours=1), Opens.LAST_RESORT: timedelta(minutes=15)}


def one_time_token(user: User, opens: Opens) -> str:
    """A token of 256 bits of HMAC, to be put into a link."""
    return signing.dumps([user.pk, _state(user, opens)], salt=opens)


def account_opened_by(token: str, opens: Opens) -> User | None:
    """The active account that the token opens; None if it is wrong, too old, used, or made for something else."""
    try:
        user_id, state = signing.loads(token, salt=opens, max_age=VALID[opens])
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user if user and constant_time_compare(state, _state(user, opens)) else None


def _state(user: User, opens: Opens) -> str:
    seen = user.last_login.isoformat() if user.last_login else ""
    value = f"{user.pk}|{user.password}|{seen}|{user.email}"
    return salted_hmac(opens, value, algorithm="sha256").hexdigest()[:32]

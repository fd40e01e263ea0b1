"""What happens to accounts, for the table of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib.auth.models import User

from incidents.actions import accounts
from incidents.actions.one_time import Opens, one_time_token
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.verbs import Verb

PASSWORD = "a long and quiet evening"


def somebody() -> User:
    """An account with a password and an address."""
    user = User.objects.filter(username="noor").first()
    return user or User.objects.create_superuser("noor", "noor@example.org", "correct horse battery")


def _noted(verb: Verb) -> Callable[[], Callable[[], object]]:
    def ready() -> Callable[[], object]:
        user = somebody()
        return partial(accounts.note, actor=Actor("user", "noor", user.pk), verb=verb, user=user)

    return ready


def _changed() -> Callable[[], object]:
    user = somebody()
    return partial(
        accounts.change_password, actor=Actor("user", "noor", user.pk), user_id=user.pk, password=PASSWORD
    )  # fmt: skip


def _last_resort() -> Callable[[], object]:
    user = accounts.make_last_resort(actor=SYSTEM)
    return partial(accounts.use_last_resort, token=one_time_token(user, Opens.LAST_RESORT), client_ip="192.0.2.7")


NOTED = (
    Verb.ACCOUNT_SIGNED_IN, Verb.ACCOUNT_SIGNED_OUT, Verb.ACCOUNT_LINKED, Verb.SESSION_ENDED, Verb.SECOND_FACTOR_ADDED,
    Verb.SECOND_FACTOR_REMOVED, Verb.RECOVERY_CODES_RENEWED, Verb.RECOVERY_CODE_USED,
)  # fmt: skip
ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    **{str(verb): _noted(verb) for verb in NOTED},
    "account.refused": lambda: partial(accounts.refuse, user=somebody(), what="password", client_ip="192.0.2.7"),
    "password.changed": _changed,
    "password.reset_asked": lambda: partial(accounts.ask_reset, address=somebody().email, client_ip="192.0.2.7"),
    "break_glass.made": lambda: partial(accounts.make_last_resort, actor=SYSTEM),
    "break_glass.used": _last_resort,
}

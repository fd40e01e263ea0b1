"""The acts of the write API and of its tokens, for the table of the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from incidents.actions import inviting, subscriber, token
from incidents.domain.actor import Actor
from incidents.models import ApiToken
from tests.factories import MARIA, make_subscriber


def administrator() -> Actor:
    """Somebody who may make tokens."""
    user, _is_new = User.objects.get_or_create(username="root", is_superuser=True)
    return Actor("user", "root", user.pk)


def _token() -> ApiToken:
    return token.make_token(actor=administrator(), name="robot", scopes=["read"])[0]


def _on(make: Callable[[], Any], act: Callable[[Any], object]) -> Callable[[], Callable[[], object]]:
    def ready() -> Callable[[], object]:
        row = make()
        return lambda: act(row)

    return ready


def _suspended() -> int:
    row = make_subscriber()
    subscriber.suspend_subscriber(subscriber_id=row.pk, reason="R")
    return row.pk


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "token.made": _on(administrator, lambda actor: token.make_token(actor=actor, name="robot", scopes=["read"])),
    "token.revoked": _on(_token, lambda row: token.revoke_token(actor=administrator(), token_id=row.pk)),
    "token.refused": _on(_token, lambda row: token.note_refusal(token=row, what="POST /v1/pages")),
    "subscriber.reactivated": _on(_suspended, lambda pk: inviting.reactivate_subscriber(actor=MARIA, subscriber_id=pk)),
}

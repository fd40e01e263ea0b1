"""Make and revoke the tokens of the write API; note their use and what they were refused."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.domain.scopes import Scope
from incidents.domain.verbs import Verb
from incidents.models import ApiToken

PREFIX = "candor_"
SHOWN = 12
USE_NOTED_EVERY = timedelta(minutes=1)


def make_token(
    *,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token (`expires_at` UTC; None: it holds until it is revoked); returns its row and the key, which is kept
    nowhere. Raises Refused: no administrator, no name, no or an unknown scope, an end that has passed."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        label = texts.line(name, field="name", limit=100)
        if not scopes:
            raise Refused(_("Choose what the token may do."), "scopes")
        unknown = set(scopes) - set(Scope)
        if unknown:
            raise Refused(_("There is no scope “%(name)s”.") % {"name": min(unknown)}, "scopes")
        if expires_at and expires_at <= now:
            raise Refused(_("The token would have expired already. Choose a later time."), "expires_at")
        if ApiToken.objects.filter(name=label, revoked_at__isnull=True).exists():
            raise Refused(_("There is a token of this name already. Revoke it first, or choose another name."), "name")
        key = PREFIX + secrets.token_urlsafe(32)
        token = ApiToken.objects.create(
            name=label, sha256=digest_of(key), first_characters=key[:SHOWN], scopes=sorted(set(scopes)),
            expires_at=expires_at, made_by_id=actor.user_id, made_by_label=actor.label, created_at=now,
        )  # fmt: skip
        end = expires_at.isoformat() if expires_at else ""
        record(
            actor=actor, verb=Verb.TOKEN_MADE, subject=token, now=now,
            changes={"scopes": ["", ", ".join(token.scopes)], "expires_at": ["", end]},
        )  # fmt: skip
    return token, key


def revoke_token(*, actor: Actor, token_id: int, now: datetime | None = None) -> ApiToken:
    """End a token: the next request with it is refused. Twice is as good as once. Raises Refused: no administrator, no
    such token."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
        if token is None:
            raise Refused(_("There is no such token."))
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            record(actor=actor, verb=Verb.TOKEN_REVOKED, subject=token, now=now)
    return token


def note_use(token: ApiToken, now: datetime) -> None:
    """Note when a token was last used, at most once a minute, so that reading with it is seldom a write."""
    stale = now - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at <= stale:
        rule = Q(last_used_at__isnull=True) | Q(last_used_at__lte=stale)
        ApiToken.objects.filter(rule, pk=token.pk).update(last_used_at=now)


def note_refusal(*, token: ApiToken, what: str, now: datetime | None = None) -> None:
    """Keep in the log that a token tried what its scopes do not allow. `what`: the method and the path."""
    with transaction.atomic(durable=True):
        record(
            actor=actor_of_token(token), verb=Verb.TOKEN_REFUSED, subject=token, now=now or timezone.now(),
            changes={"request": ["", what[:300]]},
        )  # fmt: skip


def actor_of_token(token: ApiToken) -> Actor:
    """The token as the author of a write."""
    return Actor("token", token.name, None, tuple(token.scopes))


def digest_of(key: str) -> str:
    """What is kept of a key, and looked for."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()

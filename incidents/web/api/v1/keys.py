"""Who calls: the token in the header, how often it may call, and what it may do.

Calls are counted in this process (Django's cache): the embedded installation has one Django process; where there are
several, each lets through as many.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import BaseModel

from incidents.actions.token import digest_of, note_refusal, note_use
from incidents.domain.scopes import Scope
from incidents.models import ApiToken
from incidents.web import throttle
from incidents.web.api.v1.table import Refusal
from incidents.web.client import client_ip, network_of

CALLS_PER_MINUTE = 60
_MINUTE = 60
_HEADER = re.compile(r"(?:OAuth|Bearer)\s+(\S+)", re.ASCII | re.IGNORECASE)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Candor write API"'}


def token_of(request: HttpRequest, now: datetime) -> ApiToken:
    """The token of a request, its use noted. Raises Refusal: 401 for none, one in the address, one that is unknown,
    expired or revoked; 429 past the limit, of calls or of unknown keys."""
    if "api_key" in request.GET:
        raise _denied(_("A key in the address ends up in logs. Send it in the header: Authorization: OAuth <key>."))
    found = _HEADER.fullmatch(request.headers.get("Authorization", "").strip())
    if found is None:
        raise _denied(_("Send a key in the header: Authorization: OAuth <key>."))
    network = network_of(client_ip(request))
    if throttle.WRONG_KEYS.is_reached(network):
        raise Refusal(
            429, _("Too many keys that are not known. Wait a minute, then try again."),
            {"Retry-After": str(throttle.seconds_left())},
        )  # fmt: skip
    token = ApiToken.objects.filter(sha256=digest_of(found[1])).first()
    if token is None:
        throttle.WRONG_KEYS.count_one(network)
        raise _denied(_("This key is not known."))
    if token.revoked_at:
        raise _denied(_("This key was revoked."))
    if not token.is_valid(now):
        raise _denied(_("This key has expired."))
    _count(token)
    note_use(token, now)
    return token


def require(token: ApiToken, scope: Scope, request: HttpRequest) -> None:
    """Go on only for a token with this scope. Raises Refusal 403; the log keeps that it was tried."""
    if scope not in token.scopes:
        note_refusal(token=token, what=f"{request.method} {request.path}")
        raise Refusal(403, _("This key does not have the scope “%(scope)s”.") % {"scope": scope.value})


def idempotency_key(request: HttpRequest, token: ApiToken, body: BaseModel | None) -> str:
    """`Idempotency-Key` as actions take it, private to the token, with a hash of all that is asked; "" for none.
    Raises Refusal 400."""
    given = request.headers.get("Idempotency-Key", "")
    if not given or request.method in ("GET", "HEAD"):
        return ""
    if len(given) > 255 or not given.isascii() or not given.isprintable():
        raise Refusal(400, _("The Idempotency-Key may have up to 255 printable ASCII characters."))
    asked = body.model_dump(mode="json", exclude_unset=True) if body else None
    content = json.dumps([request.method, request.path.removesuffix(".json"), asked], sort_keys=True)
    name = hashlib.sha256(given.encode()).hexdigest()[:40]
    return f"api{token.pk}:{name}#{hashlib.sha256(content.encode()).hexdigest()}"


def _count(token: ApiToken) -> None:
    minute, second = divmod(int(time.time()), _MINUTE)
    name = f"api-calls:{token.pk}:{minute}"
    cache.add(name, 0, 2 * _MINUTE)
    try:
        calls = cache.incr(name)
    except ValueError:  # the cache was full, and threw the count away just now
        return
    if calls > CALLS_PER_MINUTE:
        raise Refusal(
            429,
            ngettext(
                "Too many requests: %(count)s a minute is possible.",
                "Too many requests: %(count)s a minute are possible.",
                CALLS_PER_MINUTE,
            )
            % {"count": CALLS_PER_MINUTE},
            {"Retry-After": str(_MINUTE - second)},
        )  # fmt: skip


def _denied(sentence: str) -> Refusal:
    return Refusal(401, sentence, _CHALLENGE)

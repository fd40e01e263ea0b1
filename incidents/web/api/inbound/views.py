"""The address at which monitors report. The key in it is the credential: no session, no cookie, never stored."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt

from incidents.actions import inbound as actions
from incidents.actions.refusals import Refused
from incidents.domain.inbound import Alert, BadPayload, SourceKind
from incidents.models import InboundSource
from incidents.web import throttle
from incidents.web.api.inbound import SOURCES
from incidents.web.client import client_ip, network_of

log = logging.getLogger(__name__)
LARGEST_BYTES = 1_000_000
MOST_ALERTS = 500


@csrf_exempt  # whoever knows the key is the monitor; there is no session that could be misused
def receive(request: HttpRequest, kind: str, key: str) -> JsonResponse:
    """Take a delivery: 202 with what became of it. 404, always the same, for a key that opens nothing; 413 and 400 with
    a `message` for a body that is not read; 429 past the limits, and nothing was looked at."""
    if request.method != "POST":
        return _answer({"message": _("Send alerts by POST.")}, 405, {"Allow": "POST"})
    network = network_of(client_ip(request))
    if throttle.WRONG_KEYS.is_reached(network):
        return _too_often()
    source = actions.source_of(kind, key)
    if source is None:
        throttle.WRONG_KEYS.count_one(network)
        return _answer({"message": _("There is nothing at this address.")}, 404)
    if throttle.DELIVERIES.count_one(str(source.pk)):
        return _too_often()
    if _length(request) > LARGEST_BYTES:
        return _answer({"message": _("That is more than 1 MB. Send fewer alerts at once.")}, 413)
    try:
        alerts = SOURCES[SourceKind(source.kind)](_payload(request))
        received = actions.receive(source=source, alerts=alerts[:MOST_ALERTS])
    except (BadPayload, Refused) as refusal:
        actions.heard(source, refusal.sentence)
        return _answer({"message": refusal.sentence}, 400)
    except DatabaseError:
        log.exception("A delivery of %s could not be written; it is asked for again.", source.name)
        return _answer({"message": _("This could not be kept. Send it again.")}, 503, {"Retry-After": "10"})
    return _answer(_told(source, alerts, received), 202)


def _too_often() -> JsonResponse:
    retry = {"Retry-After": str(throttle.seconds_left())}
    return _answer({"message": _("Too many requests. Send them again in a minute.")}, 429, retry)


def _told(source: InboundSource, alerts: list[Alert], received: actions.Received) -> dict[str, Any]:
    told: dict[str, Any] = {
        "alerts": received.alerts, "changed": received.changed, "proposals": received.proposals,
    }  # fmt: skip
    refused = list(received.refused)
    if len(alerts) > MOST_ALERTS:
        sentence = ngettext(
            "Only the first alert of a delivery is read.",
            "Only the first %(count)s alerts of a delivery are read.",
            MOST_ALERTS,
        )
        refused.append(sentence % {"count": MOST_ALERTS})
        actions.heard(source, refused[-1])
    return told | ({"refused": refused} if refused else {})


def _payload(request: HttpRequest) -> dict[str, Any]:
    try:
        payload = json.loads(request.body)
    except OSError:
        raise BadPayload(_("The body ended too early.")) from None
    except (ValueError, RecursionError):
        raise BadPayload(_("The body is not JSON.")) from None
    if not isinstance(payload, dict):
        raise BadPayload(_("The body must be a JSON object."))
    return payload


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _answer(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store", **(headers or {})})

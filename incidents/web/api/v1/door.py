"""The door of the write API: from a request to a view of the table, and from whatever comes of it to an answer.

No session, no cookie, nothing stored by caches; every refusal is `{"message": …, "error": …}` (the dialect documents
the first; old clients read the second), whatever the status.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel

from incidents import queries
from incidents.actions import guards
from incidents.actions.refusals import Conflict, Refused
from incidents.actions.token import actor_of_token
from incidents.domain.scopes import Scope
from incidents.web.api.v1 import bodies, keys
from incidents.web.api.v1.routes import ROUTES
from incidents.web.api.v1.table import Call, Refusal, Result, Route

log = logging.getLogger(__name__)


@csrf_exempt
def door(request: HttpRequest, rest: str | None = None) -> HttpResponse:
    """Answer one request to `/v1/<rest>`."""
    try:
        status, result = _answered(request, f"/{rest or ''}")
        return _response(status, result)
    except Refusal as refusal:
        return _refused(refusal.status, refusal.sentence, refusal.headers)
    except Conflict as conflict:
        return _refused(409, conflict.sentence)
    except Refused as refused:
        return _refused(422, refused.sentence)
    except ObjectDoesNotExist:
        return _refused(404, _("What this request made before is not there any more."))
    except (OperationalError, InterfaceError):
        log.exception("The database did not answer.")
        return _refused(503, _("The database does not answer. Try again in a few seconds."), {"Retry-After": "5"})


def _answered(request: HttpRequest, path: str) -> tuple[int, Result]:
    now = timezone.now()
    token = keys.token_of(request, now)
    route, found = _route(request, path)
    keys.require(token, Scope.READ if route.method == "GET" else route.scope, request)
    page = queries.the_page()
    if found.get("page_id", page.code) != page.code:
        raise Refusal(404, _("There is no page with this id."))
    call = Call(token, actor_of_token(token), page, now, found)
    if route.query:
        call = replace(call, query=bodies.query_of(request.GET, route.query))
    if route.body:
        call = replace(call, body=bodies.body_of(request, route.body))
    key = keys.idempotency_key(request, token, call.body)
    return route.status, route.view(replace(call, key=key, earlier=guards.earlier_result(key, "")))


def _route(request: HttpRequest, path: str) -> tuple[Route, dict[str, str]]:
    method = "GET" if request.method == "HEAD" else request.method
    at_path = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path))]
    for route, match in at_path:
        if route.method == method:
            return route, match.groupdict()
    if not at_path:
        raise Refusal(404, _("There is nothing at this address."))
    allowed = ", ".join(sorted({route.method for route, _match in at_path}))
    raise Refusal(405, _("This address takes %(methods)s.") % {"methods": allowed}, {"Allow": allowed})


def _response(status: int, result: Result) -> HttpResponse:
    if result is None:
        return _bare(status, {})
    return _bare(status, [_plain(each) for each in result] if isinstance(result, list) else _plain(result))


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _refused(status: int, sentence: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return _bare(status, {"message": sentence, "error": sentence}, headers)


def _bare(status: int, content: Any = None, headers: dict[str, str] | None = None) -> HttpResponse:
    response = HttpResponse(status=status, headers={"Cache-Control": "no-store", **(headers or {})})
    if status == 204:
        del response["Content-Type"]
        return response
    response["Content-Type"] = "application/json; charset=utf-8"
    response.content = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return response

"""Says, while a request is answered, where its writes come from: the client and the request, for the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from incidents.domain.origin import Origin, coming_from
from incidents.web.client import client_ip

# As the guard in front makes them; whatever else comes in is not written into the log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,100}", re.ASCII)


class OriginMiddleware:
    """Outermost of what writes: every action of the request finds its origin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        with coming_from(Origin(client_ip(request), _request_id(request))):
            return self.get_response(request)


def _request_id(request: HttpRequest) -> str:
    found = request.headers.get("X-Request-ID", "")
    return found if _REQUEST_ID.fullmatch(found) else ""

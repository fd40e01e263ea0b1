"""Says, while a request is answered, where its writes come from: the client and the request, for the audit log."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from incidents.domain.origin import Origin, coming_from
from incidents.web import request_id
from incidents.web.client import client_ip


class OriginMiddleware:
    """Outermost of what writes: every action of the request finds its origin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        with coming_from(Origin(client_ip(request), request_id.current())):
            return self.get_response(request)

"""What every answer of Django carries, whatever it is: the outermost layer, so that no page and no fault gets past it.

Addresses that the guard answers have theirs from it; both take them from `incidents/domain/headers.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from incidents.domain.headers import OF_DATA, OF_DOCUMENTS, OF_EVERYTHING, transport_headers
from incidents.web import fault, request_id

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
REPORTS = "/csp-reports"
# Of pages that Django renders. Their style and script are files of ours; nothing stands in the page itself.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        f"report-uri {REPORTS}",
        "report-to csp",
    )
)
_OF_PAGES = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Reporting-Endpoints", f'csp="{REPORTS}"'),
    *OF_DOCUMENTS,
)


class SafeHeaders:
    """Adds the headers that an answer does not have yet, refuses methods that nothing here knows, numbers requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with every header that belongs to it."""
        number = request_id.begin(request.META.get("HTTP_X_REQUEST_ID", ""))
        try:
            response = self.get_response(request) if request.method in METHODS else _refused(request)
        finally:
            request_id.end()
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        for name, value in (
            *OF_EVERYTHING,
            *(_OF_PAGES if is_page else OF_DATA),
            *transport_headers(settings.SITE_URL),
        ):
            response.headers.setdefault(name, value)
        # What Django answers is for one person; without a word on it, a cache may keep even a 404 (RFC 9111, 4.2.2).
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-ID"] = number
        return response


def _refused(request: HttpRequest) -> HttpResponseBase:
    response = fault.method_refused(request)
    response["Allow"] = ", ".join(METHODS)
    return response

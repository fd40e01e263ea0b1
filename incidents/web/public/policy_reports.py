"""Where browsers tell that a page of ours broke its own content policy: a fault of ours, or somebody's attempt.

A report is a stranger's word: it is cut, cleaned, counted, and stands in the log once for each kind. No database, no
cookie, the same answer whatever it says. Formats: CSP level 3, 5.3 (`report-uri`) and the Reporting API, 3.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from incidents.domain.redaction import without_tokens
from incidents.domain.text import clean_line
from incidents.web import throttle
from incidents.web.client import client_ip, network_of

log = logging.getLogger(__name__)
LARGEST_BYTES = 16 * 1024
MOST_REPORTS = 20  # of one delivery
KINDS_KEPT = 500
LONGEST_PART = 120
_seen: set[tuple[str, str, str]] = set()


@csrf_exempt  # sent by the browser itself, without a form; nothing is written
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Take reports: 204 always, but 413 for too large a body and 429 past the limits."""
    network = network_of(client_ip(request))
    if throttle.POLICY_REPORTS.count_one(network) or throttle.ALL_POLICY_REPORTS.count_one("all"):
        return HttpResponse(status=429, headers={"Retry-After": str(throttle.seconds_left())})
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES:
        return HttpResponse(status=413)
    for kind in _kinds(request.body):
        # Past the number that is kept, whoever sends inventions has filled it; the log stays as it is.
        if kind not in _seen and len(_seen) < KINDS_KEPT:
            _seen.add(kind)
            log.warning("A page broke its content policy: %s refused %s on %s", *kind)
    return HttpResponse(status=204)


def forget() -> None:
    """Log each kind once more from now on."""
    _seen.clear()


def _kinds(body: bytes) -> Iterator[tuple[str, str, str]]:
    """What each report says in its own words: the directive, what it refused, and the page."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return
    for each in (found if isinstance(found, list) else [found])[:MOST_REPORTS]:
        report = each.get("csp-report", each.get("body")) if isinstance(each, dict) else None
        if isinstance(report, dict):
            directive = report.get("effective-directive") or report.get("effectiveDirective")
            refused = report.get("blocked-uri") or report.get("blockedURL")
            page = report.get("document-uri") or report.get("documentURL")
            yield _part(directive), _place(refused), _place(page)


def _place(address: Any) -> str:
    """An address without what may be personal in it: no query, no fragment, no token."""
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        return _part(without_tokens(f"{parts.scheme}:{parts.netloc}{parts.path}" if parts.scheme else parts.path))
    except ValueError:
        return "?"


def _part(text: Any) -> str:
    return clean_line(text[: 4 * LONGEST_PART])[:LONGEST_PART] if isinstance(text, str) and text else "?"

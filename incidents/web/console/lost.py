"""Addresses of the console that lead nowhere."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def lost(_request: HttpRequest, rest: str) -> HttpResponse:
    """Always raises Http404, which the guard of the console answers in the console's look."""
    raise Http404(rest)

"""One view answers page and fragment: the fragment is a named partial of the page's own template."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def answer(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, fragment: str = "", status: int = 200
) -> HttpResponse:
    """The page, or only its partial `fragment` when htmx asked for a piece of it (never when it restores history)."""
    is_piece = bool(fragment) and is_fragment_wanted(request)
    response = render(request, f"{template}#{fragment}" if is_piece else template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_fragment_wanted(request: HttpRequest) -> bool:
    """Whether htmx asked, and not for a whole page."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx and not htmx.history_restore_request and not htmx.boosted)

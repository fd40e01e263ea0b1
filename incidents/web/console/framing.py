"""What the frame around every page of the console needs; nothing is read until the frame asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.http import HttpRequest

from incidents.web.access import is_console, may_reach
from incidents.web.console.palette import has_single_keys
from incidents.web.console.places import groups, keys


def frame(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """The context processor: `all_places` in groups, `console_keys` with their addresses, `has_single_keys`."""
    if not is_console(request):
        return {}
    may, match = partial(may_reach, request), request.resolver_match
    return {
        "all_places": partial(groups, may, match.url_name or "" if match else ""),
        "console_keys": lambda: list(keys(may)),
        "has_single_keys": cache(lambda: request.user.is_authenticated and has_single_keys(request)),
    }

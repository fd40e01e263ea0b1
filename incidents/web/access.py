"""Who may use the console, and the headers of its answers. Closed by default: a view must say that it is open, and
the table of addresses (`web.reach`) whom else it lets in. What one may not reach is answered as what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from incidents.actions import authority, refused_act
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.actor import Actor
from incidents.domain.permissions import Roles
from incidents.domain.review import PersonRole
from incidents.web.headers import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from incidents.web.reach import reaches

CONSOLE = "console"
NOTED_PER_MINUTE = 20
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def open_to_anybody(view: View) -> View:
    """Let a view of the console answer people who have not signed in."""
    view.is_open_to_anybody = True  # type: ignore[attr-defined]
    return view


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as the author of a write."""
    user = request.user
    assert isinstance(user, User), "the middleware lets nobody else through"
    return Actor("user", user.get_username(), user.pk)


def is_administrator(request: HttpRequest) -> bool:
    """Whether the signed-in person may set what the page is made of, and what others may do."""
    return PersonRole.ADMINISTRATOR in roles_of(request)


def roles_of(request: HttpRequest) -> Roles:
    """The roles of the signed-in person, looked up once for each request; none for a stranger."""
    if not request.user.is_authenticated:
        return frozenset()
    if not hasattr(request, "candor_roles"):
        request.candor_roles = authority.roles_of(actor_of(request))  # type: ignore[attr-defined]
    found: Roles = request.candor_roles  # type: ignore[attr-defined]
    return found


def may_reach(request: HttpRequest, name: str, *, is_reading: bool = True) -> bool:
    """Whether the signed-in person reaches the console's address of this name."""
    return request.user.is_authenticated and reaches(roles_of(request), name, is_reading=is_reading)


class ConsoleMiddleware:
    """Guards every address of the console: sign-in, a strict content policy, no storing, and refusals as pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers to whatever is answered, error pages of the framework included."""
        response = self.get_response(request)
        if is_console(request):
            # A page shown as the public will see it comes with the policy of that page, which is as strict.
            response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            add_never_cache_headers(response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Send whoever has not signed in to do so, and back to the same address after it. What the roles of somebody
        who has do not reach is not there, whatever the method."""
        if not is_console(request) or getattr(view, "is_open_to_anybody", False):
            return None
        if request.user.is_authenticated:
            match, is_reading = request.resolver_match, request.method in ("GET", "HEAD")
            if match is not None and may_reach(request, match.url_name or "", is_reading=is_reading):
                return None
            if not is_reading and _is_worth_a_note(request):
                refused_act.note_refusal(actor=actor_of(request), what=f"{request.method} {request.path}")
            return _not_there(request)
        if request.headers.get("Candor-Script") == "1":
            return HttpResponse(status=401)  # the script says so, and takes nothing off the screen
        if getattr(request, "htmx", None):
            # A fragment must not be replaced by a sign-in form: reload the page, which then asks.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return redirect_to_login(_way_back(request), reverse("console:sign-in"))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what is missing or refused in the console's own look; other errors stay errors."""
        if not is_console(request):
            return None
        if isinstance(error, Http404):
            return _not_there(request)
        if isinstance(error, Refused):
            status = 409 if isinstance(error, Conflict) else 403 if isinstance(error, Forbidden) else 422
            return render(request, "console/refused.html", {"sentence": error.sentence}, status=status)
        return None


def _not_there(request: HttpRequest) -> HttpResponse:
    """One answer for what is missing and for what one may not reach: the same at every address, for nothing of it says
    which address it was."""
    request.resolver_match = None
    return render(request, "console/not_found.html", {"has_role": bool(roles_of(request))}, status=404)


class May:
    """For templates: `{% if may.open_incident %}` asks whether one reaches `console:open-incident`."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __getitem__(self, name: str) -> bool:
        return may_reach(self._request, name.replace("_", "-"))


def may(request: HttpRequest) -> dict[str, May]:
    """The context processor of the console's templates: what one may not do is not offered."""
    return {"may": May(request)}


def _is_worth_a_note(request: HttpRequest) -> bool:
    """The first ones of a minute: the log tells that somebody tried, and cannot be filled by trying."""
    name = f"refused:{request.user.pk}:{int(time.time()) // 60}"
    cache.add(name, 0, 120)
    try:
        return cache.incr(name) <= NOTED_PER_MINUTE
    except ValueError:  # the cache was full, and threw the count away just now
        return True


def _way_back(request: HttpRequest) -> str:
    """Where to go after signing in: the address itself; after a post, which cannot be repeated, where its form was."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    site, came_from = request.build_absolute_uri("/"), request.headers.get("Referer", "")
    is_ours = came_from.startswith(f"{site}{CONSOLE}/")
    return "/" + came_from.removeprefix(site) if is_ours else reverse("console:overview")


def is_console(request: HttpRequest) -> bool:
    """Whether the address belongs to the console."""
    return request.path.startswith(f"/{CONSOLE}/")

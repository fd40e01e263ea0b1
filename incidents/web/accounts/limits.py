"""How long a session lasts, and who may do nothing before there is a second factor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from incidents.actions.roles import roles_of
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.web.access import is_console

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
LAST_RESORT = "last_resort"
LAST_RESORT_SECONDS = 3600
POLL = "Candor-Poll"  # a page that asks by itself whether there is news: nobody has touched anything
# A session is written at most this often only because it is used.
SEEN_EVERY_SECONDS = 60
WITH_A_SECOND_FACTOR = {PersonRole.PUBLISHER, PersonRole.APPROVER, PersonRole.ADMINISTRATOR}


class SessionLimits:
    """Ends a session that was idle or lasted too long, and leads to a second factor whoever needs one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pages of the public read no session, so nothing happens here."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Before a view of the console: what the session may still do."""
        if not is_console(request) or not isinstance(request.user, User):
            return None
        if is_over(request):
            logout(request)
            messages.info(request, _("You were signed out because nothing was done for a long time. Sign in again."))
            return None
        if request.headers.get(POLL) != "1":
            _seen(request)
        if needs_second_factor(request) and not getattr(view, "is_part_of_the_account", False):
            return redirect("console:account")
        return None


def part_of_the_account(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view answer whoever has no second factor yet and needs one."""
    view.is_part_of_the_account = True  # type: ignore[attr-defined]
    return view


def is_over(request: HttpRequest, now: float | None = None) -> bool:
    """Whether the session was idle for longer than SESSION_IDLE_HOURS, or began more than SESSION_DAYS ago (one of last
    resort: an hour)."""
    now = now or time.time()
    began: float | None = request.session.get(SIGNED_IN_AT)
    seen: float | None = request.session.get(SEEN_AT)
    if began is None or seen is None:
        return True  # not by any way of signing in that exists here
    longest = LAST_RESORT_SECONDS if request.session.get(LAST_RESORT) else settings.SESSION_DAYS * 86400
    return now - began > longest or now - seen > settings.SESSION_IDLE_HOURS * 3600


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether the person's roles want a second factor, and there is none. Whoever came by a link of last resort has an
    hour to put things right, and no telephone perhaps."""
    user = request.user
    if not settings.REQUIRE_SECOND_FACTOR or not isinstance(user, User) or request.session.get(LAST_RESORT):
        return False
    held = roles_of(Actor("user", user.get_username(), user.pk))
    return bool(held & WITH_A_SECOND_FACTOR) and not is_mfa_enabled(user, ["totp", "webauthn"])


def mark_signed_in(request: HttpRequest, **_signal: Any) -> None:
    """Begin the clocks of a session. Django calls it for every way of signing in."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = time.time()


def _seen(request: HttpRequest) -> None:
    now = time.time()
    if now - request.session[SEEN_AT] > SEEN_EVERY_SECONDS:
        request.session[SEEN_AT] = now
        UserSession.objects.create_from_request(request)

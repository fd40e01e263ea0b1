"""Letting somebody in who proved by other means than the form who they are; and what ends then."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from incidents.web.accounts.limits import LAST_RESORT


def enter(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    """Go on to `wanted`; whoever has a second factor is asked for it first."""
    response: HttpResponse = perform_login(request, Login(user=user, redirect_url=wanted))
    return response


def enter_by_last_resort(request: HttpRequest, user: User, wanted: str) -> HttpResponse:
    """Go on to `wanted` at once, for an hour: this is for when everything else is lost."""
    adapter = get_adapter(request)
    adapter.login(request, user)
    request.session[LAST_RESORT] = True
    response: HttpResponse = adapter.post_login(
        request, user, email_verification="none", signal_kwargs=None, email=None, signup=False, redirect_url=wanted
    )
    return response


def end_sessions_of(request: HttpRequest, user: User) -> int:
    """End every session of an account but this one, if this is one of its own; returns how many."""
    others: int = UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key or "").count()
    end_other_sessions(request, user)
    return others

"""Somebody's own account: name, password, second factors, passkeys, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import accounts as actions
from incidents.actions.roles import roles_of
from incidents.domain.verbs import Verb
from incidents.web.access import actor_of
from incidents.web.accounts.entering import end_sessions_of
from incidents.web.accounts.limits import LAST_RESORT, needs_second_factor, part_of_the_account
from incidents.web.accounts.reauthentication import shown_when_proved
from incidents.web.accounts.sign_in import way_on


@dataclass(frozen=True)
class SessionLine:
    """A session as its owner knows it again. Times are UTC."""

    number: int
    device: str
    ip: str
    began_at: datetime
    seen_at: datetime
    is_this: bool


@part_of_the_account
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """The account of the person who asks."""
    user = _person(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((row for row in factors if row.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "person": user,
        "roles": sorted(roles_of(actor_of(request))),
        "app": next((row for row in factors if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in factors if row.type == Authenticator.Type.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "sessions": session_lines(request, user),
        "linked": SocialAccount.objects.filter(user=user).exists(),
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "is_wanting": needs_second_factor(request),
        "is_last_resort": request.session.get(LAST_RESORT, False),
        "idle_hours": f"{settings.SESSION_IDLE_HOURS:g}",
        "days": f"{settings.SESSION_DAYS:g}",
    }
    return render(request, "account/account.html", context)


@part_of_the_account
@require_POST
def end_session(request: HttpRequest, number: int) -> HttpResponse:
    """End one other session of one's own."""
    row = get_object_or_404(UserSession, pk=number, user=_person(request))
    if row.session_key == request.session.session_key:
        return redirect("console:account")  # signing out does that
    row.end()
    _note_ended(request, 1)
    messages.success(request, _("That session has ended."))
    return redirect("console:account")


@part_of_the_account
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all sessions of one's own but this one."""
    ended = end_sessions_of(request, _person(request))
    if ended:
        _note_ended(request, ended)
    text = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("console:account")


@part_of_the_account
@shown_when_proved
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Prove who one is, and go on."""
    return redirect(way_on(request))


def session_lines(request: HttpRequest, user: User) -> list[SessionLine]:
    """The sessions that still stand, the one that is asked from first, then the newest."""
    rows = UserSession.objects.purge_and_list(user)
    lines = [
        SessionLine(
            row.pk, device_name(row.user_agent), row.ip, row.created_at, row.last_seen_at,
            row.session_key == request.session.session_key,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (not line.is_this, -line.seen_at.timestamp()))


def device_name(user_agent: str) -> str:
    """Browser and system in words, as far as the header tells."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    )  # fmt: skip
    browser = next((name for mark, name in browsers if mark in user_agent), "")
    system = next((name for mark, name in systems if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or user_agent[:60] or _("Unknown device")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "the middleware lets nobody else through"
    return request.user


def _note_ended(request: HttpRequest, count: int) -> None:
    actions.note(
        actor=actor_of(request), verb=Verb.SESSION_ENDED, user=_person(request), changes={"count": ["", count]}
    )  # fmt: skip

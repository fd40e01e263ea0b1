"""What django-allauth did, written into the log of this house and told to the owner of the account. Its signals are the
interface it offers for that; nothing else here listens to any."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from incidents.actions import accounts as actions
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.web.accounts.factor_forms import use_once
from incidents.web.accounts.limits import mark_signed_in


def listen() -> None:
    """Connect; called once, when the application is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="candor signed in")
    factors.authenticator_added.connect(_added, dispatch_uid="candor factor added")
    factors.authenticator_removed.connect(_removed, dispatch_uid="candor factor removed")
    factors.authenticator_reset.connect(_renewed, dispatch_uid="candor codes renewed")
    social.social_account_added.connect(_linked, dispatch_uid="candor account linked")


def _signed_in(request: HttpRequest, **_signal: Any) -> None:
    mark_signed_in(request)


def _added(request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any) -> None:
    if authenticator.type == Authenticator.Type.TOTP:
        # The code that set it up is used, too.
        try:
            use_once(authenticator, request.POST.get("code", ""))
        except ValidationError:
            authenticator.refresh_from_db()
    _note(request, user, Verb.SECOND_FACTOR_ADDED, authenticator)


def _removed(request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any) -> None:
    _note(request, user, Verb.SECOND_FACTOR_REMOVED, authenticator)


def _renewed(request: HttpRequest, user: User, authenticator: Authenticator, **_signal: Any) -> None:
    _note(request, user, Verb.RECOVERY_CODES_RENEWED, authenticator)


def _note(request: HttpRequest, user: User, verb: Verb, authenticator: Authenticator) -> None:
    """One entry and one mail for what the person did; recovery codes that come and go with it are part of it."""
    is_companion = authenticator.type == Authenticator.Type.RECOVERY_CODES and verb != Verb.RECOVERY_CODES_RENEWED
    actions.note(
        actor=Actor("user", user.get_username(), user.pk), verb=verb, user=user,
        changes={"kind": ["", authenticator.type]}, is_told=False if is_companion else None,
    )  # fmt: skip
    end_other_sessions(request, user)


def _linked(sociallogin: Any, **_signal: Any) -> None:
    user = sociallogin.user
    actions.note(actor=Actor("user", user.get_username(), user.pk), verb=Verb.ACCOUNT_LINKED, user=user)

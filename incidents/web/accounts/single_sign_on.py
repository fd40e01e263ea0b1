"""Single sign-on by OpenID Connect (Core 1.0), for people whom somebody here has invited.

The provider's address is set by the operator in the environment, so allauth's own HTTP client asks it and not
`incidents.fetching`, which guards against addresses that strangers give: a provider on a private network is the usual
case. Its answers are bound to five seconds, and nothing of them is believed before the signature is checked.
"""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from requests import RequestException

from incidents.actions import roles as actions
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.web.access import open_to_anybody

log = logging.getLogger(__name__)
PROVIDER = "sso"
BY_IT = Actor("system", "single sign-on")
NONCES, KEPT_NONCES = "sso_nonces", 5
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384")


class Provider(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """allauth's client, which believes a token that came over TLS; here its signature and its nonce are checked too."""

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """What the token says. Raises OAuth2Error for a wrong signature, issuer, audience, time or nonce."""
        header = jwtkit.jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS or "kid" not in header:
            raise OAuth2Error("The token is not signed as it must be.")
        config = self.openid_config
        said: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token, keys_url=config["jwks_uri"], issuer=config["issuer"], audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )  # fmt: skip
        asked: list[str] = self.request.session.get(NONCES, [])
        nonce = str(said.get("nonce", ""))
        if not any(constant_time_compare(nonce, each) for each in asked):
            raise OAuth2Error("The token is not the answer to what was asked.")
        self.request.session[NONCES] = [each for each in asked if each != nonce]
        return said

    def get_provider(self) -> Any:
        """The settings of the operator; what leads to the provider is this class, too."""
        provider = super().get_provider()
        provider.oauth2_adapter_class = Provider
        return provider

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:  # noqa: ARG002
        """At the address that the operator has told the provider, whatever host was asked for."""
        return f"{settings.SITE_URL}{reverse('openid_connect_callback', args=[PROVIDER])}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Only with a token of identity: an access token alone may have been made for somebody else."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no token of identity.")
        try:
            return super().complete_login(request, app, token, **kwargs)
        except (jwtkit.jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuth2Error("The provider's answer cannot be read.") from error


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Who comes in by it, and with which roles."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Find the account, or refuse: known by the provider's own number, else by an address that the provider says
        it has verified. Raises ImmediateHttpResponse."""
        said = sociallogin.account.extra_data["id_token"]
        if not sociallogin.is_existing:
            user = _account_for(said)
            if user is None:
                raise ImmediateHttpResponse(_refusal(request, said))
            sociallogin.connect(request, user)
        _follow_claims(sociallogin.user, said)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **why: Any) -> None:  # noqa: ARG002
        """One page for whatever went wrong on the way. Raises ImmediateHttpResponse."""
        raise ImmediateHttpResponse(failed(request))


@open_to_anybody
@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponseBase:
    """Lead to the provider. A link and no form: the content policy would hold a form back at the door of another site.
    With `again`, for a fresh proof, the provider is asked to let the person prove it anew."""
    if not settings.OIDC_SERVER_URL:
        raise Http404
    try:
        response = OAuth2LoginView.adapter_view(Provider(request, PROVIDER))(request)
    except (RequestException, KeyError, ValueError):
        return failed(request)
    if response.status_code != 302:
        return failed(request)
    nonce = secrets.token_urlsafe(24)
    request.session[NONCES] = [*request.session.get(NONCES, []), nonce][-KEPT_NONCES:]
    more = {"nonce": nonce} | ({"prompt": "login"} if "again" in request.GET else {})
    response["Location"] += f"&{urlencode(more)}"
    return response  # type: ignore[no-any-return]


@open_to_anybody
@never_cache
@require_safe
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The provider's answer: who it says it is, or that it says nothing."""
    if not settings.OIDC_SERVER_URL or provider_id != PROVIDER:
        raise Http404
    try:
        return OAuth2CallbackView.adapter_view(Provider(request, PROVIDER))(request)  # type: ignore[no-any-return]
    except (RequestException, KeyError, ValueError):
        return failed(request)


def failed(request: HttpRequest) -> HttpResponse:
    """What is said when the provider does not answer, or not as it must."""
    sentence = _(
        "The single sign-on did not work. Try once more, or sign in with a password or a passkey. If nobody can sign "
        "in any more, whoever runs the server can make a link of last resort."
    )
    context = {"title": _("Not signed in"), "sentence": sentence}
    return render(request, "account/said.html", context, status=502)


def _account_for(said: dict[str, Any]) -> User | None:
    """The account of the verified address; made if that is set. None where there is none, or more than one."""
    address = str(said.get("email", ""))
    if said.get("email_verified") is not True or not address:
        return None
    found = list(User.objects.filter(email__iexact=address)[:2])
    if len(found) == 1:
        return found[0] if found[0].is_active else None
    if found or not settings.OIDC_MAKES_ACCOUNTS:
        return None
    try:
        return actions.add_person(actor=BY_IT, username=_username(said), email=address, roles=[PersonRole.VIEWER])
    except Refused:
        return None


def _username(said: dict[str, Any]) -> str:
    wanted = str(said.get("preferred_username") or said["email"]).split("@")[0]
    plain = re.sub(r"[^\w.@+-]", "", wanted)[:140] or "person"
    taken = set(User.objects.filter(username__istartswith=plain).values_list("username", flat=True))
    folded = {name.casefold() for name in taken}
    return next(name for name in (plain, *(f"{plain}{n}" for n in range(2, 10_000))) if name.casefold() not in folded)


def _follow_claims(user: User, said: dict[str, Any]) -> None:
    """Give exactly the roles that the provider's groups mean, if that is set. The last administrator stays one."""
    if not settings.OIDC_ROLES:
        return
    claimed = said.get(settings.OIDC_ROLES_CLAIM, [])
    groups = [claimed] if isinstance(claimed, str) else [str(each) for each in claimed]
    wanted = sorted({settings.OIDC_ROLES[each] for each in groups if each in settings.OIDC_ROLES})
    held = sorted(user.groups.filter(name__in=list(PersonRole)).values_list("name", flat=True))
    if wanted != held:
        try:
            actions.set_roles(actor=BY_IT, user_id=user.pk, roles=wanted)
        except Refused as refused:
            log.warning("The roles of %s stay as they are: %s", user.get_username(), refused.sentence)


def _refusal(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    if said.get("email_verified") is True:
        sentence = _("Nobody here has invited this address. Ask an administrator.")
    else:
        sentence = _("The single sign-on has not verified your address, so it says nothing about who you are.")
    return render(request, "account/said.html", {"title": _("Not signed in"), "sentence": sentence}, status=403)

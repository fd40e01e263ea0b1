"""Every address of the URLconf: who gets in, and what each answer carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from incidents.models import AuditEntry

pytestmark = pytest.mark.django_db
# Addresses that answer without an account, each with its reason.
OPEN = {
    "console:sign-in": "where one signs in",
    "console:set-up": "the one-time link that makes the first administrator",
    "console:set-password": "the one-time link by which somebody who was added sets a password",
    "console:ask-reset": "where one asks for a link to set a new password",
    "console:reset-password": "the one-time link that was mailed",
    "console:last-resort": "the one-time link that the server's operator made",
    "account_login": "where one signs in",
    "account_inactive": "what somebody is told whose account was switched off",
    "mfa_authenticate": "the second step of signing in",
    "mfa_login_webauthn": "signing in with a passkey",
    "sso_begin": "leads to the single sign-on, where there is one",
    "openid_connect_callback": "the answer of the single sign-on",
}
SAMPLES = {"str": "nothinghere", "slug": "nothinghere0", "int": "1", "path": "nothing/here"}


def patterns(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", "/" + route
        else:
            yield from patterns(entry, route, f"{entry.namespace}:" if entry.namespace else space)


def filled(route: str) -> str:
    for kind, sample in SAMPLES.items():
        while f"<{kind}:" in route:
            start = route.index(f"<{kind}:")
            route = route[:start] + sample + route[route.index(">", start) + 1 :]
    return route


ROUTES = [(name, filled(route)) for name, route in patterns(get_resolver())]
CONSOLE = [(name, path) for name, path in ROUTES if path.startswith("/console/")]


def test_the_console_has_addresses():
    assert len(CONSOLE) > 30


@pytest.mark.parametrize(("name", "path"), CONSOLE, ids=[name for name, _ in CONSOLE])
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_into_the_console_without_an_account(method, name, path):
    answer = getattr(Client(), method)(path)
    if name in OPEN:
        # The second step leads whoever has not done the first to it.
        is_led_back = answer.headers.get("Location") == "/console/sign-in"
        assert is_led_back or answer.status_code in (200, 403, 404, 405, 410, 422)
    else:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/console/sign-in")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(("name", "path"), CONSOLE, ids=[name for name, _ in CONSOLE])
def test_a_get_changes_nothing_and_needs_no_luck(console, name, path):
    before = AuditEntry.objects.count()
    answer = console.get(path)
    assert answer.status_code in (200, 302, 403, 404, 405, 410), answer.status_code
    assert AuditEntry.objects.count() == before
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("name", "path"), CONSOLE, ids=[name for name, _ in CONSOLE])
def test_a_post_without_the_token_of_the_form_is_refused(responder, name, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(responder)
    assert strict.post(path).status_code in (403, 404, 405)

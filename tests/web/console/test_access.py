"""Who gets in, and what every answer of the console carries."""

from __future__ import annotations

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, reverse

from incidents.actions.first_link import first_link_token
from incidents.domain.verbs import Verb
from incidents.models import AuditEntry
from incidents.web.accounts.urls import urlpatterns as account_patterns
from incidents.web.console.urls import urlpatterns
from incidents.web.headers import CONTENT_SECURITY_POLICY

OPEN = {
    "sign-in", "set-up", "set-password", "ask-reset", "reset-password", "last-resort", "account_login",
    "account_inactive", "mfa_authenticate", "mfa_login_webauthn", "sso_begin", "openid_connect_callback",
}  # fmt: skip
ARGUMENTS = {
    "code": "abcdefghijkl",
    "number": 1,
    "milestone": "detected",
    "token": "x",
    "name": "x.eml",
    "rest": "nowhere",
    "key": "summary",
    "other": "abcdefghijkl",
    "change": "abcdefghijkl",
    "uidb64": "MQ",
    "pk": 1,
    "provider_id": "sso",
}


def address(pattern: URLPattern) -> str:
    names = pattern.pattern.regex.groupindex
    space = "" if pattern in account_patterns else "console:"
    return reverse(f"{space}{pattern.name}", kwargs={name: ARGUMENTS[name] for name in names})


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", [*account_patterns, *urlpatterns], ids=lambda pattern: str(pattern.name))
def test_every_address_asks_strangers_to_sign_in_and_carries_the_strict_headers(pattern):
    for method in ("get", "post"):
        answer = getattr(Client(), method)(address(pattern))
        if pattern.name not in OPEN:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/console/sign-in?next=")
        assert answer["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "no-store" in answer["Cache-Control"]


def test_an_address_that_leads_nowhere_is_answered_in_the_look_of_the_console(console):
    for path in (
        "/console/nowhere",
        "/console/incidents/abcdefghijkl",
        "/console/deliveries/9",
        "/console/mailbox/..%2f",
    ):
        answer = console.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()
        assert answer["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_a_post_without_the_token_of_the_form_is_refused(responder):
    client = Client(enforce_csrf_checks=True)
    client.force_login(responder)
    answer = client.post("/console/deliveries/hold")
    assert answer.status_code == 403
    assert answer["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_an_account_that_was_switched_off_is_out_at_once(console, responder):
    assert console.get("/console/").status_code == 200
    User.objects.update(is_active=False)
    assert console.get("/console/").status_code == 302


def test_a_fragment_asked_for_after_the_session_ended_reloads_the_page(db):
    answer = Client().get("/console/sending", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")


def test_a_post_after_the_session_ended_leads_back_to_its_form_and_never_to_an_address_that_only_takes_posts(db):
    def next_after(referer):
        answer = Client().post("/console/deliveries/hold", headers={"Referer": referer} if referer else {})
        return answer["Location"].removeprefix("/console/sign-in?next=")

    assert next_after("http://testserver/console/deliveries?state=dead") == "/console/deliveries%3Fstate%3Ddead"
    for referer in ("", "http://evil.example/console/x", "http://testserver/elsewhere", "http://["):
        assert next_after(referer) == "/console/"


def test_signing_in_leads_to_the_page_that_was_asked_for_and_never_off_the_site(responder):
    typed = {"username": "maria", "password": "correct horse battery"}
    assert Client().post("/console/sign-in", typed | {"next": "/console/audit"})["Location"] == "/console/audit"
    assert Client().post("/console/sign-in", typed | {"next": "//evil.example"})["Location"] == "/console/"
    wrong = Client().post("/console/sign-in", typed | {"password": "wrong"})
    assert "Please enter a correct username and password" in wrong.content.decode()


@pytest.fixture
def no_tries():
    cache.clear()
    yield
    cache.clear()


def sign_in(password, username="maria", ip="192.0.2.7"):
    return Client(headers={"X-Forwarded-For": ip}).post(
        "/console/sign-in", {"username": username, "password": password}
    )


def test_whoever_guesses_a_password_waits_longer_each_time_and_the_right_one_ends_it(responder, no_tries):
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        assert [sign_in("wrong").status_code for _ in range(6)] == [422] * 6
        refused = sign_in("correct horse battery")
        assert refused.status_code == 429
        assert "Wait 1 s, then try again." in refused.content.decode()
        clock.shift(1)
        assert sign_in("wrong").status_code == 422
        assert "Wait 2 s" in sign_in("wrong").content.decode()
        assert sign_in("correct horse battery", ip="198.51.100.9").status_code == 302, "only that network waits"
        clock.shift(2)
        assert sign_in("correct horse battery").status_code == 302
        assert sign_in("wrong").status_code == 422
        assert sign_in("correct horse battery").status_code == 302


def test_one_network_that_tries_many_accounts_waits_too(responder, no_tries):
    with time_machine.travel("2026-06-23 14:00Z", tick=False):
        codes = [sign_in("wrong", username=f"user{number}").status_code for number in range(32)]
        assert codes == [422] * 31 + [429]
        assert sign_in("wrong", ip="2001:db8::1").status_code == 422


def test_the_session_is_another_one_after_signing_in(responder):
    client = Client()
    client.cookies["session"] = "chosen-by-somebody-else"
    client.post("/console/sign-in", {"username": "maria", "password": "correct horse battery"})
    assert client.cookies["session"].value != "chosen-by-somebody-else"
    assert client.cookies["session"]["httponly"]
    assert client.cookies["session"]["samesite"] == "Lax"


def test_a_form_whose_token_is_old_is_refused_with_what_was_typed(responder):
    client = Client(enforce_csrf_checks=True)
    client.force_login(responder)
    answer = client.post("/console/incidents/open", {"title": "Errors", "body": "My <b>words</b>."})
    assert answer.status_code == 403
    assert "My &lt;b&gt;words&lt;/b&gt;.</textarea>" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil.example"],
)
def test_signing_in_never_leads_off_the_site(responder, elsewhere):
    typed = {"username": "maria", "password": "correct horse battery", "next": elsewhere}
    assert Client().post("/console/sign-in", typed)["Location"] == "/console/"


def test_the_first_administrator_is_made_by_the_printed_link_and_only_once(db, capsys, settings):
    call_command("first_admin_link")
    link = capsys.readouterr().out.strip()
    assert link == f"{settings.SITE_URL}/console/set-up/{first_link_token()}"
    path = link.removeprefix(settings.SITE_URL)

    weak = Client().post(path, {"username": "maria", "password": "short"})
    assert (weak.status_code, User.objects.count()) == (422, 0)

    client = Client()
    answer = client.post(path, {"username": "maria", "password": "correct horse battery"})
    assert answer.status_code == 302
    assert client.get("/console/").status_code == 200
    assert [row.verb for row in AuditEntry.objects.order_by("id")] == [
        Verb.ADMINISTRATOR_MADE, Verb.ACCOUNT_SIGNED_IN,
    ]  # fmt: skip

    assert Client().get(path).status_code == 404
    assert not (settings.DATA_DIR / "first_admin_token").exists()
    call_command("first_admin_link")
    assert "There is an administrator already" in capsys.readouterr().out


def test_a_wrong_link_makes_nobody(db):
    first_link_token()
    assert Client().get("/console/set-up/guess").status_code == 404
    assert Client().post("/console/set-up/guess", {"username": "x", "password": "correct horse"}).status_code == 404
    assert User.objects.count() == 0

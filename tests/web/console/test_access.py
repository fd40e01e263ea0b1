"""Who gets in, and what every answer of the console carries."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, reverse

from incidents.actions.first_link import first_link_token
from incidents.domain.verbs import Verb
from incidents.models import AuditEntry
from incidents.web.access import CONTENT_SECURITY_POLICY
from incidents.web.console.urls import urlpatterns

OPEN = {"sign-in", "set-up"}
ARGUMENTS = {
    "code": "abcdefghijkl",
    "number": 1,
    "milestone": "detected",
    "token": "x",
    "name": "x.eml",
    "rest": "nowhere",
}


def address(pattern: URLPattern) -> str:
    names = pattern.pattern.regex.groupindex
    return reverse(f"console:{pattern.name}", kwargs={name: ARGUMENTS[name] for name in names})


@pytest.mark.django_db
@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.name))
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


def test_signing_in_leads_to_the_page_that_was_asked_for_and_never_off_the_site(responder):
    typed = {"username": "maria", "password": "correct horse battery"}
    assert Client().post("/console/sign-in", typed | {"next": "/console/audit"})["Location"] == "/console/audit"
    assert Client().post("/console/sign-in", typed | {"next": "//evil.example"})["Location"] == "/console/"
    wrong = Client().post("/console/sign-in", typed | {"password": "wrong"})
    assert "Please enter a correct username and password" in wrong.content.decode()


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
    assert AuditEntry.objects.get().verb == Verb.ADMINISTRATOR_MADE

    assert Client().get(path).status_code == 404
    assert not (settings.DATA_DIR / "first_admin_token").exists()
    call_command("first_admin_link")
    assert "There is an administrator already" in capsys.readouterr().out


def test_a_wrong_link_makes_nobody(db):
    first_link_token()
    assert Client().get("/console/set-up/guess").status_code == 404
    assert Client().post("/console/set-up/guess", {"username": "x", "password": "correct horse"}).status_code == 404
    assert User.objects.count() == 0

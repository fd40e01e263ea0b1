"""Signing in by password: who gets in, who waits, what is said and noted."""

from __future__ import annotations

import time

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from incidents.domain.verbs import Verb
from incidents.models import AuditEntry, OutboxEvent
from incidents.web.accounts.passwords import Argon2id
from tests.web.accounts.account_world import PASSWORD, at, sign_in, somebody, verbs

pytestmark = pytest.mark.django_db
NOW = "2026-06-23 14:00Z"


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()
    yield
    cache.clear()


def test_a_username_and_an_address_both_name_the_account():
    somebody()
    for typed in ("noor", "noor@example.org", "NOOR@example.org"):
        client = Client()
        assert sign_in(client, typed).status_code == 302
        assert client.get("/console/account").status_code == 200


def test_an_address_that_two_accounts_have_names_neither():
    somebody()
    User.objects.create_user("otto", "noor@example.org", PASSWORD)
    assert sign_in(Client(), "noor@example.org").status_code == 422


def test_what_is_said_is_the_same_for_a_wrong_password_and_for_nobody():
    somebody()
    said = [sign_in(Client(), name, "wrong").content.decode() for name in ("noor", "nobody")]
    plain = [text.split("csrfmiddlewaretoken")[0] for text in said]
    assert plain[0] == plain[1]
    assert "correct username and password" in plain[0]


def test_a_password_is_hashed_for_nobody_too(monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["incidents.web.accounts.passwords.Argon2id"]
    somebody()
    hashed: list[str] = []
    make, check = Argon2id.encode, Argon2id.verify

    def encode(self: Argon2id, password: str, salt: str) -> str:
        hashed.append("made")
        return make(self, password, salt)

    def verify(self: Argon2id, password: str, encoded: str) -> bool:
        hashed.append("checked")
        return check(self, password, encoded)

    monkeypatch.setattr(Argon2id, "encode", encode)
    monkeypatch.setattr(Argon2id, "verify", verify)
    sign_in(Client(), "nobody", "wrong")
    assert hashed == ["made"]
    hashed.clear()
    sign_in(Client(), "noor", "wrong")
    assert hashed == ["checked"]


def test_a_flood_from_everywhere_makes_the_attackers_wait_and_never_the_owner_on_a_known_device():
    somebody()
    owner = at("192.0.2.7")
    assert sign_in(owner).status_code == 302
    owner.post("/console/sign-out")
    with time_machine.travel(time.time(), tick=False):
        codes = [sign_in(at(f"198.51.100.{n % 50}"), password=f"guess {n}").status_code for n in range(1000)]
        assert codes.count(429) == 700, "six tries from each of 50 networks are looked at"
        # The same network as the flood, even: what counts is the device.
        flooded = [sign_in(at("192.0.2.7"), password=f"guess {n}").status_code for n in range(50)]
        assert flooded[-1] == 429
        assert sign_in(at("192.0.2.7"), password=PASSWORD).status_code == 429, "a device that is not known waits"
        assert sign_in(owner).status_code == 302
    assert User.objects.get().is_active


def test_a_known_device_that_guesses_waits_too_and_is_known_for_its_own_account_alone():
    somebody()
    somebody("otto")
    client = at("192.0.2.7")
    sign_in(client)
    client.post("/console/sign-out")
    with time_machine.travel(time.time(), tick=False):
        assert [sign_in(client, password="wrong").status_code for _ in range(7)][-1] == 429
        assert [sign_in(client, "otto", "wrong").status_code for _ in range(7)][-1] == 429


def test_a_cookie_of_a_known_device_cannot_be_made_up():
    user = somebody()
    client = at("192.0.2.7")
    client.cookies["device"] = f'{{"{user.pk}": "abc"}}'
    with time_machine.travel(NOW, tick=False):
        assert [sign_in(client, password="wrong").status_code for _ in range(8)][-1] == 429


def test_the_owner_is_told_once_of_many_wrong_passwords():
    somebody()
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(14):
            sign_in(at("198.51.100.9"), password="wrong")
            clock.shift(301)
    told = OutboxEvent.objects.filter(verb=Verb.ACCOUNT_REFUSED)
    assert told.count() == 1
    assert "many wrong passwords" in told.get().facts["account"]["sentence"]


def test_signing_in_and_out_and_being_refused_are_in_the_log_without_what_was_typed():
    somebody()
    client = at("192.0.2.7")
    sign_in(client, "my secret typed into the wrong field", "wrong")
    sign_in(client, password="another secret")
    sign_in(client)
    client.post("/console/sign-out")
    assert verbs() == ["account.refused", "account.refused", "account.signed_in", "account.signed_out"]
    kept = str([(row.changes, row.subject_label, row.actor_label) for row in AuditEntry.objects.all()])
    assert "secret" not in kept
    assert "192.0.2.7" in kept
    assert client.get("/console/").status_code == 302


def test_nobody_can_sign_up():
    for path in ("/console/sign-up", "/console/signup/", "/accounts/signup/", "/console/account/signup"):
        assert Client().get(path).status_code in (302, 404)
    assert User.objects.count() == 0


def test_there_is_no_account_that_nobody_made():
    for name, password in (("admin", "admin"), ("candor", "candor"), ("last-resort", ""), ("demo", "demo")):
        assert sign_in(Client(), name, password).status_code == 422
    assert User.objects.count() == 0


def test_an_account_that_is_switched_off_gets_the_answer_of_a_wrong_password():
    somebody(is_active=False)
    assert sign_in(Client()).status_code == 422

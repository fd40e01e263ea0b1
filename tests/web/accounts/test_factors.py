"""Second factors: codes of an app, recovery codes, who must have one, and what ends when one comes or goes."""

from __future__ import annotations

import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from incidents.domain.verbs import Verb
from incidents.models import AuditEntry, OutboxEvent
from tests.web.accounts.account_world import (
    at,
    code_of,
    letters,
    sign_in,
    somebody,
    verbs,
    with_app,
    with_codes,
)  # fmt: skip

FACTOR = "/console/sign-in/factor"


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock():
    with time_machine.travel("2026-06-23 14:00:10Z", tick=False) as moved:
        yield moved


def half_way(client: Client) -> Client:
    assert sign_in(client)["Location"] == FACTOR
    return client


@pytest.mark.django_db
class TestCodes:
    def test_the_password_alone_opens_nothing(self, clock):
        with_app(somebody())
        client = half_way(Client())
        assert client.get("/console/")["Location"].startswith("/console/sign-in")
        assert client.get(FACTOR).status_code == 200

    def test_a_code_of_the_app_lets_in_and_only_once(self, clock):
        secret = with_app(somebody())
        code = code_of(secret)
        client = half_way(Client())
        assert client.post(FACTOR, {"code": code})["Location"] == "/console/"
        assert client.get("/console/").status_code == 200
        cache.clear()  # another process, or this one after a restart
        second = half_way(Client())
        again = second.post(FACTOR, {"code": code})
        assert again.status_code == 200
        assert "used already" in again.content.decode()
        assert second.get("/console/").status_code == 302

    def test_a_code_that_is_older_than_one_that_was_used_is_refused(self, clock):
        secret = with_app(somebody())
        before = code_of(secret, -1)
        assert half_way(Client()).post(FACTOR, {"code": code_of(secret)}).status_code == 302
        assert half_way(Client()).post(FACTOR, {"code": before}).status_code == 200

    def test_a_thousand_codes_are_slowed_down_told_and_lock_nobody_out(self, clock):
        user = somebody()
        secret = with_app(user)
        owner = half_way(at("192.0.2.7"))
        owner.post(FACTOR, {"code": code_of(secret)})
        owner.post("/console/sign-out")
        looked_at = 0
        attackers = [half_way(at(f"198.51.100.{n}")) for n in range(5)]
        for n in range(1000):
            page = attackers[n % 5].post(FACTOR, {"code": f"{n:06}"}).content.decode()
            looked_at += "Too many wrong codes" not in page
        assert looked_at <= 12
        assert OutboxEvent.objects.filter(verb=Verb.ACCOUNT_REFUSED).count() == 1
        clock.shift(60)
        assert half_way(owner).post(FACTOR, {"code": code_of(secret)})["Location"] == "/console/"

    def test_a_recovery_code_lets_in_once_and_is_told(self, clock, drain):
        user = somebody()
        with_app(user)
        codes = with_codes(user)
        assert len(set(codes)) == 10
        assert half_way(Client()).post(FACTOR, {"code": codes[3]})["Location"] == "/console/"
        assert half_way(Client()).post(FACTOR, {"code": codes[3]}).status_code == 200
        assert half_way(Client()).post(FACTOR, {"code": codes[4]})["Location"] == "/console/"
        assert verbs().count("recovery_code.used") == 2
        assert OutboxEvent.objects.filter(verb=Verb.RECOVERY_CODE_USED).count() == 2

    def test_keys_and_codes_are_not_in_the_database_in_the_clear(self, clock):
        user = somebody()
        secret, codes = with_app(user), with_codes(user)
        kept = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in kept
        assert not any(code in kept for code in codes)


@pytest.mark.django_db(transaction=True)
class TestComingAndGoing:
    def test_an_app_is_set_up_ends_other_sessions_and_is_told(self, clock, drain):
        somebody()
        client, elsewhere = Client(), Client()
        sign_in(elsewhere)
        sign_in(client)
        page = client.get("/console/account/app/add").content.decode()
        secret = re.search(r'<code class="secret">(\w+)</code>', page)[1]
        assert client.post("/console/account/app/add", {"code": "000000"}).status_code == 200
        done = client.post("/console/account/app/add", {"code": code_of(secret)})
        assert done["Location"] == "/console/account/codes"
        shown = client.get("/console/account/codes").content.decode()
        assert len(re.findall(r"<code>\w+</code>", shown)) == 10
        assert elsewhere.get("/console/").status_code == 302, "the other session has ended"
        assert client.get("/console/").status_code == 200
        drain(timezone.now())
        assert ["second factor was added" in letter for letter in letters()] == [True]
        # The code that set it up was used with it.
        assert half_way(Client()).post(FACTOR, {"code": code_of(secret)}).status_code == 200
        entries = AuditEntry.objects.filter(verb=Verb.SECOND_FACTOR_ADDED)
        assert sorted(row.changes["kind"][1] for row in entries) == ["recovery_codes", "totp"]

    def test_an_app_is_removed_and_its_codes_with_it(self, clock):
        user = somebody()
        secret = with_app(user)
        with_codes(user)
        client = half_way(Client())
        client.post(FACTOR, {"code": code_of(secret)})
        assert client.get("/console/account/app/remove").status_code == 200
        assert client.post("/console/account/app/remove")["Location"] == "/console/account"
        assert Authenticator.objects.count() == 0
        assert "second_factor.removed" in verbs()
        assert sign_in(Client())["Location"] == "/console/"

    def test_new_recovery_codes_void_the_old_ones(self, clock):
        user = somebody()
        secret = with_app(user)
        old = with_codes(user)
        client = half_way(Client())
        client.post(FACTOR, {"code": code_of(secret)})
        assert client.post("/console/account/codes/make")["Location"] == "/console/account/codes"
        new = client.get("/console/account/codes/download").content.decode().split()
        assert len(new) == 10
        assert not set(new) & set(old)
        assert half_way(Client()).post(FACTOR, {"code": old[0]}).status_code == 200
        assert "recovery_codes.renewed" in verbs()

    def test_a_password_reset_does_not_skip_the_second_factor(self, clock, drain):
        from tests.web.accounts.account_world import OTHER_PASSWORD, link_in

        with_app(somebody())
        client = Client()
        client.post("/console/reset-password", {"email": "noor@example.org"})
        drain(timezone.now())
        path = client.get(link_in(letters()[-1], "reset-password"))["Location"]
        answer = client.post(path, {"new_password1": OTHER_PASSWORD, "new_password2": OTHER_PASSWORD})
        assert answer["Location"] == FACTOR
        assert client.get("/console/").status_code == 302


@pytest.mark.django_db
class TestRequired:
    def test_whoever_needs_one_and_has_none_is_led_to_set_one_up_and_can_do_nothing_else(self, settings):
        settings.REQUIRE_SECOND_FACTOR = True
        somebody(is_superuser=True)
        client = Client()
        sign_in(client)
        for path in ("/console/", "/console/incidents/open", "/console/page", "/console/export"):
            assert client.get(path)["Location"] == "/console/account", path
            assert client.post(path)["Location"] == "/console/account", path
        assert "asks for a second factor" in client.get("/console/account").content.decode()
        assert client.get("/console/account/app/add").status_code == 200
        assert client.post("/console/sign-out").status_code == 302

    def test_with_one_everything_opens_and_who_may_only_look_needs_none(self, settings, clock):
        settings.REQUIRE_SECOND_FACTOR = True
        secret = with_app(somebody(is_superuser=True))
        client = half_way(Client())
        client.post(FACTOR, {"code": code_of(secret)})
        assert client.get("/console/").status_code == 200
        somebody("otto")
        other = Client()
        sign_in(other, "otto")
        assert other.get("/console/").status_code == 200

    def test_it_is_off_unless_it_is_set(self):
        somebody(is_superuser=True)
        client = Client()
        sign_in(client)
        assert client.get("/console/").status_code == 200

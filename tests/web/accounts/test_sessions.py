"""Sessions: how long they last, how they are listed and ended, what their cookies are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from tests.web.accounts.account_world import PASSWORD, at, sign_in, somebody, verbs

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()
    yield
    cache.clear()


def test_a_session_ends_after_twelve_hours_without_use_and_after_seven_days_in_any_case():
    somebody()
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        client = Client()
        sign_in(client)
        for _ in range(13):
            clock.shift(11.9 * 3600)
            assert client.get("/console/").status_code == 200
        clock.shift(12.1 * 3600)
        answer = client.get("/console/")
        assert answer["Location"] == "/console/sign-in?next=/console/"
        sign_in(client)
        for _ in range(14):
            clock.shift(11.9 * 3600)
            assert client.get("/console/").status_code == 200
        clock.shift(2 * 3600)
        assert client.get("/console/").status_code == 302, "seven days are over"


def test_a_page_that_asks_by_itself_keeps_no_session_alive():
    somebody()
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        client = Client()
        sign_in(client)
        for _ in range(12):
            clock.shift(3590)
            assert client.get("/console/", headers={"Candor-Poll": "1"}).status_code == 200
        clock.shift(3590)
        assert client.get("/console/", headers={"Candor-Poll": "1"}).status_code == 302


def test_the_limits_are_settings(settings):
    settings.SESSION_IDLE_HOURS = 0.5
    somebody()
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        client = Client()
        sign_in(client)
        clock.shift(1801)
        assert client.get("/console/").status_code == 302


def test_use_is_written_at_most_once_a_minute(django_assert_num_queries):
    somebody()
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        client = Client()
        sign_in(client)
        clock.shift(61)
        client.get("/console/account")
        seen = UserSession.objects.get().last_seen_at
        clock.shift(30)
        client.get("/console/account")
        assert UserSession.objects.get().last_seen_at == seen


def test_sessions_are_listed_with_device_and_address_and_ended_one_by_one():
    somebody()
    here, there = at("192.0.2.7"), Client(headers={"X-Forwarded-For": "198.51.100.9", "User-Agent": CHROME})
    sign_in(here)
    sign_in(there)
    page = here.get("/console/account").content.decode()
    assert "198.51.100.9" in page
    assert "Chrome on Linux" in page
    row = UserSession.objects.get(ip="198.51.100.9")
    assert here.post(f"/console/account/sessions/{row.pk}/end").status_code == 302
    assert there.get("/console/").status_code == 302
    assert here.get("/console/").status_code == 200
    assert verbs()[-1] == "session.ended"


def test_all_others_are_ended_at_once():
    somebody()
    clients = [Client() for _ in range(3)]
    for client in clients:
        sign_in(client)
    clients[0].post("/console/account/sessions/end")
    assert [client.get("/console/").status_code for client in clients] == [200, 302, 302]


def test_a_session_of_somebody_else_cannot_be_ended():
    somebody()
    somebody("otto")
    mine, theirs = Client(), Client()
    sign_in(mine)
    sign_in(theirs, "otto")
    row = UserSession.objects.get(user__username="otto")
    assert mine.post(f"/console/account/sessions/{row.pk}/end").status_code == 404
    assert theirs.get("/console/").status_code == 200


def test_the_session_key_is_another_one_after_each_step_of_signing_in():
    somebody()
    client = Client()
    client.get("/console/sign-in")
    client.cookies["session"] = "chosen-by-somebody-else"
    sign_in(client)
    first = client.cookies["session"].value
    client.post("/console/sign-out")
    sign_in(client)
    assert client.cookies["session"].value not in ("chosen-by-somebody-else", first)


def test_under_https_every_cookie_is_bound_to_the_host_and_no_script_reads_it(tmp_path):
    asked = (
        "import django; django.setup(); from django.conf import settings as s; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)"
    )
    environment = os.environ | {
        "SITE_URL": "https://status.example.org", "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "statuspage.settings", "SECRET_KEY": "of this test",
    }  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert said == ["__Host-session", "__Host-csrf", "__Host-device", "True", "True", "True", "True", "Lax"]


def test_the_cookie_of_a_known_device_is_for_this_site_alone():
    somebody()
    client = Client()
    sign_in(client, password=PASSWORD)
    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")


def test_a_public_page_sets_no_cookie_and_reads_no_session(django_assert_num_queries):
    client = Client()
    answer = client.get("/subscribe")
    assert not answer.cookies.get("session")
    assert not answer.cookies.get("device")

"""The link of last resort: made on the server, works once while all else is dead, told to the others, in the log."""

from __future__ import annotations

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from tests.web.accounts.account_world import letters, somebody, verbs, with_app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()


def link(capsys, settings, *names: str) -> str:
    call_command("break_glass", *names)
    return capsys.readouterr().out.splitlines()[0].removeprefix(settings.SITE_URL)


def test_it_lets_an_administrator_in_once_without_mail_factor_or_single_sign_on(capsys, settings):
    settings.OIDC_SERVER_URL = "http://127.0.0.1:9"  # nothing answers there
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    settings.REQUIRE_SECOND_FACTOR = True
    with_app(somebody(is_superuser=True))
    path = link(capsys, settings, "noor")
    for _ in range(2):
        assert Client().get(path).status_code == 200, "looking does not use it up"
    client = Client()
    assert client.post(path)["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert client.post("/console/deliveries/release").status_code == 302, "this session is proof enough"
    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code == 404
    assert verbs()[:2] == ["break_glass.made", "break_glass.used"]


def test_the_other_administrators_are_mailed_of_both(capsys, settings, drain):
    somebody("otto", is_superuser=True)
    somebody("viewer")
    path = link(capsys, settings)
    Client().post(path)
    drain()
    told = letters()
    assert all("To: otto@example.org" in letter for letter in told)
    assert ["link of last resort was made" in told[0], "signed in as" in told[1], len(told)] == [True, True, 2]
    assert User.objects.get(username="last-resort").has_usable_password() is False


def test_it_is_valid_for_a_quarter_of_an_hour_and_its_session_for_an_hour(capsys, settings):
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        late = link(capsys, settings)
        clock.shift(901)
        assert Client().post(late).status_code == 404
        path = link(capsys, settings)
        clock.shift(890)
        client = Client()
        client.post(path)
        clock.shift(3590)
        assert client.get("/console/").status_code == 200
        clock.shift(20)
        assert client.get("/console/").status_code == 302


def test_nobody_but_an_administrator_has_one(capsys, settings):
    somebody()
    with pytest.raises(CommandError, match="no administrator of that name"):
        call_command("break_glass", "noor")
    with pytest.raises(CommandError):
        call_command("break_glass", "nobody")
    assert Client().get("/console/last-resort/guess").status_code == 404

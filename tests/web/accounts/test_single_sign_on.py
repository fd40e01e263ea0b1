"""Single sign-on against a provider on the loopback address: who comes in, and every lie that is refused."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from incidents.domain.review import PersonRole
from tests.web.accounts.account_world import code_of, sign_in, somebody, verbs, with_app
from tests.web.accounts.provider import CLIENT_ID, CLIENT_SECRET, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings):
    cache.clear()
    with running() as one:
        settings.OIDC_SERVER_URL = one.url
        settings.OIDC_NAME = "Acme login"
        app = {
            "provider_id": "sso", "name": "Acme login", "client_id": CLIENT_ID, "secret": CLIENT_SECRET,
            "settings": {"server_url": one.url, "fetch_userinfo": False},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
        yield one


def begin(client: Client, provider, **query) -> dict[str, str]:
    """Go to the provider; returns what it was asked."""
    answer = client.get("/console/sign-in/sso", query)
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"].startswith(f"{provider.url}/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}
    provider.nonce = asked["nonce"]
    return asked


def come_back(client: Client, state: str):
    return client.get("/console/sign-in/sso/callback", {"code": "one", "state": state})


def go(client: Client, provider, **query):
    return come_back(client, begin(client, provider, **query)["state"])


def test_somebody_who_was_added_comes_in_and_is_known_from_then_on(provider, settings):
    user = somebody()
    client = Client()
    assert "Sign in with Acme login" in client.get("/console/sign-in").content.decode()
    asked = begin(client, provider, next="/console/incidents")
    assert asked["redirect_uri"] == f"{settings.SITE_URL}/console/sign-in/sso/callback"
    assert asked["code_challenge_method"] == "S256"
    assert come_back(client, asked["state"])["Location"] == "/console/incidents"
    assert client.get("/console/").status_code == 200
    assert provider.asked[0]["client_secret"] == [CLIENT_SECRET]
    assert SocialAccount.objects.get().user == user
    assert verbs() == ["account.linked", "account.signed_in"]
    # Another address at the provider, the same person.
    provider.claims = {"email": "noor.new@example.org"}
    again = Client()
    assert go(again, provider)["Location"] == "/console/"
    assert User.objects.count() == 1


@pytest.mark.parametrize("verified", [False, None, "false", 0, "true", 1])
def test_an_address_that_is_not_verified_takes_over_no_account(provider, verified):
    somebody(is_superuser=True)
    provider.claims = {"email_verified": verified}
    client = Client()
    answer = go(client, provider)
    assert answer.status_code == 403
    assert "has not verified your address" in answer.content.decode()
    assert client.get("/console/").status_code == 302
    assert SocialAccount.objects.count() == 0


def test_who_was_not_added_stays_outside(provider):
    answer = go(Client(), provider)
    assert answer.status_code == 403
    assert "Nobody here has invited this address" in answer.content.decode()
    assert User.objects.count() == 0


def test_two_accounts_with_one_address_are_not_chosen_between(provider):
    somebody()
    User.objects.create_user("otto", "noor@example.org")
    assert go(Client(), provider).status_code == 403


def test_an_account_that_is_switched_off_stays_outside(provider):
    user = somebody()
    assert go(Client(), provider).status_code == 302
    User.objects.filter(pk=user.pk).update(is_active=False)
    client = Client()
    go(client, provider)
    assert client.get("/console/").status_code == 302


def test_accounts_are_made_only_if_that_is_set_and_may_only_look(provider, settings):
    settings.OIDC_MAKES_ACCOUNTS = True
    User.objects.create_user("noor.n", "other@example.org")
    client = Client()
    assert go(client, provider)["Location"] == "/console/"
    made = User.objects.get(email="noor@example.org")
    assert made.username == "noor.n2"
    assert not made.has_usable_password()
    assert [group.name for group in made.groups.all()] == [PersonRole.VIEWER]
    assert "person.added" in verbs()


def test_roles_follow_the_groups_of_the_provider_if_that_is_set(provider, settings):
    settings.OIDC_ROLES = {"sre": "publisher", "authors": "author"}
    user = somebody()
    user.groups.add(Group.objects.create(name="approver"))
    provider.claims = {"groups": ["sre", "lunch"]}
    go(Client(), provider)
    assert [group.name for group in user.groups.all()] == ["publisher"]
    provider.claims = {"groups": []}
    go(Client(), provider)
    assert user.groups.count() == 0
    assert verbs().count("roles.set") == 2


def test_the_last_administrator_stays_one_whatever_the_provider_says(provider, settings):
    settings.OIDC_ROLES = {"sre": "publisher"}
    user = somebody()
    user.groups.set([Group.objects.create(name="administrator")])
    provider.claims = {"groups": ["sre"]}
    go(Client(), provider)
    assert [group.name for group in user.groups.all()] == ["administrator"]


def test_the_second_factor_is_asked_for_all_the_same(provider):
    secret = with_app(somebody())
    client = Client()
    assert go(client, provider)["Location"] == "/console/sign-in/factor"
    assert client.get("/console/").status_code == 302
    assert client.post("/console/sign-in/factor", {"code": code_of(secret)}).status_code == 302
    assert client.get("/console/").status_code == 200


LIES = {
    "another issuer": {"iss": "http://127.0.0.1:9"},
    "another client": {"aud": "somebody-else"},
    "expired": {"exp": int(time.time()) - 60},
    "another nonce": {"nonce": "of-another-answer"},
    "no nonce": {"nonce": ""},
    "not valid yet": {"nbf": int(time.time()) + 3600},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_the_answer_is_refused(provider, lie):
    somebody()
    provider.claims = LIES[lie]
    client = Client()
    answer = go(client, provider)
    assert answer.status_code == 502
    assert "did not work" in answer.content.decode()
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize("forgery", ["another key", "no signature", "a shared secret", "no token"])
def test_a_token_that_the_provider_has_not_signed_is_refused(provider, forgery):
    somebody()
    if forgery == "another key":
        provider.signs_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif forgery == "no signature":
        provider.signs_with, provider.algorithm = None, "none"
    elif forgery == "a shared secret":
        provider.signs_with, provider.algorithm = CLIENT_SECRET * 2, "HS256"
    else:
        provider.is_without_token = True
    client = Client()
    assert go(client, provider).status_code == 502
    assert client.get("/console/").status_code == 302


def test_an_answer_that_nobody_asked_for_or_that_came_before_is_refused(provider):
    somebody()
    client = Client()
    asked = begin(client, provider)
    assert come_back(Client(), asked["state"]).status_code == 502, "of another browser"
    assert come_back(client, "guess").status_code == 502
    assert come_back(client, asked["state"]).status_code == 302
    client.post("/console/sign-out")
    assert come_back(client, asked["state"]).status_code == 502, "twice"


def test_a_nonce_counts_once(provider):
    somebody()
    client = Client()
    first = begin(client, provider)
    nonce = provider.nonce
    assert come_back(client, first["state"]).status_code == 302
    client.post("/console/sign-out")
    second = begin(client, provider)
    provider.nonce = nonce
    assert come_back(client, second["state"]).status_code == 502


def test_it_never_leads_off_the_site(provider):
    somebody()
    assert go(Client(), provider, next="//evil.example")["Location"] == "/console/"


def test_while_the_provider_is_down_passwords_and_the_last_resort_work(provider, settings, capsys):
    from django.core.management import call_command

    somebody(is_superuser=True)
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = Client().get("/console/sign-in/sso")
    assert answer.status_code == 502
    assert "link of last resort" in answer.content.decode()
    assert sign_in(Client()).status_code == 302
    call_command("break_glass")
    path = capsys.readouterr().out.splitlines()[0].removeprefix(settings.SITE_URL)
    client = Client()
    client.post(path)
    assert client.get("/console/").status_code == 200


def test_without_a_provider_there_is_no_such_door(db):
    assert Client().get("/console/sign-in/sso").status_code == 404
    assert Client().get("/console/sign-in/sso/callback").status_code == 404
    assert "/console/sign-in/sso" not in Client().get("/console/sign-in").content.decode()


def test_a_fresh_proof_asks_the_provider_to_ask_again(provider):
    somebody()
    asked = begin(Client(), provider, again="1")
    assert asked["prompt"] == "login"


def test_who_has_nothing_else_proves_it_by_signing_in_there_again(provider):
    user = User.objects.create_superuser("noor", "noor@example.org")
    client = Client()
    with time_machine.travel("2026-06-23 14:00Z") as clock:
        go(client, provider)
        clock.shift(400)
        asked = client.post("/console/page", {"name": "Acme", "time_zone": "Etc/UTC"})
        assert asked.status_code == 403
        assert "/console/sign-in/sso?again=1&amp;next=/console/page" in asked.content.decode()
        assert go(client, provider, again="1", next="/console/page")["Location"] == "/console/page"
        assert client.post("/console/page", {"name": "Acme", "time_zone": "Etc/UTC"}).status_code == 302
    assert user.last_login != User.objects.get().last_login

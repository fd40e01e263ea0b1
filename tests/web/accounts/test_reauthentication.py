"""Dangerous acts ask for a fresh proof, keep what was typed, and all stand in one table."""

from __future__ import annotations

import html
import re

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver

from incidents import queries
from incidents.models import ApiToken, PublicPage
from incidents.web.accounts.reauthentication import GUARDED
from tests.test_urls import CONSOLE, patterns
from tests.web.accounts.account_world import (
    PASSWORD,
    code_of,
    sign_in,
    somebody,
    verbs,
    with_app,
    with_codes,
)  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock():
    with time_machine.travel("2026-06-23 14:00:10Z", tick=False) as moved:
        yield moved


@pytest.fixture
def late(clock):
    """A client of an administrator who signed in six minutes ago."""
    somebody(is_superuser=True)
    client = Client()
    sign_in(client)
    clock.shift(360)
    return client


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def views():
    from django.urls import URLPattern, URLResolver

    def walk(resolver, space=""):
        for entry in resolver.url_patterns:
            if isinstance(entry, URLPattern):
                yield f"{space}{entry.name}", entry.callback
            elif isinstance(entry, URLResolver):
                yield from walk(entry, f"{entry.namespace}:" if entry.namespace else space)

    return dict(walk(get_resolver()))


def test_the_table_is_what_the_views_do():
    asking = {name for name, view in views().items() if getattr(view, "wants_proof", False)}
    assert asking - {"console:prove"} == set(GUARDED)
    assert {name for name, _route in patterns(get_resolver())} >= set(GUARDED)


@pytest.mark.parametrize("name", GUARDED)
def test_every_one_of_them_asks_and_does_nothing_before(late, name):
    before = verbs()
    path = next(path for known, path in CONSOLE if known == name)
    answer = late.post(path, {"name": "Owned"})
    assert answer.status_code == 403
    assert "Is it you?" in answer.content.decode()
    assert verbs() == before


def test_what_was_typed_goes_on_its_way_with_the_proof(late):
    typed = {"name": "Acme <Cloud> & “sons”", "time_zone": "Europe/Oslo", "odd": ["1", "2"]}
    asked = late.post("/console/page", typed)
    assert queries.the_page().name != typed["name"]
    kept = hidden(asked.content.decode())
    assert (kept["name"], kept["time_zone"], kept["proof_for"]) == (typed["name"], typed["time_zone"], "POST")
    wrong = late.post("/console/page", kept | {"proof_password": "guess"})
    assert wrong.status_code == 403
    assert "That is not your password" in wrong.content.decode()
    kept = hidden(wrong.content.decode())
    done = late.post("/console/page", kept | {"proof_password": PASSWORD})
    assert done.status_code == 302
    assert PublicPage.objects.get().name == typed["name"]
    again = late.post("/console/page", typed | {"name": "Acme"})
    assert again.status_code == 302, "the proof counts for five minutes"


def test_a_proof_is_over_after_five_minutes(late, clock):
    late.post("/console/account/prove", {"proof_for": "GET", "proof_password": PASSWORD})
    assert late.post("/console/page", {"name": "Acme", "time_zone": "Etc/UTC"}).status_code == 302
    clock.shift(301)
    assert late.post("/console/page", {"name": "Acme", "time_zone": "Etc/UTC"}).status_code == 403


def test_the_mark_alone_proves_nothing(late):
    assert late.post("/console/page", {"name": "Owned", "time_zone": "Etc/UTC", "proof_for": "POST"}).status_code == 403
    assert late.post("/console/page", {"name": "Owned", "time_zone": "Etc/UTC"}).status_code == 403


def test_a_code_of_the_app_or_a_recovery_code_is_a_proof_and_is_used_up(late, clock):
    from django.contrib.auth.models import User

    user = User.objects.get()
    secret, codes = with_app(user), with_codes(user)
    typed = {"name": "robot", "scopes": ["read"], "days": "30", "proof_for": "POST"}
    assert late.post("/console/tokens/make", typed | {"proof_code": code_of(secret)}).status_code == 200
    assert ApiToken.objects.count() == 1
    clock.shift(301)
    second = Client()
    second.cookies = late.cookies
    typed["name"] = "another robot"
    assert second.post("/console/tokens/make", typed | {"proof_code": "000000"}).status_code == 403
    assert second.post("/console/tokens/make", typed | {"proof_code": codes[0]}).status_code == 200
    clock.shift(301)
    assert second.post("/console/tokens/make", typed | {"proof_code": codes[0]}).status_code == 403


def test_guessing_a_password_here_is_slowed_down_as_at_the_door(late):
    pages = [
        late.post("/console/account/prove", {"proof_for": "GET", "proof_password": f"guess {n}"}).content.decode()
        for n in range(8)
    ]
    assert "Too many wrong passwords" in pages[-1]
    assert verbs().count("account.refused") <= 6


def test_a_page_that_shows_a_secret_is_not_seen_before(late):
    asked = late.get("/console/account/app/add")
    assert asked.status_code == 403
    assert 'class="secret"' not in asked.content.decode()
    shown = late.post("/console/account/app/add", {"proof_for": "GET", "proof_password": PASSWORD})
    assert shown["Location"] == "/console/account/app/add"
    assert 'class="secret"' in late.get("/console/account/app/add").content.decode()


def test_a_file_is_asked_for_once_more_and_the_rest_is_kept(late):
    asked = late.post("/console/page", {"name": "Acme", "logo": SimpleUploadedFile("logo.png", b"x")})
    page = asked.content.decode()
    assert "Choose the file once more: logo.png" in page
    assert 'enctype="multipart/form-data"' in page
    assert hidden(page)["name"] == "Acme"


def test_proving_never_leads_off_the_site(late):
    proof = {"proof_for": "POST", "proof_password": PASSWORD}
    assert late.post("/console/account/prove", proof | {"next": "//evil.example"})["Location"] == "/console/"


def test_what_is_not_dangerous_is_never_held_up(late):
    for path in ("/console/", "/console/incidents/open", "/console/page", "/console/account"):
        assert late.get(path).status_code == 200
    assert late.post("/console/incidents/open", {"title": ""}).status_code == 422

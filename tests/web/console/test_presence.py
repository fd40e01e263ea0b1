"""Two responders at one incident: each sees that the other writes, and what was posted, within five seconds."""

from __future__ import annotations

import os
import time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from incidents.domain.presence import TYPING_FOR
from incidents.models import AuditEntry, Presence
from incidents.publishing import store
from tests.factories import account, make_component, open_incident, post_update

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

FELT_MS = 5000


def ask(client, incident, **said):
    return client.post(f"/console/incidents/{incident.code}/present", {"seen": "1", "state": "", **said})


@pytest.fixture
def incident(db):
    return open_incident(make_component("API"), title="Errors")


@pytest.fixture
def lena(db, client):
    client.force_login(account("lena", "publisher"))
    return client


def test_others_are_named_and_one_is_not_told_of_oneself(console, lena, incident):
    assert b"maria" not in ask(console, incident).content
    assert "maria is here too." in ask(lena, incident).content.decode()
    ask(console, incident, typing="1")
    assert "maria is writing an update." in ask(lena, incident).content.decode()


def test_whoever_says_nothing_more_is_gone_after_seconds(console, lena, incident):
    with time_machine.travel("2026-06-23 15:00Z", tick=False) as clock:
        ask(console, incident, typing="1")
        clock.shift(6)
        assert "maria is here too." in ask(lena, incident).content.decode()
        clock.shift(2)
        assert b"maria" not in ask(lena, incident).content


def test_an_answer_without_news_is_empty_and_costs_the_same_however_much_there_is(console, incident):
    first = ask(console, incident)
    assert (first.status_code, bool(first["Candor-State"])) == (200, True)
    with CaptureQueriesContext(
        connection,
    ) as few:
        again = ask(console, incident, state=first["Candor-State"])
    assert (again.status_code, again.content) == (204, b"")
    for number in range(20):
        account(f"reader{number}", "viewer")
        post_update(incident, "identified")
    with CaptureQueriesContext(connection) as many:
        ask(console, incident, state=first["Candor-State"])
    assert len(many) <= len(few) + 2


def test_it_is_no_part_of_the_log_nor_of_the_page(console, lena, incident, drain, public_root):
    drain()
    before = (store.the_tree().version, AuditEntry.objects.count())
    ask(console, incident, typing="1")
    ask(lena, incident)
    drain()
    assert (store.the_tree().version, AuditEntry.objects.count()) == before
    assert Presence.objects.count() == 2
    assert not any(b"maria" in file.read_bytes() for file in public_root.rglob("*") if file.is_file())


@pytest.mark.parametrize("seen", ["", "-1", "x", "9" * 40, "1' or 1=1"])
def test_a_number_that_is_none_is_none(console, incident, seen):
    assert ask(console, incident, seen=seen).status_code == 200


@pytest.fixture
def signed_in(browser, live_server):
    """Opens a browser of its own for somebody who publishes."""
    contexts, complaints = [], []

    def opened(name):
        account(name, "publisher", "author", password="correct horse battery")
        context = browser.new_context(base_url=live_server.url)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/console/sign-in")
        page.locator("[name=username]").fill(name)
        page.locator("[name=password]").fill("correct horse battery")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{live_server.url}/console/")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.browser
@pytest.mark.alone
@pytest.mark.django_db(transaction=True)
def test_two_responders_see_each_other_write_and_post_within_five_seconds(signed_in):
    incident = open_incident(make_component("API"), title="Errors")
    path = f"/console/incidents/{incident.code}"
    maria, lena, overview = signed_in("maria"), signed_in("lena"), signed_in("noor")
    maria.goto(f"{path}/update")
    lena.goto(f"{path}/update")
    maria.locator("[name=body]").press_sequentially("We found it", delay=20)
    expect(lena.locator(".present")).to_contain_text("maria is writing an update.", timeout=FELT_MS)
    lena.locator("[name=body]").fill("My own words")
    lena.locator("[name=body]").evaluate("each => each.setSelectionRange(2, 4)")
    maria.keyboard.press("Control+Enter")
    maria.wait_for_url("**#update-*")
    began = time.monotonic()
    expect(lena.locator(".newer")).to_contain_text("We found it", timeout=FELT_MS)
    expect(overview.locator(".latest")).to_contain_text("We found it", timeout=FELT_MS)
    assert time.monotonic() - began < FELT_MS / 1000
    assert lena.locator("[name=body]").input_value() == "My own words"
    place = lena.evaluate("[document.activeElement.name, document.activeElement.selectionStart]")
    assert place == ["body", 2]
    lena.goto(path)
    rests_ms = TYPING_FOR.total_seconds() * 1000 + FELT_MS
    expect(maria.locator(".present")).to_contain_text("lena is here too.", timeout=rests_ms)

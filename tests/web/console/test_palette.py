"""Go anywhere by name, keys that are what their list says, and switching them off."""

from __future__ import annotations

import os
import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from incidents.web.console.places import KEYS, PLACES
from incidents.web.reach import REACH
from tests.factories import account, make_component, open_incident
from tests.looking import violations

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def places_of(client):
    return re.findall(r'data-href="([^"]+)"', client.get("/console/palette").content.decode())


def test_it_offers_what_one_may_reach_and_nothing_else(console, db):
    open_incident(make_component("API"), title="Errors")
    viewer = Client()
    viewer.force_login(account("vera", "viewer"))
    assert {"/console/people", "/console/incidents/open"} <= set(places_of(console))
    shown = places_of(viewer)
    assert "/console/incidents" in shown
    assert not {"/console/people", "/console/incidents/open", "/console/tokens"} & set(shown)
    assert not [path for path in shown if path.endswith(("/update", "/resolve"))]
    assert {viewer.get(path).status_code for path in shown if path.startswith("/console/")} == {200}


def test_every_place_and_key_leads_to_an_address_that_somebody_reaches():
    names = [place.name for _heading, places in PLACES for place in places]
    letters = [place.letter for _heading, places in PLACES for place in places if place.letter]
    assert len(names) == len(set(names))
    assert len(letters) == len(set(letters))
    assert {*names, *(key.go for key in KEYS if key.go)} <= set(REACH)


def test_single_keys_can_be_switched_off_and_stay_off_elsewhere(console, responder):
    assert 'data-single-keys="1"' in console.get("/console/").content.decode()
    answer = console.post("/console/keys", {"single": "", "next": "/console/incidents"})
    assert answer["Location"] == "/console/incidents"
    elsewhere = Client()
    elsewhere.force_login(responder)
    assert 'data-single-keys="0"' in elsewhere.get("/console/").content.decode()
    console.post("/console/keys", {"single": "1", "next": "https://evil.example/console/"})
    assert 'data-single-keys="1"' in console.get("/console/").content.decode()


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/console/", "/elsewhere", "javascript:1"])
def test_it_never_leads_off_the_console(console, back):
    assert console.post("/console/keys", {"next": back})["Location"] == "/console/"


@pytest.fixture
def page(page, live_server):
    account("maria", "administrator", password="correct horse battery")
    page.goto(f"{live_server.url}/console/sign-in")
    page.locator("[name=username]").fill("maria")
    page.locator("[name=password]").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/console/")
    return page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_letters_arrows_and_enter_lead_to_an_update_of_an_incident(page):
    incident = open_incident(make_component("API"), title="Errors on the API")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Where to, or what to do")
    expect(box).to_be_focused()
    expect(page.get_by_role("option", name="Go to Overview")).to_be_visible()
    box.press_sequentially("api")
    first = page.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    assert violations(page, {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}) == []
    box.fill("errors upd")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{incident.code}/update")
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    box.fill("nothing like that")
    expect(page.get_by_text("Nothing has all of these letters.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_each_key_of_the_list_does_what_it_says_and_none_when_switched_off(page, live_server):
    rows = page.locator("#keys [data-go]:not([data-go=''])").evaluate_all(
        "rows => rows.map(row => [row.dataset.keys, row.dataset.go])"
    )
    assert len(rows) > 8
    for keys, address in rows:
        page.goto(f"{live_server.url}/console/audit")
        for key in keys.split(" "):
            page.keyboard.press(key)
        page.wait_for_url(f"{live_server.url}{address}")
    page.goto(f"{live_server.url}/console/")
    page.locator("header .menu").last.locator("summary").click()
    page.get_by_role("button", name="Switch single keys off").click()
    expect(page.get_by_text("Single keys do nothing now.")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_taken_back_is_asked_about_once(page, live_server):
    component = make_component("API")
    page.goto(f"{live_server.url}/console/components")
    page.get_by_role("button", name="Archive API").click()
    dialog = page.get_by_role("dialog", name="Are you sure?")
    expect(dialog).to_contain_text("Take API off the page? Its history stays.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    component.refresh_from_db()
    assert component.archived_at is None
    page.get_by_role("button", name="Archive API").click()
    dialog.get_by_role("button", name="Archive").click()
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="Archive API")).to_have_count(0)
    component.refresh_from_db()
    assert component.archived_at is not None


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_theme_is_the_systems_until_one_is_chosen_and_then_kept(page, live_server):
    def background():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.emulate_media(color_scheme="dark")
    dark = background()
    page.emulate_media(color_scheme="light")
    assert (light := background()) != dark
    page.locator("header .menu").last.locator("summary").click()
    switch = page.locator("[data-theme-switch]")
    expect(switch).to_have_text("Theme: as the system")
    switch.click()
    switch.click()
    expect(switch).to_have_text("Theme: dark")
    assert background() == dark
    page.goto(f"{live_server.url}/console/incidents")
    assert (background(), light) == (dark, light)

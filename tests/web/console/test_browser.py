"""The console in a real browser: the keyboard, drafts, both themes, and no rule of accessibility broken."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from incidents.actions.amending import edit_incident
from incidents.models import Incident
from tests.factories import MARIA, account, make_component, make_subscriber, open_incident, post_update

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (375, 1280)
# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def signed_in(page, live_server):
    """A browser in which maria has signed in; nothing may go wrong on the console of the browser."""
    account("maria", password="correct horse battery")
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/console/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/console/")
    yield page
    # A conflict is an answer that tests ask for; the browser says it too.
    assert [said for said in complaints if "409 (Conflict)" not in said] == []


def test_an_incident_is_opened_and_updated_with_the_keyboard_alone(signed_in):
    page = signed_in
    api = make_component("API")
    make_subscriber("all@example.org")
    make_subscriber("api@example.org", component_ids=[api.pk])
    page.keyboard.press("n")
    page.wait_for_url("**/incidents/open")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.type("Errors on the API")
    page.keyboard.press("Enter")  # must not publish
    page.get_by_label("Update", exact=True).focus()
    page.keyboard.type("We are **looking** into it.")
    page.get_by_label("API: level").or_(page.locator(f"#id_level_{api.pk}")).first.focus()
    page.keyboard.type("Major")
    expect(page.locator(".of-page strong")).to_have_text("looking")
    expect(page.locator("#effect")).to_have_text("Post and notify 2 subscribers")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/incidents/*#update-*")
    incident = Incident.objects.get()
    assert incident.intervals.get().level == "major_outage"

    page.keyboard.press("u")
    page.wait_for_url("**/update")
    expect(page.get_by_label("Update", exact=True)).to_be_focused()
    page.keyboard.type("The cause is known: n j k ? /")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/incidents/*#update-*")
    assert [row.body for row in incident.updates.all()] == [
        "We are **looking** into it.", "The cause is known: n j k ? /",
    ]  # fmt: skip


def test_what_was_typed_survives_leaving_the_page_and_is_forgotten_once_posted(signed_in, live_server):
    page = signed_in
    page.goto(f"{live_server.url}/console/incidents/open")
    page.get_by_label("Update", exact=True).fill("Half a thought")
    page.goto(f"{live_server.url}/console/")
    page.goto(f"{live_server.url}/console/incidents/open")
    expect(page.get_by_label("Update", exact=True)).to_have_value("Half a thought")
    expect(page.get_by_text("Your draft was restored.")).to_be_visible()
    page.get_by_label("Title", exact=True).fill("Errors")
    page.locator("[data-post]").dblclick()
    page.wait_for_url("**/incidents/*#update-*")
    assert Incident.objects.count() == 1
    page.goto(f"{live_server.url}/console/incidents/open")
    expect(page.get_by_label("Update", exact=True)).to_have_value("")


def test_a_correction_that_was_saved_leaves_no_draft_and_one_that_was_not_is_offered_again(signed_in, live_server):
    page = signed_in
    incident = open_incident(title="Errors")
    address = f"{live_server.url}/console/incidents/{incident.code}/edit"
    page.goto(address)
    page.get_by_label("Title", exact=True).fill("My title")
    page.get_by_label("Reason").fill("A slip")
    page.goto(f"{live_server.url}/console/")
    page.goto(address)
    expect(page.get_by_label("Title", exact=True)).to_have_value("My title")
    expect(page.get_by_text("Your draft was restored.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/incidents/{incident.code}")
    incident.refresh_from_db()
    edit_incident(
        actor=MARIA, incident_id=incident.pk, title="Her title", impact_override="", advice="", reason="R",
    )  # fmt: skip
    page.goto(address)
    expect(page.get_by_label("Title", exact=True)).to_have_value("Her title")


def test_a_conflict_in_the_browser_keeps_all_that_was_typed_and_breaks_no_rule(signed_in, live_server):
    page = signed_in
    incident = open_incident(make_component("API"), title="Errors")
    page.goto(f"{live_server.url}/console/incidents/{incident.code}/update")
    page.get_by_label("Update", exact=True).fill("My own words.")
    post_update(incident, "resolved", body="She was quicker.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Posted while you were writing")).to_be_visible()
    expect(page.get_by_text("She was quicker.")).to_be_visible()
    expect(page.get_by_label("Update", exact=True)).to_have_value("My own words.")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Reopen with this text").click()
    page.wait_for_url("**/reopen")
    expect(page.get_by_label("Update", exact=True)).to_have_value("My own words.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/incidents/*#update-*")
    assert incident.updates.last().body == "My own words."
    page.goto(f"{live_server.url}/console/incidents/{incident.code}/update")
    expect(page.get_by_label("Update", exact=True)).to_have_value("")


def test_a_list_is_sorted_by_the_head_of_a_column_and_stays_so_while_it_is_searched(signed_in, live_server):
    page = signed_in
    for title in ("Beta", "Alpha", "Gamma"):
        open_incident(title=title)
    page.goto(f"{live_server.url}/console/incidents")
    rows = page.locator("tbody th a")
    page.get_by_role("link", name="Incident", exact=True).click()
    expect(rows).to_have_text(["Alpha", "Beta", "Gamma"])
    page.get_by_role("link", name="Incident ↑").click()
    expect(rows).to_have_text(["Gamma", "Beta", "Alpha"])
    page.keyboard.press("/")
    page.keyboard.type("ta")
    expect(rows).to_have_text(["Beta"])
    page.wait_for_url(lambda url: "sort=-title" in url and "q=ta" in url)


def test_rows_are_walked_with_j_and_k_and_the_keys_are_shown(signed_in, live_server):
    page = signed_in
    for number in range(3):
        open_incident(title=f"Errors {number}")
    page.goto(f"{live_server.url}/console/incidents")
    for key in "jjk":
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Errors 1")
    page.goto(f"{live_server.url}/console/incidents")
    page.keyboard.press("/")
    page.keyboard.type("Errors 2")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_url(lambda url: "q=Errors" in url)


def test_maintenance_is_scheduled_with_a_preview_that_counts_and_is_begun(signed_in, live_server):
    page = signed_in
    api = make_component("API")
    make_subscriber("api@example.org", component_ids=[api.pk])
    page.goto(f"{live_server.url}/console/maintenance/schedule")
    page.get_by_label("Title", exact=True).fill("Move the database")
    page.get_by_label("Text", exact=True).fill("Writes are **refused**.")
    page.get_by_label("Begins (UTC)").fill(f"{timezone.now() + timedelta(hours=3):%Y-%m-%d %H:%M}")
    page.get_by_label("Ends (UTC)").fill("2 h")
    page.get_by_label("API", exact=True).check()
    expect(page.locator(".preview .as-public strong")).to_have_text("refused")
    expect(page.locator("#effect")).to_have_text("Schedule and notify 1 subscriber")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/maintenance/" in url and "schedule" not in url)
    page.get_by_role("link", name="Begin now").click()
    page.get_by_label("Update", exact=True).fill("We begin.")
    page.locator("[data-post]").click()
    page.wait_for_url(lambda url: url.endswith(Incident.objects.get().code))
    assert Incident.objects.get().stage == "in_progress"

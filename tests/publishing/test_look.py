"""The public pages in a real browser: readable by all, whole without script, current and honest with it."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Route
from playwright.sync_api import Page as Tab

from incidents.domain.status import Level
from incidents.domain.upstream import Reading, UpstreamIncident
from incidents.models import Incident
from incidents.publishing import affected, csp
from incidents.publishing.tree import Page
from tests.factories import make_component, post_update, utc
from tests.looking import until_true
from tests.publishing.page_world import (
    add_past,
    all_pages,
    open_the_incident,
    ten_components,
    truth_at,
)

# Playwright keeps an event loop in this thread from the first browser test to the end of the session; without this,
# Django would refuse to ask the database in every later test of the process.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SITE = "http://status.example.com"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PHONE = {"width": 375, "height": 667}
TROUBLE = Reading(
    Level.PARTIAL_OUTAGE,
    "Partial System Outage",
    (UpstreamIncident("Errors", "https://x.example/", utc("2026-06-22 15:00")), UpstreamIncident("Slow", "", None)),
)


class Site:
    """Answers from `pages` at the time `now` of the story's day; while `is_down` it drops every request."""

    origin = SITE

    def __init__(self, pages: dict[str, Page]) -> None:
        self.pages = pages
        self.now = self.as_of = "15:10:00"
        self.is_down = False
        self.asked: list[str] = []

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(self.origin)
        self.asked.append(path)
        page = self.pages.get(path) or (affected.tools() if path == csp.tools_path() else None)
        if self.is_down or page is None:
            route.abort()
            return
        route.fulfill(
            status=page.status,
            body=page.body,
            headers={
                **dict(page.headers),
                "Content-Type": page.content_type,
                "ETag": f'"{hash(page.body)}"',
                "Date": f"Tue, 23 Jun 2026 {self.now} GMT",
                "Candor-As-Of": f"2026-06-23T{self.as_of}Z",
            },
        )

    def open(self, browser: Browser, path: str, at: str = "15:10", **context: Any) -> Tab:
        """A tab with the page at a path, at a time of the story's day (UTC)."""
        self.now = self.as_of = f"{at}:00"
        tab = browser.new_context(**{"viewport": PHONE, "timezone_id": "Asia/Tokyo", **context}).new_page()
        if context.get("java_script_enabled", True):
            tab.clock.install(time=utc(f"2026-06-23 {at}"))
        tab.route("**/*", self.answer)
        self.complaints: list[str] = []
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(self.origin + path)
        return tab


@pytest.fixture
def during(browser: Browser) -> Site:
    """The site at 15:10 of the story."""
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    return Site(all_pages(truth_at("15:10")))


def test_the_first_screen_of_a_phone_answers_the_four_questions(browser, during):
    tab = during.open(browser, "/")
    for words in ("Major System Outage", "Increased error rates across all", "Started", "Next update by"):
        box = tab.get_by_text(words).first.bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"], words
    assert tab.get_by_role("heading", name="What you can do").bounding_box()["y"] < PHONE["height"]
    assert tab.get_by_role("link", name="Subscribe").first.bounding_box()["y"] < PHONE["height"]


def test_a_page_is_one_request_and_sets_nothing(browser, during):
    tab = during.open(browser, "/")
    assert during.asked == ["/"]
    assert tab.context.cookies() == []
    assert during.complaints == []


def test_the_pages_are_whole_without_script(browser, during):
    tab = during.open(browser, "/", java_script_enabled=False)
    assert tab.get_by_role("heading", level=1).inner_text() == "Major System Outage"
    assert tab.get_by_text("Next update by 15:30 UTC").is_visible()
    assert tab.get_by_text("Last changed 23 Jun 2026, 14:52:00 UTC").is_visible()
    assert not tab.get_by_role("combobox").is_visible()
    tab.locator(".days-table summary").first.click()
    assert tab.locator(".days-table table").first.is_visible()


def test_the_keyboard_reaches_the_content_first_and_shows_where_it_is(browser, during):
    tab = during.open(browser, "/", viewport={"width": 1280, "height": 800})
    tab.keyboard.press("Tab")
    assert tab.get_by_role("link", name="Skip to the content").is_visible()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    focused = "getComputedStyle(document.activeElement)"
    assert tab.evaluate("document.activeElement.closest('main') !== null")
    assert tab.evaluate(f"{focused}.outlineStyle") == "solid"
    assert tab.evaluate(f"parseFloat({focused}.outlineWidth)") >= 2


def test_the_script_counts_down_to_the_promise_and_past_it(browser, during):
    tab = during.open(browser, "/", at="15:18")
    assert tab.locator(".due").inner_text() == "Next update by 15:30 UTC (in 11 min)"
    tab.clock.run_for(16 * 60 * 1000)
    assert tab.locator(".due").inner_text() == "Next update by 15:30 UTC · overdue by 4 min"
    during.pages = all_pages(truth_at("15:34"))
    tab.reload()
    assert tab.locator(".due").inner_text() == "Next update overdue since 15:30 UTC by 4 min"


def test_the_theme_can_be_switched_and_is_kept(browser, during):
    tab = during.open(browser, "/", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(background)
    tab.get_by_role("button", name="Light or dark").click()
    until_true(tab, f"{background} != '{light}'")
    tab.reload()
    assert tab.evaluate(background) != light


def test_a_newer_page_takes_its_place_and_leaves_the_reader_theirs(browser, during):
    tab = during.open(browser, "/")
    tab.locator(".days-table summary").nth(2).click()
    group = tab.locator(".group").first
    group.locator("summary").first.focus()
    tab.evaluate("window.scrollTo(0, 900)")
    before = group.bounding_box()["y"]
    story = next(row for row in truth_at("15:10").incidents if row.is_open)
    post_update(Incident.objects.get(pk=story.number), body="It is the router.", now=utc("2026-06-23 15:12"))
    during.pages = all_pages(truth_at("15:12"))
    tab.clock.run_for(4_000)
    tab.get_by_text("It is the router.").first.wait_for()
    assert tab.evaluate("document.activeElement.parentElement.id") == group.get_attribute("id")
    assert tab.locator(".days-table").nth(2).get_attribute("open") is not None
    assert abs(group.bounding_box()["y"] - before) <= 2
    assert "checked" in tab.locator("#age").inner_text()


def test_an_unchanged_page_is_left_alone(browser, during):
    tab = during.open(browser, "/")
    tab.evaluate("document.querySelector('main').dataset.mark = 'same'")
    tab.clock.run_for(4_000)
    tab.get_by_text("checked").wait_for()
    for _ in range(2):
        with tab.expect_response(f"{SITE}/"):
            tab.clock.run_for(40_000)
    assert tab.locator("main").get_attribute("data-mark") == "same"
    assert during.asked.count("/") == 4


def test_a_page_that_cannot_be_refreshed_says_so_and_is_no_longer_green(browser):
    make_component("Web", now=utc("2026-01-01 00:00"))
    site = Site(all_pages(truth_at("14:00")))
    tab = site.open(browser, "/", at="14:02")
    colour = "getComputedStyle(document.querySelector('.banner')).backgroundColor"
    green = tab.evaluate(colour)
    tab.clock.run_for(4_000)
    tab.get_by_text("checked").wait_for()
    assert not tab.locator("#stale").is_visible()
    site.is_down = True
    tab.clock.run_for(180_000)
    assert re.fullmatch(
        r"This page could not be refreshed since 14:02 UTC; what you see may be old\.",
        tab.locator("#stale").inner_text(),
    )
    assert tab.evaluate(colour) != green
    site.is_down, site.now, site.as_of = False, "14:12:00", "14:12:00"
    # What a browser says when the reader comes back to the tab.
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    tab.locator("#stale").wait_for(state="hidden")
    assert tab.evaluate(colour) == green


def test_a_server_whose_heart_has_stopped_is_not_believed(browser):
    make_component("Web", now=utc("2026-01-01 00:00"))
    site = Site(all_pages(truth_at("14:00")))
    tab = site.open(browser, "/", at="14:30")
    site.as_of = "14:02:00"
    tab.clock.run_for(4_000)
    tab.locator("#stale").wait_for()
    assert "could not be refreshed since 14:02 UTC" in tab.locator("#stale").inner_text()


def test_what_is_typed_into_the_form_is_never_replaced(browser, during):
    tab = during.open(browser, "/subscribe")
    tab.get_by_label("Your e-mail address").fill("reader@example.org")
    assert not tab.get_by_label("Leave this empty").is_visible()
    tab.clock.run_for(120_000)
    assert during.asked == ["/subscribe"]
    assert tab.get_by_label("Your e-mail address").input_value() == "reader@example.org"

"""What a screen reader says of the public pages, word for word, from the accessibility tree of a browser."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser

from incidents.models import Incident
from tests.factories import post_update, utc
from tests.heard import heard
from tests.publishing.page_world import add_past, all_pages, open_the_incident, ten_components, truth_at
from tests.publishing.test_look import Site

# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def during() -> Site:
    """The site at 15:10 of the story."""
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    return Site(all_pages(truth_at("15:10")))


def test_the_front_page_says_what_is_broken_since_when_and_when_the_next_word_comes(browser: Browser, during: Site):
    tab = during.open(browser, "/")
    assert heard(tab, ".banner") == ["heading Major System Outage", "Affected: Claude.ai, Claude Code and 8 more."]
    assert heard(tab, ".card") == [
        "article",
        "heading Increased error rates across all Claude services",
        "Major outage Claude.ai, Claude Code, Mobile apps (all 3), API models (all 2), Console, Files API and Batch"
        " API",
        "Started 14:30 UTC · 22 min before the first post",
        "Investigating 14:52 UTC",
        "We are seeing increased error rates across all Claude services and are investigating.",
        "Next update by 15:30 UTC (in 19 min)",
        "note",
        "heading What you can do",
        "Requests that fail with HTTP 500 can be retried; use exponential back-off.",
        "link 1 update and the facts",
    ]
    tab.context.close()


def test_bars_say_of_which_component_they_are_and_how_its_days_were(browser: Browser, during: Site):
    tab = during.open(browser, "/")
    assert heard(tab, ".component") == [
        "heading Claude.ai",
        "Major outage",
        "image Claude.ai: 90 days, trouble on 4 of them.",
        "group",
        "DisclosureTriangle 99.93 % uptime 4 days with trouble",
    ]
    tab.locator(".days-table summary").first.click()
    assert heard(tab, ".days-table table")[:9] == [
        "table",
        "row",
        "columnheader Day",
        "columnheader Trouble",
        "columnheader Incidents",
        "row",
        "rowheader 23 Jun 2026",
        "cell 40 min major outage",
        "cell Increased error rates across all Claude services",
    ]
    tab.context.close()


def test_a_group_says_its_worst_state_and_whether_it_is_open(browser: Browser, during: Site):
    tab = during.open(browser, "/")
    assert heard(tab, ".group > summary") == ["DisclosureTriangle Mobile apps Major outage"]
    tab.context.close()


def test_a_calendar_says_its_month_in_a_sentence_and_a_table(browser: Browser, during: Site):
    tab = during.open(browser, "/uptime/2026-06")
    lines = heard(tab, "main")
    at = lines.index("image Claude.ai: 23 days, trouble on 1.")
    assert lines[at - 2] == "heading Claude.ai"
    assert lines[at + 1 : at + 5] == ["table", "row", "columnheader Day", "columnheader Trouble"]
    tab.context.close()


def test_what_is_new_is_said_politely_and_once(browser: Browser, during: Site):
    tab = during.open(browser, "/")
    assert heard(tab, "#live") == ["status"]
    assert tab.locator("#live").evaluate("el => el.closest('[aria-live=assertive], [role=alert]')") is None
    story = next(row for row in truth_at("15:10").incidents if row.is_open)
    post_update(Incident.objects.get(pk=story.number), "resolved", now=utc("2026-06-23 15:12"))
    during.pages = all_pages(truth_at("15:12"))
    tab.clock.run_for(4_000)
    tab.locator("#live").filter(has_text="Operational").wait_for(state="attached")
    assert heard(tab, "#live") == ["status", "All Systems Operational"]
    tab.context.close()

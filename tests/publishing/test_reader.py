"""What a reader may ask for besides the page: zones, some components, links and texts; fetched then, never before."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import expect

from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component, Incident, OutboxEvent
from incidents.publishing import affected, csp, shrinking
from tests.factories import post_update, utc
from tests.looking import until_true
from tests.publishing.page_world import open_the_incident, truth_at
from tests.publishing.reader_world import DESK, every_page, settled, two_troubles
from tests.publishing.test_look import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def site(browser) -> Site:
    """Two open incidents, seen at 15:10."""
    return two_troubles()[1]


def test_the_tools_come_when_one_is_used_from_one_address_and_no_policy_complains(browser, site):
    tab = site.open(browser, "/")
    tab.clock.run_for(500)
    assert site.asked == ["/"]
    tab.get_by_role("button", name="Light or dark").click()
    expect(tab.locator("html")).to_have_attribute("data-theme", re.compile("light|dark"))
    assert site.asked == ["/", csp.tools_path()]
    assert site.complaints == []


def test_a_script_that_was_changed_on_its_way_does_not_run(browser, site):
    tools = affected.tools()
    site.pages[tools.path] = type(tools)(tools.path, tools.body + b"\nwindow.evil = 1", tools.content_type)
    tab = site.open(browser, "/")
    tab.get_by_role("button", name="Light or dark").click()
    expect(tab.get_by_role("button", name="Light or dark")).to_be_hidden()
    assert tab.evaluate("window.evil") is None
    assert any("integrity" in line for line in site.complaints)


def test_times_turn_to_the_readers_zone_and_back_and_the_choice_is_kept(browser, site):
    tab = site.open(browser, "/")
    zone, started = tab.locator("select").first, tab.locator(".card time").first
    zone.select_option("here")
    expect(started).to_have_text("23 Jun 2026, 23:30")
    expect(started).to_have_attribute("title", "23 Jun 2026, 14:30 UTC")
    expect(started).to_have_attribute("datetime", "2026-06-23T14:30:00Z")
    expect(tab.locator(".due time").first).to_have_text("00:30")
    expect(tab.locator("#zone")).to_have_text("Times are in Asia/Tokyo. Days begin and end in UTC.")
    assert tab.locator("body").inner_text().count("Asia/Tokyo") == 1
    tab.reload()
    expect(started).to_have_text("23 Jun 2026, 23:30")
    expect(zone).to_have_value("here")
    zone.select_option("UTC")
    expect(started).to_have_text("14:30 UTC")
    expect(started).to_have_attribute("title", "23 Jun 2026, 23:30 Asia/Tokyo")
    expect(tab.locator("#zone")).to_be_hidden()


def test_only_what_the_address_names_is_shown_and_what_else_is_broken_is_said(browser, site):
    tab = settled(site, browser, "/#only=claude-ai")
    expect(tab.locator(".card:visible")).to_have_count(1)
    expect(tab.locator(".component[data-component-id]:visible")).to_have_count(1)
    assert tab.get_by_role("heading", level=1).inner_text() == "Partial System Outage"
    told = tab.locator(".summary [role=status]")
    expect(told).to_have_text(
        "Of what you chose: Major outage (Claude.ai). 1 open incident about it. 1 more incident elsewhere."
    )
    assert site.complaints == []
    tab.get_by_role("button", name="Show everything").click()
    expect(tab.locator(".card:visible")).to_have_count(2)
    assert "#" not in tab.url


def test_a_choice_goes_along_through_the_pages_and_ticks_the_form_that_subscribes(browser, site):
    tab = site.open(browser, "/", viewport=DESK)
    tab.get_by_role("button", name="Only some components").click()
    box = tab.get_by_role("checkbox", name="Claude.ai", exact=True)
    expect(box).to_be_visible()
    box.check()
    expect(tab).to_have_url(re.compile("#only=claude-ai$"))
    expect(tab.locator(".card:visible")).to_have_count(1)
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.dataset.do") == "only"
    tab.get_by_role("link", name="History").first.click()
    expect(tab).to_have_url(re.compile("/history#only=claude-ai$"))
    tab.get_by_role("link", name="June 2026").click()
    expect(tab).to_have_url(re.compile("/history/2026-06#only=claude-ai$"))
    expect(tab.locator(".summary [role=status]")).to_have_text(
        "Of what you chose: Claude.ai. 1 incident here is about what you chose."
    )
    expect(tab.locator("main > .line:visible")).to_have_count(1)
    tab.get_by_role("link", name="Subscribe").first.click()
    expect(tab.get_by_role("checkbox", name="Claude.ai", exact=True)).to_be_checked()
    assert tab.locator("input[name=components]:checked").count() == 1
    assert site.complaints == []


def test_a_group_stands_for_its_components_and_an_unknown_name_hides_nothing(browser, site):
    tab = settled(site, browser, "/#only=mobile-apps")
    expect(tab.locator(".card:visible")).to_have_count(0)
    expect(tab.locator(".summary [role=status]")).to_contain_text("all operational. 2 more incidents elsewhere.")
    expect(tab.locator(".group .component:visible")).to_have_count(tab.locator("#g-mobile-apps .component").count())
    tab.context.close()
    tab = settled(site, browser, "/#only=no-such-thing")
    expect(tab.locator(".card:visible")).to_have_count(2)
    expect(tab.locator(".summary")).to_have_count(0)


def test_a_choice_holds_through_a_refresh_and_what_is_new_elsewhere_is_counted(browser, site):
    tab = settled(site, browser, "/#only=claude-ai")
    leaves = list(Component.objects.filter(is_group=False).order_by("pk"))
    open_the_incident(
        leaves, title="Batch jobs wait", now=utc("2026-06-23 15:11"),
        components=[ComponentChange(leaves[4].pk, Level.PARTIAL_OUTAGE)],
    )  # fmt: skip
    site.pages = every_page(truth_at("15:12"))
    tab.clock.run_for(40_000)
    expect(tab.locator(".summary [role=status]")).to_contain_text("2 more incidents elsewhere.")
    expect(tab.locator(".card:visible")).to_have_count(1)


def test_a_link_to_an_update_is_copied_and_the_reader_told(browser, site):
    incident = next(row for row in truth_at("15:10").open_incidents if row.title == "Sign-in fails")
    tab = site.open(browser, incident.url_path, permissions=["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Share").first.click()
    expect(tab.locator(".said")).to_have_text("Link copied.")
    expect(tab.locator("#live")).to_have_text("Link copied.")
    said = tab.evaluate("navigator.clipboard.readText()")
    assert said == f"http://127.0.0.1:8000{incident.url_path}#update-{incident.newest.code}"


def test_where_the_system_can_share_it_is_asked_to_and_who_changes_their_mind_sees_no_error(browser, site):
    incident = truth_at("15:10").open_incidents[0]
    tab = site.open(browser, incident.url_path)
    tab.evaluate(
        """() => {
            navigator.share = told => { window.told = told; return Promise.reject(new DOMException("", "AbortError")) };
        }"""
    )
    tab.get_by_role("button", name="Share").first.click()
    until_true(tab, "!!window.told")
    assert tab.evaluate("window.told.url").endswith(f"{incident.url_path}#update-{incident.newest.code}")
    assert incident.title in tab.evaluate("window.told.title")
    assert site.complaints == []


def test_what_is_copied_as_text_is_what_the_mail_says(browser, site):
    incident = next(row for row in truth_at("15:10").open_incidents if row.title == "Sign-in fails")
    post_update(
        Incident.objects.get(pk=incident.number), "identified", now=utc("2026-06-23 15:12"),
        body="It is the **router**.\n\n- first\n- second, see [the list](https://x.example/)",
    )  # fmt: skip
    event = OutboxEvent.objects.latest("pk")
    mailed = event.facts["update"]["text"]
    assert mailed == "It is the router.\n\n- first\n- second, see the list (https://x.example/)"
    truth = truth_at("15:13")
    incident = next(row for row in truth.open_incidents if row.title == "Sign-in fails")
    site.pages = every_page(truth)
    for path in (incident.url_path, f"{incident.url_path}/oldest-first"):
        tab = site.open(browser, path, permissions=["clipboard-read", "clipboard-write"])
        newest = tab.locator(f"#update-{incident.newest.code}")
        newest.get_by_role("button", name="Copy as text").click()
        expect(newest.locator(".said")).to_have_text("Copied.")
        address = f"http://127.0.0.1:8000{incident.url_path}"
        assert tab.evaluate("navigator.clipboard.readText()") == (
            "Sign-in fails\nIdentified · 23 Jun 2026, 15:12 UTC\n\n"
            f"{mailed}\n\n{address}#update-{incident.newest.code}\n"
        )
        tab.locator(".head").get_by_role("button", name="Copy as text").click()
        expect(tab.locator(".head .said")).to_have_text("Copied.")
        whole = tab.evaluate("navigator.clipboard.readText()")
        assert whole == site.pages[f"{incident.url_path}.txt"].body.decode()
        assert mailed in whole
        assert whole.count("#update-") == 2
        tab.context.close()


def test_a_page_that_is_not_secure_copies_too(browser):
    _leaves, site = two_troubles()
    site.origin = Site.origin
    incident = truth_at("15:10").open_incidents[0]
    tab = site.open(browser, incident.url_path)
    tab.evaluate("document.addEventListener('copy', () => window.copied = document.activeElement.value)")
    tab.get_by_role("button", name="Share").first.click()
    expect(tab.locator(".said")).to_have_text("Link copied.")
    assert tab.evaluate("window.copied").endswith(f"#update-{incident.newest.code}")


def test_the_tools_are_small_and_never_fetched_from_elsewhere():
    body = affected.tools().body
    assert len(gzip.compress(body, 6)) <= 10 * 1024
    assert b"http:" not in body
    assert b"https:" not in body
    assert affected.tools().cache_control == "public, max-age=31536000, immutable"


def test_a_script_is_shortened_without_touching_texts_properties_or_what_stands_for_them():
    source = """
    // A comment.
    const main = one("main; const main"), told = { main: 1, length };
    const go = (next, where) => next.main + where.main;
    go(({ target }) => target);
    """
    short = shrinking.short_script(source)
    assert '"main; const main"' in short
    assert "{main:1,length}" in short
    assert "({target})=>target" in short
    assert ".main" in short
    assert "told" not in short
    assert "where" not in short

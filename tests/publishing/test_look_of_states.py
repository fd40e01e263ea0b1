"""The front page in every state that a page gets into, in a real browser: readable, whole, its answers first."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from tests.factories import MARIA, make_component, open_incident, post_update, utc
from tests.looking import violations
from tests.publishing import planned_world, test_branding
from tests.publishing.page_world import (
    FOUNDED,
    add_past,
    all_pages,
    open_the_incident,
    ten_components,
    text_of,
    truth_at,
)
from tests.publishing.test_look import PHONE, RULES, Site

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
pytestmark = [pytest.mark.browser, pytest.mark.django_db]
ARABIC = "ارتفاع معدل الأخطاء (HTTP 500) في واجهة API"


def one() -> None:
    open_the_incident(ten_components())


def five() -> None:
    leaves = ten_components()
    for number, level in enumerate(("major_outage", "degraded_performance", "partial_outage", "degraded_performance")):
        open_incident(
            leaves[number], title=f"Trouble of kind {number}", level=level, started_at=utc("2026-06-23 14:30"),
            next_update_due_at=utc(f"2026-06-23 15:{number}5"), now=utc("2026-06-23 14:40"),
        )  # fmt: skip
    open_incident(title="Exports are slow", now=utc("2026-06-23 14:50"))


def maintenance() -> None:
    leaves = ten_components()
    planned_world.plan(
        leaves[0], code="mntaaaaaaaa1", title="Moved", scheduled_for=utc("2026-06-24 22:00"),
        scheduled_until=utc("2026-06-25 01:00"),
    )  # fmt: skip
    over = planned_world.plan(
        leaves[1], code="mntaaaaaaaa2", title="Index rebuilt", scheduled_for=utc("2026-06-23 12:00"),
        scheduled_until=utc("2026-06-23 13:00"),
    )  # fmt: skip
    planned_world.begin(over, utc("2026-06-23 12:00"))


def a_hundred() -> None:
    page_actions.edit_page(actor=MARIA, name="Acme Cloud", time_zone="Etc/UTC", now=FOUNDED)
    leaves = []
    for area in ("Compute", "Storage", "Network", "Identity", "Billing", "Search", "Mail", "Edge", "Support", "Logs"):
        group = component_actions.add_component(actor=MARIA, name=area, is_group=True, now=FOUNDED)
        leaves += [make_component(f"{area} {number}", group_id=group.pk, now=FOUNDED) for number in range(1, 11)]
    add_past(leaves[:20])
    open_incident(
        leaves[12], title="Storage answers slowly", level="degraded_performance", started_at=utc("2026-06-23 14:30"),
        next_update_due_at=utc("2026-06-23 15:40"), now=utc("2026-06-23 14:40"),
    )  # fmt: skip


def nothing() -> None:
    """A page that somebody has just set up."""


def from_right_to_left() -> None:
    page_actions.edit_page(actor=MARIA, name="حالة الخدمة", time_zone="Etc/UTC", now=FOUNDED)
    leaf = make_component("שירות אימות", now=FOUNDED)
    row = open_incident(leaf, title=ARABIC, body="نحقق في الأمر.", advice="נסו שוב בעוד 5 דקות.",
                        started_at=utc("2026-06-23 14:30"), now=utc("2026-06-23 14:52"))  # fmt: skip
    post_update(row, body="מצאנו את התקלה: failover.", now=utc("2026-06-23 15:02"))


def branded() -> None:
    one()
    test_branding.whole()


STATES: list[Callable[[], None]] = [one, five, maintenance, a_hundred, nothing, from_right_to_left, branded]


def is_on_the_first_screen(tab: Tab, words: str) -> bool:
    box = tab.get_by_text(words).first.bounding_box()
    return box is not None and box["y"] + box["height"] <= PHONE["height"]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_in_either_theme_and_nothing_scrolls_sideways(browser, state):
    state()
    site = Site(all_pages(truth_at("15:10")))
    tab = site.open(browser, "/")
    assert violations(tab, RULES) == []
    for width in (320, 375, 1280):
        tab.set_viewport_size({"width": width, "height": 700})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert set(site.asked) == {"/"}
    assert site.complaints == []
    tab.context.close()


def test_of_five_incidents_each_is_named_on_the_first_screen_and_a_tap_away(browser):
    five()
    tab = Site(all_pages(truth_at("15:10"))).open(browser, "/")
    listed = tab.locator(".jump a")
    assert listed.count() == 5
    for link in listed.all():
        box = link.bounding_box()
        assert box["y"] + box["height"] <= PHONE["height"]
        assert box["height"] >= 24
        assert tab.locator(link.get_attribute("href") or "").locator("h3").inner_text() == link.inner_text()
    assert listed.first.inner_text() == "Trouble of kind 0"
    assert is_on_the_first_screen(tab, "Subscribe")


def test_of_a_hundred_components_those_in_trouble_are_shown_and_the_rest_folded(browser):
    a_hundred()
    tab = Site(all_pages(truth_at("15:10"))).open(browser, "/")
    for words in ("Partially Degraded", "Storage answers slowly", "Started", "Next update by 15:40 UTC", "Subscribe"):
        assert is_on_the_first_screen(tab, words), words
    groups = tab.locator("details.group")
    assert groups.count() == 10
    assert [group.get_attribute("id") for group in groups.all() if group.get_attribute("open") is not None] == [
        "g-storage"
    ]


def test_a_title_from_right_to_left_begins_at_the_right_as_its_text_does(browser):
    from_right_to_left()
    tab = Site(all_pages(truth_at("15:10"))).open(browser, "/")
    sides = "el => [getComputedStyle(el).direction, getComputedStyle(el).textAlign]"
    assert tab.locator(".card .incident-title bdi").evaluate(sides) == ["rtl", "start"]
    assert tab.locator(".card .text").first.evaluate("el => getComputedStyle(el).direction") == "rtl"
    name = tab.locator("a.name bdi").bounding_box()
    assert name["x"] <= 24
    assert tab.locator("html").evaluate("el => getComputedStyle(el).direction") == "ltr"


def test_a_new_page_claims_no_quiet_days(browser):
    nothing()
    truth = truth_at("15:10")
    front = all_pages(truth)["/"]
    assert "No incidents." not in text_of(front)
    assert "From the first day on, each day will stand here" in text_of(front)
    make_component(start_date=date(2026, 6, 21), now=utc("2026-06-21 10:00"))
    front = all_pages(truth_at("15:10"))["/"]
    assert text_of(front).count("No incidents.") == 3
    assert "Of the days before that, this page knows nothing." in text_of(front)


def test_a_long_name_takes_two_lines_at_most(browser):
    page_actions.edit_page(actor=MARIA, name="Very long words " * 12, time_zone="Etc/UTC", now=FOUNDED)
    make_component(now=FOUNDED)
    tab = Site(all_pages(truth_at("15:10"))).open(browser, "/")
    assert tab.locator("header.site").bounding_box()["height"] <= 84


def test_the_logo_of_either_theme_stands_where_the_name_was(browser):
    branded()
    tab = Site(all_pages(truth_at("15:10"))).open(browser, "/", color_scheme="light")
    assert tab.get_by_role("img", name="Claude Status").count() == 1
    assert tab.locator(".by-day").is_visible()
    tab.get_by_role("button", name="Light or dark").click()
    expect(tab.locator(".by-night")).to_be_visible()
    assert not tab.locator(".by-day").is_visible()
    assert tab.locator(".by-night").evaluate("el => el.naturalWidth") > 0
    assert tab.get_by_role("link", name="Claude Status").get_attribute("href") == "/"

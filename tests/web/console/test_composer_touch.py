"""The composer on a phone: a thumb, 375 px, nothing hidden under the bar with the button."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from incidents.models import Incident
from tests.composer_world import signed_in_at
from tests.factories import make_component, make_region, make_subscriber

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SOON = 15_000
TARGETS = "main :is(a, button, summary, select, textarea, input:not([type=hidden]))"
SMALL = """([targets, least]) => [...document.querySelectorAll(targets)]
  .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.as-public, .letter, p.line, small'))
  .map((e) => (e.matches('[type=checkbox], [type=radio]') && e.closest('label')) || e)
  .filter((e) => { const b = e.getBoundingClientRect(); return b.width && (b.height < least || b.width < 24); })
  .map((e) => e.outerHTML.slice(0, 120))"""
HIDDEN = """() => { const bar = document.querySelector('.posting').getBoundingClientRect(), e = document.activeElement;
  if (e.closest('.posting') || e === document.body) return '';
  const b = e.getBoundingClientRect();
  return b.top >= bar.top - 1 && bar.bottom > b.top ? e.outerHTML.slice(0, 120) : ''; }"""


@pytest.fixture
def phone(browser, live_server, responder):
    make_subscriber()
    regions = [make_region("eu"), make_region("us")]
    make_component("API", region_ids=[region.pk for region in regions])
    for name in ("Checkout", "Dashboard", "Payments with a rather long name", "Webhooks"):
        make_component(name)
    context = browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 375, "height": 667}, device_scale_factor=2
    )
    yield signed_in_at(context.new_page(), live_server.url)
    context.close()


def at_new_incident(tab):
    tab.get_by_role("link", name="New incident").tap()
    tab.wait_for_url("**/incidents/open")
    return tab


def narrow(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375, tab.url


def test_open_update_and_resolve_with_a_thumb(phone):
    tab = at_new_incident(phone)
    narrow(tab)
    tab.get_by_label("Title", exact=True).tap()
    tab.get_by_label("Title", exact=True).fill("Errors on the API")
    tab.get_by_label("Update", exact=True).fill("We are looking into it.")
    for name in ("API", "Checkout", "Payments"):
        tab.locator(".row .one", has_text=name).tap()
    tab.locator(".together .choice", has_text="Major outage").tap()
    expect(tab.locator("#picked")).to_contain_text("Major outage", timeout=SOON)
    narrow(tab)
    tab.locator("[data-post]").tap()
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)
    narrow(tab)
    incident = Incident.objects.get()
    assert incident.intervals.count() == 3
    tab.get_by_role("link", name="Post an update").tap()
    tab.get_by_label("Update", exact=True).fill("The cause is known.")
    tab.locator(".stages .choice", has_text="Identified").tap()
    tab.locator("[data-post]").tap()
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)
    tab.get_by_role("link", name="Resolve", exact=True).tap()
    expect(tab.locator(".recovery")).to_be_visible()
    tab.get_by_label("Update", exact=True).fill("It is over.")
    narrow(tab)
    tab.locator("[data-post]").tap()
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)
    incident.refresh_from_db()
    assert [row.stage for row in incident.updates.all()] == ["investigating", "identified", "resolved"]
    assert not incident.intervals.filter(ended_at__isnull=True).exists()


def test_what_a_thumb_aims_at_is_large_enough(phone):
    tab = at_new_incident(phone)
    tab.locator(".row .one", has_text="API").tap()
    tab.locator(".more > summary").tap()
    assert tab.evaluate(SMALL, [TARGETS, 24]) == []
    main = ".row .one, .together .choice, .stages .choice, .due .choice, .notify, .pick > input, #id_title, #id_body"
    assert tab.evaluate(SMALL, [f"[data-post], {main}", 44]) == []


def test_the_bar_with_the_button_never_hides_what_has_the_focus(phone):
    tab = at_new_incident(phone)
    tab.locator("details.more > summary").tap()
    tab.get_by_label("Title", exact=True).focus()
    seen = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        assert tab.evaluate(HIDDEN) == ""
        seen.add(tab.evaluate("document.activeElement.name || ''"))
    assert {"body", "pick", "picked", "due", "advice", "step"} <= seen


def test_fields_say_which_keyboard_they_want(phone):
    tab = at_new_incident(phone)
    hints = tab.evaluate(
        "Object.fromEntries(['title', 'body', 'pick', 'started_at'].map((name) => {"
        " const e = document.querySelector(`#composer [name=${name}]`);"
        " return [name, [e.enterKeyHint, e.autocapitalize, e.inputMode]]; }))"
    )
    assert hints == {
        "title": ["next", "sentences", ""], "body": ["enter", "sentences", ""], "pick": ["done", "none", ""],
        "started_at": ["", "", "text"],
    }  # fmt: skip

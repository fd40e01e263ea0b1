"""Every state of the composer in both themes and at both widths: no rule of accessibility broken, nothing sideways."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.actions import page as page_actions
from incidents.models import PublicPage
from tests.composer_world import signed_in_at
from tests.factories import MARIA, make_component, make_region, make_subscriber, open_incident, post_update
from tests.looking import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SOON = 15_000


@pytest.fixture
def tab(page, live_server, responder):
    make_subscriber()
    make_component("API", region_ids=[make_region("eu").pk, make_region("us").pk])
    for name in ("Checkout", "Dashboard", "Payments", "Webhooks"):
        make_component(name)
    page_actions.save_template(actor=MARIA, name="First words", stage="investigating", body="We see {what}.")
    return signed_in_at(page, live_server.url)


def sound(tab, state):
    for width in (375, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
        assert violations(tab, {"runOnly": TAGS, "resultTypes": ["violations"]}) == [], (state, width)


def test_from_empty_to_restored(tab, live_server):
    tab.goto(f"{live_server.url}/console/incidents/open")
    sound(tab, "empty")
    tab.get_by_label("Title", exact=True).fill("Errors on the API")
    tab.get_by_label("Update", exact=True).fill("One in ten requests fails. نحقق في المشكلة")
    tab.locator("#id_pick").fill("api 2=m")
    expect(tab.locator("#picked")).to_contain_text("API, Checkout: Major outage", timeout=SOON)
    for each in ("Page", "Front page", "E-mail"):
        tab.locator(".tabs .choice", has_text=each).last.click()
        sound(tab, each)
    tab.context.set_offline(True)
    tab.locator("[data-post]").click()
    expect(tab.locator("#unposted")).to_be_visible(timeout=SOON)
    tab.locator("[data-hold]").click()
    sound(tab, "offline")
    tab.context.set_offline(False)
    expect(tab.locator("#saved")).to_contain_text("Saved", timeout=SOON)
    tab.reload()
    expect(tab.get_by_text("Your draft was restored.")).to_be_visible()
    sound(tab, "restored")
    tab.locator("#id_pick").fill("zzz =q")
    tab.locator("[data-post]").click()
    expect(tab.get_by_text("Nothing was saved")).to_be_visible(timeout=SOON)
    sound(tab, "error")


def test_from_conflict_to_undo(tab, live_server):
    incident = open_incident(make_component("Search"), now=timezone.now() - timedelta(hours=1), is_notifying=False)
    PublicPage.objects.update(undo_seconds=120)
    tab.goto(f"{live_server.url}/console/incidents/{incident.code}/resolve")
    tab.get_by_label("Update", exact=True).fill("It is over.")
    expect(tab.locator(".of-page .changes")).to_contain_text("Search", timeout=SOON)
    sound(tab, "resolve")
    post_update(incident, body="She was quicker.", is_notifying=False)
    tab.locator("[data-post]").click()
    expect(tab.get_by_text("Posted while you were writing")).to_be_visible(timeout=SOON)
    sound(tab, "conflict")
    tab.locator("[data-post]").click()
    tab.wait_for_url("**/incidents/*#update-*", timeout=SOON)
    expect(tab.locator(".waiting")).to_contain_text("Goes to 1 subscriber in")
    sound(tab, "undo")

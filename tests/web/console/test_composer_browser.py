"""The composer in a real browser: how fast it is with keys and with a thumb, measured."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.models import Draft, Incident, OutboxEvent
from tests.composer_world import SECONDS_A_KEY, Keys, signed_in_at
from tests.factories import make_component, make_subscriber, open_incident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
TITLE = "Errors on the API"
BODY = "Requests fail since 14:30 UTC. We are looking into it."


@pytest.fixture
def world():
    """Five components, as many as a person tells apart; two people who want to know."""
    make_subscriber("all@example.org")
    make_subscriber("more@example.org")
    return [make_component(name) for name in ("API", "Checkout", "Dashboard", "Payments", "Webhooks")]


@pytest.fixture
def tab(page, live_server, responder, world):
    return signed_in_at(page, live_server.url)


def test_an_incident_with_three_components_is_opened_within_twenty_seconds_and_twelve_keys(tab):
    keys = Keys(tab)
    begin = time.monotonic()
    keys.press("n")
    tab.wait_for_url("**/incidents/open")
    keys.type(TITLE)
    keys.press("Enter")
    keys.type(BODY)
    keys.press("Tab")
    keys.press(*"1 2 4")
    keys.press(*"=m")
    keys.press("Control+Enter")
    tab.wait_for_url("**/incidents/*#update-*")
    machine = time.monotonic() - begin
    beyond = keys.count() - len(TITLE) - len(BODY)
    seconds = machine + keys.count() * SECONDS_A_KEY
    print(f"opened: {beyond} keys beyond the text, {machine:.1f} s of the machine, {seconds:.1f} s by hand")
    incident = Incident.objects.get()
    held = incident.intervals.order_by("component__position").values_list("component__name", "level")
    assert list(held) == [(name, "major_outage") for name in ("API", "Checkout", "Payments")]
    assert OutboxEvent.objects.get(verb="incident.opened").reach == "subscribers"
    assert incident.updates.get().body == BODY
    assert beyond <= 12
    assert seconds <= 20


def test_an_update_is_posted_from_the_overview_within_ten_seconds(tab, world):
    incident = open_incident(world[0], title=TITLE, is_notifying=False)
    tab.reload()
    keys = Keys(tab)
    begin = time.monotonic()
    keys.press("j", "Enter")
    tab.wait_for_url(f"**/incidents/{incident.code}")
    keys.press("u")
    tab.wait_for_url("**/update")
    keys.type("The cause is known.")
    keys.press("Alt+s")
    keys.press("Control+Enter")
    tab.wait_for_url("**/incidents/*#update-*")
    machine = time.monotonic() - begin
    beyond = keys.count() - len("The cause is known.")
    seconds = machine + keys.count() * SECONDS_A_KEY
    print(f"updated: {beyond} keys beyond the text, {machine:.1f} s of the machine, {seconds:.1f} s by hand")
    incident.refresh_from_db()
    assert incident.stage == "identified"
    assert seconds <= 10


def test_components_are_picked_with_the_mouse_alone(tab, world):
    tab.get_by_role("link", name="New incident").click()
    tab.get_by_label("Title", exact=True).fill(TITLE)
    tab.get_by_label("Update", exact=True).fill(BODY)
    for name in ("API", "Checkout"):
        tab.locator(".row .one", has_text=name).click()
    tab.locator(".together .choice", has_text="Degraded").click()
    expect(tab.locator("#picked")).to_contain_text("API, Checkout")
    expect(tab.locator(".preview .changes")).to_contain_text("API and Checkout")
    tab.locator("[data-post]").click()
    tab.wait_for_url("**/incidents/*#update-*")
    assert set(Incident.objects.get().intervals.values_list("level", flat=True)) == {"degraded_performance"}


def test_the_seconds_to_undo_count_down_and_undo_brings_the_text_back(tab, world, drain):
    incident = open_incident(world[0], title=TITLE, is_notifying=False, now=timezone.now() - timedelta(hours=1))
    tab.goto(tab.url + f"incidents/{incident.code}/resolve")
    tab.get_by_label("Update", exact=True).fill("It is over.")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_url("**/incidents/*#update-*")
    waiting = tab.locator(".waiting")
    expect(waiting).to_contain_text("Goes to 2 subscribers in")
    first = int(waiting.locator("[data-countdown]").inner_text().split()[1])
    expect(waiting.locator("[data-countdown]")).to_have_text(f"in {first - 2} s", timeout=5000)
    tab.keyboard.press("z")
    tab.wait_for_url("**/resolve")
    expect(tab.get_by_label("Update", exact=True)).to_have_value("It is over.")
    expect(tab.get_by_text("Taken back, and nobody was told.")).to_be_visible()
    incident.refresh_from_db()
    assert incident.is_open
    drain(timezone.now() + timedelta(minutes=1))
    assert not incident.deliveries.exists()
    assert Draft.objects.get(state="writing").fields["body"] == ["It is over."]

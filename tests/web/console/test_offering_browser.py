"""Offering in a real browser: the button offers, with and without a connection, and nothing is posted."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions import offering
from incidents.domain.drafts import DraftState
from incidents.models import Draft, Incident
from tests.composer_world import signed_in_at
from tests.factories import MARIA, make_component, open_incident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SOON = 15_000  # ms; two cores may be busy


@pytest.fixture
def incident(db: None) -> Incident:
    """An open one, of a page on which a second person publishes."""
    row = open_incident(make_component("API"), title="Errors")
    offering.set_four_eyes(actor=MARIA, is_on=True)
    return row


@pytest.fixture
def tab(page: Tab, live_server: Any, responder: Any, incident: Incident) -> Tab:
    """On the form of an update."""
    signed_in_at(page, live_server.url)
    page.goto(f"{live_server.url}/console/incidents/{incident.code}/update")
    page.get_by_label("Update", exact=True).fill("The cause is known.")
    return page


def assert_offered_once(tab: Tab, incident: Incident) -> None:
    expect(tab.get_by_text("Offered. Somebody else publishes it now.")).to_be_visible()
    expect(tab.locator(".preview")).to_contain_text("The cause is known.")
    draft = Draft.objects.get()
    assert tab.url.endswith(f"/console/drafts/{draft.code}")
    assert (draft.state, draft.fields["body"]) == (DraftState.OFFERED, ["The cause is known."])
    assert incident.updates.count() == 1


@pytest.mark.parametrize("by", ["button", "keys"])
def test_the_button_and_the_keys_offer(tab, incident, by):
    button = tab.get_by_role("button", name="Offer for publication")
    if by == "button":
        button.click()
    else:
        tab.keyboard.press("Control+Enter")
    tab.wait_for_url(re.compile("/drafts/"), timeout=SOON)
    assert_offered_once(tab, incident)


def test_without_a_connection_it_is_kept_and_offered_once_there_is_one(tab, incident):
    tab.context.set_offline(True)
    tab.get_by_role("button", name="Offer for publication").click()
    expect(tab.locator("#unposted")).to_contain_text("there is no connection")
    tab.context.set_offline(False)
    tab.wait_for_url(re.compile("/drafts/"), timeout=SOON)
    assert_offered_once(tab, incident)


def test_whoever_wrote_before_the_rule_was_set_is_told_and_offers_the_same_text(page, live_server, responder):
    incident = open_incident(make_component("API"), title="Errors")
    signed_in_at(page, live_server.url)
    page.goto(f"{live_server.url}/console/incidents/{incident.code}/update")
    page.get_by_label("Update", exact=True).fill("The cause is known.")
    offering.set_four_eyes(actor=MARIA, is_on=True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#errors")).to_contain_text("a second person publishes")
    expect(page.get_by_label("Update", exact=True)).to_have_value("The cause is known.")
    page.get_by_role("button", name="Offer for publication").click()
    page.wait_for_url(re.compile("/drafts/"), timeout=SOON)
    assert_offered_once(page, incident)

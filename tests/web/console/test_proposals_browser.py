"""Proposals and sources in a real browser: one click publishes, and no page breaks a rule of accessibility."""

from __future__ import annotations

import os

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from incidents.actions import proposal
from incidents.actions.roles import set_roles
from incidents.domain.actor import SYSTEM
from incidents.models import Incident, Proposal
from tests.factories import MARIA, make_component
from tests.inbound_world import alert, make_rule, make_source, minutes_later, over, report

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def signed_in(page, live_server):
    """A browser in which an administrator has signed in."""
    user = User.objects.create_user("maria", password="correct horse battery")
    set_roles(actor=SYSTEM, user_id=user.pk, roles=["administrator"])
    page.goto(f"{live_server.url}/console/")
    page.get_by_label("Username").fill("maria")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/console/")
    return page


def a_night_on_call():
    """A source with rules and something wrong, what waits, what was published and is over, and what holds."""
    api, web = make_component("API"), make_component("Checkout for everybody")
    source, _key = make_source("alertmanager", "Prometheus in Frankfurt", dead_man_minutes=15)
    make_rule(source, api, match={"severity": "critical", "alertname": "HighErrorRate"})
    make_rule(source, web, act="hold", match={"job": "blackbox"}, level="partial_outage")
    labels = {"severity": "critical", "alertname": "HighErrorRate"}
    report(source, alert("1", labels=labels, title="Errors on the API", started_at=minutes_later(-20)))
    proposal.publish_proposal(actor=MARIA, proposal_id=Proposal.objects.get().pk)
    report(source, over("1", ended_at=minutes_later(-2)), alert("2", labels={"job": "blackbox"}))
    body = "The share of **failed** calls is 12 %.\n\nHost: " + "ip-10-0-0-1.eu-central-1.compute.internal" * 4
    for _ in range(3):
        report(source, alert("3", title="Latency of the search is above two seconds", body=body))
    source.refresh_from_db()
    type(source).objects.update(last_error="“alerts” must be a list of alerts.")
    return source


def test_a_proposal_is_published_from_the_overview_by_one_click(signed_in, live_server):
    page = signed_in
    a_night_on_call()
    page.goto(f"{live_server.url}/console/")
    page.get_by_role("button", name="Publish and notify").click()
    page.wait_for_url("**/incidents/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Latency of the search is above two seconds")
    expect(page.get_by_role("heading", name="What monitors and upstreams say")).to_be_visible()
    assert Incident.objects.count() == 2

"""Proposals and sources in a real browser: one click publishes, and no page breaks a rule of accessibility."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
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


@pytest.mark.slow
def test_no_page_of_monitors_breaks_a_rule_of_accessibility_nor_scrolls_sideways(signed_in, live_server):
    page, source = signed_in, a_night_on_call()
    waits, ended = Proposal.objects.get(state="open"), Proposal.objects.get(state="published")
    paths = [
        "", "proposals", f"proposals/{waits.pk}/edit", f"proposals/{ended.pk}/resolve", "sources", "sources/add",
        f"sources/{source.pk}/rules/add", f"incidents/{Incident.objects.get().code}",
    ]  # fmt: skip
    for path in paths:
        page.goto(f"{live_server.url}/console/{path}")
        for theme, width in (("light", 375), ("dark", 1280)):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]})
            assert found.violations_count == 0, f"{path} {theme}\n{found.generate_report()}"
    page.goto(f"{live_server.url}/console/sources")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Renew the key").click()
    expect(page.locator("code.address")).to_contain_text("/inbound/alertmanager/")
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

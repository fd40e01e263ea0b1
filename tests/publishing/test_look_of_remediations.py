"""The page of remediations in a real browser: readable by all, in both themes, narrow and wide."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from incidents.actions import remediation
from incidents.publishing import remediation_pages, snapshot
from incidents.publishing.tree import Page
from tests.factories import utc
from tests.publishing.test_look import RULES, Site
from tests.remediation_world import NOON, approver, author, make_factor, make_review, publish, save

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def every_state() -> dict[str, Page]:
    """A remediation in each state, one of them overdue and moved."""
    review = make_review()
    factors = [make_factor(review).pk]
    names = ("proposed", "accepted", "in_progress", "delivered", "verified", "declined", "superseded")
    rows = {
        name: save(
            review, title=f"Something {name}", body="With **weight**.\n\n- and a list", owner_team="Delivery",
            public_url="https://example.org/work", factor_ids=factors,
        )
        for name in names
    }  # fmt: skip
    publish(review)
    by: dict[str, Any] = {"actor": author(), "now": NOON}
    remediation.slip_remediation(
        **by, remediation_id=rows["delivered"].pk, due_on=date(2026, 7, 8), reason="The vendor was late."
    )
    for name in ("accepted", "in_progress", "delivered"):
        remediation.move_remediation(**by, remediation_id=rows[name].pk, state=name, status_note="It goes on.")
    remediation.move_remediation(**by, remediation_id=rows["verified"].pk, state="delivered")
    remediation.verify_remediation(
        actor=approver(), now=NOON, remediation_id=rows["verified"].pk, method="drill", evidence="It *held*."
    )
    remediation.decline_remediation(**by, remediation_id=rows["declined"].pk, reason="It costs more than it saves.")
    remediation.supersede_remediation(
        **by, remediation_id=rows["superseded"].pk, by_id=rows["verified"].pk, reason="The other does both."
    )
    return {page.path: page for page in remediation_pages.hot(snapshot.build(utc("2026-07-10 12:00")))}


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1280, "dark")])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, every_state, width, scheme):
    tab = Site(every_state).open(
        browser, "/remediations", color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator(".remediation").count() == 7
    found = Axe().run(tab, options=RULES).response["violations"]
    assert [(row["id"], [node["html"][:120] for node in row["nodes"]][:3]) for row in found] == []
    tab.context.close()

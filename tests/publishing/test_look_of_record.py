"""The pages of the record in a real browser: agreements, verdicts, corrections and tombstones, readable by all."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Browser

from incidents.actions import agreement, incident, ledger, withholding
from incidents.models import ImpactInterval, Verdict
from incidents.publishing import agreement_pages, pages, snapshot
from incidents.publishing.tree import Page
from tests.agreement_world import JULY, agree, second_vector
from tests.factories import MARIA, make_component, open_incident, utc
from tests.looking import violations
from tests.publishing.test_look import RULES, SITE, Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]
LATER = utc("2026-07-02 09:00")


@pytest.fixture
def corrected() -> dict[str, Page]:
    """A verdict that a correction of the ledger issued again, a withheld text and a withdrawn incident."""
    agree(second_vector())
    agreement.issue_due_verdicts(JULY)
    wrong = ImpactInterval.objects.get(level="major_outage")
    ledger.correct_interval(
        actor=MARIA, interval_id=wrong.pk, level="major_outage", started_at=utc("2026-06-01 09:00"),
        ended_at=wrong.ended_at, reason="The logs show errors from 09:00.", now=LATER,
    )  # fmt: skip
    web = make_component("Web", now=utc("2026-01-01 00:00"))
    leaking = open_incident(web, now=LATER)
    text = incident.post_update(actor=MARIA, incident_id=leaking.pk, stage="identified", body="A secret.", now=LATER)
    withholding.withhold_text(actor=MARIA, update_id=text.pk, reason="It held a password.", now=LATER)
    mistaken = open_incident(web, title="Nothing", now=LATER)
    withholding.withdraw_incident(actor=MARIA, incident_id=mistaken.pk, reason="A drill.", now=LATER)
    truth = snapshot.build(LATER)
    made = (pages, agreement_pages)
    found = itertools.chain(
        (page for each in made for page in each.hot(truth)),
        (cold.render() for each in made for cold in each.cold(truth)),
    )
    return {page.path: page for page in found if page.content_type.startswith("text/html")}


def test_a_correction_of_the_ledger_issues_the_verdict_again_and_says_so(corrected):
    first, second = Verdict.objects.order_by("number")
    assert [row.document["counted_seconds"] for row in (first, second)] == [str(69 * 60), str(129 * 60)]
    assert second.reason == "The logs show errors from 09:00."
    told = corrected["/corrections"].body.decode()
    assert "verdict of 2026-06" in told
    assert told.count("The logs show errors from 09:00.") == 2


def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, corrected):
    site = Site(corrected)
    looked_at = [path for path in corrected if path.startswith(("/agreements", "/corrections", "/incidents"))]
    assert {"/agreements", "/agreements/enterprise/2026-06", "/corrections"} < set(looked_at)
    for path in looked_at:
        tab = site.open(browser, path, viewport={"width": 1280, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 1280, SITE + path
        tab.set_viewport_size({"width": 375, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 375, SITE + path
        assert violations(tab, RULES) == [], path
        tab.context.close()

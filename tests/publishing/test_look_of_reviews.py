"""Published reviews in a real browser: readable by all, on a phone and on paper."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from incidents.publishing import pages, review_pages, snapshot
from incidents.publishing.tree import Page
from tests.factories import make_component, open_incident, post_update, utc
from tests.looking import violations
from tests.publishing.review_world import SLUG, a_correction, a_review, an_envelope, make_review, publish, retract
from tests.publishing.test_look import RULES, SITE, Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]
PATH = f"/reviews/{SLUG}"
NOW = utc("2026-07-05 09:00")


@pytest.fixture
def reviewed() -> dict[str, Page]:
    """A corrected review, a retracted one, and the pages that point at them."""
    incident = open_incident(make_component("Claude.ai"), now=utc("2026-06-23 14:52"))
    post_update(incident, "resolved", now=utc("2026-06-23 18:15"))
    review, first = make_review(incident), an_envelope(a_review(incident.code))
    publish(review, first)
    publish(review, a_correction(first))
    gone = make_review(incident, slug="gone")
    publish(gone, first)
    retract(gone, first)
    truth = snapshot.build(NOW)
    made = (*pages.hot(truth), *review_pages.hot(truth))
    cold = (page.render() for each in (pages, review_pages) for page in each.cold(truth))
    return {page.path: page for page in (*made, *cold)}


def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, reviewed):
    site = Site(reviewed)
    incident = next(path for path in reviewed if path.startswith("/incidents/"))
    paths = ("/reviews", PATH, f"{PATH}/versions/1", f"{PATH}/changes/1/2", "/reviews/gone", "/reviews/gone/versions/1")
    for path in (*paths, incident, "/"):
        tab = site.open(browser, path, viewport={"width": 1280, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 1280, SITE + path
        tab.set_viewport_size({"width": 375, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= 375, SITE + path
        assert violations(tab, RULES) == [], path
        assert [line for line in site.complaints if "410" not in line] == [], path
        tab.context.close()


def test_the_drawing_keeps_its_letters_on_a_phone(browser: Browser, reviewed):
    site = Site(reviewed)
    sizes: dict[int, Any] = {}
    for width in (375, 1280):
        tab = site.open(browser, PATH, viewport={"width": width, "height": 800})
        texts = tab.locator(".drawing > g:not(.axis) text")
        boxes = [texts.nth(index).bounding_box() for index in range(texts.count())]
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), boxes
        sizes[width] = [box and box["height"] for box in boxes]
        tab.context.close()
    assert sizes[375] == sizes[1280]
    assert min(sizes[375]) >= 12


def test_the_printed_review_is_whole_light_and_without_what_only_a_screen_needs(browser: Browser, reviewed):
    tab = Site(reviewed).open(browser, PATH, viewport={"width": 1280, "height": 800}, color_scheme="dark")
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    tab.emulate_media(media="print")
    for hidden in ("header.site nav", ".contents", ".downloads", "[data-do]"):
        assert not tab.locator(hidden).first.is_visible(), hidden
    for shown in (".glance", ".drawing", "#facts", "#versions"):
        assert tab.locator(shown).first.is_visible(), shown
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(27, 29, 31)"
    printed = tab.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") <= 12 or len(printed) > 20_000
    tab.context.close()

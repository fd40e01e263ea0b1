"""Published reviews in a real browser: readable by all, on a phone and on paper."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from incidents.publishing import pages, review_pages, snapshot
from incidents.publishing.tree import Page
from tests import every_public_world
from tests.publishing.review_world import SLUG
from tests.publishing.test_look import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]
PATH = f"/reviews/{SLUG}"


@pytest.fixture
def reviewed() -> dict[str, Page]:
    """A corrected review, a retracted one, and the pages that point at them."""
    truth = snapshot.build(every_public_world.reviewed()["now"])
    made = (*pages.hot(truth), *review_pages.hot(truth))
    cold = (page.render() for each in (pages, review_pages) for page in each.cold(truth))
    return {page.path: page for page in (*made, *cold)}


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

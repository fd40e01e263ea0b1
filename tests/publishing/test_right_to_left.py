"""Public pages in a language that is read from the right, in a real browser: mirrored as a whole, nothing cut off."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser

from tests.looking import violations
from tests.publishing.page_world import add_past, all_pages, open_the_incident, ten_components, truth_at
from tests.publishing.test_look import RULES, Site
from tests.unspoken import RIGHT, spoken

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
pytestmark = [pytest.mark.browser, pytest.mark.django_db]
KINDS = ("/", "/incidents/", "/components/", "/uptime/", "/history", "/subscribe")
# Where the first and the last day with trouble stand on the screen, of the first bar that has two of them.
DAYS = """[...document.querySelectorAll('svg.bars')]
  .map(bar => [...bar.querySelectorAll('path title')].map(title => title.parentNode.getBoundingClientRect().x))
  .find(places => places.length > 1)"""


@pytest.fixture
def site() -> Site:
    """The middle of the incident, with trouble before it, on a page that is read from the right."""
    leaves = ten_components()
    add_past(leaves)
    open_the_incident(leaves)
    with spoken(RIGHT):
        return Site(all_pages(truth_at("15:10")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_from_the_right_is_sound_and_does_not_scroll_sideways(browser: Browser, site: Site, kind: str) -> None:
    path = next(
        path for path in sorted(site.pages) if (path.startswith(kind) if kind[1:] and kind[-1] == "/" else path == kind)
    )
    tab = site.open(browser, path)
    assert tab.locator("html").get_attribute("dir") == "rtl"
    assert violations(tab, RULES) == []
    for width in (320, 375, 1280):
        tab.set_viewport_size({"width": width, "height": 700})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        heading = tab.locator("h1").first.bounding_box()
        assert heading is not None
        assert heading["x"] >= 0
        assert heading["x"] + heading["width"] > width / 2
    assert site.complaints == []
    tab.context.close()


def test_the_days_of_a_bar_run_the_way_that_people_read(browser: Browser, site: Site) -> None:
    from_right = site.open(browser, "/")
    places = from_right.evaluate(DAYS)
    assert places == sorted(places, reverse=True)
    assert len(set(places)) > 1
    from_right.context.close()
    other = Site(all_pages(truth_at("15:10"))).open(browser, "/")
    places = other.evaluate(DAYS)
    assert places == sorted(places)
    assert len(set(places)) > 1
    other.context.close()

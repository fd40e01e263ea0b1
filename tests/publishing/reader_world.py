"""A site with everything that the tools of a reader fetch, and a browser's tab on it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component
from incidents.publishing import affected, downloads, pages, plain_text, uptime_pages
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page
from tests.factories import utc
from tests.looking import until_true
from tests.publishing.page_world import open_the_incident, ten_components, truth_at
from tests.publishing.test_look import Site

DESK = {"width": 1280, "height": 800}


class SecureSite(Site):
    """A site as it stands in the world: clipboard and sharing are there for secure pages alone."""

    origin = "https://status.example.com"


def every_page(truth: Snapshot) -> dict[str, Page]:
    """What a browser may ask for, by its address."""
    made = (pages, uptime_pages, affected, downloads, plain_text)
    found = [page for each in made for page in each.hot(truth)]
    found += [cold.render() for each in made for cold in each.cold(truth)]
    return {page.path: page for page in found}


def two_troubles() -> tuple[list[Component], SecureSite]:
    """At 15:10 of the story: one incident of the first component, one of the second, one that is over of the third."""
    leaves = ten_components()
    given: list[tuple[int, dict[str, Any]]] = [
        (0, {"title": "Sign-in fails", "started_at": utc("2026-06-23 14:30")}),
        (1, {"title": "Files are slow", "started_at": utc("2026-06-23 14:40"), "now": utc("2026-06-23 14:55")}),
    ]
    for number, more in given:
        level = Level.MAJOR_OUTAGE if number == 0 else Level.DEGRADED_PERFORMANCE
        open_the_incident(leaves, **{"components": [ComponentChange(leaves[number].pk, level)], **more})
    return leaves, SecureSite(every_page(truth_at("15:10")))


def settled(site: Site, browser: Browser, path: str, **context: Any) -> Tab:
    """A tab with a page whose script has come and done what the address asks."""
    tab = site.open(browser, path, **context)
    until_true(tab, "!!(window.page && window.page.use)")
    tab.wait_for_load_state("networkidle")
    return tab

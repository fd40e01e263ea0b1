"""Ways to look at a page in a real browser: axe in both themes, and waiting for what a script does."""

from __future__ import annotations

import time
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

DARK = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# What passes is not written up: it is most of the work.
RUN = "options => axe.run({...options, reporter: 'no-passes'}).then(told => told.violations)"


def violations(tab: Tab, rules: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """What axe finds in one visit, as (theme, rule, the first three elements): every rule of `rules` (its options) in
    the light theme, and in the dark one that which hangs on colours."""
    tab.evaluate(Axe().axe_script)
    tab.emulate_media(color_scheme="light")
    light = tab.evaluate(RUN, rules)
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate(RUN, DARK)
    return [
        (theme, row["id"], [node["html"][:160] for node in row["nodes"]][:3])
        for theme, rows in (("light", light), ("dark", dark))
        for row in rows
    ]


def until_true(tab: Tab, expression: str, seconds: float = 5) -> None:
    """Wait until JavaScript's `expression` is true on the page. Playwright's own waiting evaluates text inside the page
    from the second time on, which the content policy forbids. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not tab.evaluate(expression):
        assert time.monotonic() < end, f"not true after {seconds} s: {expression}"
        tab.wait_for_timeout(20)

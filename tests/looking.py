"""Axe in both themes, in one visit: every rule in the light one, and in the dark one that which hangs on colours."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

DARK = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


def violations(tab: Tab, rules: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """What axe finds, as (theme, rule, the first three elements). `rules`: its options for the light theme."""
    tab.emulate_media(color_scheme="light")
    light = Axe().run(tab, options=rules).response["violations"]
    tab.emulate_media(color_scheme="dark")
    dark = Axe().run(tab, options=DARK).response["violations"]
    return [
        (theme, row["id"], [node["html"][:160] for node in row["nodes"]][:3])
        for theme, rows in (("light", light), ("dark", dark))
        for row in rows
    ]

"""Every hostile text of the bad inputs, served by a live guard and looked at by a browser: none comes alive."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

from incidents.actions.refusals import Refused
from incidents.models import Incident
from tests.bad_inputs import GROUPS, expanded
from tests.factories import make_component, open_incident, post_update
from tests.live.guard import live_guard
from tests.live.test_crawl import OPEN_EVERYTHING, WATCH

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# What would show that a text came alive, whatever it was: an element that no page of ours has, or a handler.
ALIVE = """() => [...document.querySelectorAll("*")].filter((each) =>
  ["IFRAME", "OBJECT", "EMBED", "BASE", "MATH", "TEMPLATE", "MARQUEE"].includes(each.tagName)
  || (each.tagName === "IMG" && !each.src.startsWith("data:"))
  || [...each.attributes].some((one) => one.name.startsWith("on") || one.name === "style" || one.name === "srcdoc")
  || (each.tagName === "A" && each.hasAttribute("href") && !/^(https?:|mailto:)/.test(each.href))
).map((each) => each.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("group", ["markdown", "text_unicode_xml", "template_injection"])
def test_no_text_of_the_group_comes_alive_in_a_browser(
    group: str, page: Tab, drain: Callable[..., None], public_root: Path
) -> None:
    api = make_component("API")
    for case in GROUPS[group]:
        text = expanded(case["input"])
        if len(text) > 5_000:
            continue
        with suppress(Refused):  # what cannot be seen is no title
            made = open_incident(api, title=text[:200], body=text, advice=text)
            post_update(made, body=text)
        with suppress(Refused):
            make_component(text[:100])
    drain()
    assert Incident.objects.count() >= 8
    wrong: list[str] = []

    def dismissed(dialog: Any) -> None:
        wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.extend([said.text] if said.type == "error" else []))
    page.add_init_script(WATCH)
    with live_guard(public_root) as port:
        site = f"http://127.0.0.1:{port}"
        page.on("request", lambda asked: wrong.extend([] if _is_ours(asked.url, site) else [asked.url]))
        paths = [
            "/",
            "/history",
            "/uptime",
            "/subscribe",
            *(f"/incidents/{row.code}" for row in Incident.objects.all()),
        ]
        for path in paths:
            answer: Any = page.goto(site + path)
            assert answer.status in (200, 404), path
            page.evaluate(OPEN_EVERYTHING)
            assert page.evaluate(ALIVE) == [], path
    assert wrong == []


def _is_ours(address: str, site: str) -> bool:
    return address.startswith((f"{site}/", "data:"))

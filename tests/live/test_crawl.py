"""A browser walks the whole demonstration, as a reader and as an administrator, and opens whatever can be opened.

No page breaks its content policy, asks another origin, raises an error or is answered with a fault. Of each kind of
address (numbers, codes and dates taken for one another) two are looked at.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.live.running import Running, running

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]
SECONDS = float(os.environ.get("CRAWL_SECONDS", "120"))
DATA = (".json", ".csv", ".atom", ".rss", ".ics", ".svg", ".md", ".txt", ".py", ".eml", ".xml", ".jsonl", ".sh")
OF_ONE_KIND = 2
# Told by the browser for each breach, before any script of the page runs.
WATCH = """addEventListener("securitypolicyviolation", (event) =>
  console.error("BREACH", event.effectiveDirective, event.blockedURI, event.sourceFile, event.sample));"""
LINKS = """() => [...document.querySelectorAll("a[href], area[href]")].map((link) => link.href)"""
OPEN_EVERYTHING = """() => {
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  document.querySelectorAll("dialog").forEach((each) => { each.showModal(); each.close(); });
  document.querySelectorAll("[popover]").forEach((each) => { each.showPopover(); each.hidePopover(); });
  const fields = [...document.querySelectorAll("input:not([type=hidden]), textarea, select")];
  fields.forEach((each) => { each.focus(); each.dispatchEvent(new Event("input", { bubbles: true })); });
  return fields.length;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("crawled")) as found:
        yield found


class Walk:
    """One visitor: where they have been, and what went wrong there."""

    def __init__(self, site: Running, context: BrowserContext, until: float) -> None:
        self.site, self.context, self.until = site, context, until
        self.wrong: list[str] = []
        self.seen: set[str] = set()
        self.kinds: Counter[str] = Counter()
        self.fields = 0
        self.left = self.visited = 0
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("dialog", lambda dialog: dialog.dismiss())

    def walk(self, *starts: str) -> None:
        """Follow every link of this site from these addresses on, until there is none left or the time is up."""
        waiting = deque(self.site.url + each for each in starts)
        again: deque[str] = deque()  # a second one of a kind, after the first of every kind
        while (waiting or again) and time.monotonic() < self.until:
            address = waiting.popleft() if waiting else again.popleft()
            self.visited += 1
            for each in self._visit(address):
                found, kind = each.partition("#")[0], kind_of(each)
                if not found.startswith(f"{self.site.url}/") or found in self.seen or self.kinds[kind] >= OF_ONE_KIND:
                    continue
                self.seen.add(found)
                (again if self.kinds[kind] else waiting).append(found)
                self.kinds[kind] += 1
        self.left = len(waiting)

    def _visit(self, address: str) -> list[str]:
        path = urlsplit(address).path
        if path.endswith(DATA) or path.startswith(("/gate/", "/i/")) or "/export/" in path:
            head = self.context.request.head(address, max_redirects=0)
            if head.status >= 500 and not path.startswith("/gate/"):
                self.wrong.append(f"{address}: {head.status}")
            return []
        answer = self.page.goto(address, wait_until="load")
        if answer is None or not answer.headers.get("content-type", "").startswith("text/html"):
            return []
        links: list[str] = self.page.evaluate(LINKS)
        self.fields += self.page.evaluate(OPEN_EVERYTHING)
        for key in ("?", "Escape", "Control+k", "Escape"):
            self.page.keyboard.press(key)
        return links

    def _said(self, message: Any) -> None:
        if message.type == "error" and "status of 404" not in message.text:
            self.wrong.append(f"{self.page.url}: {message.text}")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.site.url:
            self.wrong.append(f"{self.page.url} asks {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= 500 and "/gate/" not in response.url:
            self.wrong.append(f"{response.url}: {response.status}")


def kind_of(address: str) -> str:
    """The address with whatever names one thing among many taken out, and its query with all that it asks."""
    parts = urlsplit(address)
    path = re.sub(r"/(?:[a-z0-9]{12}|[0-9]{4}(?:-[0-9]{2})*|[0-9]+|[a-z0-9-]+\.eml)(?=/|$|\.)", "/*", parts.path)
    path = re.sub(
        r"/(components|agreements|badge|gate|reviews|sections|history|explain|dismiss)/[^/.]+", r"/\1/*", path
    )
    return path + ("?" if parts.query else "")


def test_a_browser_walks_every_page_and_opens_everything_without_a_breach_or_a_fault(
    site: Running, browser: Browser
) -> None:
    until = time.monotonic() + SECONDS / 4
    reader = Walk(site, browser.new_context(), until)
    reader.walk(
        "/", "/subscribe", "/api", "/embed/frame", "/nothing-here", "/incidents/nothinghere0", "/history?page=9"
    )
    assert reader.context.cookies() == []

    responder = Walk(site, browser.new_context(), until + SECONDS * 3 / 4)
    login = json.loads((site.folder / "demo.json").read_text())
    responder.page.goto(f"{site.url}/console/sign-in")
    responder.page.fill("input[name=username], input[name=login]", login["username"])
    responder.page.fill("input[name=password]", login["password"])
    responder.page.keyboard.press("Enter")
    responder.page.wait_for_url(f"{site.url}/console/")
    responder.walk("/console/", "/console/nothing-here")

    told = [f"{each.visited} visited, {each.fields} fields, {each.left} kinds left" for each in (reader, responder)]
    print(told, flush=True)
    assert [*reader.wrong, *responder.wrong] == []
    # On a machine that does other things as well the time may be up before every kind was seen.
    assert reader.left == 0 or reader.visited > 40, told
    assert responder.left == 0 or responder.visited > 60, told
    assert reader.visited > 25, told
    assert responder.fields > 150, told


def test_the_watch_does_see_a_breach(site: Running, browser: Browser) -> None:
    """Without this a walk that finds nothing would prove nothing."""
    walk = Walk(site, browser.new_context(), time.monotonic() + 30)
    walk.page.goto(f"{site.url}/console/sign-in")
    walk.page.evaluate(
        "() => { const s = document.createElement('style'); s.textContent = 'p{}'; document.head.append(s); }"
    )
    walk.page.evaluate("() => { new Image().src = 'http://127.0.0.1:9/x.png'; }")
    walk.page.wait_for_timeout(300)
    assert any("BREACH style-src" in each for each in walk.wrong)
    assert any("BREACH img-src" in each for each in walk.wrong)

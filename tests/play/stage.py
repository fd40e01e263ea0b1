"""A stage for whole stories: the guard in front of Django, the clock of the story on both sides, and people who use
nothing but a keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import time_machine
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import Page as Tab

from incidents import relay
from incidents.publishing.assets import put_assets
from statuspage.front import Front

MOST_TABS = 400
PASSWORD = "correct horse battery staple"
# Which way to go from where the focus is: 0 is there, 1 forward, -1 back.
WAY = """one => {
  const at = document.activeElement;
  if (at === one) return 0;
  return at !== document.body && at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING ? -1 : 1;
}"""
# WCAG 2.4.11: nothing that sticks to an edge may cover the whole of what has the focus.
IS_SEEN = """one => {
  const box = one.getBoundingClientRect(), own = each => one.contains(each);
  const label = each => [...(one.labels || [])].some(row => row.contains(each));
  return [.05, .3, .5, .7, .95].some(share => {
    const top = document.elementFromPoint(box.left + Math.min(box.width / 2, 12), box.top + box.height * share);
    return top && (own(top) || label(top));
  });
}"""


class Quiet(WSGIRequestHandler):
    """Says nothing of its requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Leave it out."""


class Threads(ThreadingMixIn, WSGIServer):
    """One thread for each request, as the server in front has some."""

    daemon_threads = True


@contextmanager
def guard_in_this_process(root: Path, upstream: str, port: int) -> Iterator[str]:
    """The guard in a thread of this process, so that the clock of the story is its clock too; yields its address."""
    put_assets()  # as Django does when it starts
    front = Front.from_environment({"PUBLIC_ROOT": str(root), "UPSTREAM": upstream, "FORWARD_DEADLINE_SECONDS": "60"})
    with make_server("127.0.0.1", port, front, server_class=Threads, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join(10)


class Stage:
    """The place and the time of a story. `at` moves the clock of the servers and of every tab; what a worker does
    after a commit is done by `settle`."""

    def __init__(self, browser: Browser, url: str, clock: time_machine.Traveller) -> None:
        self.browser, self.url, self.clock = browser, url, clock
        self.now = datetime.now(UTC)
        self.tabs: list[Tab] = []
        self.complaints: list[str] = []
        self.asked: list[tuple[str, str]] = []

    def at(self, when: datetime) -> None:
        """It is now this time (aware UTC), everywhere."""
        self.now = when
        self.clock.move_to(when)
        self.settle()
        for tab in self.tabs:
            tab.clock.set_system_time(when)

    def settle(self) -> None:
        """Publish, fan out, deliver and beat the heart, as the worker does."""
        relay.relay()
        relay.deliver()
        relay.keep_current()

    def tab(self, when: datetime, **options: Any) -> Tab:
        """A browser of its own, with nothing in it, whose clock stands at the time of the story and goes on."""
        context = self.browser.new_context(base_url=self.url, **options)
        tab = context.new_page()
        tab.clock.install(time=when)
        tab.on("console", lambda said: self._heard(said.type, f"{said.text} {said.location.get('url', '')}"))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.asked.append((tab.url, request.url)))
        self.tabs.append(tab)
        return tab

    def leave(self, tab: Tab) -> None:
        """Close one tab, with all that its browser knows."""
        self.tabs.remove(tab)
        tab.goto("about:blank")  # what it asks while it closes would go out without its cookies
        tab.context.close()

    def close(self) -> None:
        """Close every tab."""
        for tab in self.tabs:
            tab.context.close()

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


class Hands:
    """Somebody at a keyboard without a mouse: what cannot be reached with Tab cannot be used."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.presses = 0

    def press(self, key: str) -> None:
        """Press one key, or one with others held, as `Control+Enter`."""
        self.tab.keyboard.press(key)
        self.presses += 1

    def type(self, text: str) -> None:
        """Type into what has the focus, in the place of what stands there."""
        self.press("Control+a")
        self.tab.keyboard.insert_text(text) if len(text) > 40 else self.tab.keyboard.type(text)
        self.presses += len(text)

    def reach(self, target: Locator) -> None:
        """Press Tab until the target has the focus, backwards where it stands before; its outline must be seen."""
        wanted = target.first.element_handle()
        assert wanted is not None
        for _ in range(MOST_TABS):
            way = self.tab.evaluate(WAY, wanted)
            if way == 0:
                break
            self.press("Tab" if way > 0 else "Shift+Tab")
        assert self.tab.evaluate(WAY, wanted) == 0, f"Tab does not reach {target}"
        assert self.tab.evaluate(IS_SEEN, wanted), f"the focus on {target} is wholly hidden"

    def follow(self, target: Locator) -> None:
        """Reach a link or a button and press Enter on it."""
        self.reach(target)
        self.press("Enter")

    def unfold(self, form: Locator) -> None:
        """Open what is folded in a form."""
        folded = form.locator("details:not([open]) > summary:visible")
        while count := folded.count():
            self.follow(folded.first)
            expect(folded).to_have_count(count - 1)

    def fill(self, form: Locator, values: dict[str, Any]) -> None:
        """Fill in the named fields of a form, in the order in which Tab meets them."""
        order = form.evaluate("form => [...form.elements].map(each => each.name)")
        for name in sorted(values, key=order.index):
            self._answer(form, name, values[name])

    def _answer(self, form: Locator, name: str, value: Any) -> None:
        field = form.locator(f'[name="{name}"]')
        kind = field.first.evaluate("each => each.tagName === 'SELECT' ? 'select' : each.type")
        if kind == "checkbox":
            chosen = [str(each) for each in value] if isinstance(value, list | tuple) else None
            for box in field.all():
                is_wanted = box.get_attribute("value") in chosen if chosen is not None else bool(value)
                if box.is_checked() != is_wanted:
                    self.reach(box)
                    self.press("Space")
        elif kind == "radio":
            self._choose(form, name, str(value))
        elif kind == "select":
            self.reach(field)
            values = field.evaluate("each => [...each.options].map(one => one.value)")
            self.press("Home")
            for _ in range(values.index(str(value))):
                self.press("ArrowDown")
            assert field.input_value() == str(value)
        else:
            self.reach(field)
            self.type(str(value))

    def _choose(self, form: Locator, name: str, value: str) -> None:
        wanted = form.locator(f'[name="{name}"][value="{value}"]')
        checked = form.locator(f'[name="{name}"]:checked')
        self.reach(checked if checked.count() else form.locator(f'[name="{name}"]'))
        for _ in range(form.locator(f'[name="{name}"]').count()):
            if wanted.is_checked():
                return
            self.press("ArrowDown")
        expect(wanted).to_be_checked()


def sign_in(stage: Stage, tab: Tab, name: str) -> Hands:
    """Sign in with the keyboard, where the session is over or never was; returns the hands at that tab."""
    tab.goto("/console/")
    hands = Hands(tab)
    if "/sign-in" in tab.url:
        hands.fill(tab.locator("main form").first, {"username": name, "password": PASSWORD})
        hands.press("Enter")
        arrive(tab, f"{stage.url}/console/")
    return hands


def arrive(tab: Tab, address: Any) -> None:
    """Be at an address, with its scripts run: a key that is pressed before is lost, and nobody is that quick."""
    tab.wait_for_url(address)
    tab.evaluate("new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))")

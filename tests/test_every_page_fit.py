"""Every page and state in a browser, each visited once: accessible in both themes, by keyboard, narrow and large."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Route
from playwright.sync_api import Page as Tab

from tests import every_world
from tests.archive_world import empty
from tests.every_state import HOST, Answer, Site, public_worlds, states, static
from tests.fitness import WIDE, faults
from tests.played import make_once

# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PARTS = 8  # so that each is well within the time that a test may take
pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Something of everything."""
    yield from make_once(django_db_blocker, tmp_path_factory.mktemp("world"), every_world.everything)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A tab of somebody who wants no motion."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def visit(tab: Tab, shown: Answer) -> None:
    """Show an answer in the tab."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        # What a page asks for later on is a matter of its own tests; here nothing is new.
        is_page = route.request.is_navigation_request() and route.request.frame == tab.main_frame
        got = shown if is_page else static(path) or Answer(path, 204, {}, b"")
        route.fulfill(status=got.status, headers=got.headers, body=got.body)

    tab.unroute_all()
    tab.route("**/*", answer)
    tab.goto(HOST + shown.path)


@contextmanager
def complaints(tab: Tab) -> Iterator[list[str]]:
    """What breaks in the scripts of a page, and what its content policy refuses, meanwhile."""
    said: list[str] = []

    def broke(error: Error) -> None:
        said.append(f"script: {error}")

    def told(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            said.append(f"policy: {message.text}")

    tab.on("pageerror", broke)
    tab.on("console", told)
    yield said
    tab.remove_listener("pageerror", broke)
    tab.remove_listener("console", told)


def wrong_in(tab: Tab, site: Site, world: str, part: int = 0, parts: int = 1) -> list[str]:
    """Each fault of each state of a world, or of a part of them, with its line of the table."""
    wrong = []
    for state in list(states(site.world, world))[part::parts]:
        answer = site.shown(state)
        with complaints(tab) as said:
            visit(tab, answer)
            found = faults(tab)
        wrong += [f"{state.line} | {fault}" for fault in (*said, *found)]
    return wrong


def test_a_refusal_of_the_policy_is_heard(tab):
    headers = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'none'"}
    with complaints(tab) as said:
        visit(tab, Answer("/", 200, headers, b"<title>Ours</title><p style='color: red'>Words</p>"))
    assert [each.partition(":")[0] for each in said] == ["policy"]


def test_what_the_key_does_not_reach_is_found(tab):
    trap = "addEventListener('keydown', event => event.preventDefault())"
    body = f"<a href='/'>One</a> <button>Two</button><script>{trap}</script>"
    visit(tab, Answer("/", 200, {"Content-Type": "text/html"}, body.encode()))
    assert "not walked: <button>Two</button>" in faults(tab)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_of_the_demonstration_is_fit_for_everybody(tab, world, part):
    wrong = wrong_in(tab, Site(world), "everything", part, PARTS)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", public_worlds())
def test_so_is_every_state_of_a_public_page(tab, name):
    empty()
    made = every_world.WORLDS[name]() or {}
    wrong = wrong_in(tab, Site(made), name)
    assert not wrong, "\n".join(wrong)

"""Every page and state in a browser, each visited once: accessible in both themes, by keyboard, narrow and large."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route
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


def visit(tab: Tab, shown: Answer) -> list[str]:
    """Show an answer in the tab; returns the first error of a script, if there was one."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        # What a page asks for later on is a matter of its own tests; here nothing is new.
        got = shown if route.request.is_navigation_request() else static(path) or Answer(path, 204, {}, b"")
        route.fulfill(status=got.status, headers=got.headers, body=got.body)

    said: list[str] = []
    tab.unroute_all()
    tab.route("**/*", answer)
    tab.once("pageerror", lambda error: said.append(f"script: {error}"))
    tab.goto(HOST + shown.path)
    return said


def wrong_in(tab: Tab, site: Site, world: str, part: int = 0, parts: int = 1) -> list[str]:
    """Each fault of each state of a world, or of a part of them, with its line of the table."""
    answers = [(state.line, site.shown(state)) for state in list(states(site.world, world))[part::parts]]
    return [f"{line} | {fault}" for line, answer in answers for fault in (*visit(tab, answer), *faults(tab))]


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

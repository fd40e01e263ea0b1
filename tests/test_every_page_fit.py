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
from tests.every_state import HOST, Site, State, public_worlds, states
from tests.fitness import WIDE, faults
from tests.played import make_once

# Playwright keeps an event loop in this thread until the session ends; tests still talk to the database from it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
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


def visit(tab: Tab, site: Site, state: State) -> list[str]:
    """What the browser says to a state while it is shown: errors of scripts and of the policy."""
    shown = site.shown(state)

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        got = (
            shown
            if route.request.is_navigation_request() and not route.request.frame.parent_frame
            else site.answer(path)
        )
        route.fulfill(status=got.status, headers=got.headers, body=got.body)

    said: list[str] = []
    tab.unroute_all()
    tab.route("**/*", answer)
    tab.once("pageerror", lambda error: said.append(str(error)))
    tab.goto(HOST + shown.path)
    return said


def wrong_in(tab: Tab, site: Site, world: str) -> list[str]:
    """Each fault of each state of a world, with its line of the table."""
    found = []
    for state in states(site.world, world):
        found += [f"{state.line} | {fault}" for fault in (*visit(tab, site, state), *faults(tab))]
    return found


def test_every_page_of_the_demonstration_is_fit_for_everybody(tab, world):
    wrong = wrong_in(tab, Site(world), "everything")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", public_worlds())
def test_so_is_every_state_of_a_public_page(tab, name):
    empty()
    made = every_world.WORLDS[name]() or {}
    wrong = wrong_in(tab, Site(made), name)
    assert not wrong, "\n".join(wrong)

"""`/api` as people see it: every address is there or said to be a pattern, and the page is readable by all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from incidents.publishing import api_page, store
from incidents.publishing.public import PageView, Snapshot
from incidents.publishing.tree import Page, file_of
from tests.factories import make_component
from tests.publishing.page_world import Reading

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def rendered() -> Page:
    site = PageView("Example", "Etc/UTC", "https://status.example.com", datetime(2026, 6, 23, tzinfo=UTC))
    truth = SimpleNamespace(page=site, leaves=(SimpleNamespace(slug="claude-api"),))
    (cold,) = api_page.cold(cast(Snapshot, truth))
    return cold.render()


def test_every_address_that_is_a_link_could_be_published_and_the_others_are_patterns():
    for group in api_page.groups("api"):
        for address in group.addresses:
            if address.href:
                assert file_of(address.href)
            else:
                assert re.search("[<…]", address.path), address.path


def test_the_page_is_whole_html_and_says_what_old_answers_mean(rendered):
    text = " ".join(Reading(rendered).text.split())
    assert "Candor-Stale" in text
    assert "must not stop yours" in text
    assert '<script src="https://status.example.com/embed/script.js" async></script>' in text
    assert dict(rendered.headers)["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db
def test_every_link_leads_to_something_that_is_published():
    make_component("API")
    store.republish()
    store.beat(timedelta(0))
    root = store.the_tree().root
    for group in api_page.groups("api"):
        for href in (address.href for address in group.addresses if address.href):
            places = (root / "current" / file_of(href), root / "cold" / file_of(href), root / href[1:])
            assert any(place.exists() for place in places), href

"""What crawlers are told: where they may go, and which pages there are."""

from __future__ import annotations

from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from incidents.publishing import discovery, snapshot, store
from incidents.publishing.public import Snapshot
from statuspage.front import FORWARDED
from tests.factories import make_component, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
SITE = "http://testserver.example"
NAMESPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture(autouse=True)
def at_a_known_address(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def truth() -> Snapshot:
    api = make_component(now=utc("2026-05-01 00:00"))
    incident = open_incident(api, title="A & B", now=utc("2026-06-01 10:00"))
    post_update(incident, "resolved", now=utc("2026-06-01 12:00"))
    return snapshot.build(utc("2026-06-23 12:00"))


def files(truth: Snapshot) -> dict[str, str]:
    return {page.path: page.render().body.decode() for page in discovery.cold(truth)}


def test_public_pages_may_be_crawled_and_doors_may_not(truth):
    rules = RobotFileParser()
    rules.parse(files(truth)["/robots.txt"].splitlines())
    assert rules.site_maps() == [f"{SITE}/sitemap.xml"]
    for path in discovery.addresses(truth):
        assert rules.can_fetch("Anybody", SITE + path), path
    for path in set(FORWARDED) - {"/static"}:
        assert not rules.can_fetch("Anybody", f"{SITE}{path}/x"), path


def test_the_list_of_pages_names_each_once_and_only_pages_that_are_there(truth, settings):
    store.republish(utc("2026-06-23 12:00"))
    listed = [
        element.text.removeprefix(SITE)
        for element in ElementTree.fromstring(files(truth)["/sitemap.xml"]).findall("s:url/s:loc", NAMESPACE)
    ]
    incident = truth.incidents[0]
    assert {"/", "/history", "/api", "/components/api", "/history/2026-06", incident.url_path} <= set(listed)
    assert len(listed) == len(set(listed))
    tree = store.the_tree()
    hot = {f"/{each.name.removesuffix('.html')}" for each in (tree.root / "current").glob("*.html")}
    for path in listed:
        assert path == "/" or path in hot or tree.manifest.get(path), f"{path} is not published"


def test_the_list_is_cut_where_the_protocol_ends_it(truth, monkeypatch):
    monkeypatch.setattr(discovery, "MOST_ADDRESSES", 3)
    assert files(truth)["/sitemap.xml"].count("<loc>") == 3


def test_it_is_written_anew_only_when_a_page_is_added(truth):
    def key() -> str:
        return list(discovery.cold(snapshot.build(utc("2026-06-23 12:00"))))[1].key

    before = key()
    api = make_component("Web", now=utc("2026-06-02 00:00"))
    assert key() != before
    incident = open_incident(api, now=utc("2026-06-23 10:00"))
    before = key()
    post_update(incident, "identified", now=utc("2026-06-23 11:00"))
    assert key() == before

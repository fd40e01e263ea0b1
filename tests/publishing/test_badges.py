"""Badges: what they say to eyes and to screen readers, and what no name can make of them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from incidents.domain.status import Level
from incidents.publishing import badges, snapshot
from incidents.publishing.store import the_tree
from incidents.publishing.tree import PUBLIC_CACHE, Page
from statuspage.front import Front
from tests.factories import MARIA, make_component, open_incident

pytestmark = pytest.mark.django_db
SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> dict[str, Page]:
    truth = snapshot.build()
    pages = [*badges.hot(truth), *(each.render() for each in badges.cold(truth))]
    return {page.path: page for page in pages}


def read(page: Page) -> ElementTree.Element:
    assert page.content_type == "image/svg+xml; charset=utf-8"
    return ElementTree.fromstring(page.body)


def words_in(page: Page) -> list[str]:
    return [text.text or "" for text in read(page).iter(f"{SVG}text")]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("level", "word"),
    [
        ("operational", "Operational"),
        ("degraded_performance", "Degraded performance"),
        ("partial_outage", "Partial outage"),
        ("major_outage", "Major outage"),
        ("under_maintenance", "Under maintenance"),
    ],
)
def test_a_badge_says_the_state_in_words_to_everybody(level, word):
    api = make_component("API")
    if level != Level.OPERATIONAL:
        component_actions.set_component_status(actor=MARIA, component_id=api.pk, level=level)
    page = drawn()["/badge/api.svg"]
    root = read(page)
    assert words_in(page) == ["API", word]
    assert (root.get("role"), root.get("aria-label")) == ("img", f"API: {word}")
    assert root.findtext(f"{SVG}title") == f"API: {word}"


def test_the_badge_of_the_page_says_its_one_sentence():
    page_actions.edit_page(actor=MARIA, name="Example", time_zone="Etc/UTC")
    api = make_component("API")
    make_component("Web")
    assert words_in(drawn()["/badge.svg"]) == ["Example", "All Systems Operational"]
    open_incident(api)
    assert words_in(drawn()["/badge.svg"]) == ["Example", "Partial System Outage"]


def test_a_group_has_a_badge_and_an_archived_component_has_none():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    open_incident(opus)
    assert words_in(drawn()["/badge/models.svg"]) == ["Models", "Major outage"]
    gone = make_component("Old")
    component_actions.archive_component(actor=MARIA, component_id=gone.pk)
    assert "/badge/old.svg" not in drawn()


def test_white_letters_stand_out_on_every_ground():
    for ground in (badges.NAME_GROUND, *badges.GROUNDS.values()):
        assert 1.05 / (luminance(ground) + 0.05) >= 4.5, ground


def test_a_long_name_is_cut_where_it_is_drawn_and_whole_in_the_label():
    name = "A component with a very long name that goes on and on for a hundred letters"
    make_component(name, slug="long")
    page = drawn()["/badge/long.svg"]
    root = read(page)
    assert words_in(page)[0] == "A component with a very long name that…"
    assert root.get("aria-label") == f"{name}: Operational"
    assert int(root.get("width", "0")) < 450


@pytest.mark.parametrize("name", ["API", "iiiiiiii", "WWWWWWWW", "日本語サービス", "Ünïcode & <b>"])
def test_the_letters_stay_inside_their_ground(name):
    make_component(name, slug="x")
    root = read(drawn()["/badge/x.svg"])
    left, right = root.iter(f"{SVG}text")
    edge = float(left.get("x", "0")) + float(left.get("textLength", "0"))
    assert float(right.get("x", "0")) - edge == 2 * badges.PADDING
    assert float(right.get("x", "0")) + float(right.get("textLength", "0")) + badges.PADDING == float(
        root.get("width", "0")
    )


def test_wide_letters_take_more_room_than_narrow_ones():
    assert badges.text_width("iiii") < badges.text_width("aaaa") < badges.text_width("WWWW")
    assert badges.text_width("日本") == 22
    assert badges.text_width("e\u0301") == badges.text_width("e")


def test_no_name_becomes_markup_and_nothing_in_it_runs_or_styles(client):
    make_component("<script>alert(1)</script>\"'&", slug="x")
    body = drawn()["/badge/x.svg"].body
    assert b"<script" not in body
    assert b"style" not in body
    assert words_in(drawn()["/badge/x.svg"])[0] == "<script>alert(1)</script>\"'&"


def test_what_an_address_asks_for_changes_no_badge(drain, settings):
    """http_public-31 of bad_inputs.json."""
    make_component("API")
    drain()
    front = Front.from_environment({"PUBLIC_ROOT": str(the_tree().root), "UPSTREAM": "http://127.0.0.1:9"})

    def ask(query: str) -> tuple[str, dict[str, str], bytes]:
        got: list[tuple[str, dict[str, str]]] = []
        environ = {"PATH_INFO": "/badge/api.svg", "REQUEST_METHOD": "GET", "QUERY_STRING": query}
        body = b"".join(front(environ, lambda status, headers, _info=None: got.append((status, dict(headers)))))  # type: ignore[arg-type]
        return (*got[0], body)

    status, headers, body = ask("label=<script>")
    assert (status, headers["Content-Type"]) == ("200 OK", "image/svg+xml; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["Cache-Control"] == PUBLIC_CACHE
    assert "ETag" in headers
    assert b"script" not in body
    assert body == ask("")[2]


def test_a_badge_is_written_anew_only_when_it_says_something_else():
    api = make_component("API")
    make_component("Web")

    def keys() -> dict[str, str]:
        return {each.path: each.key for each in badges.cold(snapshot.build())}

    before = keys()
    open_incident(api)
    assert [path for path, key in keys().items() if key != before[path]] == ["/badge/api.svg"]

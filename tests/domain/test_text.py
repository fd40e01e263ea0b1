"""What people type is one Unicode form, harmless to XML, headers and terminals, and otherwise as they typed it."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from time import thread_time
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.text import clean_body, clean_line

GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
EXPECTED_LINES = {
    "text_unicode_xml-01": "ab",
    "text_unicode_xml-02": "ab",
    "text_unicode_xml-03": "ab",
    "text_unicode_xml-10": "gnihtyreve",
    "text_unicode_xml-11": "",
    "text_unicode_xml-13": "\u00e9 vs \u00e9",
    "text_unicode_xml-24": '{"a":1}',
    "mail_headers-05": "ab",
}


def cases(group: str) -> list[Any]:
    found = next(entry for entry in GROUPS if entry["group"] == group)["cases"]
    return [pytest.param(case["id"], expanded(case["input"]), id=case["id"]) for case in found]


def expanded(given_input: str | dict[str, Any]) -> str:
    if isinstance(given_input, str):
        return given_input
    return str(given_input["prefix"] + given_input["repeat"] * given_input["count"] + given_input["suffix"])


@pytest.mark.parametrize(("case", "raw"), cases("text_unicode_xml") + cases("mail_headers"))
def test_awkward_text_is_cleaned_of_what_breaks_documents_and_kept_otherwise(case: str, raw: str) -> None:
    assert clean_line(raw) == EXPECTED_LINES.get(case, raw)
    assert clean_body(raw) == EXPECTED_LINES.get(case, raw)


def test_line_ends_and_tabs_become_blanks_in_a_line_and_stay_in_a_body() -> None:
    assert clean_line(" a\r\nb\tc\u2028d ") == "a b c d"
    assert clean_body("\r\n    a\r\nb\tc\rd \n\n") == "    a\nb\tc\nd"


@pytest.mark.parametrize("blank", ["", " \t", "\u00a0\u200b\u3000", "\ufeff", "\u2066\u2069", "\u202e", "\x00\n\u3164"])
def test_text_that_nobody_can_see_is_empty(blank: str) -> None:
    assert clean_line(blank) == ""
    assert clean_body(blank) == ""


def test_lone_surrogates_and_non_characters_are_dropped() -> None:
    assert clean_line("a\ud800b\udfffc\ufffed\uffffe\ufdd0f\U0001fffeg") == "abcdefg"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("\u202etxt.exe", "txt.exe"),
        ("a\u202cb\u2069c", "abc"),
        ("\u2067right\u2069 left", "\u2067right\u2069 left"),
        ("\u2067a\u202eb\u2069c\u202c", "\u2067ab\u2069c"),
        ("\u202ba\u2069b\u202c", "\u202bab\u202c"),
    ],
)
def test_direction_overrides_stay_only_in_pairs(raw: str, kept: str) -> None:
    assert clean_line(raw) == kept


def test_a_direction_override_does_not_reach_the_next_line() -> None:
    assert clean_body("a\u202eb\nc\u202cd") == "ab\ncd"


@pytest.mark.parametrize("emoji", ["\U0001f469\u200d\U0001f692\U0001f4a5", "\u2764\ufe0f", "\U0001f1ea\U0001f1fa"])
def test_emoji_keep_their_joiners_and_selectors(emoji: str) -> None:
    assert clean_line(f" {emoji} ") == emoji


@pytest.mark.parametrize(
    "raw",
    [
        " " * 25_000 + "a",
        "\u202a" * 12_500 + "\u2069" * 12_500,
        "\u2066\u202a" * 8_000 + "\u2069" * 9_000,
        "\n " * 12_500,
    ],
)
def test_cleaning_takes_time_in_proportion_to_the_text(raw: str) -> None:
    started = thread_time()
    clean_body(raw)
    assert thread_time() - started < 0.1


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    assert clean_line(clean_line(raw)) == clean_line(raw)
    assert clean_body(clean_body(raw)) == clean_body(raw)


@given(st.text(st.characters(codec=None)))
def test_what_is_clean_is_composed_encodable_and_fit_for_xml(raw: str) -> None:
    line, body = clean_line(raw), clean_body(raw)
    assert unicodedata.is_normalized("NFC", line)
    assert "\n" not in line
    element = ElementTree.Element("title")
    element.text = body
    assert ElementTree.fromstring(ElementTree.tostring(element)).text == (body or None)
    assert line.encode() is not None

"""The style sheets speak of start and end: a page in a language that is read from the right is sound without more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from incidents.templatetags import console_tags

SHEETS = sorted((Path(__file__).parent.parent / "incidents" / "static" / "incidents").glob("*.css"))
# A word, or a side in the middle of a value, that names a side of the screen rather than of the line.
NAMED = re.compile(
    r"(?<![\w-])(?:[a-z-]+-)?(?:left|right)(?:-[a-z]+)?\s*:|(?:float|clear|text-align|caption-side|resize)\s*:\s*(?:left|right)\b"
)
FOUR_SIDES = re.compile(
    r"(?<![\w-])(padding|margin|inset|border-width|border-color|border-style|border-radius)\s*:\s*([^;}]+)"
)
SIDEWAYS = re.compile(r"translate(?:X|3d)?\(\s*-?[\d.]*[1-9]|(?:box|text)-shadow\s*:\s*(?:inset\s+)?-?[1-9]\d*px")


def sided(sheet: str) -> list[str]:
    """What in a style sheet would be on the wrong side in a text from right to left."""
    text = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    found = [match[0] for pattern in (NAMED, SIDEWAYS) for match in pattern.finditer(text)]
    for match in FOUR_SIDES.finditer(text):
        parts = re.findall(r"[^\s(]+(?:\([^)]*\))?", match[2])
        is_corners = match[1] == "border-radius"
        if (is_corners and len(set(parts)) > 1) or (not is_corners and len(parts) == 4 and parts[1] != parts[3]):
            found.append(match[0])
    return found


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_no_rule_names_a_side_of_the_screen(path):
    assert sided(path.read_text()) == []


@pytest.mark.parametrize(
    "rule",
    [
        "a { margin-left: 4px; }",
        "a { left: 0; }",
        "a { float: right; }",
        "a { text-align: left; }",
        "a { border-top-right-radius: 4px; }",
        "a { padding: 0 4px 0 8px; }",
        "a { border-radius: 0 8px 8px 0; }",
        "a { transform: translateX(4px); }",
        "a { box-shadow: inset 3px 0 red; }",
    ],
)
def test_a_rule_that_names_a_side_is_found(rule):
    assert len(sided(rule)) == 1


@pytest.mark.parametrize("rule", ["a { margin-inline-start: 4px; }", "a { padding: 4px 8px 12px; }", "a { inset: 0; }"])
def test_a_rule_that_names_start_and_end_is_not(rule):
    assert sided(rule) == []


def test_each_name_of_a_list_is_laid_out_by_its_own_direction():
    assert console_tags.names(["ממשק", "<API>"]) == "<bdi>ממשק</bdi>, <bdi>&lt;API&gt;</bdi>"
    assert console_tags.names(["Claude.ai", "Claude Code", "API"], 12) == "<bdi>Claude.ai</bdi>, <bdi>C…</bdi>"
    assert console_tags.names(["Claude.ai", "Claude Code"], 9) == "<bdi>Claude.ai</bdi>, <bdi>…</bdi>"
    assert console_tags.names([]) == ""

"""An accent that can be read, and the few style values that may be set."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from incidents.domain import branding
from incidents.domain.branding import DARK_GROUNDS, ENOUGH, FONTS, LIGHT_GROUNDS, VARIABLES

SHEET = Path(branding.__file__).resolve().parent.parent / "static" / "incidents" / "public.css"


def grounds_of(rules: str) -> set[str]:
    found = re.findall(r"--(?:bg|soft|[a-z]+-wash): (#[0-9a-f]+);", rules)
    return {branding.colour(each) or each for each in found}


def test_contrast_is_that_of_the_guidelines():
    assert branding.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert branding.contrast("#ffffff", "#ffffff") == 1
    assert branding.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert branding.contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.005)


def test_the_grounds_are_those_of_the_style_sheet():
    light, _media, dark = SHEET.read_text().partition("@media screen and (prefers-color-scheme: dark)")
    assert grounds_of(light) == set(LIGHT_GROUNDS)
    assert grounds_of(dark) == set(DARK_GROUNDS)


@pytest.mark.parametrize("raw", ["#1A55B0", "1a55b0", " #1a55b0 "])
def test_a_colour_is_read_however_it_is_written(raw):
    assert branding.colour(raw) == "#1a55b0"
    assert branding.colour("#18f") == "#1188ff"


@pytest.mark.parametrize("raw", ["", "red", "#12345", "#1a55b0;", "rgb(1,2,3)", "#1a55b0ff", "#१२३", "url(#a)"])
def test_what_is_no_colour_is_none(raw):
    assert branding.colour(raw) is None


@pytest.mark.parametrize("accent", ["#ffffff", "#000000", "#ffd400", "#00ff00", "#808080", "#ff0000", "#1a55b0"])
@pytest.mark.parametrize("grounds", [LIGHT_GROUNDS, DARK_GROUNDS], ids=["light", "dark"])
def test_the_nearest_readable_colour_is_readable_and_a_step_less_is_not(accent, grounds):
    found = branding.nearest_readable(accent, grounds)
    assert branding.least_contrast(found, grounds)[0] >= ENOUGH
    if branding.least_contrast(accent, grounds)[0] >= ENOUGH:
        assert found == accent
    else:  # as little further as eight bits a channel allow
        assert branding.least_contrast(found, grounds)[0] < ENOUGH + 0.15


@pytest.mark.parametrize(
    ("name", "value"),
    [("--radius", "0"), ("--radius", "24px"), ("--space", "24px"), ("--width", "1200px"), ("--font", "serif")],
)
def test_values_within_their_bounds_are_taken(name, value):
    assert branding.is_value_of(name, value)


EVIL = [
    "url(https://evil.example)", "4px;}body{display:none", "4px}", "{", "4px/**/", "calc(1px)", "var(--x)", "-4px",
    "4 px", "4PX", "4em", "04px", "1e1px", "", "red", "expression(1)", "\\34 px", "٤px", "4px\n", "4px ", "inherit",
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), list(product(VARIABLES, EVIL)))
def test_nothing_but_a_plain_value_is_taken_for_any_variable(name, value):
    assert not branding.is_value_of(name, value)
    assert branding.style_of("", "", {name: value}) == ""


def test_the_rules_hold_no_more_than_was_checked_whatever_was_stored():
    stored = {"--radius": "4px", "--link": "#ffffff", "--font": "mono", "background": "url(x)"}
    assert branding.style_of("", "", stored) == f":root{{--font:{FONTS['mono']};--radius:4px}}"
    assert branding.style_of("red;}", "}", {}) == ""


def test_an_accent_goes_with_one_for_the_dark():
    rules = branding.style_of("#1a55b0", "", {})
    dark = branding.in_the_dark("#1a55b0")
    assert rules.startswith(":root{--link:#1a55b0;--accent:#1a55b0}")
    assert rules.count(f"--link:{dark}") == 2
    assert "--link:#aabbcc" in branding.style_of("#1a55b0", "#aabbcc", {})
    assert branding.style_of("", "#aabbcc", {}).startswith("@media screen")

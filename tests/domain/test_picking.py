"""Components picked by letters and numbers."""

from __future__ import annotations

import pytest

from incidents.domain.picking import pick
from incidents.domain.status import Level

NAMES = ("API", "API gateway", "Apps: iOS", "Apps: Android", "Checkout", "Web_hooks", "שירות")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", []), ("api", [0]), ("API", [0]), ("gate", [1]), ("ios", [2]), ("and", [3]), ("c", [4]), ("5", [4]),
        ("api gate ios", [0, 1, 2]), ("api,gate;5", [0, 1, 4]), ("5 5 checkout", [4]), ("hooks", [5]), ("ag", [1]),
        ("out", [4]), ("שי", [6]), ("7", [6]),
    ],
)  # fmt: skip
def test_each_word_means_one_component(text, places):
    picked = pick(text, NAMES)
    assert list(picked.places) == places
    assert picked.is_sound


@pytest.mark.parametrize(
    ("text", "level"),
    [("1=m", Level.MAJOR_OUTAGE), ("1 = p", Level.PARTIAL_OUTAGE), ("1= D", Level.DEGRADED_PERFORMANCE),
     ("1=operational", Level.OPERATIONAL), ("1=", None), ("1", None)],
)  # fmt: skip
def test_behind_the_sign_stands_the_level_of_all(text, level):
    picked = pick(text, NAMES)
    assert picked.level == level
    assert picked.is_sound


def test_what_fits_several_picks_none_and_names_them():
    picked = pick("app c", NAMES)
    assert picked.places == (4,)
    assert picked.unclear == (("app", ("Apps: iOS", "Apps: Android")),)


@pytest.mark.parametrize("text", ["zzz", "99", "0", "1=x", "1=mm", "1=q"])
def test_what_names_nothing_is_said(text):
    assert pick(text, NAMES).unknown


def test_a_thousand_letters_are_read_and_no_more():
    assert len(pick("1 " * 5000, NAMES).places) == 1

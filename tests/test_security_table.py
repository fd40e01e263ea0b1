"""The table of SECURITY.md: all 58 requirements, each with a sentence and with tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.live.running import ROOT
from tests.test_bad_inputs import functions

TEXT = (ROOT / "SECURITY.md").read_text()
SECTION = TEXT.partition("## The 58 requirements")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if re.match(r"\| \d+ \|", line)
]


def test_there_is_a_row_for_each_requirement():
    assert [int(row[0]) for row in ROWS] == list(range(1, 59))
    assert {len(row) for row in ROWS} == {5}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}" for row in ROWS])
def test_a_row_says_what_is_done_and_names_tests_that_exist(row: list[str]):
    _number, name, done, held, ids = row
    assert name
    assert done.endswith((".", ".)")), "a sentence"
    assert len(done) > 40
    tests = re.findall(r"`([^`]+)`", held)
    assert tests, "every requirement is held by a test"
    for each in tests:
        file, _, test = each.partition("::")
        assert test in functions(file), f"{each} is not there"
    assert ids == "–" or all(re.fullmatch(r"\d+\.\d+\.\d+", each) for each in ids.split(", "))


# The 43 ids of ASVS 5.0 that stand for the rest, by chapter.
FIRST = {
    1: "2.1 2.2 2.4 2.10 3.1 3.5 3.6 3.7 3.11 5.1", 2: "2.1 3.3 4.1", 3: "3.1 3.4 4.3 4.5 4.6 5.1 5.3", 4: "1.3",
    5: "2.2", 6: "2.4 3.1 3.2 3.3 3.8 4.3", 7: "2.4 4.1 4.3", 8: "2.1 2.2", 11: "5.1", 13: "3.1 4.2", 14: "2.1 2.2",
    15: "3.2 3.3 4.2", 16: "3.3 5.2",
}  # fmt: skip


def test_the_requirements_that_are_claimed_first_are_touched():
    first = {f"{chapter}.{each}" for chapter, ids in FIRST.items() for each in ids.split()}
    assert len(first) == 43
    named = {each for row in ROWS for each in row[4].split(", ")}
    assert first <= named, sorted(first - named)

"""Merging and comparing texts: nothing that one side wrote is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.diffing import Change, hunks
from incidents.domain.merging import merged

texts = st.text(alphabet="ab c\n", max_size=60)
unique_lines = st.lists(st.integers(0, 10_000), unique=True, max_size=30).map(lambda ns: [f"line {n}\n" for n in ns])


@given(texts, texts)
def test_where_one_side_changed_nothing_the_other_is_the_result(base, other):
    assert merged(base, base, other) == other == merged(base, other, base)


@given(texts, texts)
def test_what_both_made_equal_stands_once(base, both):
    assert merged(base, both, both) == both


@given(texts, texts, texts)
def test_whose_turn_it_is_does_not_matter(base, mine, theirs):
    assert merged(base, mine, theirs) == merged(base, theirs, mine)


@given(unique_lines, st.data())
def test_a_line_that_both_kept_and_a_line_that_one_added_are_never_lost(base, data):
    def edited(name):
        made = []
        for number, line in enumerate(base):
            what = data.draw(st.sampled_from(["keep", "keep", "drop", "replace", "add"]))
            made += {"keep": [line], "drop": [], "replace": [f"{name}{number}\n"], "add": [line, f"{name}{number}\n"]}[
                what
            ]
        return made

    mine, theirs = edited("mine "), edited("theirs ")
    found = merged("".join(base), "".join(mine), "".join(theirs))
    if found is not None:
        lines = found.splitlines(keepends=True)
        assert [line for line in lines if line in base] == [line for line in base if line in lines]
        assert set(base) & set(mine) & set(theirs) <= set(lines)
        words = "".join(lines)
        for line in {*mine, *theirs} - set(base):
            assert line.strip() in words


def test_edits_of_different_lines_are_both_kept():
    assert merged("one\ntwo\nthree\n", "ONE\ntwo\nthree\n", "one\ntwo\nTHREE\nfour\n") == "ONE\ntwo\nTHREE\nfour\n"


def test_edits_of_different_words_of_a_line_are_both_kept():
    base = "The push began at 15:45 UTC and hit both regions."
    mine = "The push began at 15:41 UTC and hit both regions."
    theirs = "The push began at 15:45 UTC and hit both of our regions."
    assert merged(base, mine, theirs) == "The push began at 15:41 UTC and hit both of our regions."


def test_the_same_word_changed_twice_is_a_conflict():
    assert merged("at 15:45\n", "at 15:41\n", "at 15:40\n") is None


def test_two_texts_begun_at_once_from_nothing_are_a_conflict():
    assert merged("", "mine", "theirs") is None


def test_a_body_at_the_limit_merges_quickly():
    base = "word\n" * 5_000
    found = merged(base, base + "mine\n", "theirs\n" + base)
    assert found == "theirs\n" + base + "mine\n"


@given(texts, texts)
def test_hunks_joined_are_both_texts(old, new):
    found = hunks(old, new)
    assert "".join(hunk.old for hunk in found) == old
    assert "".join(hunk.new for hunk in found) == new


def test_a_changed_word_is_shown_as_one_word():
    (_same, changed) = hunks("Kept.\nBegan at 15:45 UTC.\n", "Kept.\nBegan at 15:41 UTC.\n")
    assert [(piece.kind, piece.text) for piece in changed.pieces if piece.kind != Change.SAME] == [
        (Change.REMOVED, "15:45"),
        (Change.ADDED, "15:41"),
    ]

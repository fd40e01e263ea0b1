"""Two texts that were made from one, put together: a three-way merge by lines, as diff3 does it, and by the words of a
line where both changed the same line.

Khanna, Kunal, Pierce, "A Formal Investigation of Diff3" (2007), says what such a merge can and cannot promise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LONG = 500  # parts; beyond it difflib passes over what is everywhere, or it would take seconds
_WORDS = re.compile(r"\s+|\S+")


@dataclass(frozen=True)
class _Edit:
    """The parts [start, end) of the base, replaced by these."""

    start: int
    end: int
    parts: tuple[str, ...]


def merged(base: str, mine: str, theirs: str) -> str | None:
    """What both made of `base`, or None where they changed the same words.

    Where only one side changed something, the result has it so; what both made equal stays once.
    """
    found = _merged(base.splitlines(keepends=True), mine.splitlines(keepends=True), theirs.splitlines(keepends=True))
    return None if found is None else "".join(found)


def words_of(line: str) -> list[str]:
    """A line as words and the white space between them; joined they are the line."""
    return _WORDS.findall(line)


def stretches(old: Sequence[str], new: Sequence[str]) -> list[tuple[bool, int, int, int, int]]:
    """Which parts stayed: (is equal, start and end in `old`, start and end in `new`), all of both texts in order.

    What is equal at the beginning and the end is told apart first: quick, and right where all lines are alike.
    """
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    found = [(True, 0, head, 0, head)] if head else []
    codes = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > LONG).get_opcodes()
    found += [
        (kind == "equal", start + head, end + head, first + head, last + head)
        for kind, start, end, first, last in codes
    ]
    return found + ([(True, len(old) - tail, len(old), len(new) - tail, len(new))] if tail else [])


def _merged(base: list[str], mine: list[str], theirs: list[str], is_by_words: bool = False) -> list[str] | None:
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    result: list[str] = []
    at = 0
    for start, end, ours, others in _regions(_edits(base, mine), _edits(base, theirs)):
        result += base[at:start]
        chosen = _chosen(base, start, end, ours, others, is_by_words)
        if chosen is None:
            return None
        result += chosen
        at = end
    return result + base[at:]


def _edits(base: list[str], other: list[str]) -> list[_Edit]:
    return [
        _Edit(start, end, tuple(other[first:last]))
        for is_equal, start, end, first, last in stretches(base, other)
        if not is_equal
    ]


def _regions(mine: list[_Edit], theirs: list[_Edit]) -> list[tuple[int, int, list[_Edit], list[_Edit]]]:
    """The stretches of the base that were changed; edits that overlap, or insert where another one ends, are one."""
    regions: list[tuple[int, int, list[_Edit], list[_Edit]]] = []
    both = sorted([(edit.start, edit.end, 0, edit) for edit in mine] + [(e.start, e.end, 1, e) for e in theirs],
                  key=lambda each: each[:3])  # fmt: skip
    for start, end, side, edit in both:
        if regions and _meets(regions[-1], start, end):
            first, last, ours, others = regions.pop()
        else:
            first, last, ours, others = start, end, [], []
        (others if side else ours).append(edit)
        regions.append((first, max(last, end), ours, others))
    return regions


def _meets(region: tuple[int, int, list[_Edit], list[_Edit]], start: int, end: int) -> bool:
    first, last, _ours, _others = region
    is_insertion = start == end or first == last
    return start < last or (start == last and is_insertion)


def _chosen(
    base: list[str], start: int, end: int, ours: list[_Edit], others: list[_Edit], is_by_words: bool
) -> list[str] | None:
    mine, theirs = _applied(base, start, end, ours), _applied(base, start, end, others)
    if not others or mine == theirs:
        return mine
    if not ours:
        return theirs
    if is_by_words or not len(mine) == len(theirs) == end - start:
        return None
    lines = []
    for old, one, other in zip(base[start:end], mine, theirs, strict=True):
        found = _merged(words_of(old), words_of(one), words_of(other), is_by_words=True)
        if found is None:
            return None
        lines.append("".join(found))
    return lines


def _applied(base: list[str], start: int, end: int, edits: list[_Edit]) -> list[str]:
    """The stretch of the base as one side has it."""
    result: list[str] = []
    at = start
    for edit in edits:
        result += [*base[at : edit.start], *edit.parts]
        at = edit.end
    return result + base[at:end]

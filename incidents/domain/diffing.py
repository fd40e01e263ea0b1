"""What changed from one text to another, as people read it: lines first, then the words within lines that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from incidents.domain.merging import stretches, words_of

# Lines of a hunk within which words are compared; in a larger one word by word says less than the lines themselves.
SMALL = 20


class Change(StrEnum):
    """What happened to a stretch."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Piece:
    """Words that stayed, went (`removed`) or came (`added`)."""

    kind: Change
    text: str


@dataclass(frozen=True)
class Hunk:
    """Lines that belong together, and their words in reading order; of `changed` ones the old before the new."""

    kind: Change
    pieces: tuple[Piece, ...]

    @property
    def old(self) -> str:
        """The stretch as it was."""
        return "".join(piece.text for piece in self.pieces if piece.kind != Change.ADDED)

    @property
    def new(self) -> str:
        """The stretch as it is."""
        return "".join(piece.text for piece in self.pieces if piece.kind != Change.REMOVED)


def hunks(old: str, new: str) -> tuple[Hunk, ...]:
    """From `old` to `new`. The `old` of all hunks joined is the old text, the `new` of all is the new one."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = []
    for is_equal, start, end, first, last in stretches(before, after):
        gone, come = "".join(before[start:end]), "".join(after[first:last])
        if is_equal:
            found.append(Hunk(Change.SAME, (Piece(Change.SAME, gone),)))
        elif not come:
            found.append(Hunk(Change.REMOVED, (Piece(Change.REMOVED, gone),)))
        elif not gone:
            found.append(Hunk(Change.ADDED, (Piece(Change.ADDED, come),)))
        elif max(end - start, last - first) > SMALL:
            found.append(Hunk(Change.CHANGED, (Piece(Change.REMOVED, gone), Piece(Change.ADDED, come))))
        else:
            found.append(Hunk(Change.CHANGED, tuple(_pieces(gone, come))))
    return tuple(found)


def is_same_wording(old: str, new: str) -> bool:
    """Whether two texts differ in nothing but white space."""
    return old.split() == new.split()


def _pieces(old: str, new: str) -> Iterator[Piece]:
    before, after = words_of(old), words_of(new)
    for is_equal, start, end, first, last in stretches(before, after):
        gone, come = "".join(before[start:end]), "".join(after[first:last])
        if is_equal:
            yield Piece(Change.SAME, gone)
            continue
        if gone:
            yield Piece(Change.REMOVED, gone)
        if come:
            yield Piece(Change.ADDED, come)

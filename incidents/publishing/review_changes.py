"""What changed between two versions of a review, for reading: values as old and new, texts as lines and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from incidents.domain.diffing import Change, Hunk, hunks
from incidents.publishing import review_words
from incidents.reviewing.difference import differences

SHORT = 40  # characters up to which two values are set side by side
SAME, ADDED, REMOVED = Change.SAME.value, Change.ADDED.value, Change.REMOVED.value
CONTEXT = 2  # lines that stay, shown before and after those that changed


@dataclass(frozen=True)
class Told:
    """One difference. `pieces` are (kind, text) in reading order for a text; empty for a value, which has `old` and
    `new`. Kinds: same, added, removed, skipped."""

    label: str
    is_material: bool
    old: str
    new: str
    pieces: tuple[tuple[str, str], ...]


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Told]:
    """From one `review` document to another; the material differences first."""
    found = [
        Told(
            row.label,
            row.is_material,
            review_words.value(row.old),
            review_words.value(row.new),
            _pieces(str(row.old or ""), str(row.new or "")),
        )
        for row in differences(old, new)
    ]
    return sorted(found, key=lambda row: not row.is_material)


def _pieces(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """The text with what went and what came; lines far from any change are left out."""
    if max(len(old), len(new)) <= SHORT and "\n" not in old + new or not (old and new):
        return ()
    found: list[tuple[str, str]] = []
    listed = hunks(old, new)
    for index, hunk in enumerate(listed):
        if hunk.kind == Change.SAME:
            found += _kept(hunk, is_first=index == 0, is_last=index == len(listed) - 1)
        else:
            found += _joined([(piece.kind.value, piece.text) for piece in hunk.pieces])
    return tuple(found)


def _joined(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Changed words that only a blank parts, as one stretch that went and one that came: easier read than in turns."""
    found: list[tuple[str, str]] = []
    gone = come = ""
    for index, (kind, text) in enumerate(pieces):
        is_bridge = kind == SAME and not text.strip() and (gone or come) and index + 1 < len(pieces)
        if kind != SAME or is_bridge:
            gone += text if kind != ADDED else ""
            come += text if kind != REMOVED else ""
            continue
        found += [(REMOVED, gone), (ADDED, come), (SAME, text)]
        gone = come = ""
    return [(kind, text) for kind, text in (*found, (REMOVED, gone), (ADDED, come)) if text]


def _kept(hunk: Hunk, *, is_first: bool, is_last: bool) -> list[tuple[str, str]]:
    lines = hunk.old.splitlines(keepends=True)
    head = [] if is_first else lines[:CONTEXT]
    tail = [] if is_last else lines[max(len(head), len(lines) - CONTEXT) :]
    if len(head) + len(tail) >= len(lines):
        return [(SAME, hunk.old)]
    skipped = [("skipped", "")]
    before = [(SAME, "".join(head))] if head else []
    after = [(SAME, "".join(tail))] if tail else []
    return [*before, *skipped, *after]

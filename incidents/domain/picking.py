"""Components picked by a few letters: `api che 3 = m` is the API, Checkout and the third one, all at major outage."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from incidents.domain.status import Level

LETTERS = {
    "o": Level.OPERATIONAL,
    "d": Level.DEGRADED_PERFORMANCE,
    "p": Level.PARTIAL_OUTAGE,
    "m": Level.MAJOR_OUTAGE,
}
WORDS = re.compile(r"[^\W_]+")
MOST = 200


@dataclass(frozen=True)
class Picked:
    """`places`: of the names that were meant, from 0, in the order typed. `level` None: none was typed.

    `unknown`: what names nothing. `unclear`: what could be several, with their names.
    """

    places: tuple[int, ...] = ()
    level: Level | None = None
    unknown: tuple[str, ...] = ()
    unclear: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether everything typed means exactly one thing."""
        return not self.unknown and not self.unclear


def pick(text: str, names: Sequence[str]) -> Picked:
    """Read what was typed: numbers or beginnings of names, apart by blanks or commas; behind `=` a level by its first
    letter. A whole name goes before a beginning, that before a beginning of another word, that before initials and
    letters inside. What fits several equally well is unclear, and picks none."""
    tokens, is_with_level, level_text = text[:1000].partition("=")
    places: list[int] = []
    unknown: list[str] = []
    unclear: list[tuple[str, tuple[str, ...]]] = []
    for token in re.split(r"[\s,;]+", tokens.strip())[:MOST]:
        if not token:
            continue
        found = _meant(token.casefold(), names)
        if len(found) == 1:
            places += [place for place in found if place not in places]
        elif found:
            unclear.append((token, tuple(names[place] for place in found)))
        else:
            unknown.append(token)
    wanted = level_text.strip().casefold()
    level = LETTERS.get(wanted[:1]) if wanted else None
    if is_with_level and wanted and (level is None or not level.value.startswith(wanted.split()[0])):
        unknown.append(level_text.strip())
        level = None
    return Picked(tuple(places), level, tuple(unknown), tuple(unclear))


def _meant(token: str, names: Sequence[str]) -> list[int]:
    if token.isdecimal() and token.isascii():
        place = int(token[:6]) - 1
        if 0 <= place < len(names):
            return [place]
    ranks = [_rank(token, name.casefold()) for name in names]
    best = min(ranks, default=_NOT)
    return [place for place, rank in enumerate(ranks) if rank == best] if best < _NOT else []


_NOT = 9


def _rank(token: str, name: str) -> int:
    words = WORDS.findall(name)
    if token in (name, "".join(words)):
        return 0
    if name.startswith(token) or "".join(words).startswith(token):
        return 1
    if any(word.startswith(token) for word in words):
        return 2
    if "".join(word[0] for word in words).startswith(token):
        return 3
    return 4 if token in name else _NOT

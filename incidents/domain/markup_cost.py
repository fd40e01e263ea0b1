"""What a Markdown text would cost to parse, told before it is parsed and in a time that grows only with its length.

Python-Markdown takes more than linear time on many shapes (unclosed brackets, runs of rules, deep quotes). A limit by
the clock would make the same text come out differently on a busy machine, so the cost is counted in a model instead:
the figures are microseconds, measured on a slow core, on the safe side; tests hold them to account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

_MAX_LINES = 1_000
_MAX_CHARACTERS = 50_000  # tabs have become blanks by now
_MAX_AMPERSANDS = 5_000  # each is carried as five characters
_MAX_DEPTH = 8
_MAX_INDENT = 40
_BLOCK_BUDGET = 25_000.0
_INLINE_BUDGET = 40_000.0

_PREFIX = re.compile(r"(?: *(?:>|[-*+](?: |\Z)|\d{1,9}\.(?: |\Z)))+")
_MARKER = re.compile(r">|[-*+](?: |\Z)|\d\.")
# Lines at which the block parser stops and begins again with all that follows: headings, rules, link definitions.
_RESTART = re.compile(r"[ >]*(?:#|=+ *\Z|[-*_](?: *[-*_])* *\Z|\[)")
_RESTART_COST = 0.06  # for each character that follows it in its block
_CELL_COST = 12.0
_NESTING_COST = 12.0  # for each mark of a list or quote on a line, squared: every level reads the rest again

_TOKEN = re.compile(r"`+|\*+|_+|[\[\]\\<\n]|https?://")
_WORD_INSIDE = re.compile(r"\w_+\w")
_TOKEN_COST = {"*": 45.0, "_": 45.0, "\\": 14.0, "<": 30.0, "\n": 16.0, "h": 40.0, "`": 16.0, "[": 25.0, "]": 2.0}
_BRACKET_SCAN, _ADDRESS_SCAN, _BACKTICK_SCAN = 0.3, 0.2, 0.08  # for each character that is looked at


class TooComplex(ValueError):
    """The text would take too long to parse as Markdown; it can still be shown as it was typed."""


def check_blocks(lines: list[str]) -> None:
    """Raises TooComplex if the lines (without fenced code) would keep the block parser busy."""
    written = [line for line in lines if line.strip()]
    if len(written) > _MAX_LINES or sum(map(len, written)) > _MAX_CHARACTERS:
        raise TooComplex("too many lines")
    if sum(line.count("&") for line in written) > _MAX_AMPERSANDS:
        raise TooComplex("too many ampersands")
    if any(_is_deep(line) for line in written):
        raise TooComplex("nested too deeply")
    blocks = (list(block) for is_text, block in groupby(lines, key=lambda line: bool(line.strip())) if is_text)
    if sum(map(_block_cost, blocks)) > _BLOCK_BUDGET:
        raise TooComplex("too many marks at the start of lines")


class InlineBudget:
    """How much the inline parser may still do for one text; spent run by run, in the order of the text."""

    def __init__(self) -> None:
        self._left = _INLINE_BUDGET

    def allows(self, text: str) -> bool:
        """Whether the run of text fits; if so its cost is spent, if not nothing is."""
        cost = _token_cost(text) + _bracket_cost(text) + _backtick_cost(text)
        if cost > self._left:
            return False
        self._left -= cost
        return True


def _depth(line: str) -> int:
    """How many lists and quotes the line opens by its own marks."""
    prefix = _PREFIX.match(line)
    return len(_MARKER.findall(prefix.group())) if prefix else 0


def _is_deep(line: str) -> bool:
    depth = _depth(line)
    return depth > _MAX_DEPTH or (depth > 0 and len(line) - len(line.lstrip()) > _MAX_INDENT)


def _block_cost(lines: list[str]) -> float:
    following = sum(map(len, lines))
    cost = 0.0
    for line in lines:
        if _RESTART.match(line):
            cost += following * _RESTART_COST
        cost += _NESTING_COST * _depth(line) ** 2
        pipes = line.count("|")
        cost += pipes * (_CELL_COST + 0.02 * line.count("`"))
        following -= len(line)
    return cost


def _token_cost(text: str) -> float:
    cost = sum(_TOKEN_COST[token[0]] for token in _TOKEN.findall(text))
    # Underscores inside words open nothing and are passed over quickly.
    return cost - 40.0 * len(_WORD_INSIDE.findall(text))


def _bracket_cost(text: str) -> float:
    """An opening bracket is followed to its partner, or to the end; then its address to the closing parenthesis."""
    cost = 0.0
    open_at: list[int] = []
    for found in re.finditer(r"[\[\]]", text):
        if found.group() == "[":
            open_at.append(found.start())
            continue
        if open_at:
            cost += (found.start() - open_at.pop()) * _BRACKET_SCAN
        if text.startswith("(", found.end()):
            cost += _address_length(text, found.end() + 1) * _ADDRESS_SCAN
    return cost + sum(len(text) - at for at in open_at) * _BRACKET_SCAN


def _address_length(text: str, start: int) -> int:
    """How far the parser may read for an address in parentheses: quotes and nesting can send it to the end."""
    end = text.find(")", start)
    is_plain = end >= 0 and not any(text.find(mark, start, end) >= 0 for mark in "('\"<")
    return (end if is_plain else len(text)) - start


def _backtick_cost(text: str) -> float:
    """A run of backticks is followed to the next run of its length, or to the end."""
    runs = [(found.start(), len(found.group())) for found in re.finditer(r"`+", text)]
    return sum(_scans(runs, len(text))) * _BACKTICK_SCAN


def _scans(runs: list[tuple[int, int]], end: int) -> Iterable[int]:
    following: dict[int, int] = {}
    for start, length in reversed(runs):
        yield following.get(length, end) - start
        following[length] = start

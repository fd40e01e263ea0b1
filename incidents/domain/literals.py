"""Figures that somebody wrote into a text by hand: lengths of time, clock times, percentages, counts.

English prose. What is not the author's own statement is passed over: code, quotations, addresses; so are dates and
versions, which no clock measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from incidents.domain.clock_times import ABOUT, ClockTime, clock_times
from incidents.domain.number_words import NUMBER, WORD, number_of

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|[shd])"
# `3 h`, `three hours and a half`, `225-minute`; then `45 min`, which goes on from a larger unit.
_LENGTH = re.compile(
    rf"(?<![\w.:,/+−-])(?P<number>{NUMBER})(?P<hyphen>[\s-]{{0,3}})(?P<unit>{_UNIT})(?P<half>\s+and\s+a\s+half)?"
    rf"(?![^\W\d]|/)",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"\s{{0,3}},?\s{{0,3}}(?:and\s+)?(?P<number>{NUMBER})[\s-]{{0,3}}(?P<unit>{_UNIT}|m)(?![^\W\d]|/)", re.IGNORECASE
)
_RANGE = re.compile(
    rf"(?<![\w.:,/+-])(?:between\s+(?P<least>{NUMBER})\s+and|(?P<low>{NUMBER})\s{{0,3}}(?:-|–|to|or))"
    rf"\s{{0,3}}(?P<high>{NUMBER})[\s-]{{0,3}}(?P<unit>{_UNIT})(?![\w/])",
    re.IGNORECASE,
)
_COLON_LENGTH = re.compile(r"(?<![\w:.])(\d{1,3}):([0-5]\d)\s*(?:h|hrs?|hours?)(?![\w/])", re.IGNORECASE)
_HALF_HOUR = re.compile(r"\b(?:half\s+an\s+hour|an\s+hour\s+and\s+a\s+half|(?:a\s+)?quarter\s+of\s+an\s+hour)\b", re.I)
_HALVES = {"half": 1800, "an": 5400, "a": 900, "quarter": 900}

# What stands before a length and makes it no statement about this incident.
_NOT_OURS = re.compile(
    r"(?:\b(?:every|each|per|last|past|next|first|another|once|business|working|timeouts? of|retry after|"
    r"(?:within|in|for) the (?:last|past|next)|T\s*[+-])\s*)$",
    re.IGNORECASE,
)
_NOT_OURS_AFTER = re.compile(
    r"[\s-]*(?:business|working|timeouts?\b|intervals?\b|windows?\b|retention\b|ttl\b|a\s+(?:day|week)\b|old\b)", re.I
)
_AHEAD = re.compile(r"\b(?:within|in|after)\s+$", re.IGNORECASE)
_OVER = re.compile(r"\b(?:more\s+than|over|at\s+least|upwards\s+of)\s+$", re.IGNORECASE)
_UNDER = re.compile(r"\b(?:less\s+than|under|at\s+most|up\s+to|fewer\s+than)\s+$", re.IGNORECASE)

_PERCENT = re.compile(r"(?<![\w.,])(\d{1,3}(?:[.,]\d+)?)\s*(?:%|percent\b|per\s+cent\b)", re.IGNORECASE)
SENTENCE = 200  # characters on each side that may belong to it
_STOP = re.compile(r"[.!?]\s|\n")
_UPTIME = re.compile(r"\b(?:uptime|availab|sla\b|agreement|target|service level|promise)", re.IGNORECASE)
_COUNT = re.compile(
    rf"(?<![\w.,:-])(?P<number>both|\d{{1,4}}|{WORD})\s+(?:(?:of\s+)?(?:our|the|its|public|affected|other|status|hit)\s+){{0,2}}"
    r"(?P<thing>component|region|update)s?\b",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\b(?:only|just|exactly|a)\s+$", re.IGNORECASE)

_FENCE = re.compile(r"^(`{3,}+|~{3,}+)[^\n]*\n.*?(?:^\1[`~]*\s*$|\Z)", re.MULTILINE | re.DOTALL)
_PASSED_OVER = (
    _FENCE,
    re.compile(r"(?<!`)(`+)(?!`).{1,500}?(?<!`)\1(?!`)"),
    re.compile(r"^\s{0,3}>.*$", re.MULTILINE),
    re.compile(r"\{\{[^{}\n]{1,80}\}\}"),
    re.compile(r"(?<=\])\([^()\s]{1,500}\)"),
    re.compile(r"https?://[^\s<>\"]+"),
    re.compile(r"[“\"][^“”\"\n]{1,300}[”\"]"),
)


@dataclass(frozen=True)
class Length:
    """A length of time: any of `low` to `high` seconds would bear it out. `seconds` is what was written."""

    text: str
    seconds: Fraction
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Percentage:
    """A percentage with its written digits; `is_uptime`: its sentence speaks of uptime, or it looks like one."""

    text: str
    value: Decimal
    is_uptime: bool


@dataclass(frozen=True)
class Count:
    """So many of a `thing`: component, region or update."""

    text: str
    number: int
    thing: str


Literal = Length | ClockTime | Percentage | Count
# Start and end of what was read, and what it says (None: nothing that could be wrong).
Piece = tuple[int, int, Literal | None]


def literals_in(text: str) -> list[Literal]:
    """The figures written into a Markdown text, each kind in the order of the text."""
    left = own_words(text)
    found: list[Literal] = []
    for finder in (_colon_lengths, clock_times, _ranges, _half_hours, _lengths, _percentages, _counts):
        pieces, read = [], 0
        for start, end, literal in finder(left):
            # What one has read is none of the others' business: the hours of `3:45 h` are no clock time.
            pieces += [left[read:start], "\x01" * (end - start)]
            read = end
            found += [literal] if literal is not None else []
        left = "".join([*pieces, left[read:]])
    return found


def own_words(text: str) -> str:
    """The text with code, quotations, addresses and placeholders blanked out; every place stays where it was."""
    for pattern in _PASSED_OVER:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", "\x01", found.group()), text)
    return text


def _colon_lengths(text: str) -> Iterator[Piece]:
    for found in _COLON_LENGTH.finditer(text):
        seconds = Fraction(int(found[1]) * 3600 + int(found[2]) * 60)
        yield *found.span(), _length(text, found.span(), seconds, 3600)


def _ranges(text: str) -> Iterator[Piece]:
    for found in _RANGE.finditer(text):
        size = _UNITS[found["unit"][0].lower()]
        low, high = number_of(found["low"] or found["least"]) * size, number_of(found["high"]) * size
        is_ours = _is_ours(text, found.span(), size) and low < high and size > 1
        yield *found.span(), Length(found.group(), high, low - 60, high + 60) if is_ours else None


def _half_hours(text: str) -> Iterator[Piece]:
    for found in _HALF_HOUR.finditer(text):
        seconds = Fraction(_HALVES[found.group().split()[0].lower()])
        spread = seconds / 10
        is_ours = _is_ours(text, found.span(), 60)
        yield *found.span(), Length(found.group(), seconds, seconds - spread, seconds + spread) if is_ours else None


def _lengths(text: str) -> Iterator[Piece]:
    end = 0
    for found in _LENGTH.finditer(text):
        if found.start() < end:
            continue  # the minutes of hours that were read already
        size = smallest = _UNITS[found["unit"][0].lower()]
        seconds = number_of(found["number"]) * size + (Fraction(size, 2) if found["half"] else 0)
        end = found.end()
        while (more := _MORE.match(text, end)) and _UNITS[more["unit"][0].lower()] < smallest:
            smallest = _UNITS[more["unit"][0].lower()]
            seconds += number_of(more["number"]) * smallest
            end = more.end()
        is_timer = seconds < 60 or (size >= 86400 and "-" in found["hyphen"])
        place = (found.start(), end)
        yield *place, None if is_timer or not _is_ours(text, place, size) else _length(text, place, seconds, smallest)


def _is_ours(text: str, place: tuple[int, int], size: int) -> bool:
    """Whether it may tell of this incident: no interval, no time-out, no promise of days to come."""
    start, end = place
    before, after = text[max(0, start - 40) : start], text[end : end + 20]
    if _NOT_OURS.search(before) or _NOT_OURS_AFTER.match(after):
        return False
    return not (size >= 86400 and _AHEAD.search(before))


def _length(text: str, place: tuple[int, int], seconds: Fraction, unit: int) -> Length:
    """Exact to a minute, or to half a day where days are told; a hedge gives a tenth, “more than” up to one more."""
    start, end = place
    before = text[max(0, start - 40) : start]
    slack = Fraction(unit, 2) if unit >= 86400 else Fraction(60)
    low, high = seconds - slack, seconds + slack
    if ABOUT.search(before):
        low, high = min(low, seconds * Fraction(9, 10)), max(high, seconds * Fraction(11, 10))
    elif _OVER.search(before):
        high = max(high, seconds + unit)
    elif _UNDER.search(before):
        low = min(low, seconds - unit)
    return Length(text[start:end].strip(), seconds, low, high)


def _percentages(text: str) -> Iterator[Piece]:
    for found in _PERCENT.finditer(text):
        value = Decimal(found[1].replace(",", "."))
        before = text[max(0, found.start() - SENTENCE) : found.start()]
        after = text[found.end() : found.end() + SENTENCE]
        sentence = _STOP.split(before)[-1] + _STOP.split(after)[0]
        looks_so = 90 <= value < 100 and value != value.to_integral_value()
        yield *found.span(), Percentage(found.group(), value, looks_so or bool(_UPTIME.search(sentence)))


def _counts(text: str) -> Iterator[Piece]:
    for found in _COUNT.finditer(text):
        number = 2 if found["number"].lower() == "both" else int(number_of(found["number"]))
        before = text[max(0, found.start() - 12) : found.start()]
        # “one region at a time” counts nothing.
        is_told = number != 1 or _ONLY.search(before)
        yield *found.span(), Count(found.group(), number, found["thing"].lower()) if is_told else None

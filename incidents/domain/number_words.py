"""Numbers as they are written in English prose."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: number for number, word in enumerate(_ONES)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
WORD = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
)
NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?|{WORD}(?:\s+and\s+a\s+half)?)"


def number_of(text: str) -> Fraction:
    """`45`, `1,200`, `3.5`, `3,5`, `four`, `forty-five`, `three and a half`. Raises ValueError for anything else."""
    words = text.lower().strip()
    if words[:1].isdigit():
        if re.fullmatch(r"\d{1,3}(?:,\d{3})+", words):
            return Fraction(words.replace(",", ""))
        return Fraction(words.replace(",", "."))
    half = words.endswith("half")
    words = re.sub(r"\s+and\s+a\s+half$", "", words)
    try:
        return sum((Fraction(_WORDS[word]) for word in re.split(r"[- ]", words)), Fraction(int(half), 2))
    except KeyError as unknown:
        raise ValueError(f"{text!r} is no number.") from unknown

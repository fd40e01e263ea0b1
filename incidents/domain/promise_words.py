"""Promises in the words of an update: "we will publish a review by Friday". Found so that a person is asked; a hint is
never a promise by itself."""

from __future__ import annotations

import re

from incidents.domain.markup import render_text

MOST_FOUND = 5
LONGEST = 300
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?(?=\s|$)|[^.!?\n]+")
_WHO = r"\b(?:we(?:'|\u2019)?(?:\s+wi|)ll|we\s+(?:plan|aim|intend|expect|commit|promise)\s+to|we\s+are\s+going\s+to)"
_WHAT = (
    r"(?:share|publish|post|provide|release|send|report|follow\s+up|complete|deliver|write\s+up|update|return|issue"
    r"|make\s+available|have)"
)
_PROMISE = re.compile(_WHO + r"\b[^.!?]{0,80}?\b" + _WHAT + r"\b", re.IGNORECASE)
_PASSIVE = re.compile(
    r"\b(?:review|post-?\s?mortem|report|root cause(?: analysis)?|rca|details|information|summary|update)\b[^.!?]{0,40}"
    r"\b(?:will\s+(?:be\s+(?:shared|published|posted|provided|available|released|sent)|follow)|to\s+follow)\b",
    re.IGNORECASE,
)


def promises_in(markdown: str) -> tuple[str, ...]:
    """The sentences of a text (Markdown, English) that read like a promise, each at most 300 characters, at most 5."""
    found: list[str] = []
    for sentence in _SENTENCE.findall(render_text(markdown)[:20_000]):
        clean = " ".join(sentence.split())
        if (_PROMISE.search(clean) or _PASSIVE.search(clean)) and clean not in found:
            found.append(clean[:LONGEST])
    return tuple(found[:MOST_FOUND])

"""Words that tell a reader less than they seem to: vague verbs, blame, softeners, abbreviations that nobody explains.

The lists follow the guides of PagerDuty, Etsy and Google on blameless reviews, and what readers of public reviews
complain of. They are English; a text in another language passes unharmed. Each finder takes Markdown and reads what
a person would read: no code, no address, no placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
# No pattern here runs over the beginning of its own next match: a text of 25,000 characters is read in one pass.
_ADDRESS = re.compile(r"\bhttps?://[^\s)>\]]+|\]\([^()\s]*\)")
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_SPACE = re.compile(r"\s+")

# A remediation that begins with one of these has no end that anybody could see.
_OPEN_ENDED = ("improve", "better", "ensure", "make sure", "be more careful", "be careful", "consider", "look into",
               "try to", "explore", "enhance", "strengthen", "harden", "revisit", "evaluate", "think about", "optimise",
               "optimize", "figure out", "work on", "raise awareness", "remind", "more")  # fmt: skip
# These may stand where the text says how one knows that it is done.
_INQUIRIES = ("investigate", "review", "analyse", "analyze", "assess", "audit", "examine", "study", "research")
_IS_BOUNDED = re.compile(
    r"\b(?:until|so that|done when|finished when|ends? (?:with|when)|by (?:a|the) test|exit)\b", re.I
)

_BLAME: Mapping[str, str] = {
    "human error": r"human errors?",
    "operator error": r"(?:operator|user|engineer) errors?",
    "should have": r"(?:should(?:n[’']t| not)?|ought to) have",
    "careless": r"careless(?:ly|ness)?|negligen(?:t|ce|tly)|sloppy|reckless(?:ly)?|incompeten(?:t|ce)",
    "failed to follow": r"fail(?:ed|ure) to (?:follow|notice|check|read|realise|realize|see|remember|understand)",
    "simply": r"simply|obviously|just had to|all (?:they|he|she) had to do",
    "forgot": r"forgot(?:ten)?|overlooked|mistaken(?:ly)?|(?:his|her|their|someone’s|someone's) (?:fault|mistake)",
}
_SOFTENERS: Mapping[str, str] = {
    "some customers may have": r"(?:some|a (?:small )?(?:number|subset|fraction|percentage) of) (?:our )?"
    r"(?:customers|users|people|requests) (?:may|might|could) (?:have|be|see|experience)",
    "brief": r"brief(?:ly)?|momentar(?:y|ily)|short-lived|for a short (?:time|while|period)",
    "isolated": r"isolated (?:incident|event|case|issue|number)s?",
    "out of an abundance of caution": r"out of an abundance of caution",
    "minimal": r"(?:minimal|negligible|minor) (?:impact|disruption|interruption)",
    "inconvenience": r"any inconvenience|inconvenience (?:this|it) may have",
    "elevated": r"(?:elevated|increased) (?:error rates?|latenc(?:y|ies)|levels of errors)",
    "intermittent": r"intermittent(?:ly)? (?:issues|problems|difficulties)",
}
_KNOWN = _words(
    "UTC GMT API HTTP HTTPS URL JSON XML CSV PDF HTML CSS DNS TCP UDP IP IPV4 IPV6 TLS SSL SSH SMTP CPU GPU RAM SSD "
    "ID OK AM PM EU UK US USA EDT EST PDT PST CEST CET BST AND OR NOT SQL SMS VPN FAQ RSS SLA PNG SVG AWS NA "
    "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC MON TUE WED THU FRI SAT SUN"
)
_ACRONYM = re.compile(r"(?<![\w./-])([A-Z]{2}[A-Z0-9]{0,5})(?:s\b|\b)(?![-\w/]*\d)(?!\.\w)")
_IMAGE = re.compile(r"!\[(?P<alt>[^\[\]]*)\]\((?P<to>[^()]*)\)|<img\b(?![^<>]*\balt=[\"'][^\"'])[^<>]*>", re.I)
_HANDLE = re.compile(r"(?<![\w@./+-])@[A-Za-z][\w-]{1,38}(?:\.[\w-]+)*\b(?!\.\w)")
_GENERIC_NAMES = _words(
    "admin administrator root system operator operations support status staff user test oncall on-call engineer "
    "engineering security team owner author publisher approver candor demo service api"
)  # fmt: skip
# Names that begin sentences as other words do.
_WORDS_TOO = _words("Will Mark May Grace Hope Bill Art Rich Summer Page Frank Jack Rose April June Dawn Max")
_OF_UPDATES = re.compile(r"\b(?:update|updates|status|news|progress|as (?:soon as|they become|it becomes))\b", re.I)
_OF_REVIEW = re.compile(
    r"\b(?:reviews?|post-?\s?mortem|post-?incident|analysis|root cause|rca|full (?:account|report)|what happened)\b",
    re.I,
)


@dataclass(frozen=True)
class Match:
    """What was found: `kind` is the entry of the list, `text` the words as they stand, on one line."""

    kind: str
    text: str


def readable(markdown: str) -> str:
    """The text without code, addresses and placeholders, its lines kept."""
    return _ADDRESS.sub(" ", _PLACEHOLDER.sub(" ", _CODE.sub(" ", markdown)))


def vague_verbs(title: str, body: str = "") -> list[Match]:
    """Whether a remediation's title begins without an end in sight. An inquiry may, if title or body says when it is
    done."""
    first = _SPACE.sub(" ", title.strip()).lower()
    found = [Match(verb, verb) for verb in _OPEN_ENDED if re.match(rf"{re.escape(verb)}\b", first)]
    if not _IS_BOUNDED.search(f"{title}\n{body}"):
        found += [Match(verb, verb) for verb in _INQUIRIES if re.match(rf"{verb}\b", first)]
    return found[:1]


def blame(text: str) -> list[Match]:
    """Phrases that name a fault where a cause should stand, each kind once."""
    return _phrases(text, _BLAME)


def softeners(text: str) -> list[Match]:
    """Phrases that make an impact smaller than its figures, each kind once."""
    return _phrases(text, _SOFTENERS)


def names_in(text: str, names: Iterable[str]) -> list[Match]:
    """The names of people (of accounts: user names, first and full names) and the @handles that the text gives away.

    A user name counts in any case, a proper name only as it is written; names of functions, such as `support`, do not.
    """
    plain = readable(text)
    found = {each.group(): Match("handle", each.group()) for each in _HANDLE.finditer(plain)}
    for name in names:
        word = name.strip()
        if len(word) < 3 or word.lower() in _GENERIC_NAMES or word in _WORDS_TOO:
            continue
        flags = re.I if word == word.lower() else 0
        if match := re.search(rf"(?<![\w@-]){re.escape(word)}(?![\w-])", plain, flags):
            found.setdefault(match.group(), Match("name", match.group()))
    return list(found.values())


def unexplained_acronyms(text: str, elsewhere: str = "") -> list[str]:
    """Abbreviations that neither the text nor `elsewhere` explains, `Full Name (FN)` or `FN (full name)`, in order."""
    plain, whole = readable(text), f"{readable(text)}\n{readable(elsewhere)}"
    found = dict.fromkeys(each.group(1) for each in _ACRONYM.finditer(plain))
    return [word for word in found if word not in _KNOWN and not _is_explained(word, whole)]


def images_without_words(text: str) -> list[str]:
    """The addresses of images that say nothing to whoever cannot see them."""
    return [
        (each.group("to") or each.group())[:80]
        for each in _IMAGE.finditer(_CODE.sub(" ", text))
        if not (each.group("alt") or "").strip()
    ]


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade: school years that the English text asks for; 0 for fewer than three sentences.

    0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid et al. 1975), syllables counted as runs of
    vowels.
    """
    plain = readable(text)
    sentences = [part for part in re.split(r"[.!?]+(?:\s|$)", plain) if re.search(r"\w", part)]
    words = re.findall(r"[A-Za-z][A-Za-z’']*", plain)
    if len(sentences) < 3 or len(words) < 30:
        return 0.0
    syllables = sum(_syllables(word.lower()) for word in words)
    return round(0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59, 1)


def answered_by(promise: str) -> str:
    """What answers a promise made in words (see `promise_words`): `review` (a review does), `update` (the next update
    does) or `other` (somebody must)."""
    if _OF_REVIEW.search(promise):
        return "review"
    return "update" if _OF_UPDATES.search(promise) else "other"


def _phrases(text: str, listed: Mapping[str, str]) -> list[Match]:
    plain = _SPACE.sub(" ", readable(text))
    return list(_first_of_each(plain, listed))


def _first_of_each(plain: str, listed: Mapping[str, str]) -> Iterator[Match]:
    for kind, pattern in listed.items():
        if found := re.search(rf"\b(?:{pattern})(?!\w)", plain, re.I):
            yield Match(kind, found.group().strip())


def _is_explained(word: str, whole: str) -> bool:
    return bool(
        re.search(rf"\w \({re.escape(word)}s?[),;]", whole) or re.search(rf"\b{re.escape(word)}s? \([A-Za-z]", whole)
    )


def _syllables(word: str) -> int:
    runs = len(re.findall(r"[aeiouy]+", word))
    is_mute = word.endswith("e") and not word.endswith("le") and runs > 1
    return max(1, runs - is_mute)

"""Badges: the state of the page or of one component as a small drawing, to stand in a README or another site.

White letters on filled ground, so that they read the same on light and dark pages (contrast at least 4.5, as in
public.css). The words say the state, not the colour alone; the label of the image says all of it. No style, no script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import partial

from django.utils.html import format_html
from django.utils.translation import gettext as _

from incidents.domain.status import Level
from incidents.publishing import words
from incidents.publishing.csp import image_csp
from incidents.publishing.public import ColdPage, Snapshot, key_of
from incidents.publishing.tree import Page

LONGEST_NAME = 40  # characters that are drawn; the label has them all
HEIGHT, PADDING, LETTERS = 20, 7, 11  # pixels
NAME_GROUND = "#3d4248"
GROUNDS: Mapping[str, str] = {
    "ok": "#177245",
    "degraded": "#7d5c00",
    "partial": "#ab4600",
    "major": "#bf1d2a",
    "maintenance": "#1f5bbd",
}
INDICATORS: Mapping[str, str] = {
    "none": "ok",
    "minor": "degraded",
    "major": "partial",
    "critical": "major",
    "maintenance": "maintenance",
}
# Widths of letters in hundredths of their height, as in the sans-serif faces named below; others count as 62.
_WIDTHS = {letter: width for letters, width in (
    ("ijl'|", 28), ("fIt.,:;!()[]/\\ ", 36), ("r-*\"", 42), ("Jcksxyvz{}_", 54), ("ABCDEGKNPRSTVXYZ&", 69),
    ("HOQUw+<>=~^#", 79), ("mM@%W", 95),
) for letter in letters}  # fmt: skip
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'role="img" aria-label="{label}"><title>{label}</title>'
    '<rect width="{width}" height="{height}" rx="4" fill="{name_ground}"/>'
    '<path d="M{left} 0h{straight}a4 4 0 0 1 4 4v{side}a4 4 0 0 1-4 4h-{straight}z" fill="{ground}"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="{letters}" aria-hidden="true">'
    '<text x="{padding}" y="14" textLength="{name_width}" lengthAdjust="spacingAndGlyphs">{name}</text>'
    '<text x="{word_at}" y="14" textLength="{word_width}" lengthAdjust="spacingAndGlyphs">{word}</text>'
    "</g></svg>\n"
)


def hot(snapshot: Snapshot) -> list[Page]:
    """`/badge.svg`: the page as a whole."""
    ground = INDICATORS[snapshot.top.indicator]
    return [_page("/badge.svg", snapshot.page.name or _("Status"), snapshot.top.description, ground)]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """`/badge/<slug>.svg` for each component and each group, without the archived."""
    for component in (each for row in snapshot.components for each in (row, *row.children)):
        path, level = f"/badge/{component.slug}.svg", Level(component.level)
        render = partial(_page, path, component.name, str(words.LEVELS[level]), words.SHORT[level])
        yield ColdPage(path, key_of(component.name, level), render)


def text_width(text: str) -> int:
    """About how many pixels a text takes at the size of a badge; the drawing then sets it to exactly these."""
    return max(1, round(sum(map(_width_of, text)) * LETTERS / 100))


def _width_of(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return 100
    return _WIDTHS.get(letter, 62)


def _page(path: str, name: str, word: str, ground: str) -> Page:
    full = _NOT_IN_XML.sub("", name)
    shown = full if len(full) <= LONGEST_NAME else full[: LONGEST_NAME - 1].rstrip() + "…"
    name_width, word_width = text_width(shown), text_width(word)
    left, right = name_width + 2 * PADDING, word_width + 2 * PADDING
    drawing = format_html(
        _DRAWING,
        width=left + right,
        height=HEIGHT,
        label=f"{full}: {word}",
        name_ground=NAME_GROUND,
        ground=GROUNDS[ground],
        left=left,
        straight=right - 4,
        side=HEIGHT - 8,
        letters=LETTERS,
        padding=PADDING,
        name_width=name_width,
        name=shown,
        word_at=left + PADDING,
        word_width=word_width,
        word=word,
    )
    headers = (("Content-Security-Policy", image_csp()), ("Cross-Origin-Resource-Policy", "cross-origin"))
    return Page(path, drawing.encode(), "image/svg+xml; charset=utf-8", headers=headers)

"""What the templates of reviews need: times and days out of a document, where they are text."""

from __future__ import annotations

import re
from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from incidents.domain.review import Precision
from incidents.publishing import review_words

register = template.Library()
_HEADING = re.compile(r"<h([1-6])>")
_HEADING_TAG = re.compile(r"(</?h)([1-6])(>)")


@register.simple_tag
def moment(text: str, precision: str = Precision.MINUTE, form: str = "day") -> SafeString:
    """An instant of a document (RFC 3339) as a `<time>`, no more exact than it is known; "" as form leaves out the day
    of a time that has a clock."""
    return format_html(
        '<time datetime="{}">{}</time>',
        text if precision in (Precision.SECOND, Precision.MINUTE) else text[: 7 if precision == Precision.MONTH else 10]
        if precision in (Precision.DAY, Precision.MONTH) else text,
        review_words.moment(text, precision, has_day=form == "day"),
    )  # fmt: skip


@register.filter
def iso_day(text: str | date) -> str:
    """`2026-08-31` as `31 Aug 2026`; empty for none."""
    return review_words.day(text)


@register.filter
def promise_word(state: str) -> str:
    """How a promise stands, in a word."""
    return review_words.promise_word(state)


@register.filter
def anchor(ref: str) -> str:
    """`factor:1` as it stands in an address: `factor-1`."""
    return ref.replace(":", "-")


@register.filter
def under(html: str, level: int) -> SafeString:
    """The safe HTML of a text whose highest heading becomes one of `level` (1 to 6): it stands inside a section."""
    levels = [int(found) for found in _HEADING.findall(html)]
    shift = level - min(levels, default=level)
    lowered = _HEADING_TAG.sub(lambda tag: f"{tag[1]}{min(6, int(tag[2]) + shift)}{tag[3]}", html)
    return mark_safe(lowered)  # noqa: S308 - made by domain.markup; only the numbers of its headings change


@register.filter
def blank(text: str) -> str:
    """The text, or that it was not disclosed: silence would read as an answer."""
    return text or _("not disclosed")

"""Texts as they come in: cleaned, bounded and rendered once."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions.refusals import Refused
from incidents.domain.markup import MAX_BODY_CHARACTERS, render_html
from incidents.domain.text import clean_body, clean_line
from incidents.models.words import number


def line(raw: str, *, field: str, limit: int, is_required: bool = True) -> str:
    """A one-line text: normalised, without control characters. Raises Refused when it is empty or longer than
    `limit`."""
    text = clean_line(raw)
    if is_required and not text:
        raise Refused(_("Fill in the %(field)s.") % {"field": field}, field)
    if len(text) > limit:
        raise Refused(
            ngettext(
                "The %(field)s has %(length)s character; at most %(limit)s are possible.",
                "The %(field)s has %(length)s characters; at most %(limit)s are possible.",
                len(text),
            )
            % {"field": field, "length": number(len(text)), "limit": number(limit)},
            field,
        )
    return text


def body(raw: str, *, field: str = "body", is_required: bool = True) -> tuple[str, str]:
    """A Markdown text and its safe HTML. Raises Refused when it is empty or over 25,000 characters."""
    # Browsers send each line end as two characters; a person counts one.
    length = len(raw.replace("\r\n", "\n"))
    if length > MAX_BODY_CHARACTERS:
        raise Refused(
            ngettext(
                "The text has %(length)s character; at most %(limit)s are possible.",
                "The text has %(length)s characters; at most %(limit)s are possible.",
                length,
            )
            % {"length": number(length), "limit": number(MAX_BODY_CHARACTERS)},
            field,
        )
    text = clean_body(raw)
    if not text:
        if is_required:
            raise Refused(_("Write what you know. The text is empty."), field)
        return "", ""
    return text, render_html(text)

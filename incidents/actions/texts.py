"""Texts as they come in: cleaned, bounded and rendered once."""

from __future__ import annotations

from django.utils.translation import gettext as _

from incidents.actions.refusals import Refused
from incidents.domain.markup import MAX_BODY_CHARACTERS, render_html
from incidents.domain.text import clean_body, clean_line


def line(raw: str, *, field: str, limit: int, is_required: bool = True) -> str:
    """A one-line text: normalised, without control characters. Raises Refused when it is empty or longer than
    `limit`."""
    text = clean_line(raw)
    if is_required and not text:
        raise Refused(_("Fill in the %(field)s.") % {"field": field}, field)
    if len(text) > limit:
        raise Refused(
            _("The %(field)s has %(length)s characters; at most %(limit)s are possible.")
            % {"field": field, "length": f"{len(text):,}", "limit": f"{limit:,}"},
            field,
        )
    return text


def body(raw: str, *, field: str = "body", is_required: bool = True) -> tuple[str, str]:
    """A Markdown text and its safe HTML. Raises Refused when it is empty or over 25,000 characters."""
    # Browsers send each line end as two characters; a person counts one.
    length = len(raw.replace("\r\n", "\n"))
    if length > MAX_BODY_CHARACTERS:
        raise Refused(
            _("The text has %(length)s characters; at most %(limit)s are possible.")
            % {"length": f"{length:,}", "limit": f"{MAX_BODY_CHARACTERS:,}"},
            field,
        )
    text = clean_body(raw)
    if not text:
        if is_required:
            raise Refused(_("Write what you know. The text is empty."), field)
        return "", ""
    return text, render_html(text)

"""HTML that somebody typed into another page, or that a feed carries, as Markdown that this page can show."""

from __future__ import annotations

import html
import re

_MARKUP = re.compile(r"<(?:br|p|ul|ol|li|a|b|i|strong|em|code|pre|h[1-6])\b[^<>]{0,2000}>", re.IGNORECASE)
# A regular expression in place of a parser: the standard one takes seconds for a text of tags that never end.
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[a-z][a-z0-9]{0,15})(?P<more>[\s/][^<>]{0,2000})?>|<!--[^<>]{0,2000}-->", re.IGNORECASE
)
_HREF = re.compile(r"\bhref\s{0,3}=\s{0,3}(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
_PARAGRAPHS = frozenset(("p", "div", "ul", "ol", "pre", "blockquote", "table", "h1", "h2", "h3", "h4", "h5", "h6"))
_BREAKS = {"br": "\n", "tr": "\n", "li": "\n- "}
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_SAFE = re.compile(r"(?:https?://|mailto:)[^\s()<>]+\Z", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Whether the text holds one of the HTML elements that people type into status pages."""
    return _MARKUP.search(text) is not None


def markdown_of(markup: str) -> str:
    """The text with line breaks, lists, emphasis and safe links as Markdown; everything else of the HTML is dropped.

    In linear time, for any text.
    """
    parts: list[str] = []
    links: list[str] = []
    silent, end = 0, 0
    for tag in _TAG.finditer(markup):
        if not silent:
            parts.append(html.unescape(markup[end : tag.start()]))
        end, name = tag.end(), (tag["name"] or "").lower()
        if name in _SILENT:
            silent = max(0, silent - 1) if tag["close"] else silent + 1
        elif not silent:
            parts.append(_mark(name, bool(tag["close"]), tag["more"] or "", links))
    if not silent:
        parts.append(html.unescape(markup[end:]))
    text = "\n".join(line.rstrip(" \t") for line in "".join(parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _mark(name: str, is_end: bool, attributes: str, links: list[str]) -> str:
    """What stands in Markdown for one tag; `links` holds the addresses of the links that are open."""
    if name == "a":
        if is_end:
            href = links.pop() if links else ""
            return f"]({href})" if href else ""
        found = _HREF.search(attributes)
        href = html.unescape(next((each for each in found.groups() if each), "")) if found else ""
        links.append(href if _SAFE.fullmatch(href) else "")
        return "[" if links[-1] else ""
    if name in _MARKS:
        return _MARKS[name]
    if name in _PARAGRAPHS:
        return "\n\n"
    return "" if is_end else _BREAKS.get(name, "")

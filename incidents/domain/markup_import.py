"""HTML that somebody typed into another page, or that a feed carries, as Markdown that this page can show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_MARKUP = re.compile(r"<(?:br|p|ul|ol|li|a|b|i|strong|em|code|pre|h[1-6])\b[^<>]*>", re.IGNORECASE)
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
_PARAGRAPHS = frozenset(("p", "div", "ul", "ol", "pre", "blockquote", "table", "h1", "h2", "h3", "h4", "h5", "h6"))
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_SAFE = re.compile(r"(?:https?://|mailto:)[^\s()<>]+\Z", re.IGNORECASE)


def has_markup(text: str) -> bool:
    """Whether the text holds one of the HTML elements that people type into status pages."""
    return _MARKUP.search(text) is not None


def markdown_of(markup: str) -> str:
    """The text with line breaks, lists, emphasis and safe links as Markdown; everything else of the HTML is dropped."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    text = "".join(reader.parts)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


class _Reader(HTMLParser):
    """Collects pieces of Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a mark, a paragraph or a link."""
        if tag in _SILENT:
            self._silent += 1
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in ("br", "tr"):
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            href = dict(attrs).get("href") or ""
            self._links.append(href if _SAFE.fullmatch(href) else "")
            self.parts.append("[" if self._links[-1] else "")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _MARKS:
            self.parts.append(_MARKS[tag])
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "a" and self._links:
            href = self._links.pop()
            self.parts.append(f"]({href})" if href else "")

    def handle_data(self, data: str) -> None:
        """Keep what is text."""
        if not self._silent:
            self.parts.append(data)

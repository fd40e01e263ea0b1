"""The HTML that markup.py makes, read back as plain text for people: mail, summaries, a terminal."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = {"p", "pre", "h3", "h4", "h5", "h6", "hr", "table", "ul", "ol", "blockquote"}
_TIGHT = {"li", "tr"}


def html_to_text(markup: str) -> str:
    """Plain text for HTML made by render_html: blank lines between blocks, `- ` and `1. ` before items, `> ` in quotes.

    A link whose words are not its address is followed by the address in parentheses.
    """
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines; each open list or quote adds its own mark before them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._prefixes: list[str] = []
        self._bullet = ""
        self._numbers: list[int | None] = []
        self._links: list[tuple[str, int]] = []
        self._is_code = False
        self._gap_depth: int | None = None

    def text(self) -> str:
        """Everything read so far."""
        self._end_line()
        return "\n".join(line.rstrip() for line in self._lines).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS or tag in _TIGHT:
            self._end_line()
        if tag in ("ul", "ol"):
            self._numbers.append(int(given.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._open_item()
        elif tag == "blockquote":
            self._prefixes.append("> ")
        elif tag == "pre":
            self._is_code = True
        elif tag in ("br", "hr"):
            self._line += "---" if tag == "hr" else ""
            self._end_line(is_kept=True)
        elif tag in ("td", "th") and self._line:
            self._line = self._line.rstrip() + " | "
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self._line)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS or tag in _TIGHT:
            self._end_line()
            self._is_code = False
        if tag in ("ul", "ol") and self._numbers:
            self._numbers.pop()
        if tag in ("li", "blockquote") and self._prefixes:
            self._prefixes.pop()
            self._bullet = ""
            self._gap_depth = None if self._gap_depth is None else min(self._gap_depth, len(self._prefixes))
        if tag in _BLOCKS and not (tag in ("ul", "ol") and self._numbers):
            # Lists inside lists stay close to their item; all else is set off by a blank line.
            self._gap_depth = len(self._prefixes)
        if tag == "a" and self._links:
            href, start = self._links.pop()
            words = self._line[start:].strip()
            if href and words not in (href, href.removeprefix("mailto:")):
                self._line += f" ({href})" if words else href

    def handle_data(self, data: str) -> None:
        if not self._is_code:
            self._line += re.sub(r"\s+", " ", data) if self._line else re.sub(r"\s+", " ", data).lstrip(" ")
            return
        *whole, self._line = (self._line + data).split("\n")
        for line in whole:
            self._line, rest = line, self._line
            self._end_line(is_kept=True)
            self._line = rest

    def _open_item(self) -> None:
        number = self._numbers[-1] if self._numbers else None
        if number is not None:
            self._numbers[-1] = number + 1
        self._bullet = "- " if number is None else f"{number}. "
        self._prefixes.append(" " * len(self._bullet))

    def _end_line(self, *, is_kept: bool = False) -> None:
        """Ends the line that is being written; an empty one is dropped unless it `is_kept`."""
        if not self._line.strip() and not is_kept:
            self._line = ""
            return
        outer = self._prefixes[:-1] if self._bullet else self._prefixes
        if self._gap_depth is not None and self._lines:
            # The blank line between belongs to what holds both neighbours, so a quote does not run on over it.
            self._lines.append("".join(outer[: self._gap_depth]))
        prefixes = [*outer, self._bullet] if self._bullet else outer
        self._lines.append("".join(prefixes) + (self._line if self._is_code else self._line.strip(" ")))
        self._line, self._bullet, self._gap_depth = "", "", None

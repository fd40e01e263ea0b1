"""Markdown, as an author types it, to HTML that is safe anywhere and to plain text.

Three rules: HTML that somebody typed is shown as text; only what stands in `_TAGS` and `_ATTRIBUTES` comes out; no text
may keep a server busy. What would be slow to parse is shown as it was typed (see markup_cost.py), never refused.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AMP_SUBSTITUTE, AtomicString

from incidents.domain.markup_cost import InlineBudget, TooComplex, check_blocks
from incidents.domain.markup_text import html_to_text
from incidents.domain.text import clean_body

__all__ = ["MAX_BODY_CHARACTERS", "TooComplex", "TooLong", "render_html", "render_text"]

MAX_BODY_CHARACTERS = 25_000

_HEADINGS = {f"h{level}": f"h{min(level + 2, 6)}" for level in range(1, 7)}
_TAGS = {
    *("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *_HEADINGS.values(),
}
# The empty set under "*" matters: without it the sanitiser lets `title` and `lang` pass on every element.
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_ALIGNMENTS = {"align": {"left", "center", "right"}}
_REL = "noopener nofollow ugc"
# What is left of a link whose address the sanitiser could not parse, such as `http://[`.
_LINK_TO_NOWHERE = re.compile(f'<a rel="{_REL}">(.*?)</a>', re.DOTALL)
_SAFE_HREF = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\\]+\Z", re.IGNORECASE)


class TooLong(ValueError):
    """The text has more than MAX_BODY_CHARACTERS characters; its message is fit for the person who typed it."""

    def __init__(self, length: int) -> None:
        super().__init__(
            f"This text has {length:,} characters; at most {MAX_BODY_CHARACTERS:,} can be published. Please shorten it."
        )


# What python-markdown keeps pieces under while it works; no text that was cleaned holds it.
_STASH = "\x02"


def render_html(source: str) -> str:
    """Safe HTML for a Markdown source: links to http, https and mailto only; no image, class, style or identifier.

    Supports lists, tables, fenced code, quotes, emphasis, bare links; each line break shows. Headings begin at h3,
    since the page has its own. The same source gives the same bytes. Raises TooLong, and nothing else for any string.
    """
    if len(source) > MAX_BODY_CHARACTERS:
        raise TooLong(len(source))
    text = clean_body(source)
    try:
        rendered = _converter().convert(text)
    except TooComplex:
        return _as_typed(text)
    if _STASH in rendered:
        # Marks so tangled that the parser tore its own placeholder for a piece of code apart, and lost the piece.
        return _as_typed(text)
    safe = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values={"th": _ALIGNMENTS, "td": _ALIGNMENTS},
        url_schemes={"http", "https", "mailto"},
        link_rel=_REL,
    )
    return _LINK_TO_NOWHERE.sub(r"\1", safe)


def render_text(source: str) -> str:
    """The same content as plain text, for mail and for summaries in feeds: links show their address, items their mark.

    Raises TooLong.
    """
    return html_to_text(render_html(source))


def _as_typed(text: str) -> str:
    """Paragraphs and line breaks, every other mark shown as it is."""
    paragraphs = (html.escape(part, quote=False) for part in re.split(r"\n{2,}", text) if part)
    return "\n".join("<p>" + part.replace("\n", "<br>") + "</p>" for part in paragraphs)


def _converter() -> Markdown:
    """A new parser each time: they keep state, and threads render at once."""
    return Markdown(extensions=["sane_lists", "nl2br", TableExtension(use_align_attribute=True), _House()])


class _House(Extension):
    """What this house takes away from the package and what it adds."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the package's name)
        md.preprocessors.deregister("html_block")
        for name in ("html", "entity", "automail", "image_link", "image_reference", "short_image_ref"):
            md.inlinePatterns.deregister(name)
        md.postprocessors.deregister("amp_substitute")
        md.preprocessors.register(_Fences(md), "fences", 25)
        md.preprocessors.register(_Limits(md), "limits", 15)
        md.preprocessors.register(_Ampersands(md), "ampersands", 10)
        md.inlinePatterns.register(_BareLinks(_BareLinks.PATTERN, md), "bare_links", 105)
        md.inlinePatterns.register(_MailLinks(_MailLinks.PATTERN, md), "mail_links", 110)
        md.treeprocessors.register(_DenseText(md), "dense_text", 30)
        md.treeprocessors.register(_Tidy(md), "tidy", 15)
        md.postprocessors.register(_AmpersandsBack(md), "ampersands_back", 20)


class _Fences(Preprocessor):
    """Fenced code, in one pass over the lines; a fence that is never closed runs to the end of the text."""

    OPENING = re.compile(r"(`{3,}|~{3,})[^`]*\Z")

    def run(self, lines: list[str]) -> list[str]:
        kept: list[str] = []
        code: list[str] = []
        fence = ""
        for line in lines:
            bare = line.rstrip()
            if not fence:
                found = self.OPENING.match(bare)
                fence = found.group(1) if found else ""
                if not found:
                    kept.append(line)
            elif bare == fence[0] * len(bare) and len(bare) >= len(fence):
                kept += self._stashed(code)
                fence, code = "", []
            else:
                code.append(line)
        return kept + self._stashed(code) if fence else kept

    def _stashed(self, code: list[str]) -> list[str]:
        escaped = html.escape("\n".join(code).rstrip("\n"), quote=False)
        return ["", self.md.htmlStash.store(f"<pre><code>{escaped}\n</code></pre>"), "", ""]


class _Limits(Preprocessor):
    """Stops what the block parser is slow on; runs after the fences, since code costs nothing."""

    def run(self, lines: list[str]) -> list[str]:
        check_blocks(lines)
        return lines


class _Ampersands(Preprocessor):
    """Takes every typed `&` out of reach of the package, which would pass entities through undecoded."""

    def run(self, lines: list[str]) -> list[str]:
        return [line.replace("&", AMP_SUBSTITUTE) for line in lines]


class _AmpersandsBack(Postprocessor):
    def run(self, text: str) -> str:
        return text.replace(AMP_SUBSTITUTE, "&amp;")


class _BareLinks(InlineProcessor):
    """An address that starts with http:// or https:// is a link; punctuation that ends a sentence is not part of it."""

    PATTERN = r"(?<![\w@/])https?://(?:\x02amp\x03|[^\s<>\"'`\x00-\x20])+"
    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ElementTree.Element, int, int]:  # type: ignore[override]  # noqa: N802, ARG002
        url = m.group().rstrip(".,;:!?*_]|")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?*_]|")
        link = ElementTree.Element("a", {"href": url})
        link.text = AtomicString(url)
        return link, m.start(), m.start() + len(url)


class _MailLinks(InlineProcessor):
    """`<name@example.com>`, without the package's disguise by entities: it stops no robot and no filter reads it."""

    PATTERN = r"<((?:mailto:)?([^<>\s@:/]+@[^<>\s@:/]+))>"

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ElementTree.Element, int, int]:  # type: ignore[override]  # noqa: N802, ARG002
        link = ElementTree.Element("a", {"href": f"mailto:{m.group(2)}"})
        link.text = AtomicString(m.group(2))
        return link, m.start(), m.end()


class _DenseText(Treeprocessor):
    """Shows a text as typed when its marks would take the inline parser long."""

    def run(self, root: ElementTree.Element) -> None:
        budget = InlineBudget()
        for element in list(root.iter()):
            if element.text and not isinstance(element.text, AtomicString) and not budget.allows(element.text):
                first, *others = element.text.split("\n")
                element.text = AtomicString(first)
                for at, line in enumerate(others):
                    element.insert(at, ElementTree.Element("br"))
                    element[at].tail = AtomicString(line)
            if element.tail and not isinstance(element.tail, AtomicString) and not budget.allows(element.tail):
                element.tail = AtomicString(element.tail)


class _Tidy(Treeprocessor):
    """Headings below those of the page; a link that leads nowhere safe becomes its own text."""

    def run(self, root: ElementTree.Element) -> None:
        for element in root.iter():
            element.tag = _HEADINGS.get(element.tag, element.tag)
            if element.tag == "a" and not _SAFE_HREF.match(element.get("href", "").replace(AMP_SUBSTITUTE, "&")):
                element.tag = "span"

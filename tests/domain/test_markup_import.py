"""HTML of other pages becomes Markdown: what it means stays, what it could do does not, and no text takes long."""

from __future__ import annotations

from time import process_time

import pytest

from incidents.domain.markup_import import has_markup, markdown_of


@pytest.mark.parametrize(
    ("markup", "markdown"),
    [
        ("One<br />two<br>three", "One\ntwo\nthree"),
        ("<p>One</p><p>two</p>", "One\n\ntwo"),
        ("<ul><li>a</li><li>b &amp; c</li></ul>", "- a\n- b & c"),
        ("<strong>Fixed</strong> <em>now</em>", "**Fixed** *now*"),
        ("<a href='https://x.example/?a=1&amp;b=2'>here</a>", "[here](https://x.example/?a=1&b=2)"),
        ('<a class="x" href="javascript:alert(1)">here</a>', "here"),
        ("<a href=//evil.example>here</a></a>", "here"),
        ("a<script>alert(1)</script>b<!-- c -->d", "abd"),
        ("1 < 2 and <not a tag", "1 < 2 and <not a tag"),
        ("<span data-x='1'>kept</span>", "kept"),
    ],
)
def test_what_html_means_is_kept_as_markdown(markup, markdown):
    assert markdown_of(markup) == markdown


def test_text_without_html_is_told_from_text_with_it():
    assert not has_markup("a < b > c, <span> and &amp;")
    assert has_markup("One<BR/>two")


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<a href='", "</", "<", "<p>", " \t", "<script>", "&amp;", "<br><a href=x "]
)
def test_no_text_takes_long(piece):
    began = process_time()
    text = piece * (60_000 // len(piece))
    has_markup(text)
    markdown_of(text)
    assert process_time() - began < 1

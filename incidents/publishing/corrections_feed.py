"""`/corrections.atom`: each correction is an entry under an id that lasts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from incidents.domain.status import Impact
from incidents.publishing import words
from incidents.publishing.feed_markup import Entry, Feed, tag_uri
from incidents.publishing.feeds import FORMATS
from incidents.publishing.public import ColdPage, CorrectionView, PageView, Snapshot
from incidents.publishing.tree import Page

LIMIT = 50
PATH = "/corrections"


def hot(snapshot: Snapshot) -> list[Page]:
    """The newest corrections as Atom."""
    page, newest = snapshot.page, snapshot.corrections[:LIMIT]
    feed = Feed(
        id=tag_uri(page, PATH),
        title=f"{page.name} - {_('Corrections')}",
        home_url=page.url + PATH,
        author=page.name,
        zone="UTC",
        updated_at=newest[0].at if newest else page.updated_at,
        entries=tuple(_entry(page, correction) for correction in newest),
    )
    return [FORMATS["atom"].page(feed, PATH + FORMATS["atom"].ending, page.url)]


def cold(_snapshot: Snapshot) -> Iterator[ColdPage]:
    """None: there is one feed of corrections."""
    yield from ()


def _entry(page: PageView, correction: CorrectionView) -> Entry:
    return Entry(
        id=tag_uri(page, f"Correction/{correction.number}"),
        url=f"{page.url}{PATH}#correction-{correction.number}",
        title=f"{_('Correction')}: {correction.subject}",
        html=_html(correction),
        published_at=correction.at,
        updated_at=correction.at,
        tags=(),
        incident_code="",
        impact=Impact.NONE,
    )


def _html(correction: CorrectionView) -> str:
    figures = [(row.name, row.before or "–", row.after or "–") for row in correction.figures]
    return format_html(
        "<p>{} {}</p><ul>{}</ul>",
        _("Reason:"),
        correction.reason,
        format_html_join(
            "",
            "<li>{}: <del>{}</del> {} <ins>{}</ins></li>",
            [(name, old, words.arrow(), new) for name, old, new in (*correction.changes, *figures)],
        ),
    )

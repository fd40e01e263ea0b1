"""`/reviews.rss`, `/reviews.atom`, `/reviews/feed.json`: an entry for each review, in full, under an id that lasts.

An entry moves only with a version that changed facts; a mended comma moves nothing. What an entry is stands in its
categories, so that no program takes a review for trouble that goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.template.loader import get_template
from django.utils.translation import gettext as _

from incidents.domain.status import Impact
from incidents.publishing import review_rows
from incidents.publishing.feed_markup import Entry, Feed, tag_uri
from incidents.publishing.feeds import FORMATS
from incidents.publishing.public import ColdPage, PageView, Snapshot
from incidents.publishing.reviews import ReviewView, VersionView
from incidents.publishing.tree import Page

LIMIT = 50
PATH = "/reviews"
STATE, INCIDENT_STATUS = "post-incident-review", "resolved"


def hot(snapshot: Snapshot) -> list[Page]:
    """The reviews whose facts changed last, in every format. Retracted ones are gone from it."""
    page = snapshot.page
    told = [(view, view.material) for view in snapshot.reviews if view.shown and view.material.review]
    told.sort(key=lambda pair: (pair[1].published_at, pair[0].slug), reverse=True)
    moments = [view.material.published_at for view in snapshot.reviews]
    feed = Feed(
        id=tag_uri(page, PATH),
        title=f"{page.name} - {_('Reviews')}",
        home_url=page.url + PATH,
        author=page.name,
        zone="UTC",
        updated_at=max(moments, default=page.updated_at),
        entries=tuple(_entry(page, view, version) for view, version in told[:LIMIT]),
    )
    return [form.page(feed, PATH + form.ending, page.url) for form in FORMATS.values()]


def cold(_snapshot: Snapshot) -> Iterator[ColdPage]:
    """None: there is one feed of reviews."""
    yield from ()


def _entry(page: PageView, view: ReviewView, version: VersionView) -> Entry:
    """The entry says what the newest material version says: a reader that polls sees it move exactly then."""
    review = version.review or {}
    url = page.url + view.path
    lasting = tag_uri(page, f"Review/{view.slug}")
    is_example = any(row["is_example"] for row in review["incidents"])
    return Entry(
        id=lasting,
        url=url,
        title=_("Review: %(title)s") % {"title": review["title"]},
        html=_html(version, url),
        published_at=view.first_published_at,
        updated_at=version.published_at,
        tags=("example",) if is_example else (),
        incident_code="",
        impact=Impact(review["impact"]),
        categories=_categories(page, review, version),
        guid=f"{lasting}/{version.number}",
        related_urls=tuple(page.url + row["path"] for row in review["incidents"]),
        extension=_extension(page, view, version, review),
    )


def _categories(page: PageView, review: dict[str, Any], version: VersionView) -> tuple[tuple[str, str], ...]:
    codes = sorted({row["code"] for row in review["factors"]})
    return (
        (tag_uri(page, "state"), STATE),
        (tag_uri(page, "incident-status"), _status(review)),
        (tag_uri(page, "impact"), review["impact"]),
        *((tag_uri(page, "factor"), code) for code in codes),
        (tag_uri(page, "standing"), version.standing),
        (tag_uri(page, "version"), str(version.number)),
    )


def _status(review: dict[str, Any]) -> str:
    """A preliminary review may be of an incident that goes on; all others are of what is over."""
    return INCIDENT_STATUS if all(row["resolved_at"] for row in review["incidents"]) else "open"


def _extension(page: PageView, view: ReviewView, version: VersionView, review: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": STATE,
        "incident_status": _status(review),
        "impact": review["impact"],
        "standing": version.standing,
        "version": version.number,
        "sha256": version.sha256,
        "incidents": [row["code"] for row in review["incidents"]],
        "factors": sorted({row["code"] for row in review["factors"]}),
        "json_url": f"{page.url}{view.path}.json",
    }


def _html(version: VersionView, url: str) -> str:
    context = {**review_rows.arranged(version.envelope), "url": url}
    return get_template("public/_review_entry.html").render(context)

"""The pages of reviews: the list, each review as it stands now, each version as it was published, and what changed.

A pure function of envelopes (see `reviewing.document`) and of the live state of what they promised. `version_page` is
the rendering that is stored with a version and served for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import combinations
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from incidents import queries
from incidents.domain.canonical import canonical
from incidents.domain.instants import to_the_second
from incidents.domain.review import VersionKind
from incidents.models.review_words import word_of
from incidents.publishing import pages, review_changes, review_live, review_markdown, review_rows, review_words
from incidents.publishing.branding import brand_of
from incidents.publishing.csp import csp
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.review_schema import SCHEMA_PATH, SCHEMA_VERSION, review_schema
from incidents.publishing.reviews import Envelope, ReviewView, VersionView, stored_page
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page

PATH = "/reviews"
GONE = 410  # RFC 9110, 15.5.11: it was here and was taken away on purpose


def hot(snapshot: Snapshot) -> list[Page]:
    """The list of reviews."""
    return [_list(snapshot)]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The schema; each review as page, JSON and Markdown; each version, and what changed between each two."""
    url, site = snapshot.page.url, pages.site_of(snapshot.page)
    yield ColdPage(SCHEMA_PATH, key_of(url, SCHEMA_VERSION), partial(_schema_page, url))
    for view in snapshot.reviews:
        live = review_live.live_of(snapshot, view)
        key = key_of(site, view.key, live)
        yield ColdPage(view.path, key, partial(_review, snapshot.page, view, live))
        yield ColdPage(f"{view.path}.json", key, partial(_review_json, view, live))
        yield ColdPage(f"{view.path}.md", key, partial(_review_markdown, snapshot.page, view))
        yield from _version_pages(snapshot.page, view, key_of(site, view.key))


def version_page(envelope: Envelope) -> tuple[str, str]:
    """The page of a version as it is stored: HTML, and the Content-Security-Policy that it is served under.

    Nothing in it is live: no clock, no state of a promise, no hash of the record.
    """
    row = queries.the_page()
    at = datetime.fromisoformat(envelope["version"]["published_at"])
    page = PageView(row.name, row.time_zone, settings.SITE_URL, at, brand=brand_of(row))
    slug, number = envelope["review"]["slug"] if envelope["review"] else "", envelope["version"]["number"]
    return _version(page, envelope, f"{PATH}/{slug}" if slug else PATH, number).body.decode(), csp(page.brand.style)


def _list(snapshot: Snapshot) -> Page:
    rows = [_line(view) for view in snapshot.reviews]
    context = {
        "rows": rows,
        "feeds": feeds_of(snapshot.page),
        "description": _("What was learnt from incidents: what happened, why, and what is being done."),
    }
    return pages.page_of(snapshot.page, PATH, "reviews", _("Reviews"), context)


def _line(view: ReviewView) -> dict[str, Any]:
    """One review in the list: what it is about, where it stands, and what was corrected."""
    version = view.newest
    return {
        "path": view.path,
        "title": view.title or _("A review that was retracted"),
        "is_retracted": view.is_retracted,
        "standing": _("Retracted") if view.is_retracted else review_words.STANDINGS[version.standing],
        "number": version.number,
        "published_at": view.first_published_at,
        "changed_at": version.published_at if version.number > 1 else None,
        "reason": version.reason,
        "incidents": view.shown.review["incidents"] if view.shown and view.shown.review else [],
        "summary": summary_of(view),
        "corrected": [row for row in view.versions if row.kind == VersionKind.CORRECTION and row.is_material],
    }


def summary_of(view: ReviewView) -> str:
    """The summary of a review as plain text; empty if it has none."""
    review = view.shown.review if view.shown else None
    return review_rows.summary_text(review) if review else ""


def feeds_of(page: PageView) -> list[tuple[str, str, str]]:
    """(type, address, title) of the feeds of reviews."""
    return [
        ("application/atom+xml", f"{page.url}{PATH}.atom", _("Reviews - Atom Feed")),
        ("application/rss+xml", f"{page.url}{PATH}.rss", _("Reviews - RSS Feed")),
        ("application/feed+json", f"{page.url}{PATH}/feed.json", _("Reviews - JSON Feed")),
    ]


def _review(page: PageView, view: ReviewView, live: review_live.Live) -> Page:
    if view.shown is None:
        return _tombstone(page, view, view.path)
    version = view.shown
    rows = review_rows.arranged(version.envelope)
    context = {
        **rows,
        "remediations": [{**row, "live": live.remediation(row["code"])} for row in rows["remediations"]],
        "promises": live.promises,
        "versions": _version_rows(view),
        "whole_path": _changes_path(view, 1, version.number) if version.number > 2 else "",
        "boxes": [_box(row.envelope["version"], _compared_to(view, row)) for row in _material_changes(view)],
        "is_stored": False,
        "feeds": feeds_of(page),
        "description": _description(version.envelope),
        "alternates": [
            ("application/json", f"{page.url}{view.path}.json"),
            ("text/markdown", f"{page.url}{view.path}.md"),
        ],
    }
    return pages.page_of(page, view.path, "review", view.title, context)


def _version(page: PageView, envelope: Envelope, review_path: str, number: int) -> Page:
    path = f"{review_path}/versions/{number}"
    if envelope["review"] is None:
        # Nothing names the review any more, so no address of the newest can be given either.
        context = {"at": envelope["version"]["published_at"], "reason": envelope["version"]["reason"], "canonical": ""}
        return pages.page_of(page, path, "review_retracted", _("Retracted review"), context)
    context = {
        **review_rows.arranged(envelope),
        "boxes": [_box(envelope["version"])] if envelope["version"]["supersedes"] else [],
        "is_stored": True,
        "review_path": review_path,
        "feeds": feeds_of(page),
        "description": _description(envelope),
    }
    title = f"{envelope['review']['title']}, {_('version %(number)s') % {'number': number}}"
    return pages.page_of(page, path, "review", title, context)


def _version_pages(page: PageView, view: ReviewView, key: str) -> Iterator[ColdPage]:
    for version in view.versions:
        mine = key_of(version.key) if version.is_readable else key
        yield ColdPage(version.path, mine, partial(_stored_page, page, view, version))
        yield ColdPage(f"{version.path}.json", mine, partial(_stored_json, view, version))
    for new, old in combinations(view.versions, 2):
        path = _changes_path(view, old.number, new.number)
        yield ColdPage(path, key, partial(_changes, page, view, old, new, path))


def _stored_page(page: PageView, view: ReviewView, version: VersionView) -> Page:
    if not version.is_readable:
        return _tombstone(page, view, version.path, status=GONE)
    html, policy = stored_page(version)
    headers = (("Content-Security-Policy", policy),)
    return Page(version.path, html.encode(), "text/html; charset=utf-8", headers=headers)


def _stored_json(view: ReviewView, version: VersionView) -> Page:
    path = f"{version.path}.json"
    if version.is_readable:
        return _json(path, version.document)
    return _json(path, view.retraction.document, status=GONE)


def _changes(page: PageView, view: ReviewView, old: VersionView, new: VersionView, path: str) -> Page:
    if old.review is None or new.review is None:
        return _tombstone(page, view, path, status=GONE)
    title = _("What changed from version %(old)s to version %(new)s") % {"old": old.number, "new": new.number}
    context = {
        "view": view,
        "old": old,
        "new": new,
        "between": [row for row in reversed(view.versions) if old.number < row.number <= new.number],
        "heading": title,
        "changes": review_changes.changes(old.review, new.review),
        "feeds": feeds_of(page),
        "description": f"{title}: {view.title}",
    }
    return pages.page_of(page, path, "review_changes", f"{title}: {view.title}", context)


def _tombstone(page: PageView, view: ReviewView, path: str, *, status: int = 200) -> Page:
    context = {"at": to_the_second(view.retraction.published_at), "reason": view.retraction.reason}
    return pages.page_of(page, path, "review_retracted", _("Retracted review"), context, status=status)


def _review_json(view: ReviewView, live: review_live.Live) -> Page:
    shown = view.shown or view.newest
    document = {**shown.envelope, "live": live.document}
    return _json(f"{view.path}.json", canonical(document).decode())


def _review_markdown(page: PageView, view: ReviewView) -> Page:
    if view.shown is None:
        text = review_markdown.tombstone(view.newest)
    else:
        text = review_markdown.markdown(view.shown.envelope, page.url)
    return Page(f"{view.path}.md", text.encode(), "text/markdown; charset=utf-8", headers=OPEN_TO_SCRIPTS)


def _json(path: str, text: str, *, status: int = 200) -> Page:
    return Page(path, text.encode(), "application/json", status=status, headers=OPEN_TO_SCRIPTS)


def _schema_page(url: str) -> Page:
    body = json.dumps(review_schema(url + SCHEMA_PATH), ensure_ascii=False, indent=2) + "\n"
    return Page(SCHEMA_PATH, body.encode(), "application/schema+json", headers=OPEN_TO_SCRIPTS)


def _version_rows(view: ReviewView) -> list[dict[str, Any]]:
    """The list of versions, newest first, each with the address of what it changed."""
    return [
        {
            "number": row.number,
            "path": row.path,
            "kind_words": word_of(VersionKind, row.kind),
            "at": to_the_second(row.published_at),
            "reason": row.reason,
            "is_material": row.is_material,
            "is_break_glass": row.is_break_glass,
            "changes_path": _compared_to(view, row),
            "former": row.number - 1,
        }
        for row in view.versions
    ]


def _material_changes(view: ReviewView) -> list[VersionView]:
    """The versions that changed facts, newest first: whoever reads the newest must not miss an older one."""
    return [
        row for row in view.versions if row.is_material and row.is_readable and row.envelope["version"]["supersedes"]
    ]


def _box(version: dict[str, Any], path: str = "") -> dict[str, Any]:
    """What the dated box at the top says of one version; `path` is where it is compared to the one before."""
    return {
        "at": version["published_at"],
        "is_correction": version["kind"] == VersionKind.CORRECTION,
        "number": version["number"],
        "reason": version["reason"],
        "changes": review_rows.changes_told(version),
        "path": path,
    }


def _compared_to(view: ReviewView, version: VersionView) -> str:
    """The address of what a version changed; empty for the first."""
    return _changes_path(view, version.number - 1, version.number) if version.number > 1 else ""


def _changes_path(view: ReviewView, old: int, new: int) -> str:
    return f"{view.path}/changes/{old}/{new}"


def _description(envelope: Envelope) -> str:
    standing = review_words.STANDINGS[envelope["version"]["standing"]]
    summary = review_rows.summary_text(envelope["review"])
    said = f"{_('Post-incident review')} ({str(standing).lower()})"
    return f"{said}: {pages.shortened(summary)}" if summary else said

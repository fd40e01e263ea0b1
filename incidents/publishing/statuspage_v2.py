"""The public JSON of the Statuspage dialect, API v2: whoever polls such a page changes the host name and nothing else.

Documents of everything are hot. The document of one incident or one component is cold, and so is each page of the
history: `page.updated_at` in them is the last change of what they show, because a document that every write elsewhere
changed would have to be written anew with every write. For the same reason only open incidents and the newest
`KEPT_CURRENT` show their components as they are now; the others as they stood when the incident last changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from incidents.domain.status import Stage
from incidents.publishing import periods
from incidents.publishing.dialect import SHORT_PATH, Body, Dialect
from incidents.publishing.feed_markup import display_time
from incidents.publishing.periods import MONTHS_A_PAGE, Month
from incidents.publishing.public import ColdPage, IncidentView, Snapshot, key_of
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page

NEWEST = 50
KEPT_CURRENT = 5
CONTENT_TYPE = "application/json; charset=utf-8"
CACHE = "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
# 40 hexadecimal digits by which programs know a page of this dialect; ours names the form of the documents.
VERSION = hashlib.sha256(b"Candor speaks the Statuspage dialect as of October 2026").hexdigest()[:40]
HEADERS = (*OPEN_TO_SCRIPTS, ("x-statuspage-version", VERSION))
HISTORY_PAGES = "/history/pages/"
BEYOND_HISTORY = f"{HISTORY_PAGES}none.json"
# As that dialect prints them; equal after parsing, and harmless inside a <script>.
_ESCAPES = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def hot(snapshot: Snapshot) -> list[Page]:
    """Every document of `DOCUMENTS`."""
    dialect = Dialect(snapshot)
    return [_page(path, document(dialect)) for path, document in DOCUMENTS.items()]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """Each incident (at both of its addresses, and its short link), each component, and the pages of the history."""
    dialect = Dialect(snapshot)
    current = {view.code for view in _by_newest_update(snapshot.incidents)[:KEPT_CURRENT]}
    for view in snapshot.incidents:
        as_of = None if view.is_open or view.code in current else view.updated_at
        document = partial(dialect.incident_document, view, as_of)
        yield from _cold_pages(document, f"/api/v2/incidents/{view.code}.json", f"{view.url_path}.json")
        yield _short_link(view.code, view.url_path)
    for gone in snapshot.withdrawn:
        yield _short_link(gone.code, gone.url_path)
    for component in dialect.listed:
        document = partial(dialect.component_document, component)
        yield from _cold_pages(document, f"/api/v2/components/{component.code}.json")
    yield from _history(dialect)


def _summary(dialect: Dialect) -> Body:
    coming = (view for view in dialect.snapshot.incidents if view.is_maintenance and view.is_open)
    return {
        **_components(dialect),
        "incidents": [dialect.incident(view) for view in _unresolved(dialect)],
        "scheduled_maintenances": [dialect.incident(view) for view in _by_start(coming)],
        "status": dialect.status(),
    }


def _status(dialect: Dialect) -> Body:
    return {"page": dialect.page(), "status": dialect.status()}


def _components(dialect: Dialect) -> Body:
    return {"page": dialect.page(), "components": dialect.components()}


def _all_incidents(dialect: Dialect) -> Body:
    return _listing(dialect, "incidents", _of_kind(dialect, is_maintenance=False)[:NEWEST])


def _unresolved_incidents(dialect: Dialect) -> Body:
    return _listing(dialect, "incidents", _unresolved(dialect))


def _resolved_incidents(dialect: Dialect) -> Body:
    rows = [view for view in _of_kind(dialect, is_maintenance=False) if not view.is_open]
    return _listing(dialect, "incidents", rows[:NEWEST])


def _all_maintenances(dialect: Dialect) -> Body:
    return _listing(dialect, "scheduled_maintenances", _of_kind(dialect, is_maintenance=True)[:NEWEST])


def _upcoming_maintenances(dialect: Dialect) -> Body:
    rows = (view for view in dialect.snapshot.incidents if view.is_upcoming)
    return _listing(dialect, "scheduled_maintenances", _by_start(rows))


def _active_maintenances(dialect: Dialect) -> Body:
    rows = [view for view in _of_kind(dialect, is_maintenance=True) if view.is_running]
    return _listing(dialect, "scheduled_maintenances", rows)


def _listing(dialect: Dialect, name: str, views: Iterable[IncidentView]) -> Body:
    return {"page": dialect.page(), name: [dialect.incident(view) for view in views]}


DOCUMENTS: dict[str, Callable[[Dialect], Body]] = {
    "/api/v2/summary.json": _summary,
    "/api/v2/status.json": _status,
    "/api/v2/components.json": _components,
    "/api/v2/incidents.json": _all_incidents,
    "/api/v2/incidents/unresolved.json": _unresolved_incidents,
    "/api/v2/incidents/resolved.json": _resolved_incidents,
    "/api/v2/scheduled-maintenances.json": _all_maintenances,
    "/api/v2/scheduled-maintenances/upcoming.json": _upcoming_maintenances,
    "/api/v2/scheduled-maintenances/active.json": _active_maintenances,
}
"""To add a document that speaks of everything: a function of a Dialect that returns its body, and a line here."""


def _of_kind(dialect: Dialect, *, is_maintenance: bool) -> list[IncidentView]:
    return _by_newest_update(view for view in dialect.snapshot.incidents if view.is_maintenance == is_maintenance)


def _unresolved(dialect: Dialect) -> list[IncidentView]:
    return [view for view in _of_kind(dialect, is_maintenance=False) if view.is_open]


def _by_newest_update(views: Iterable[IncidentView]) -> list[IncidentView]:
    return sorted(views, key=lambda view: (view.displayed_at, view.number), reverse=True)


def _by_start(views: Iterable[IncidentView]) -> list[IncidentView]:
    def planned(view: IncidentView) -> tuple[datetime, int]:
        return (view.window.scheduled_for if view.window else view.started_at), view.number

    return sorted(views, key=planned)


def _history(dialect: Dialect) -> Iterator[ColdPage]:
    """`/history.json`, and the pages that the guard serves at `/history?page=N` to who asks for JSON."""
    months = [_month(dialect, month) for month in periods.months(dialect.snapshot)]
    for number, start in enumerate(range(0, len(months), MONTHS_A_PAGE), start=1):
        document = partial(_months, months[start : start + MONTHS_A_PAGE])
        more = ("/history.json",) if number == 1 else ()
        yield from _cold_pages(document, f"{HISTORY_PAGES}{number}.json", *more)
    yield from _cold_pages(partial(_months, []), BEYOND_HISTORY)


def _months(months: list[Body]) -> Body:
    return {"months": months}


def _month(dialect: Dialect, month: Month) -> Body:
    zone = ZoneInfo(dialect.snapshot.page.time_zone)
    return {
        "name": date_format(month.first, "F"),
        "year": month.first.year,
        "incidents": [_line(dialect, view, zone) for view in month.incidents],
    }


def _line(dialect: Dialect, view: IncidentView, zone: ZoneInfo) -> Body:
    start, end = view.created_at, None if view.is_open else view.resolved_at
    if view.window:
        start, end = view.window.scheduled_for, view.window.scheduled_until
    newest = next((row for row in view.updates if row.stage != Stage.POSTMORTEM), view.newest)
    return {
        "code": view.code,
        "name": view.title,
        "message": newest.body,
        "impact": dialect.impact(view),
        "timestamp": display_time(start, end, zone),
        "status": view.stage.value,
    }


def _cold_pages(document: Callable[[], Body], *paths: str) -> Iterator[ColdPage]:
    key = hashlib.blake2b(_written(document()), digest_size=16).hexdigest()  # nothing that shows can be left out of it
    for path in paths:
        yield ColdPage(path, key, partial(_rendered, path, document))


def _rendered(path: str, document: Callable[[], Body]) -> Page:
    return _page(path, document())


def _page(path: str, document: Body) -> Page:
    headers: tuple[tuple[str, str], ...] = HEADERS
    if path.startswith(HISTORY_PAGES):  # the guard sends these for an address that has an HTML page as well
        headers = (*HEADERS, ("Vary", "Accept, Accept-Encoding"))
    return Page(path, _written(document), CONTENT_TYPE, CACHE, headers=headers)


def _written(document: Any) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for character, escaped in _ESCAPES.items():
        text = text.replace(character, escaped)
    return text.encode("utf-8", "replace")  # a lone surrogate that slipped through must not stop the rest


def _short_link(code: str, target: str) -> ColdPage:
    path = SHORT_PATH + code
    return ColdPage(path, key_of(path, target), partial(_redirect, path, target))


def _redirect(path: str, target: str) -> Page:
    """The body is for servers that send files and know no redirects."""
    body = f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(target)}"><a href="{target}">Moved</a>\n'
    return Page(path, body.encode(), "text/html; charset=utf-8", status=302, headers=(("Location", target),))

"""The history of a page that speaks the Statuspage dialect: from its address, or from saved documents.

Format: the public v2 API (https://metastatuspage.com/api) as it is served: `/api/v2/*.json`, and for what is older than
the newest fifty `/history?page=N` as JSON and `/api/v2/incidents/<code>.json`. Documents are told apart by their keys,
so that it does not matter how files are called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.history import History, PastComponent, PastIncident, PastPage
from incidents.domain.status import Kind
from incidents.domain.text import clean_line
from incidents.importing import documents
from incidents.importing.documents import Document, NoDocument, Unreadable
from incidents.importing.statuspage_rows import Row, component_of, gone_component_of, incident_of, moment, text

NEWEST = 50  # as many the API lists
MOST_HISTORY_PAGES = 80  # three months each
MOST_EMPTY_PAGES = 4
MOST_OLDER = 3_000
_LISTS = {"incidents": Kind.INCIDENT, "scheduled_maintenances": Kind.MAINTENANCE}
_PAGE = re.compile(r"[a-z0-9]{12}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def read(source: str) -> History:
    """The history at a base address (`https://status.example.com`, with or without `/api/v2`), or in a folder.

    Raises Unreadable, with a sentence; nothing is half read.
    """
    if documents.is_address(source):
        found, is_whole, warnings = _served(source)
    else:
        found, is_whole, warnings = documents.saved(source), None, []
    return _history(found, is_whole, warnings)


def _served(source: str) -> tuple[list[Document], bool | None, list[str]]:
    parts = urlsplit(source)
    base = f"{parts.scheme}://{parts.netloc}"
    found = [
        document
        for name in ("summary", "components", "incidents", "scheduled-maintenances")
        if (document := documents.served(f"{base}/api/v2/{name}.json"))
    ]
    known = {str(row.get("id")) for document in found for key in _LISTS for row in _rows(document, key)}
    if all(len(_rows(document, key)) < NEWEST for document in found for key in _LISTS):
        return found, True, []
    codes, is_whole = _older_codes(base, known)
    older = [documents.served(f"{base}/api/v2/incidents/{code}.json", is_required=False) for code in codes]
    missing = len([document for document in older if document is None])
    sentence = ngettext(
        "%(count)s older incident or maintenance is listed there but not served as data; it is left out.",
        "%(count)s older incidents or maintenances are listed there but not served as data; they are left out.",
        missing,
    )
    warnings = [sentence % {"count": missing}] if missing else []
    if not is_whole:
        warnings.append(_("The history there is longer than what was walked through; its oldest part is left out."))
    return [*found, *(document for document in older if document)], is_whole, warnings


def _older_codes(base: str, known: set[str]) -> tuple[list[str], bool]:
    """The codes that the history lists and that are not known, and whether it was walked to its end."""
    codes: dict[str, None] = {}
    empty = 0
    for number in range(1, MOST_HISTORY_PAGES + 1):
        try:
            document = documents.served(f"{base}/history?page={number}", is_required=False)
        except NoDocument:  # a page that has its history for people alone
            return list(codes), False
        if document is None:
            return list(codes), True
        listed = [str(row.get("code")) for month in _rows(document, "months") for row in _dicts(month.get("incidents"))]
        empty = 0 if listed else empty + 1
        codes |= {code: None for code in listed if code not in known and _CODE.fullmatch(code)}
        if empty >= MOST_EMPTY_PAGES:
            return list(codes), True
        if len(codes) >= MOST_OLDER:
            break
    return list(codes)[:MOST_OLDER], False


def _history(found: list[Document], is_whole: bool | None, warnings: list[str]) -> History:
    page, updated_at = _page(found)
    listed = _components(found)
    groups = {row.code for row in listed if row.is_group}
    incidents = {row.external_id: row for row in _incidents(found, groups)}
    ordered = sorted(incidents.values(), key=lambda row: (row.created_at or updated_at, row.external_id))
    if not listed and not ordered:
        raise Unreadable(_("There are no components and no incidents of the Statuspage dialect in this source."))
    since = None if is_whole else _since(found, ordered, updated_at)
    if since:
        warnings = [*warnings, _("What happened before %(day)s is not whole there.") % {"day": f"{since:%Y-%m-%d}"}]
    return History(
        source=f"statuspage:{page.code or page.name}"[:200],
        incidents=tuple(ordered),
        components=(*listed, *_gone(found, ordered, listed)),
        page=page,
        since=since,
        warnings=tuple(warnings),
    )


def _page(found: list[Document]) -> tuple[PastPage, datetime]:
    pages = [(moment(row, "updated_at"), document.name, row) for document in found if (row := _page_row(document))]
    if not pages:
        raise Unreadable(_("No document says which page it is of: there is no “page” in any of them."))
    if len({text(row, "id") for _at, _name, row in pages}) > 1:
        raise Unreadable(_("The documents are of several pages. Keep those of one page in a folder."))
    updated_at, _name, newest = max(pages, key=lambda each: each[0])
    code = text(newest, "id")
    name = clean_line(text(newest, "name"))[:200] or _("Status")
    return PastPage(name, text(newest, "time_zone") or "Etc/UTC", code if _PAGE.fullmatch(code) else ""), updated_at


def _page_row(document: Document) -> Row | None:
    row = document.data.get("page")
    return row if isinstance(row, dict) else None


def _components(found: list[Document]) -> list[PastComponent]:
    """Those of the newest document that lists them; groups first."""
    lists = [
        (moment(page, "updated_at"), len(_rows(document, "components")), document)
        for document in found
        if "components" in document.data and (page := _page_row(document))
    ]
    if not lists:
        return []
    newest = max(lists, key=lambda each: each[:2])[2]
    rows = [component_of(row, newest.name) for row in _rows(newest, "components")]
    return sorted(rows, key=lambda row: not row.is_group)


def _incidents(found: list[Document], groups: set[str]) -> Iterator[PastIncident]:
    """Each once, as its newest document has it."""
    newest: dict[str, tuple[datetime, Row, Kind, str]] = {}
    for document in found:
        for row, kind in _listed(document):
            at = moment(row, "updated_at", document.name)
            code = text(row, "id")
            if code not in newest or newest[code][0] < at:
                newest[code] = (at, row, kind, document.name)
    for _at, row, kind, name in newest.values():
        yield incident_of(row, kind, name, groups)


def _listed(document: Document) -> Iterator[tuple[Row, Kind]]:
    for key, kind in _LISTS.items():
        yield from ((row, kind) for row in _rows(document, key))
    single = document.data.get("incident")
    if isinstance(single, dict):
        yield single, Kind.MAINTENANCE if single.get("scheduled_for") else Kind.INCIDENT


def _gone(
    found: list[Document], incidents: Iterable[PastIncident], listed: list[PastComponent]
) -> Iterator[PastComponent]:
    """Components that only incidents speak of: they were taken off that page, but history keeps their names."""
    known = {row.code for row in listed}
    rows = {
        text(row, "id"): (row, document.name)
        for document in found
        for incident, _kind in _listed(document)
        for row in _dicts(incident.get("components"))
    }
    for incident in incidents:
        named = {change.code: change.name for update in incident.updates for change in update.changes}
        for code in dict.fromkeys([*incident.component_codes, *named]):
            if code in known:
                continue
            known.add(code)
            first = incident.created_at
            if code in rows:
                yield component_of(*rows[code], is_gone=bool(listed))
            elif first:
                yield gone_component_of(code, named[code], listed, first)


def _since(found: list[Document], incidents: list[PastIncident], updated_at: datetime) -> datetime | None:
    """From when on every incident is there: the list of incidents holds the newest fifty; that of a summary, which
    leaves out what is over, says nothing of the past."""
    whole = [
        document for document in found if document.name.endswith("incidents.json") and "incidents" in document.data
    ]
    lengths = [len(_rows(document, "incidents")) for document in whole]
    if lengths and max(lengths) < NEWEST:
        return None
    past = [row.created_at for row in incidents if row.created_at and row.kind == Kind.INCIDENT]
    return min(past, default=updated_at) if lengths else updated_at


def _rows(document: Document, key: str) -> list[Row]:
    value = document.data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Unreadable(
            _("%(name)s: “%(key)s” is no list of objects. Nothing was taken over.")
            % {"name": document.name, "key": key}
        )
    return value


def _dicts(value: object) -> list[Row]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

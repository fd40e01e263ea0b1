"""The ledger to take away: `/uptime/ledger.json` with its schema, and `/uptime/ledger.csv`. The whole history.

Pure functions of a snapshot that know no clock: the same ledger gives the same bytes. What no longer counts stands in
the JSON in a list of its own, with when and why.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any

from incidents.domain.instants import in_full
from incidents.domain.status import Level
from incidents.domain.uptime import Policy
from incidents.publishing import months, pages
from incidents.publishing.public import (
    ColdPage,
    IncidentView,
    IntervalView,
    Snapshot,
    SupersededView,
    key_of,
)
from incidents.publishing.schemas import ledger_schema
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page

SCHEMA_VERSION = 1
JSON_PATH, CSV_PATH, SCHEMA_PATH = "/uptime/ledger.json", "/uptime/ledger.csv", "/schemas/ledger.json"
# What a spreadsheet takes for the start of a formula; the last four are the same signs in full width.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
CSV_COLUMNS = (
    "id", "component_code", "component_slug", "component_name", "region", "level", "is_quality", "started_at",
    "ended_at", "source", "incident_code", "incident_url", "incident_first_post_at", "incident_monitoring_at",
)  # fmt: skip


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: the ledger is large, and written when it changes."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The ledger in both forms, and the schema of the first."""
    # The revision counts every public write, so the key need not read the ledger.
    key = key_of(snapshot.page, SCHEMA_VERSION)
    yield ColdPage(JSON_PATH, key, partial(_json_page, snapshot))
    yield ColdPage(CSV_PATH, key, partial(_csv_page, snapshot))
    yield ColdPage(SCHEMA_PATH, key_of(snapshot.page.url, SCHEMA_VERSION), partial(_schema_page, snapshot.page.url))


def ledger(snapshot: Snapshot) -> dict[str, Any]:
    """The ledger as one JSON document, by the schema at `/schemas/ledger.json`."""
    page = snapshot.page
    slugs = {view.code: view.slug for view in pages.all_components(snapshot)}
    incidents = {incident.code: incident for incident in snapshot.incidents}
    standing = [_interval(row, slugs, incidents, page.url) for row in _standing(snapshot)]
    return {
        "schema_version": SCHEMA_VERSION,
        "schema": page.url + SCHEMA_PATH,
        "page": {"name": page.name, "url": page.url, "time_zone": page.time_zone},
        "updated_at": in_full(page.updated_at),
        "record": {"number": page.record_number, "hash": page.record_hash or None},
        "policy": _policy(),
        "regions": [{"key": region.key, "name": region.name} for region in snapshot.regions],
        "components": [_component(account) for account in months.book(snapshot).accounts],
        "intervals": standing,
        "superseded": [_superseded(row, slugs, incidents, page.url) for row in snapshot.superseded],
    }


def ledger_rows(snapshot: Snapshot) -> Iterator[list[str]]:
    """The standing intervals as rows of text, in the order of `CSV_COLUMNS`, none of them a formula."""
    slugs = {view.code: view.slug for view in pages.all_components(snapshot)}
    incidents = {incident.code: incident for incident in snapshot.incidents}
    for row in _standing(snapshot):
        said = _interval(row, slugs, incidents, snapshot.page.url)
        component, incident = said["component"], said["incident"] or {}
        cells = (
            said["id"], component["code"], component["slug"], component["name"], said["region"], said["level"],
            "true" if said["is_quality"] else "false", said["started_at"], said["ended_at"], said["source"],
            incident.get("code"), incident.get("url"), incident.get("first_post_at"), incident.get("monitoring_at"),
        )  # fmt: skip
        yield [guarded("" if cell is None else str(cell)) for cell in cells]


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _json_page(snapshot: Snapshot) -> Page:
    # One interval a line would read better, but not shrink better: compact, as every document here.
    body = json.dumps(ledger(snapshot), ensure_ascii=False, separators=(",", ":")) + "\n"
    return Page(JSON_PATH, body.encode(), "application/json", headers=OPEN_TO_SCRIPTS)


def _csv_page(snapshot: Snapshot) -> Page:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(ledger_rows(snapshot))
    return Page(CSV_PATH, text.getvalue().encode(), "text/csv; charset=utf-8; header=present", headers=OPEN_TO_SCRIPTS)


def _schema_page(url: str) -> Page:
    body = json.dumps(ledger_schema(url + SCHEMA_PATH, SCHEMA_VERSION), ensure_ascii=False, indent=2) + "\n"
    return Page(SCHEMA_PATH, body.encode(), "application/schema+json", headers=OPEN_TO_SCRIPTS)


def _policy() -> dict[str, Any]:
    """How the pages count it: the weights by level, and what else a figure hangs on."""
    policy = Policy()
    return {
        "clock": policy.clock.value,
        "weights": {level.value: float(policy.weight_of(level)) for level in Level},
        "is_quality_counted": policy.is_quality_counted,
        "region_rule": policy.region_rule.value,
        "digits": 2,
        "rounding": "floor",
    }


def _component(account: months.Account) -> dict[str, Any]:
    view = account.view
    return {
        "code": view.code,
        "slug": view.slug,
        "name": view.full_name,
        "group": view.group_code or None,
        "is_group": view.is_group,
        "is_archived": view.is_archived,
        "regions": list(view.region_keys),
        "first_day": account.begun.isoformat() if account.begun else None,
    }


def _standing(snapshot: Snapshot) -> list[IntervalView]:
    """Every interval that counts, the oldest first."""
    leaves = (view for view in pages.all_components(snapshot) if not view.is_group)
    return sorted((row for leaf in leaves for row in leaf.intervals), key=lambda row: (row.started_at, row.number))


def _interval(
    row: IntervalView, slugs: Mapping[str, str], incidents: Mapping[str, IncidentView], url: str
) -> dict[str, Any]:
    return {
        "id": row.number,
        "component": {
            "code": row.component_code,
            "slug": slugs[row.component_code],
            "name": row.component_name,
        },
        "region": row.region_key or None,
        "level": row.level.value,
        "is_quality": row.is_quality,
        "started_at": in_full(row.started_at),
        "ended_at": _maybe(row.ended_at),
        "incident": _incident(incidents[row.incident_code], url) if row.incident_code in incidents else None,
        "source": row.source,
    }


def _superseded(
    row: SupersededView, slugs: Mapping[str, str], incidents: Mapping[str, IncidentView], url: str
) -> dict[str, Any]:
    return {
        **_interval(row.interval, slugs, incidents, url),
        "superseded_at": in_full(row.superseded_at),
        "superseded_by": row.superseded_by,
        "reason": row.reason,
    }


def _incident(incident: IncidentView, url: str) -> dict[str, Any]:
    at = {milestone.name: milestone.at for milestone in incident.milestones}
    return {
        "code": incident.code,
        "url": url + incident.url_path,
        "title": incident.title,
        "first_post_at": _maybe(at.get("acknowledged") or incident.updates[-1].posted_at),
        "monitoring_at": _maybe(incident.monitoring_at),
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else in_full(at)

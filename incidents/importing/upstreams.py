"""What a provider says of itself, read from its Statuspage JSON or its feed. Everything in it is a stranger's text.

The JSON is read by the few keys that every server of that dialect gives: some give no incidents, some no page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.html import strip_tags
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _

from incidents import fetching
from incidents.domain.status import CLOSED_STAGES, Level, worst_of
from incidents.domain.text import clean_line
from incidents.domain.upstream import Failed, Gone, Outcome, Reading, Unchanged, UpstreamIncident, UpstreamKind
from incidents.importing.sandbox import FeedEntry, FeedRefused, parse_feed
from incidents.models import Upstream

LIMIT_BYTES = 2_000_000
DEADLINE_SECONDS = 10.0
RECENT = timedelta(hours=24)
INCIDENTS_KEPT = 5
WORDS_LENGTH = 200
EARLIEST_YEAR = 1990
_LEVELS = {
    "none": Level.OPERATIONAL,
    "maintenance": Level.UNDER_MAINTENANCE,
    "minor": Level.DEGRADED_PERFORMANCE,
    "major": Level.PARTIAL_OUTAGE,
    "critical": Level.MAJOR_OUTAGE,
}
_ACCEPT = {
    UpstreamKind.STATUSPAGE: "application/json",
    UpstreamKind.FEED: "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5",
}
# The newest update of an entry stands first in the feeds of status pages, its stage in bold.
_LABEL = re.compile(r"<(?:strong|b)>\s*(?:status:)?\s*([a-z ]+?)\s*[:-]?\s*</(?:strong|b)>", re.IGNORECASE)
_OVER_LABELS = {"resolved", "completed", "postmortem", "cancelled", "canceled"}
_PLANNED_LABELS = {"scheduled", "in progress", "verifying", "maintenance"}
_OPEN_LABELS = {"investigating", "identified", "monitoring", "update"}
_OVER_WORDS = re.compile(r"\b(resolved|completed|restored|operating normally|recovered)\b", re.IGNORECASE)


class _NotUnderstood(Exception):
    """What came is not what was asked for. The text is a sentence."""


def read(upstream: Upstream, now: datetime) -> Outcome:
    """Ask an upstream once, with the validators of last time; `now` is UTC. Takes 10 s at most, and raises nothing that
    they can cause."""
    kind = UpstreamKind(upstream.kind)
    try:
        answer = fetching.fetch(
            upstream.url,
            etag=upstream.etag,
            last_modified=upstream.last_modified,
            limit_bytes=LIMIT_BYTES,
            deadline_seconds=DEADLINE_SECONDS,
            accept=_ACCEPT[kind],
        )
    except fetching.NotFetched as fault:
        return Failed(fault.sentence)
    if answer.status == 304:
        return Unchanged()
    if answer.status == 410:
        return Gone(_("They answered that this address is gone for good (410)."))
    if answer.status != 200:
        return Failed(_("They answered with the status %s.") % answer.status)
    try:
        if kind == UpstreamKind.STATUSPAGE:
            return _statuspage(answer, now)
        return _feed(answer, now, upstream.seen)
    except _NotUnderstood as fault:
        return Failed(str(fault))


def _statuspage(answer: fetching.Fetched, now: datetime) -> Reading:
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise _NotUnderstood(_("The answer is not JSON.")) from None
    told = _mapping(told)
    status = _mapping(told.get("status"))
    level = _LEVELS.get(_text(status.get("indicator"))) or _worst(_rows(told.get("components")))
    if level is None:
        raise _NotUnderstood(_("The answer does not say how they are."))
    open_ones = [row for row in _rows(told.get("incidents")) if _text(row.get("status")) not in CLOSED_STAGES]
    incidents = [
        UpstreamIncident(
            _line(row.get("name")),
            _web_address(row.get("shortlink")),
            _moment(row.get("started_at") or row.get("created_at"), now),
        )
        for row in open_ones[:INCIDENTS_KEPT]
    ]
    return Reading(
        level,
        _line(status.get("description")),
        tuple(row for row in incidents if row.name),
        answer.etag,
        answer.last_modified,
    )


def _worst(components: Iterable[dict[str, Any]]) -> Level | None:
    levels = [Level(row["status"]) for row in components if row.get("status") in list(Level) and not row.get("group")]
    return worst_of(levels) if levels else None


def _feed(answer: fetching.Fetched, now: datetime, seen: dict[str, str]) -> Reading:
    try:
        parsed = parse_feed(answer.body, answer.content_type, now=now)
    except FeedRefused as refused:
        raise _NotUnderstood(refused.sentence) from None
    entries: dict[str, FeedEntry] = {}
    for entry in parsed.entries:  # newest first: of two with one id the newer counts
        entries.setdefault(entry.id or entry.link or entry.title, entry)
    still: dict[str, str] = {}
    found = []
    for key, entry in entries.items():
        at = entry.updated_at or entry.published_at
        if at is None:
            still[key[:300]] = seen.get(key[:300]) or now.isoformat()
            at = _moment(still[key[:300]], now) or now
        if now - min(at, now) <= RECENT and _is_open(entry):
            began = min(entry.published_at or at, now)
            found.append(UpstreamIncident(_line(entry.title), _web_address(entry.link), began))
    newest_first = sorted((row for row in found if row.name), key=lambda row: row.since or now, reverse=True)
    return Reading(None, "", tuple(newest_first[:INCIDENTS_KEPT]), answer.etag, answer.last_modified, still)


def _is_open(entry: FeedEntry) -> bool:
    for label in _LABEL.findall(entry.html):
        if label.lower() in _OVER_LABELS | _PLANNED_LABELS:
            return False
        if label.lower() in _OPEN_LABELS:
            return True
    beginning = unescape(strip_tags(entry.html)).strip()[:60]
    return not _OVER_WORDS.search(f"{entry.title} {beginning}")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _line(value: object) -> str:
    line = clean_line(_text(value)[:2000])
    return line if len(line) <= WORDS_LENGTH else line[: WORDS_LENGTH - 1].rstrip() + "…"


def _web_address(value: object) -> str:
    """An address that may stand in a link, or "": http(s), no blank, no control character, no half of one in it."""
    address = _text(value)
    if clean_line(address[:600]) != address:
        return ""
    is_web = re.fullmatch(r"https?://[^\s\x00-\x1f\x7f<>\"\\]{1,500}", address, re.IGNORECASE)
    return address if is_web else ""


def _moment(value: object, now: datetime) -> datetime | None:
    """Their time, UTC, which cannot be after ours; None where it is none, or of a year that nobody can mean."""
    try:
        at = parse_datetime(_text(value))
    except ValueError:
        return None
    if at is None or is_naive(at) or at.year < EARLIEST_YEAR:
        return None
    return min(at, now).astimezone(UTC)

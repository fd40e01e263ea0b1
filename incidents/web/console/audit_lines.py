"""The audit log as files to take away: CSV that no spreadsheet takes for a formula, and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from incidents.domain.instants import to_the_microsecond
from incidents.models import AuditEntry
from incidents.publishing.downloads import guarded

COLUMNS = (
    "number", "at", "actor_kind", "actor", "user_id", "ip", "request_id", "verb", "subject_kind", "subject_id",
    "subject", "incident", "changes", "withheld_at", "salt", "words_digest", "previous_hash", "hash",
)  # fmt: skip


class _Echo:
    """A file that gives back what is written, so that a table is sent row by row."""

    def write(self, text: str) -> str:
        return text


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """RFC 4180, every cell quoted. A cell that would be a formula begins with an apostrophe."""
    writer = csv.writer(_Echo(), lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    yield writer.writerow(COLUMNS)
    for entry in entries:
        yield writer.writerow([guarded(_cell(value)) for value in _values(entry)])


def as_json(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """One object a line, with everything that the hashes are made of."""
    for entry in entries:
        yield json.dumps(dict(zip(COLUMNS, _values(entry), strict=True)), ensure_ascii=False) + "\n"


def _values(entry: AuditEntry) -> list[Any]:
    return [
        entry.number, to_the_microsecond(entry.at), entry.actor_kind, entry.actor_label, entry.user_id, entry.ip,
        entry.request_id, entry.verb, entry.subject_kind, entry.subject_id, entry.subject_label, entry.incident_id,
        entry.changes, to_the_microsecond(entry.withheld_at) if entry.withheld_at else None, entry.salt,
        entry.words_digest, entry.previous_hash, entry.hash,
    ]  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)

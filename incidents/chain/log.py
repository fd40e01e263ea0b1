"""The audit log as a chain: each entry hashes what it says and the entry before. The page's row holds the head.

Hash: sha256 of the canonical JSON of every column but `salt` and the words; those stand in it by their digest,
sha256(salt + canonical JSON of label and changes). A text that must go is taken out of the words of an entry; the
entry of the withholding tells, under `log`, the number of each such entry with the digest of what is left of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incidents.chain import ORIGIN, digest
from incidents.chain.verification import WITHHOLDING
from incidents.domain.canonical import sha256_of
from incidents.domain.instants import to_the_microsecond
from incidents.models import AuditEntry, PublicPage

CHUNK = 500
# Under this name a withholding says what it took out of the log.
TAKEN_OUT = "log"


def append(page: PublicPage, entry: AuditEntry) -> AuditEntry:
    """Number, seal and save an entry; `page` is the page's row, locked by the caller, inside the transaction."""
    if entry.verb in WITHHOLDING and (taken := AuditEntry.objects.filter(withheld_at=entry.at).order_by("number")):
        entry.changes = entry.changes | {TAKEN_OUT: ["", [[str(each.number), words_digest(each)] for each in taken]]}
    entry.number, entry.previous_hash = page.log_number + 1, page.log_hash or ORIGIN
    entry.salt = secrets.token_hex(16)
    entry.words_digest = words_digest(entry)
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    page.log_number, page.log_hash = entry.number, entry.hash
    page.save(update_fields=["log_number", "log_hash"])
    return entry


def take_out(entry: AuditEntry, *, label: str, changes: dict[str, Any], now: datetime) -> None:
    """Leave these words of an entry and no others, inside the transaction whose own entry, of the same `now`, is of a
    verb that may withhold. The database lets this through and nothing else: all but the words stays."""
    entry.subject_label, entry.changes, entry.withheld_at = label, changes, now
    entry.save(update_fields=["subject_label", "changes", "withheld_at"])


def words_digest(entry: AuditEntry) -> str:
    """Of what an entry says in words, as it is now."""
    return digest(entry.salt, {"label": entry.subject_label, "changes": entry.changes})


def hash_of(entry: AuditEntry) -> str:
    """What the entry's hash must be, from its other columns."""
    return sha256_of(
        {
            "number": entry.number,
            "at": to_the_microsecond(entry.at),
            "actor": [entry.actor_kind, entry.actor_label, entry.user_id],
            "from": [entry.ip, entry.request_id],
            "verb": entry.verb,
            "subject": [entry.subject_kind, entry.subject_id],
            "incident": entry.incident_id,
            "words": entry.words_digest,
            "previous": entry.previous_hash,
        }
    )


@dataclass
class Verification:
    """What was read: how many entries, the hash of the newest, and a sentence for each thing that does not agree."""

    entries: int = 0
    head: str = ORIGIN
    findings: list[str] = field(default_factory=list)


def verify(expected: tuple[str, ...] = ()) -> Verification:
    """Read the whole log. `expected`: hashes of its entries that somebody kept. Call it in one read transaction."""
    done, missing = Verification(), set(expected)
    withheld: dict[int, str] = {}
    told: dict[int, str] = {}  # what the last withholding left of an entry
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=CHUNK):
        done.findings += (f"log entry {entry.number}: {sentence}" for sentence in _of_entry(entry, done, withheld))
        done.entries, done.head = entry.number, entry.hash
        missing.discard(entry.hash)
        if entry.verb in WITHHOLDING:
            for number, left in entry.changes.get(TAKEN_OUT, ["", []])[1]:
                told[int(number)] = left
    done.findings += (
        f"log entry {number}: its words are not what was recorded, and no later entry says so"
        for number, left in withheld.items()
        if told.get(number) != left
    )
    page = PublicPage.objects.filter(id=1).first()
    head = (page.log_number, page.log_hash or ORIGIN) if page else (0, ORIGIN)
    if head != (done.entries, done.head):
        done.findings.append(f"log: the page knows entry {head[0]} with hash {head[1]} as the newest")
    done.findings += (f"log: no entry has the hash {one}" for one in sorted(missing))
    return done


def _of_entry(entry: AuditEntry, done: Verification, withheld: dict[int, str]) -> Iterator[str]:
    if entry.number != done.entries + 1:
        yield f"it follows entry {done.entries}; what is between is missing"
    if entry.previous_hash != done.head:
        yield "it does not follow the entry before: the previous hash is another"
    if entry.hash != hash_of(entry):
        yield "its hash is not the hash of what it says"
    words = words_digest(entry)
    if words != entry.words_digest:
        if entry.withheld_at is None:
            yield "its words are not what was recorded"
        else:
            withheld[entry.number] = words

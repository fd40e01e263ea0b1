"""Whether the public record holds: the chain by itself, the chain and the tables, and a hash published earlier.

A change that did not rehash the chain is always found. One that rehashed all of it agrees with itself; only a hash
that somebody kept from before tells it, which is why the page prints the newest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q

from incidents.chain import ORIGIN, PUBLIC, PUBLISHED, digest, hash_of, name_of, parts_of
from incidents.domain.verbs import Verb
from incidents.models import PublicPage, RecordEntry

CHUNK = 500
# The happenings that may take a text away from earlier entries.
WITHHOLDING = frozenset({Verb.UPDATE_WITHHELD, Verb.UPDATE_TAKEN_BACK, Verb.INCIDENT_WITHDRAWN, Verb.REVIEW_RETRACTED})


@dataclass(frozen=True)
class Finding:
    """Something that does not agree: the number of the entry (0: there is none), the row ("": none), and what."""

    number: int
    row: str
    sentence: str

    def __str__(self) -> str:
        where = f"entry {self.number}" if self.number else "no entry"
        return f"{where}, {self.row}: {self.sentence}" if self.row else f"{where}: {self.sentence}"


@dataclass
class Verification:
    """What was read, and what was found."""

    entries: int = 0
    head: str = ORIGIN
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Recorded:
    """The newest recorded state of a row."""

    number: int
    digests: dict[str, str]
    salts: dict[str, str | None]


@dataclass
class _Reading:
    newest: dict[str, _Recorded] = field(default_factory=dict)
    withheld: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


def verify(expected: Collection[str] = ()) -> Verification:
    """Read the whole record and every public table. `expected`: hashes that were published earlier.

    Call it in one read transaction, so that it mixes no states.
    """
    done, reading = Verification(), _Reading()
    missing = set(expected)
    for entry in RecordEntry.objects.order_by("number").iterator(chunk_size=CHUNK):
        done.findings += _of_link(entry, done)
        done.findings += _of_contents(entry, reading)
        done.entries, done.head = entry.number, entry.hash
        missing.discard(entry.hash)
    done.findings += [
        Finding(number, row, f"its {part} is gone, and no later entry says that it was withheld")
        for row, places in reading.withheld.items()
        for number, part in places
    ]
    done.findings += _of_head(done)
    done.findings += _of_tables(reading)
    done.findings += [Finding(0, "", f"no entry has the hash {one}") for one in sorted(missing)]
    return done


def _of_link(entry: RecordEntry, done: Verification) -> Iterator[Finding]:
    if entry.number != done.entries + 1:
        yield Finding(entry.number, "", f"it follows entry {done.entries}; what is between is missing")
    if entry.previous_hash != done.head:
        yield Finding(entry.number, "", "it does not follow the entry before: the previous hash is another")
    if entry.hash != hash_of(entry):
        yield Finding(entry.number, "", "its hash is not the hash of what it says")


def _of_contents(entry: RecordEntry, reading: _Reading) -> Iterator[Finding]:
    if not len(entry.rows) == len(entry.contents) == len(entry.salts):
        yield Finding(entry.number, "", "rows, contents and salts are not of one length")
        return
    for told, content, salts in zip(entry.rows, entry.contents, entry.salts, strict=True):
        row, digests = told["row"], told["digests"]
        if entry.verb in WITHHOLDING:
            reading.withheld.pop(row, None)
        for part, expected in digests.items():
            if part != "facts" and content.get(part) is None and salts.get(part) is None:
                reading.withheld.setdefault(row, []).append((entry.number, part))
            elif digest(salts.get(part) or "", content.get(part)) != expected:
                yield Finding(entry.number, row, f"its {part} is not what was recorded")
        reading.newest[row] = _Recorded(entry.number, digests, salts)


def _of_head(done: Verification) -> Iterator[Finding]:
    page = PublicPage.objects.filter(id=1).first()
    number, head = (page.record_number, page.record_hash or ORIGIN) if page else (0, ORIGIN)
    if (number, head) != (done.entries, done.head):
        yield Finding(done.entries, "", f"the page knows entry {number} with hash {head} as the newest")


def _of_tables(reading: _Reading) -> Iterator[Finding]:
    unseen = dict(reading.newest)
    for model in PUBLIC:
        for row in public_rows(model):
            name = name_of(row)
            recorded = unseen.pop(name, None)
            if recorded:
                yield from _of_row(name, row, recorded)
            elif not (isinstance(row, PublicPage) and row.record_number == 0):
                yield Finding(0, name, "it is in the database, but was never recorded")
    for name, recorded in unseen.items():
        yield Finding(recorded.number, name, "it was recorded, but is not in the database any more")


def public_rows(model: type[Model]) -> Iterator[Model]:
    """The rows of a table of the record that belong to it."""
    _prefix, _field, fields, _texts = PUBLIC[model]
    related = {name.rpartition(".")[0].replace(".", "__") for name in fields if "." in name}
    rows: Any = model._default_manager.select_related(*related) if related else model._default_manager.all()
    yield from rows.filter(PUBLISHED.get(model, Q())).order_by("pk").iterator(chunk_size=CHUNK)


def _of_row(name: str, row: Model, recorded: _Recorded) -> Iterator[Finding]:
    now = parts_of(row)
    for part in sorted(now.keys() | recorded.digests.keys()):
        if digest(recorded.salts.get(part) or "", now.get(part)) != recorded.digests.get(part):
            yield Finding(recorded.number, name, f"its {part} in the database is not what was recorded last")

"""The public record: each thing that was published is an entry that hashes what it says and the entry before.

Entry: sha256 of the canonical JSON (RFC 8785 in spirit: sorted keys, no blanks, UTF-8) of number, at, verb, rows and
previous. A row holds digests, each sha256(salt + canonical JSON of one part), so that a text can be withheld later
(content and salt deleted) while the chain still holds. The page's row is locked by every write and holds the head.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q

from incidents.domain.canonical import canonical, sha256_of
from incidents.domain.instants import to_the_microsecond
from incidents.models import (
    Agreement,
    AgreementExclusion,
    ClientAdvice,
    Component,
    Correction,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MilestoneStatement,
    Promise,
    PromiseExtension,
    PublicPage,
    RecordEntry,
    Region,
    Remediation,
    RemediationSlip,
    ReviewVersion,
    UpdateRevision,
    Verdict,
)

Parts = dict[str, Any]
ORIGIN = "0" * 64

# What of each table is public: (prefix of the row's name, field that names it, plain fields, texts that can be
# withheld by themselves). A foreign key is given as the field of the other row that names it.
PUBLIC: Mapping[type[Model], tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    PublicPage: ("page", "id", ("code", "name", "time_zone"), ()),
    Region: ("region", "key", ("name", "position"), ()),
    Component: (
        "component", "code",
        ("slug", "name", "description", "group.code", "is_group", "start_date", "is_hidden_unless_degraded",
         "is_showcased", "archived_at"), (),
    ),
    Incident: (
        "incident", "code",
        ("kind", "stage", "impact_override", "is_example", "created_at", "scheduled_for", "scheduled_until",
         "cancelled_at", "withdrawn_at", "withdrawn_reason"), ("title", "advice"),
    ),
    IncidentUpdate: (
        "update", "code",
        ("incident.code", "sequence", "stage", "posted_at", "next_update_due_at", "is_reopening", "time_note",
         "component_changes", "amended_at", "withheld_at", "withheld_reason"), ("body",),
    ),
    UpdateRevision: ("revision", "id", ("update.code", "posted_at", "reason", "replaced_at", "withheld_at"), ("body",)),
    MilestoneStatement: (
        "milestone", "id", ("incident.code", "milestone", "at", "reason", "stated_at", "superseded_at"), (),
    ),
    ImpactInterval: (
        "interval", "id",
        ("component.code", "region.key", "level", "is_quality", "started_at", "ended_at", "incident.code", "source",
         "superseded_at", "superseded_reason"), (),
    ),
    Agreement: (
        "agreement", "slug",
        ("name", "audience", "target_percent", "first_month", "zone", "clock", "weight_major", "weight_partial",
         "weight_degraded", "weight_after_monitoring", "is_quality_counted", "is_maintenance_excluded",
         "maintenance_notice_hours", "component_rule", "region_rule", "credit_tiers", "note", "archived_at"), (),
    ),
    AgreementExclusion: (
        "exclusion", "id",
        ("agreement.slug", "component.code", "started_at", "ended_at", "reason", "withdrawn_at", "withdrawn_reason"),
        (),
    ),
    Verdict: (
        "verdict", "id",
        ("agreement.slug", "month", "number", "document", "signature", "public_key", "reason", "issued_at"), (),
    ),
    ReviewVersion: (
        "review_version", "id",
        ("review.slug", "number", "kind", "sha256", "reason", "is_material", "is_break_glass", "published_at",
         "withheld_at"), ("document", "page"),
    ),
    Remediation: (
        "remediation", "code",
        ("review.slug", "title", "body", "kind", "strength", "priority", "owner_team", "due_on", "original_due_on",
         "state", "status_note", "public_url", "published_at", "delivered_at", "verified_at", "verification_method",
         "evidence", "declined_reason", "settled_at", "superseded_by.code"), (),
    ),
    RemediationSlip: ("slip", "id", ("remediation.code", "old_due_on", "new_due_on", "reason", "at"), ()),
    Promise: (
        "promise", "code",
        ("deliverable", "source", "incident.code", "review.slug", "terms", "anchor_at", "first_due_at",
         "due_at", "is_met_by_preliminary", "fulfilled_at", "fulfilled_by", "waived_at", "waived_reason", "made_at"),
        ("sentence",),
    ),
    PromiseExtension: ("extension", "id", ("promise.code", "old_due_at", "new_due_at", "reason", "at"), ()),
    ClientAdvice: (
        "advice", "id",
        ("incident.code", "kind", "seconds", "discard_since", "component.code", "region.key", "given_at",
         "withdrawn_at"), ("target", "note"),
    ),
    Correction: ("correction", "id", ("at", "verb", "path", "reason", "figures"), ("subject", "changes")),
}  # fmt: skip
# Of these tables only the rows that are public belong to the record; a draft comes to it when it is published.
PUBLISHED: Mapping[type[Model], Q] = {
    Remediation: Q(published_at__isnull=False),
    RemediationSlip: Q(remediation__published_at__isnull=False),
    Promise: Q(is_public=True),
    PromiseExtension: Q(promise__is_public=True),
}


def append(*, at: datetime, verb: str, published: Sequence[Model]) -> RecordEntry:
    """Add an entry over the public state of these rows, inside the caller's transaction, under the page's lock.

    `at` is UTC. Rows named twice count once, as they are now. The first entry holds the page too.
    """
    head = PublicPage.objects.get(id=1)
    begun = [] if head.record_number else [head]
    distinct = list({name_of(row): row for row in (*begun, *published)}.items())
    contents = [parts_of(row) for _name, row in distinct]
    salts = [{part: secrets.token_hex(16) for part in parts} for parts in contents]
    rows = [
        {"row": name, "digests": {part: digest(salt[part], parts[part]) for part in parts}}
        for (name, _row), parts, salt in zip(distinct, contents, salts, strict=True)
    ]
    entry = RecordEntry(
        number=head.record_number + 1,
        at=at,
        verb=verb,
        rows=rows,
        contents=contents,
        salts=salts,
        previous_hash=head.record_hash or ORIGIN,
    )
    entry.hash = hash_of(entry)
    entry.save(force_insert=True)
    head.record_number, head.record_hash = entry.number, entry.hash
    head.save(update_fields=["record_number", "record_hash"])
    return entry


def withhold(row: Model, part: str) -> None:
    """Take away, in every entry, what a part of this row (not its facts) said; its digests stay.

    Append an entry afterwards that says so, in the same transaction: verification asks for it.
    """
    name = name_of(row)
    for entry in RecordEntry.objects.iterator(chunk_size=500):
        places = [place for place, told in enumerate(entry.rows) if told["row"] == name]
        for place in places:
            entry.contents[place][part] = entry.salts[place][part] = None
        if places:
            entry.save(update_fields=["contents", "salts"])


def hash_of(entry: RecordEntry) -> str:
    """What the entry's hash must be, from its other columns."""
    return sha256_of(
        {
            "number": entry.number,
            "at": _plain(entry.at),
            "verb": entry.verb,
            "rows": entry.rows,
            "previous": entry.previous_hash,
        }
    )


def digest(salt: str, content: Any) -> str:
    """sha256 over the salt and the canonical JSON of one part."""
    return hashlib.sha256(salt.encode() + canonical(content)).hexdigest()


def name_of(row: Model) -> str:
    """What the record calls a row: `update:abc123def456`."""
    prefix, field, *_ = PUBLIC[type(row)]
    return f"{prefix}:{getattr(row, field)}"


def parts_of(row: Model) -> Parts:
    """The public state of a row as JSON: `facts` and one part for each text that can be withheld."""
    _prefix, _field, fields, texts = PUBLIC[type(row)]
    parts: Parts = {"facts": {field: _plain(_value(row, field)) for field in fields}}
    if isinstance(row, Agreement):
        parts["facts"]["components"] = sorted(row.components.values_list("code", flat=True))
    return parts | {text: getattr(row, text) for text in texts}


def _value(row: Any, field: str) -> Any:
    """A field as the database gives it back, though it was set as text or as a whole number."""
    *owners, name = field.split(".")
    for owner in owners:
        row = None if row is None else getattr(row, owner)
    return None if row is None else row._meta.get_field(name).to_python(getattr(row, name))


def _plain(value: Any) -> Any:
    for kind, write in _WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    return value


# Decimals without trailing zeros: a database may add them.
_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    datetime: to_the_microsecond,
    date: date.isoformat,
    Decimal: lambda number: format(number.normalize(), "f"),
}

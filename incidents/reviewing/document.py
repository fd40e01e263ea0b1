"""The public projection of a review: one JSON document, built from an allow-list of fields, of which page, Markdown,
feeds and mail are functions. What is not named here (and in `document_parts`) cannot be published.

Times are RFC 3339 in UTC; texts are Markdown as typed, with figures in the place of their placeholders, and `html` the
safe HTML of it. The hash of this document is what approvals are bound to.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from incidents.domain.canonical import sha256_of
from incidents.domain.review import RedactionKind
from incidents.domain.status import HEAVINESS, IMPACT_WEIGHT, Impact, Level
from incidents.models import Review
from incidents.models.review_words import word_of
from incidents.models.words import MILESTONES
from incidents.reviewing import lengths
from incidents.reviewing.consequences import Consequence, consequences_of, minutes_of
from incidents.reviewing.document_parts import Printer, changes, factors, instant, phases, remediations
from incidents.reviewing.figures import COUNT, INSTANT, Figure, downtime, figures_from, regions_of
from incidents.reviewing.gathering import Facts, Known, gather
from incidents.reviewing.sections import SECTIONS
from incidents.reviewing.timeline import Entry, entries_of, gaps_in

__all__ = ["SCHEMA_VERSION", "Document", "build", "content_hash", "instant"]

SCHEMA_VERSION = 1
Document = dict[str, Any]


def build(review: Review) -> Document:
    """What would be published of the review as it is now. JSON values only. Some twenty-five queries, whatever its
    length; the same rows give the same document."""
    facts = gather(review)
    consequences = consequences_of(facts)
    figures = figures_from(facts, consequences)
    entries = tuple(entry for entry in entries_of(facts) if entry.is_public)
    refs = {entry.ref for entry in entries}
    printer = Printer(figures)
    return {
        "schema_version": SCHEMA_VERSION,
        "slug": review.slug,
        "title": review.title,
        "owner_team": review.owner_team,
        "assistance": review.assistance,
        "assistance_note": review.assistance_note,
        "impact": str(
            max((known.impact for known in facts.incidents), key=IMPACT_WEIGHT.__getitem__, default=Impact.NONE)
        ),
        "incidents": [_incident(known) for known in facts.incidents],
        "milestones": [row for known in facts.incidents for row in _milestones(known)],
        "unknown": _unknown(facts),
        "figures": _figures(facts, figures),
        "components": _components(facts),
        "phases": phases(facts, printer),
        "sections": _sections(review, printer),
        "timeline": [_entry(entry, printer) for entry in entries],
        "gaps": _gaps(facts, entries),
        "changes": changes(facts, printer),
        "factors": factors(review, refs, printer),
        "remediations": remediations(review, printer),
        "agreements": [_agreement(row, row.document) for row in consequences if row.document],
        "agreements_pending": [
            {"slug": row.slug, "name": row.name, "month": row.month} for row in consequences if not row.document
        ],
        "is_without_agreement": review.is_without_agreement,
        "withheld": _withheld(review),
    }


def content_hash(review: Review) -> str:
    """The sha256 of the canonical document."""
    return sha256_of(build(review))


def _incident(known: Known) -> Document:
    return {
        "code": known.row.code,
        "title": known.row.title,
        "path": f"/incidents/{known.row.code}",
        "impact": str(known.impact),
        "started_at": instant(known.at["impact_started"]),
        "resolved_at": instant(known.at["resolved"]),
        "is_example": known.row.is_example,
    }


def _milestones(known: Known) -> list[Document]:
    return [
        {
            "incident": known.row.code,
            "name": row.name,
            "label": str(MILESTONES[row.name]),
            "at": instant(row.at),
            "provenance": row.provenance,
            "reason": row.reason,
        }
        for row in known.milestones
    ]


def _unknown(facts: Facts) -> list[Document]:
    """The reasons for milestones that are not known; what was explained and has come to be known needs none."""
    missing = {name for known in facts.incidents for name, at in known.at.items() if at is None}
    return [
        {"milestone": name, "label": str(word), "reason": facts.review.unknown_milestones[name]}
        for name, word in MILESTONES.items()
        if name in missing and name in facts.review.unknown_milestones
    ]


def _figures(facts: Facts, figures: tuple[Figure, ...]) -> list[Document]:
    """Lengths and percentages that are known. Of several incidents each set stands under its code, and only there."""
    repeated = {figure.name.rpartition("#")[0] for figure in figures if figure.name.endswith(_codes(facts))}
    return [
        {
            "name": figure.name,
            "label": figure.label,
            "seconds": figure.seconds,
            "text": figure.text,
            "start": instant(figure.start),
            "end": instant(figure.end),
            "definition": figure.definition,
            "is_approximate": figure.is_approximate,
        }
        for figure in figures
        if figure.is_known and figure.kind not in (INSTANT, COUNT) and figure.name not in repeated
    ]


def _codes(facts: Facts) -> tuple[str, ...]:
    return tuple(f"#{known.row.code}" for known in facts.incidents) if len(facts.incidents) > 1 else ()


def _components(facts: Facts) -> list[Document]:
    found = []
    for pk, component in facts.components.items():
        rows = [row for row in facts.intervals if row.component_id == pk]
        ends = [row.ended_at for row in rows if row.ended_at]
        is_over = len(ends) == len(rows)
        seconds = downtime(rows, tuple(Level), has_quality=True)
        regions = dict.fromkeys(name for row in rows for name in regions_of(row))
        found.append(
            {
                "slug": component.slug,
                "name": component.full_name,
                "regions": list(regions),
                "worst_level": str(max((Level(row.level) for row in rows), key=HEAVINESS.__getitem__)),
                "started_at": instant(min(row.started_at for row in rows)),
                "ended_at": instant(max(ends)) if is_over else None,
                "seconds": seconds if is_over else None,
                "text": lengths.length(seconds) if is_over else "",
                "is_quality": all(row.is_quality for row in rows),
            }
        )
    return found


def _sections(review: Review, printer: Printer) -> list[Document]:
    bodies = {row.key: row.body for row in review.sections.all()}
    found = []
    for section in SECTIONS:
        body = bodies.get(section.key, "")
        if section.is_public and body.strip():
            found.append({"key": section.key, "title": str(section.title), **printer.pair(body)})
    return found


def _entry(entry: Entry, printer: Printer) -> Document:
    # An update is quoted as it was posted: a mark of ours in it means nothing.
    pair = printer.pair(entry.text) if entry.provenance == "author" else printer.quoted(entry.text)
    return {
        "ref": entry.ref,
        "at": instant(entry.at),
        "ended_at": instant(entry.ended_at),
        "precision": str(entry.precision),
        "certainty": str(entry.certainty),
        "kind": str(entry.kind),
        "label": entry.label,
        **pair,
        "source": entry.source,
        "source_url": entry.source_url,
        "phase": entry.phase,
    }


def _gaps(facts: Facts, entries: tuple[Entry, ...]) -> list[Document]:
    starts = [at for known in facts.incidents if (at := known.at["impact_started"])]
    ends = [at for known in facts.incidents if (at := known.at["resolved"])]
    found = gaps_in(entries, start=min(starts, default=None), end=max(ends, default=None))
    return [
        {"from": instant(gap.start), "to": instant(gap.end), "seconds": gap.seconds, "text": gap.text} for gap in found
    ]


def _agreement(row: Consequence, issued: Document) -> Document:
    return {
        "slug": row.slug,
        "name": row.name,
        "month": row.month,
        "path": row.path,
        "target_percent": issued["agreement"]["target_percent"],
        "percent": issued["percent"],
        "verdict": issued["verdict"],
        "minutes": minutes_of(issued["counted_seconds"]),
        "allowed_minutes": minutes_of(issued["allowed_seconds"]),
        "ways": [
            {
                "words": way["words"],
                "minutes": minutes_of(way["counted_seconds"]),
                "percent": way["percent"],
                "verdict": way["verdict"],
            }
            for way in issued["sensitivity"]["rows"]
        ],
    }


def _withheld(review: Review) -> list[Document]:
    """How much is left out, of which kind, and when it is looked at again; not what, and not why."""
    rows = review.redactions.filter(withdrawn_at__isnull=True)
    counted = Counter((row.kind, row.review_on) for row in rows)
    ordered = sorted(counted.items(), key=lambda pair: (pair[0][0], pair[0][1] or date.max))
    return [
        {
            "kind": kind,
            "label": word_of(RedactionKind, kind),
            "count": count,
            "review_on": on.isoformat() if on else None,
        }
        for (kind, on), count in ordered
    ]

"""Parts of the public document of a review that are rows of their own: phases, changes, factors, remediations.

Each names its fields one by one: a field that is added to a table stays internal until somebody adds it here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from incidents.domain.instants import to_the_second
from incidents.domain.markup import MAX_BODY_CHARACTERS, render_html
from incidents.domain.review import (
    Answer,
    ChangeKind,
    Disposition,
    Effect,
    GuardRail,
    Initiator,
    RemediationKind,
    RemediationState,
    Role,
    RollbackOutcome,
    RollbackPossible,
    Rollout,
    Strength,
)
from incidents.models import ChangeEvent, ChangeRole, FactorCode, Remediation, Review
from incidents.models.review_words import word_of
from incidents.models.words import factor_codes, factor_family
from incidents.reviewing import lengths
from incidents.reviewing.figures import Figure, exposure_seconds, fill
from incidents.reviewing.gathering import Facts

Document = dict[str, Any]
STAGE_FIELDS = ("name", "regions", "percent", "started_at", "ended_at", "gate", "gate_result")


class Printer:
    """Prints texts with the figures of one review in them."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)

    def pair(self, source: str, text: str = "text", html: str = "html") -> dict[str, str]:
        """A text with its placeholders filled, and its HTML, under these names."""
        filled = fill(source, self._figures)
        return {text: filled, html: html_of(filled)}

    def quoted(self, source: str) -> dict[str, str]:
        """A text as it stands elsewhere, and its HTML."""
        return {"text": source, "html": html_of(source)}


def html_of(text: str) -> str:
    """Safe HTML. A text at the limit that grew by its figures is rendered in two pieces, cut at a paragraph."""
    pieces = []
    while len(text) > MAX_BODY_CHARACTERS:
        cut = text.rfind("\n\n", 1, MAX_BODY_CHARACTERS)
        cut = cut if cut > 0 else MAX_BODY_CHARACTERS
        pieces.append(render_html(text[:cut]))
        text = text[cut:]
    return "\n".join([*pieces, render_html(text)] if text.strip() else pieces)


def instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC to the second: `2026-06-23T14:30:00Z`."""
    return to_the_second(at) if at else None


def phases(facts: Facts, printer: Printer) -> list[Document]:
    """The phases, in the order of time."""
    found = []
    for row in facts.phases:
        seconds, duration = None, ""
        if row.ended_at:
            seconds, duration = lengths.between(row.started_at, row.ended_at, row.precision, row.precision)
        found.append(
            {
                "ref": f"phase:{row.pk}",
                "name": row.name,
                **printer.pair(row.body),
                "started_at": instant(row.started_at),
                "ended_at": instant(row.ended_at),
                "precision": str(row.precision),
                "is_quality": row.is_quality,
                "share": row.share,
                "seconds": seconds,
                "duration": duration,
            }
        )
    return found


def changes(facts: Facts, printer: Printer) -> list[Document]:
    """The linked changes with their roles here, those of unknown time last."""
    return [_change(row, facts.roles_of(row), printer) for row in facts.changes]


def _change(row: ChangeEvent, roles: list[ChangeRole], printer: Printer) -> Document:
    return {
        "code": row.code,
        "title": row.title,
        "kind": row.kind,
        "kind_label": word_of(ChangeKind, row.kind),
        "system": row.system,
        **printer.pair(row.body),
        **printer.pair(row.intent, "intent", "intent_html"),
        "initiator": row.initiator,
        "initiator_label": word_of(Initiator, row.initiator),
        "process": row.process,
        "started_at": instant(row.started_at),
        "completed_at": instant(row.completed_at),
        "precision": row.precision,
        "certainty": row.certainty,
        "time_note": row.time_note,
        "rollout": row.rollout,
        "rollout_label": word_of(Rollout, row.rollout),
        "stages": [{key: str(stage.get(key) or "") for key in STAGE_FIELDS} for stage in row.stages],
        "regions": row.regions,
        "guard_rails": [_guard_rail(rail, row.guard_rails.get(rail, Answer.UNKNOWN)) for rail in GuardRail],
        "rollback": _rollback(row, printer),
        "source": row.source,
        "source_url": row.source_url,
        "roles": [
            {
                "role": role.role,
                "label": word_of(Role, role.role),
                "certainty": role.certainty,
                "phase": role.phase.name if role.phase else "",
                "note": role.note,
            }
            for role in roles
        ],
        "exposure_seconds": exposure_seconds(row),
    }


def _guard_rail(rail: StrEnum, answer: str) -> Document:
    return {
        "name": str(rail),
        "label": word_of(GuardRail, rail),
        "answer": str(answer),
        "answer_label": word_of(Answer, answer),
    }


def _rollback(row: ChangeEvent, printer: Printer) -> Document:
    seconds = None
    if row.rollback_started_at and row.rollback_completed_at:
        seconds = int((row.rollback_completed_at - row.rollback_started_at).total_seconds())
    return {
        "possible": row.rollback_possible,
        "possible_label": word_of(RollbackPossible, row.rollback_possible),
        "method": row.rollback_method,
        "started_at": instant(row.rollback_started_at),
        "completed_at": instant(row.rollback_completed_at),
        "outcome": row.rollback_outcome,
        "outcome_label": word_of(RollbackOutcome, row.rollback_outcome),
        "seconds": seconds,
        "text": lengths.length(seconds) if seconds is not None else "",
        **printer.pair(row.rollback_note, "note", "note_html"),
    }


def factors(review: Review, refs: set[str], printer: Printer) -> list[Document]:
    """The factors; of the entries that they name, those in `refs` (the public ones)."""
    codes = factor_codes()
    own = dict(FactorCode.objects.values_list("code", "title"))
    return [
        {
            "ref": f"factor:{row.pk}",
            "code": row.code,
            "code_title": codes.get(row.code) or own.get(row.code, ""),
            "family": factor_family(row.code),
            "title": row.title,
            **printer.pair(row.body),
            "effect": row.effect,
            "effect_label": word_of(Effect, row.effect),
            "certainty": row.certainty,
            "entries": [ref for ref in row.entry_refs if ref in refs],
            "changes": [change.code for change in row.changes.all()],
            "disposition": row.disposition,
            "disposition_label": word_of(Disposition, row.disposition),
            "disposition_reason": row.disposition_reason,
            "revisit_on": _day(row.revisit_on),
        }
        for row in review.factors.prefetch_related("changes").order_by("id")
    ]


def remediations(review: Review, printer: Printer) -> list[Document]:
    """The public commitments as they were made: a date that slipped since stands on the page that follows them.

    One that was superseded before it was published was never committed to.
    """
    rows = review.remediations.filter(is_public=True).prefetch_related("factors").order_by("id")
    return [_remediation(row, printer) for row in rows if row.published_at or row.state != RemediationState.SUPERSEDED]


def _remediation(row: Remediation, printer: Printer) -> Document:
    is_declined = row.state == RemediationState.DECLINED
    return {
        "code": row.code,
        "title": row.title,
        **printer.pair(row.body),
        "kind": row.kind,
        "kind_label": word_of(RemediationKind, row.kind),
        "strength": row.strength,
        "strength_label": word_of(Strength, row.strength),
        "priority": row.priority,
        "factors": [f"factor:{factor.pk}" for factor in row.factors.all()],
        "owner_team": row.owner_team,
        "due_on": _day(row.original_due_on if row.published_at and row.original_due_on else row.due_on),
        "is_declined": is_declined,
        "declined_reason": row.declined_reason if is_declined else "",
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None

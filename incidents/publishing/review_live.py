"""What became of what a review promised: the live state beside the text, which itself never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from incidents.publishing import review_words
from incidents.publishing.public import Snapshot
from incidents.publishing.reviews import ReviewView

SCHEMA_KEYS = ("remediations", "promises", "versions")


@dataclass(frozen=True)
class Live:
    """The remediations and promises of a review as they stand, and the list of its versions. Values only, so that equal
    states give equal keys."""

    remediations: tuple[Any, ...]
    promises: tuple[Any, ...]
    versions: tuple[tuple[int, str, str, str, bool, str], ...]

    def remediation(self, code: str) -> Any:
        """The live state of one; None while the public does not follow it."""
        return next((row for row in self.remediations if row.code == code), None)

    @property
    def document(self) -> dict[str, Any]:
        """The same as JSON: `live` of `/reviews/<slug>.json`."""
        return {
            "remediations": [_remediation(row) for row in self.remediations],
            "promises": [_promise(row) for row in self.promises],
            "versions": [
                {
                    "number": number, "kind": kind, "published_at": at, "path": path, "is_material": is_material,
                    "reason": reason,
                }
                for number, kind, at, path, is_material, reason in self.versions
            ],
        }  # fmt: skip


def live_of(snapshot: Snapshot, view: ReviewView) -> Live:
    """What is live of one review."""
    followed = getattr(snapshot, "remediations", ())
    promised = getattr(snapshot, "promises", ())
    return Live(
        remediations=tuple(row for row in followed if row.review_slug == view.slug),
        promises=tuple(row for row in promised if row.is_row and row.incident_code in view.incident_codes),
        versions=tuple(
            (row.number, row.kind, review_words.stamp(row.published_at), row.path, row.is_material, row.reason)
            for row in view.versions
        ),
    )


def _remediation(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "state": row.state,
        "due_on": row.due_on and row.due_on.isoformat(),
        "original_due_on": row.original_due_on and row.original_due_on.isoformat(),
        "is_overdue": row.is_overdue,
        "status_note": row.status_note,
    }


def _promise(row: Any) -> dict[str, Any]:
    return {
        "deliverable": str(row.deliverable),
        "sentence": row.sentence,
        "state": str(row.state),
        "first_due_at": review_words.stamp(row.first_due_at),
        "due_at": review_words.stamp(row.due_at),
        "fulfilled_at": review_words.stamp(row.fulfilled_at) if row.fulfilled_at else None,
    }

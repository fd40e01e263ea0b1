"""What became of what a review promised: the live state beside the text, which itself never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from incidents.domain.instants import to_the_second
from incidents.publishing.promises import PromiseView
from incidents.publishing.public import Snapshot
from incidents.publishing.remediations import RemediationView
from incidents.publishing.reviews import ReviewView


@dataclass(frozen=True)
class Live:
    """The remediations and promises of a review as they stand, and the list of its versions. Values only, so that equal
    states give equal keys."""

    remediations: tuple[RemediationView, ...]
    promises: tuple[PromiseView, ...]
    versions: tuple[tuple[int, str, str, str, bool, str], ...]

    def remediation(self, code: str) -> RemediationView | None:
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
    return Live(
        remediations=tuple(row for row in snapshot.remediations if row.review_slug == view.slug),
        promises=tuple(row for row in snapshot.promises if row.is_row and row.incident_code in view.incident_codes),
        versions=tuple(
            (row.number, row.kind, to_the_second(row.published_at), row.path, row.is_material, row.reason)
            for row in view.versions
        ),
    )


def _remediation(row: RemediationView) -> dict[str, Any]:
    return {
        "code": row.code,
        "state": row.state,
        "due_on": row.due_on.isoformat() if row.due_on else None,
        "original_due_on": row.original_due_on.isoformat() if row.original_due_on else None,
        "is_overdue": row.is_overdue,
        "status_note": row.status_note,
    }


def _promise(row: PromiseView) -> dict[str, Any]:
    return {
        "deliverable": str(row.deliverable),
        "sentence": row.sentence,
        "state": str(row.state),
        "first_due_at": to_the_second(row.first_due_at),
        "due_at": to_the_second(row.due_at),
        "fulfilled_at": to_the_second(row.fulfilled_at) if row.fulfilled_at else None,
    }

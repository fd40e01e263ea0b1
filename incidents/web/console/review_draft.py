"""The review as it would be published now: its envelope, and in what it differs from what the public has."""

from __future__ import annotations

import json
from typing import Any

from incidents.domain.canonical import sha256_of
from incidents.domain.review import VersionKind
from incidents.models import Review, ReviewVersion
from incidents.reviewing import document
from incidents.reviewing.difference import Difference, differences


def newest_version(review: Review) -> ReviewVersion | None:
    """The version that the public reads now."""
    return review.versions.order_by("-number").first()


def changed_since_published(review: Review, shown: dict[str, Any]) -> tuple[Difference, ...] | None:
    """In what `shown` differs from the newest version; None where nothing was published yet or its text is gone."""
    newest = newest_version(review)
    before = json.loads(newest.document).get("review") if newest and newest.document else None
    return differences(before, shown) if before else None


def draft_envelope(review: Review) -> dict[str, Any]:
    """What `version_page` renders, for a version that does not exist: the number after the newest, not published."""
    shown = document.build(review)
    newest = newest_version(review)
    kind = VersionKind.CORRECTION if newest and newest.kind != VersionKind.PRELIMINARY else VersionKind.FINAL
    return {
        "schema_version": document.SCHEMA_VERSION,
        "version": {
            "number": newest.number + 1 if newest else 1, "kind": kind, "standing": "final",
            "published_at": document.instant(review.updated_at), "sha256": sha256_of(shown),
            "supersedes": newest.number if newest else None, "reason": "", "is_material": True,
            "is_break_glass": False, "break_glass_reason": "", "is_two_person": False, "approvals": [], "changes": [],
        },
        "review": shown,
    }  # fmt: skip

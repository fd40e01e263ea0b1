"""The review as it would be published now: its envelope, and in what it differs from what the public has."""

from __future__ import annotations

import json
from typing import Any

from incidents.actions.review_versions import envelope_of
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


def standing_of(newest: ReviewVersion | None) -> VersionKind | None:
    """Whether what the public has is preliminary or final; None where it has nothing."""
    return VersionKind(json.loads(newest.document)["version"]["standing"]) if newest and newest.document else None


def draft_envelope(review: Review) -> dict[str, Any]:
    """What `version_page` renders, for the version that would be next."""
    shown = document.build(review)
    newest = newest_version(review)
    before = standing_of(newest)
    return envelope_of(
        number=newest.number + 1 if newest else 1,
        kind=VersionKind.CORRECTION if before == VersionKind.FINAL else VersionKind.FINAL,
        standing=VersionKind.FINAL,
        now=review.updated_at,
        sha256=sha256_of(shown),
        reason="",
        is_material=True,
        content=shown,
    )

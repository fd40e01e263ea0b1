"""The public projection of a review: one JSON document, built from an allow-list of fields, of which page, Markdown,
feeds and mail are functions. What is not named here cannot be published.

Times are RFC 3339 in UTC; texts are Markdown as typed, with figures in the place of their placeholders, and `html` the
safe HTML of it. The hash of this document is what approvals are bound to.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from incidents.domain.canonical import sha256_of
from incidents.models import Incident, Review

SCHEMA_VERSION = 1
Document = dict[str, Any]


def build(review: Review) -> Document:
    """What would be published of the review as it is now. JSON values only. Some twenty queries."""
    return {
        "schema_version": SCHEMA_VERSION,
        "slug": review.slug,
        "title": review.title,
        "owner_team": review.owner_team,
        "incidents": [_incident(row) for row in review.incidents.order_by("created_at", "id")],
    }


def content_hash(review: Review) -> str:
    """The sha256 of the canonical document."""
    return sha256_of(build(review))


def instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC to the second: `2026-06-23T14:30:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None


def _incident(row: Incident) -> Document:
    return {"code": row.code, "title": row.title, "path": f"/incidents/{row.code}"}

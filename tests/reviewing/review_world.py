"""Reviews for tests: rows are laid down as they are read, since what writes them is tested by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from incidents.domain.review import Role
from incidents.models import (
    ChangeEvent,
    ChangeRole,
    ContributingFactor,
    Incident,
    Remediation,
    Review,
    ReviewPhase,
    ReviewSection,
    TimelineEntry,
)
from tests.factories import utc

WRITTEN = utc("2026-06-29 09:00")


def make_review(*incidents: Incident, slug: str = "2026-06-23-errors", **overrides: Any) -> Review:
    """A draft about these incidents."""
    values = {"title": "Errors", "owner_label": "maria", "code": slug[-12:]}
    row = Review.objects.create(slug=slug, created_at=WRITTEN, updated_at=WRITTEN, **{**values, **overrides})
    row.incidents.set(incidents)
    return row


def add_section(review: Review, key: str, body: str, note: str = "") -> ReviewSection:
    """A section with a text."""
    return ReviewSection.objects.create(
        review=review, key=key, body=body, note=note, saved_by_label="maria", saved_at=WRITTEN
    )


def add_entry(review: Review, at: str, body: str = "Somebody looked.", **overrides: Any) -> TimelineEntry:
    """An entry that a person wrote, public."""
    values = {"is_public": True, "source": "Chat", "author_label": "maria", "created_at": WRITTEN}
    return TimelineEntry.objects.create(review=review, at=utc(at), body=body, **{**values, **overrides})


def add_phase(review: Review, name: str, started_at: datetime, **overrides: Any) -> ReviewPhase:
    """A phase."""
    return ReviewPhase.objects.create(review=review, name=name, started_at=started_at, **overrides)


def add_change(review: Review, *roles: Role, code: str = "c1", **overrides: Any) -> ChangeEvent:
    """A change with its roles in the review."""
    values = {"title": "Push of the failover", "created_at": WRITTEN, "updated_at": WRITTEN}
    row = ChangeEvent.objects.create(code=code, **{**values, **overrides})
    for role in roles:
        ChangeRole.objects.create(review=review, change=row, role=role)
    return row


def add_factor(review: Review, code: str = "CHG-2", **overrides: Any) -> ContributingFactor:
    """A factor."""
    return ContributingFactor.objects.create(review=review, code=code, **{"title": "It was not checked", **overrides})


def add_remediation(review: Review, code: str = "r1", **overrides: Any) -> Remediation:
    """A commitment that is not published yet."""
    values = {"title": "Check the push", "created_at": WRITTEN, "updated_at": WRITTEN}
    return Remediation.objects.create(review=review, code=code, **{**values, **overrides})

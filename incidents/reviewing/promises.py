"""Every promise as one value: the rows of promises, the promised next updates, and the due dates of remediations.

The last two are read where they stand and never copied. In seven queries, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from incidents import queries
from incidents.domain import due
from incidents.domain.promises import Deliverable, PromiseSource, PromiseState
from incidents.domain.review import RemediationState
from incidents.models import Incident, IncidentUpdate, Promise, Remediation

_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True)
class Extension:
    """A promise that was put off: from and to when, why, and when that was said. UTC."""

    old_due_at: datetime
    new_due_at: datetime
    reason: str
    at: datetime


@dataclass(frozen=True)
class PromiseValue:
    """One promise with everything that is known of it. Times are aware UTC.

    `key` names it among all: `promise:code`, `update:code`, `remediation:code`. `place` is the public address of what
    it is about, `fulfilled_by` of what kept it. `owner_id`, `owner_label` and `escalation_group` are internal.
    """

    key: str
    deliverable: Deliverable
    sentence: str
    source: PromiseSource
    place: str
    anchor_at: datetime
    first_due_at: datetime
    due_at: datetime
    made_at: datetime
    fulfilled_at: datetime | None = None
    fulfilled_by: str = ""
    waived_at: datetime | None = None
    waived_reason: str = ""
    is_public: bool = True
    incident: Incident | None = None
    terms: dict[str, Any] = field(default_factory=dict)
    extensions: tuple[Extension, ...] = ()
    number: int = 0
    owner_id: int | None = None
    owner_label: str = ""
    escalation_group: str = ""

    @property
    def code(self) -> str:
        """Its own public id, or that of the row on which it stands."""
        return self.key.partition(":")[2]

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done for it."""
        return self.fulfilled_at is not None or self.waived_at is not None

    def state(self, now: datetime) -> PromiseState:
        """How it stands at an instant (UTC)."""
        return state_of(self, now)


def state_of(promise: PromiseValue, now: datetime) -> PromiseState:
    """How a promise stands at `now` (UTC): see `domain.due.state_of`."""
    return due.state_of(
        now=now,
        anchor_at=promise.anchor_at,
        first_due_at=promise.first_due_at,
        due_at=promise.due_at,
        fulfilled_at=promise.fulfilled_at,
        waived_at=promise.waived_at,
        is_missed=any(row.at > row.old_due_at for row in promise.extensions),
    )


def promises(now: datetime) -> tuple[PromiseValue, ...]:
    """Every promise that had been made by `now` (UTC), the one due last first. Of withdrawn incidents none."""
    found = [*_rows(), *_of_updates(), *_of_remediations()]
    return tuple(
        sorted((row for row in found if row.made_at <= now), key=lambda row: (row.due_at, row.key), reverse=True)
    )


def running_promises() -> tuple[PromiseValue, ...]:
    """Rows of promises and published remediations that are not over, the one due first first."""
    waiting = _rows(fulfilled_at__isnull=True, waived_at__isnull=True)
    undone = _of_remediations(delivered_at__isnull=True, settled_at__isnull=True)
    return tuple(sorted((*waiting, *undone), key=lambda row: (row.due_at, row.key)))


def promises_of(incident: Incident) -> tuple[PromiseValue, ...]:
    """The promises about one incident that are rows of their own, the oldest first."""
    return tuple(_rows(incident=incident))


def _rows(**narrowed: Any) -> Iterator[PromiseValue]:
    rows = Promise.objects.exclude(incident__withdrawn_at__isnull=False).filter(**narrowed).order_by("pk")
    for row in rows.select_related("incident", "review", "update", "owner").prefetch_related(
        "extensions", "review__owner", "incident__reviews__owner"
    ):
        owner_id, owner_label = _owner_of(row)
        yield PromiseValue(
            key=f"promise:{row.code}",
            deliverable=Deliverable(row.deliverable),
            sentence=row.sentence,
            source=PromiseSource(row.source),
            place=_place_of(row),
            anchor_at=row.anchor_at,
            first_due_at=row.first_due_at,
            due_at=row.due_at,
            made_at=row.made_at,
            fulfilled_at=row.fulfilled_at,
            fulfilled_by=row.fulfilled_by,
            waived_at=row.waived_at,
            waived_reason=row.waived_reason,
            is_public=row.is_public,
            incident=row.incident,
            terms=row.terms,
            extensions=tuple(
                Extension(each.old_due_at, each.new_due_at, each.reason, each.at) for each in row.extensions.all()
            ),
            number=row.pk,
            owner_id=owner_id,
            owner_label=owner_label,
            escalation_group=row.escalation_group,
        )


def _owner_of(row: Promise) -> tuple[int | None, str]:
    """Who is reminded: the promise's owner, else that of the review in which it is to be kept."""
    if row.owner_id:
        return row.owner_id, row.owner_label
    reviews = [row.review] if row.review else list(row.incident.reviews.all()) if row.incident else []
    owned = [review for review in reviews if review.owner_id]
    return (owned[0].owner_id, owned[0].owner_label) if owned else (None, "")


def _place_of(row: Promise) -> str:
    if row.incident is None:
        return ""
    return f"/incidents/{row.incident.code}" + (f"#update-{row.update.code}" if row.update else "")


def _of_updates() -> Iterator[PromiseValue]:
    later = IncidentUpdate.objects.filter(incident=OuterRef("incident"), sequence__gt=OuterRef("sequence"))
    following = later.order_by("sequence")
    rows = IncidentUpdate.objects.filter(next_update_due_at__isnull=False, incident__withdrawn_at__isnull=True)
    for row in rows.select_related("incident").annotate(
        kept_at=Subquery(following.values("posted_at")[:1]), kept_by=Subquery(following.values("code")[:1])
    ):
        assert row.next_update_due_at is not None, "the query asks for those alone"
        place = f"/incidents/{row.incident.code}"
        yield PromiseValue(
            key=f"update:{row.code}",
            deliverable=Deliverable.UPDATE,
            sentence="",
            source=PromiseSource.UPDATE,
            place=f"{place}#update-{row.code}",
            anchor_at=row.posted_at,
            first_due_at=row.next_update_due_at,
            due_at=row.next_update_due_at,
            made_at=row.posted_at,
            fulfilled_at=row.kept_at,
            fulfilled_by=f"{place}#update-{row.kept_by}" if row.kept_by else "",
            incident=row.incident,
        )


def _of_remediations(**narrowed: Any) -> Iterator[PromiseValue]:
    rows = Remediation.objects.filter(published_at__isnull=False, due_on__isnull=False, is_public=True)
    zone = ZoneInfo(queries.the_page().time_zone)
    for row in rows.filter(**narrowed).order_by("pk").prefetch_related("slips"):
        assert row.due_on is not None, "the query asks for those alone"
        assert row.published_at is not None, "the query asks for those alone"
        is_given_up = row.state in (RemediationState.DECLINED, RemediationState.SUPERSEDED)
        place = f"/remediations#remediation-{row.code}"
        yield PromiseValue(
            key=f"remediation:{row.code}",
            deliverable=Deliverable.REMEDIATION,
            sentence=row.title,
            source=PromiseSource.REVIEW,
            place=place,
            anchor_at=row.published_at,
            first_due_at=_end_of(row.original_due_on or row.due_on, zone),
            due_at=_end_of(row.due_on, zone),
            made_at=row.published_at,
            fulfilled_at=None if is_given_up else row.delivered_at,
            fulfilled_by=place if row.delivered_at and not is_given_up else "",
            waived_at=row.settled_at if is_given_up else None,
            waived_reason=row.declined_reason if is_given_up else "",
            extensions=tuple(
                Extension(_end_of(slip.old_due_on, zone), _end_of(slip.new_due_on, zone), slip.reason, slip.at)
                for slip in row.slips.all()
            ),
            number=row.pk,
            owner_id=row.owner_id,
            owner_label=row.owner_label,
        )


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day of the page, in UTC."""
    return datetime.combine(day, _END_OF_DAY, tzinfo=zone).astimezone(UTC)

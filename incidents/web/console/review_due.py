"""When a review is promised: the promise that is due first, and the incidents that still wait for a review."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from incidents import queries
from incidents.domain.promises import Deliverable
from incidents.domain.review import ReviewState
from incidents.domain.status import IMPACT_WEIGHT, Impact, Kind
from incidents.models import Incident, Promise, Review

OF_REVIEWS = (Deliverable.PRELIMINARY_REVIEW, Deliverable.FINAL_REVIEW)
# How many incidents are offered, and among how many of the newest they are looked for.
MOST_OFFERED = 20
MOST_READ = 200


@dataclass(frozen=True)
class Due:
    """The promise of a review that runs out first. `seconds` until then; negative when it is over."""

    promise: Promise
    seconds: int

    @property
    def is_over(self) -> bool:
        """Whether it was missed."""
        return self.seconds < 0

    @property
    def days(self) -> int:
        """Whole days left; whole days late, when it is over."""
        return abs(self.seconds) // 86_400


@dataclass(frozen=True)
class Waiting:
    """An incident without a review that has a promise of one, or was bad enough for one."""

    incident: Incident
    impact: Impact
    due: Due | None


@dataclass(frozen=True)
class DueLine:
    """A running promise with the review that is to keep it; None while nobody has started one."""

    due: Due
    review: Review | None
    title: str


def running() -> QuerySet[Promise]:
    """The promises of reviews that are neither kept nor waived, the first due first."""
    return Promise.objects.filter(
        deliverable__in=OF_REVIEWS, fulfilled_at__isnull=True, waived_at__isnull=True
    ).order_by("due_at", "id")


def first_due(promises: Iterable[Promise], now: datetime) -> Due | None:
    """The one that is due first; None where there is none."""
    found = min(promises, key=lambda row: (row.due_at, row.pk), default=None)
    return Due(found, int((found.due_at - now).total_seconds())) if found else None


def promises_of(review: Review) -> list[Promise]:
    """The running promises of a review and of the incidents that it is about. One query."""
    return list(running().filter(Q(review=review) | Q(incident__in=review.incidents.all())))


def due_at() -> Subquery:
    """For a query of reviews: when the first promise of each is due."""
    mine = Q(review=OuterRef("pk")) | Q(incident__reviews=OuterRef("pk"))
    return Subquery(running().filter(mine).values("due_at")[:1])


def with_promises(rows: QuerySet[Review]) -> QuerySet[Review]:
    """Reviews with what `due_of` reads, in a fixed number of queries."""
    return rows.prefetch_related(
        Prefetch("promises", queryset=running(), to_attr="running_promises"),
        Prefetch(
            "incidents",
            queryset=Incident.objects.order_by("created_at", "id").prefetch_related(
                Prefetch("promises", queryset=running(), to_attr="running_promises")
            ),
        ),
    )


def due_of(review: Review, now: datetime) -> Due | None:
    """The first promise of a review that came by `with_promises`."""
    own: list[Promise] = list(review.running_promises)  # type: ignore[attr-defined]
    for incident in review.incidents.all():
        own += incident.running_promises  # type: ignore[attr-defined]
    return first_due(own, now)


def waiting(now: datetime) -> list[Waiting]:
    """Incidents without a review, at most MOST_OFFERED: those with a running promise by their time, then those of
    major impact or worse, newest first. Three queries."""
    reviewed = Review.objects.filter(incidents=OuterRef("pk")).exclude(state=ReviewState.RETRACTED)
    promised = running().filter(incident=OuterRef("pk"))
    rows = (
        Incident.objects.filter(kind=Kind.INCIDENT, withdrawn_at__isnull=True)
        .filter(~Exists(reviewed))
        .order_by(Exists(promised).desc(), "-created_at", "-id")
        .prefetch_related(
            Prefetch("intervals", queryset=queries.standing_intervals(), to_attr="standing"),
            Prefetch("promises", queryset=running(), to_attr="running_promises"),
        )
    )
    found = []
    for row in rows[:MOST_READ]:
        impact = queries.impact_of(row, [queries.spell_of(each) for each in row.standing])
        due = first_due(row.running_promises, now)
        if due or IMPACT_WEIGHT[impact] >= IMPACT_WEIGHT[Impact.MAJOR]:
            found.append(Waiting(row, impact, due))
    found.sort(key=lambda each: each.due.seconds if each.due else float("inf"))
    return found[:MOST_OFFERED]


def due_now(now: datetime) -> list[DueLine]:
    """The running promises of reviews, the first due first, at most MOST_OFFERED. Three queries."""
    standing = Prefetch(
        "incident__reviews", queryset=Review.objects.exclude(state=ReviewState.RETRACTED).order_by("id")
    )
    lines = []
    for row in running().select_related("incident", "review").prefetch_related(standing)[:MOST_OFFERED]:
        review = row.review or (next(iter(row.incident.reviews.all()), None) if row.incident else None)
        title = review.title if review else row.incident.title if row.incident else row.sentence
        if review or row.incident:
            lines.append(DueLine(Due(row, int((row.due_at - now).total_seconds())), review, title))
    return lines

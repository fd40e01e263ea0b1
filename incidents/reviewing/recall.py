"""What earlier reviews have in common with one that is being written, and what they promised and still owe."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from incidents import queries
from incidents.domain.follow_through import is_overdue
from incidents.domain.review import SETTLED_STATES, ReviewState
from incidents.models import Component, ContributingFactor, Remediation, Review


@dataclass(frozen=True)
class OpenRemediation:
    """A remediation of a similar review that is not settled. `due_on` is a day in the zone of the page."""

    code: str
    title: str
    state: str
    due_on: date | None
    is_overdue: bool
    owner_team: str


@dataclass(frozen=True)
class Similar:
    """A review that shares factor codes or components (their full names), and what it still owes."""

    code: str
    slug: str
    title: str
    factors: tuple[str, ...]
    components: tuple[str, ...]
    remediations: tuple[OpenRemediation, ...]


def similar_reviews(review: Review, now: datetime | None = None) -> tuple[Similar, ...]:
    """Other reviews, without the retracted, that share a factor code or a component of its incidents; newest first.

    Six queries however many there are. `now` is UTC; it decides what is overdue.
    """
    codes = set(review.factors.values_list("code", flat=True))
    by_factor: defaultdict[int, set[str]] = defaultdict(set)
    for row in ContributingFactor.objects.filter(code__in=codes).exclude(review=review):
        by_factor[row.review_id].add(row.code)
    by_component = _by_component(review)
    found = Review.objects.filter(pk__in={*by_factor, *by_component})
    found = found.exclude(state=ReviewState.RETRACTED).order_by("-created_at", "-id")
    owed = _owed(list(found), (now or timezone.now()).astimezone(ZoneInfo(queries.the_page().time_zone)).date())
    return tuple(
        Similar(
            row.code, row.slug, row.title, tuple(sorted(by_factor[row.pk])),
            tuple(sorted(by_component[row.pk])), tuple(owed[row.pk]),
        )
        for row in found
    )  # fmt: skip


def _by_component(review: Review) -> defaultdict[int, set[str]]:
    """Names of the components that were hit in incidents of this review and of another, by the other one."""
    standing = queries.standing_intervals()
    mine = set(standing.filter(incident__reviews=review).values_list("component_id", flat=True))
    pairs = set(standing.filter(component__in=mine).values_list("incident__reviews", "component_id"))
    names = {row.pk: row.full_name for row in Component.objects.filter(pk__in=mine).select_related("group")}
    found: defaultdict[int, set[str]] = defaultdict(set)
    for review_id, component_id in pairs:
        if review_id not in (None, review.pk):
            found[review_id].add(names[component_id])
    return found


def _owed(reviews: list[Review], today: date) -> defaultdict[int, list[OpenRemediation]]:
    """What is not settled, by review, the earliest date first."""
    owed: defaultdict[int, list[OpenRemediation]] = defaultdict(list)
    rows = Remediation.objects.filter(review__in=reviews).exclude(state__in=SETTLED_STATES)
    for row in sorted(rows, key=lambda row: (row.due_on is None, row.due_on or today, row.pk)):
        late = is_overdue(row.state, row.due_on, today)
        owed[row.review_id].append(OpenRemediation(row.code, row.title, row.state, row.due_on, late, row.owner_team))
    return owed

"""Remediations as the public follows them: what was promised, by when first and by when now, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain import follow_through
from incidents.domain.markup import render_html, render_text
from incidents.domain.review import RemediationKind, RemediationState, Strength, VerificationMethod
from incidents.models import Remediation
from incidents.models.review_words import word_of
from incidents.publishing import words

ICONS = {
    RemediationState.PROPOSED: "todo",
    RemediationState.ACCEPTED: "todo",
    RemediationState.IN_PROGRESS: "doing",
    RemediationState.DELIVERED: "delivered",
    RemediationState.VERIFIED: "verified",
    RemediationState.DECLINED: "declined",
    RemediationState.SUPERSEDED: "superseded",
}
Document = Mapping[str, Any]


@dataclass(frozen=True)
class SlipView:
    """A due date that was moved: days in the zone of the page, `at` in UTC."""

    old_due_on: date
    new_due_on: date
    reason: str
    at: datetime


@dataclass(frozen=True)
class RemediationView:
    """One remediation. `review_slug` and `review_title` are "" and `factors` empty once the review was retracted.

    `factors`: (code, what the code means). `superseded_by`: (code, title) of one that the public follows too, else
    None. `updated_at` (UTC) moves with everything that is said here, also when it becomes overdue by the clock.
    """

    code: str
    title: str
    text: str
    html: str
    kind: str
    strength: str
    priority: str
    owner_team: str
    state: str
    status_note: str
    public_url: str
    factors: tuple[tuple[str, str], ...]
    review_slug: str
    review_title: str
    original_due_on: date | None
    due_on: date | None
    slips: tuple[SlipView, ...]
    is_overdue: bool
    published_at: datetime
    delivered_at: datetime | None
    verified_at: datetime | None
    verification_method: str
    evidence: str
    evidence_html: str
    declined_reason: str
    settled_at: datetime | None
    superseded_by: tuple[str, str] | None
    updated_at: datetime

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to come."""
        return follow_through.is_settled(self.state)

    @property
    def state_word(self) -> str:
        """How it stands, in words."""
        return word_of(RemediationState, self.state)

    @property
    def kind_word(self) -> str:
        """What it is for."""
        return word_of(RemediationKind, self.kind)

    @property
    def strength_word(self) -> str:
        """How much it leans on people."""
        return word_of(Strength, self.strength)

    @property
    def method_word(self) -> str:
        """How it was verified; "" if it was not."""
        return word_of(VerificationMethod, self.verification_method) if self.verification_method else ""

    @property
    def icon(self) -> str:
        """The shape of its state (see `templates/public/_remediation_icons.html`)."""
        return ICONS[RemediationState(self.state)]

    @property
    def slip_days(self) -> int | None:
        """By how many days its date was moved in all; None where it has none."""
        return follow_through.slip_days(self.original_due_on, self.due_on)

    @property
    def moved_words(self) -> str:
        """`moved once`, `moved 3 times`; "" if it never was."""
        count = len(self.slips)
        if count == 1:
            return _("moved once")
        return ngettext("moved %(count)s time", "moved %(count)s times", count) % {"count": count} if count else ""

    @property
    def due_words(self) -> str:
        """`due 4 Dec 2026`, `due 4 Dec 2026, now 18 Dec 2026 (moved once)`; "" without a date."""
        if self.due_on is None:
            return ""
        if not self.slips or self.original_due_on is None:
            return _("due %(day)s") % {"day": words.day(self.due_on)}
        told = {"first": words.day(self.original_due_on), "now": words.day(self.due_on), "moved": self.moved_words}
        return _("due %(first)s, now %(now)s (%(moved)s)") % told

    @property
    def path(self) -> str:
        """Its address on the page of remediations."""
        return f"/remediations#remediation-{self.code}"

    @property
    def review_path(self) -> str:
        """Where it stands in its review; "" once that was retracted."""
        return f"/reviews/{self.review_slug}#remediation-{self.code}" if self.review_slug else ""


def remediation_views(
    now: datetime, zone: str, published: Mapping[str, Mapping[str, Any]]
) -> tuple[RemediationView, ...]:
    """Every remediation that the public follows: open first, overdue before all, by due date; then the settled, newest
    first. `now` is UTC, `zone` that of the page: it decides which day it is;
    `published`: the reviews by their slugs as readers have them; of a working copy nothing is said. Three queries."""
    rows = Remediation.objects.filter(published_at__isnull=False, is_public=True)
    rows = rows.select_related("review", "superseded_by").prefetch_related("slips", "factors")
    if not rows:
        return ()
    return in_order([_view(row, published.get(row.review.slug), now, ZoneInfo(zone)) for row in rows])


def in_order(rows: Sequence[RemediationView]) -> tuple[RemediationView, ...]:
    """Open first, overdue before all, by due date, undated last; then the settled, newest first."""
    still = sorted(
        (row for row in rows if not row.is_settled),
        key=lambda row: (not row.is_overdue, row.due_on is None, row.due_on or date.max, row.published_at, row.code),
    )
    done = sorted(
        (row for row in rows if row.is_settled), key=lambda row: row.settled_at or row.updated_at, reverse=True
    )
    return (*still, *done)


def _view(row: Remediation, review: Document | None, now: datetime, zone: ZoneInfo) -> RemediationView:
    assert row.published_at is not None, "only published rows are read"
    known = {factor["ref"]: (factor["code"], factor["code_title"]) for factor in review["factors"]} if review else {}
    factors = {known[ref] for factor in row.factors.all() if (ref := f"factor:{factor.pk}") in known}
    next_one = row.superseded_by
    return RemediationView(
        code=row.code,
        title=row.title,
        text=render_text(row.body),
        html=render_html(row.body) if row.body else "",
        kind=row.kind,
        strength=row.strength,
        priority=row.priority,
        owner_team=row.owner_team,
        state=row.state,
        status_note=row.status_note,
        public_url=row.public_url,
        factors=tuple(sorted(factors)),
        review_slug=row.review.slug if review else "",
        review_title=review["title"] if review else "",
        original_due_on=row.original_due_on,
        due_on=row.due_on,
        slips=tuple(SlipView(each.old_due_on, each.new_due_on, each.reason, each.at) for each in row.slips.all()),
        is_overdue=follow_through.is_overdue(row.state, row.due_on, now.astimezone(zone).date()),
        published_at=row.published_at,
        delivered_at=row.delivered_at,
        verified_at=row.verified_at,
        verification_method=row.verification_method,
        evidence=row.evidence,
        evidence_html=render_html(row.evidence) if row.evidence else "",
        declined_reason=row.declined_reason,
        settled_at=row.settled_at,
        superseded_by=(next_one.code, next_one.title) if next_one and next_one.published_at else None,
        updated_at=_updated_at(row, now, zone),
    )


def _updated_at(row: Remediation, now: datetime, zone: ZoneInfo) -> datetime:
    if row.due_on is None or not follow_through.is_overdue(row.state, row.due_on, now.astimezone(zone).date()):
        return row.updated_at
    late_from = datetime.combine(follow_through.overdue_from(row.due_on), time.min, tzinfo=zone)
    return max(row.updated_at, late_from.astimezone(now.tzinfo))

"""All that the desk shows of a review besides the text itself. The number of queries does not grow with the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.actions import roles
from incidents.domain.actor import Actor
from incidents.domain.permissions import Roles
from incidents.domain.review import ReviewState
from incidents.models import (
    ChangeRole,
    ContributingFactor,
    Remediation,
    Review,
    ReviewComment,
    ReviewPhase,
    ReviewRedaction,
)
from incidents.reviewing.checks import findings
from incidents.reviewing.consequences import consequences_of
from incidents.reviewing.figures import INSTANT, Figure, figures_from, placeholders
from incidents.reviewing.gathering import gather
from incidents.reviewing.recall import similar_reviews
from incidents.reviewing.sections import BY_KEY
from incidents.reviewing.timeline import Entry, Gap, entries_of, gaps_in
from incidents.web.console import review_due
from incidents.web.console.review_form import CommentForm
from incidents.web.console.review_panel import (
    is_light,
    key_of,
    milestone_lines,
    others_here,
    section_lines,
    sights,
)
from incidents.web.reach import reaches


@dataclass(frozen=True)
class EntryLine:
    """One entry of the timeline, the gap before it, what was said about it, and its number where an author wrote it."""

    entry: Entry
    gap: Gap | None
    comments: list[ReviewComment]

    @property
    def number(self) -> int | None:
        """The key of the authored entry."""
        kind, _colon, rest = self.entry.ref.partition(":")
        return int(rest) if kind == "entry" else None

    @property
    def dom_id(self) -> str:
        """A name for an address within the page."""
        return self.entry.ref.replace(":", "-")


@dataclass(frozen=True)
class NextStep:
    """The one act that brings the review nearer to the public."""

    label: str
    address: str


def sheet_of(review: Review, key: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything around the text of the section `key`, for the template of the desk."""
    facts = gather(review)
    consequences = consequences_of(facts)
    figures = figures_from(facts, consequences)
    known = [each for each in figures if each.text and each.kind != INSTANT]
    incidents = list(review.incidents.order_by("created_at", "id"))
    held = roles.roles_of(actor)
    found = sights(review, findings(review), incidents[0].code if incidents else "", held)
    comments = list(review.comments.order_by("id"))
    entries = entries_of(facts)
    written = {row.key: row for row in review.sections.all()}
    lines = section_lines(
        written, found, comments, _counts(review, entries) | {"agreements": len(consequences)}, is_light(review)
    )
    place = [line.section.key for line in lines].index(key)
    return {
        "incidents": incidents,
        "lines": lines,
        "previous": lines[place - 1].section if place else None,
        "following": lines[place + 1].section if place + 1 < len(lines) else None,
        "figures": figures,
        "figures_first": [each for each in known if not _is_of_one_part(each)],
        "figures_more": [each for each in known if _is_of_one_part(each)],
        "placeholders": [(each, f"{{{{{each.name}}}}}") for each in placeholders(figures)],
        "milestones": milestone_lines(review),
        "sights": found,
        "sights_here": [sight for sight in found if sight.key == key and not sight.finding.is_waived],
        "sights_elsewhere": [sight for sight in found if sight.key != key and not sight.finding.is_waived],
        "sights_waived": [sight for sight in found if sight.finding.is_waived],
        "comments_here": [row for row in comments if key_of(row.anchor) == key],
        "comments_elsewhere": [row for row in comments if key_of(row.anchor) != key and row.resolved_at is None],
        "comment_form": CommentForm(initial={"anchor": f"section:{key}"}, auto_id="comment_%s"),
        "due": review_due.first_due(review_due.promises_of(review), now),
        "versions": [
            (row, f"/reviews/{review.slug}/versions/{row.number}")
            for row in review.versions.filter(withheld_at__isnull=True).defer("document", "page", "page_csp")
        ],
        "step": next_step(review, held),
        "others": [(row, BY_KEY[row.section.key].title) for row in others_here(review, actor.label, now)],
        "may_write": reaches(held, "review-section", is_reading=False),
        "consequences": consequences,
        "now": now,
        **ROWS.get(BY_KEY[key].rows, _nothing)(review, entries),
    }


def _is_of_one_part(figure: Figure) -> bool:
    """Of one component, agreement or change, or of one incident among several."""
    return ":" in figure.name or "#" in figure.name


def next_step(review: Review, held: Roles) -> NextStep | None:
    """Draft: submit; in review: approve; approved: publish; published and unchanged, or retracted: none. None also
    where it is for others than whoever has these roles."""
    steps = {
        ReviewState.DRAFT: (_("Submit for review"), "submit-review"),
        ReviewState.IN_REVIEW: (_("Approve"), "approve-review"),
        ReviewState.APPROVED: (_("Publish"), "publish-review"),
    }
    step = steps.get(ReviewState(review.state))
    if step is None or not reaches(held, step[1]):
        return None
    return NextStep(step[0], reverse(f"console:{step[1]}", args=[review.code]))


def _counts(review: Review, entries: Sequence[Entry]) -> dict[str, int]:
    return {
        "timeline": len(entries),
        "changes": review.change_roles.values("change").distinct().count(),
        "factors": review.factors.count(),
        "remediations": review.remediations.count(),
    }


def _nothing(_review: Review, _entries: Sequence[Entry]) -> dict[str, Any]:
    return {}


def _timeline(review: Review, entries: Sequence[Entry]) -> dict[str, Any]:
    """Entries in their order with the gaps between them, and the phases and redactions of the review."""
    gaps = {gap.end: gap for gap in gaps_in(entries)}
    said: dict[str, list[ReviewComment]] = {}
    for row in review.comments.filter(anchor__startswith="entry:", resolved_at__isnull=True):
        said.setdefault(row.anchor, []).append(row)
    return {
        "entries": [EntryLine(entry, gaps.pop(entry.at, None), said.get(entry.ref, [])) for entry in entries],
        "phases": list(ReviewPhase.objects.filter(review=review)),
        "redactions": list(ReviewRedaction.objects.filter(review=review, withdrawn_at__isnull=True)),
    }


def _changes(review: Review, _entries: Sequence[Entry]) -> dict[str, Any]:
    rows = ChangeRole.objects.filter(review=review).select_related("change", "phase").order_by("change_id", "id")
    by_change: dict[int, list[ChangeRole]] = {}
    for row in rows:
        by_change.setdefault(row.change_id, []).append(row)
    return {"changes": [(found[0].change, found) for found in by_change.values()]}


def _factors(review: Review, _entries: Sequence[Entry]) -> dict[str, Any]:
    return {"factors": list(ContributingFactor.objects.filter(review=review))}


def _remediations(review: Review, _entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "remediations": list(Remediation.objects.filter(review=review)),
        "similar": [(each, review.dismissed_similar.get(each.code, "")) for each in similar_reviews(review)],
    }


ROWS: Mapping[str, Callable[[Review, Sequence[Entry]], dict[str, Any]]] = {
    "timeline": _timeline, "changes": _changes, "factors": _factors, "remediations": _remediations,
}  # fmt: skip

"""What stands around the text on the desk of a review: marks of the sections, findings, comments, and who else is
here. Values for templates; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.urls import reverse

from incidents import queries
from incidents.domain.permissions import Roles
from incidents.domain.status import IMPACT_WEIGHT, Impact
from incidents.models import Review, ReviewComment, ReviewSection, SectionRevision
from incidents.publishing import words
from incidents.reviewing.checks import BY_KEY as CHECK_BY_KEY
from incidents.reviewing.checks import Check, Finding
from incidents.reviewing.milestones import Milestone, milestones
from incidents.reviewing.sections import BY_KEY, SECTIONS, Needed, Section
from incidents.web.reach import reaches

# Whoever saved in this review within the last minutes is probably still at it.
RECENTLY = timedelta(minutes=15)
# What a finding or a comment is about, by the first part of its anchor, and the section in which it is mended.
PLACES: Mapping[str, str] = {
    "entry": "timeline", "phase": "timeline", "update": "timeline", "interval": "timeline", "gap": "timeline",
    "timeline": "timeline", "change": "changes", "role": "changes", "factor": "factors",
    "remediation": "remediations", "similar": "remediations", "agreement": "agreements",
}  # fmt: skip


@dataclass(frozen=True)
class SectionLine:
    """One section in the list at the left. `rows`: how many facts stand in it; None where it has none."""

    section: Section
    has_text: bool
    is_needed: bool
    rows: int | None
    blocking: int
    findings: int
    comments: int

    @property
    def is_missing(self) -> bool:
        """Whether it must say something and does not yet."""
        return self.is_needed and not self.has_text


@dataclass(frozen=True)
class Sight:
    """One finding with where it is mended: the section's key ("" for the review as a whole) and an address."""

    finding: Finding
    key: str
    address: str

    @property
    def check(self) -> Check:
        """What found it."""
        return CHECK_BY_KEY[self.finding.check]

    @property
    def is_blocking(self) -> bool:
        """Whether it stands in the way of a publication; a waived one does not."""
        return self.finding.is_blocking and not self.finding.is_waived


@dataclass(frozen=True)
class MilestoneLine:
    """One milestone of one incident; `reason` says why it is not known, where somebody explained that."""

    incident_code: str
    incident_title: str
    milestone: Milestone
    reason: str


def key_of(anchor: str) -> str:
    """The section that an anchor belongs to; "" for the review as a whole."""
    kind, _colon, rest = anchor.partition(":")
    if kind == "section":
        return rest if rest in BY_KEY else ""
    return PLACES.get(kind, "")


def is_light(review: Review) -> bool:
    """Whether the review is of incidents of minor impact or none. Two queries."""
    standing = Prefetch("intervals", queryset=queries.standing_intervals(), to_attr="standing")
    impacts = [
        queries.impact_of(row, [queries.spell_of(each) for each in row.standing])
        for row in review.incidents.prefetch_related(standing)
    ]
    return all(IMPACT_WEIGHT[impact] < IMPACT_WEIGHT[Impact.MAJOR] for impact in impacts)


def section_lines(
    texts: Mapping[str, ReviewSection],
    sights: Sequence[Sight],
    comments: Sequence[ReviewComment],
    counts: Mapping[str, int],
    is_light_review: bool,
) -> list[SectionLine]:
    """The sections in their order, with marks. `counts`: rows by what `Section.rows` says."""
    standing = [sight for sight in sights if not sight.finding.is_waived]
    blocking = Counter(sight.key for sight in standing if sight.is_blocking)
    all_found = Counter(sight.key for sight in standing)
    said = Counter(key_of(row.anchor) for row in comments if row.resolved_at is None)
    return [
        SectionLine(
            section=section,
            has_text=bool(section.key in texts and texts[section.key].body.strip()),
            is_needed=(section.light if is_light_review else section.needed) != Needed.NEVER,
            rows=counts.get(section.rows, 0) if section.rows else None,
            blocking=blocking[section.key],
            findings=all_found[section.key],
            comments=said[section.key],
        )
        for section in SECTIONS
    ]


def sights(review: Review, found: Sequence[Finding], incident_code: str, held: Roles) -> list[Sight]:
    """Findings with where each is mended; blocking ones first, waived ones last. `incident_code`: of the first.
    `held`: the roles of whoever looks; where they do not reach there is no address."""
    lines = [Sight(each, key_of(each.anchor), _address(review, each, incident_code, held)) for each in found]
    return sorted(lines, key=lambda sight: (sight.finding.is_waived, not sight.is_blocking))


def _address(review: Review, found: Finding, incident_code: str, held: Roles) -> str:
    """Where what was found is mended; "" where these roles do not reach."""
    kind, _colon, name = found.anchor.partition(":")
    place, arguments = _place(review, found, incident_code)
    if not reaches(held, place):
        return ""
    address = reverse(f"console:{place}", args=arguments)
    return f"{address}#{kind}-{name}" if place == "review-section" and kind != "section" else address


def _place(review: Review, found: Finding, incident_code: str) -> tuple[str, list[str]]:
    """The name of the address where it is mended, and what stands in it."""
    kind, _colon, name = found.anchor.partition(":")
    other, key = found.ref.removeprefix("review:"), key_of(found.anchor)
    if other != found.ref:
        return "dismiss-similar", [review.code, other]
    if kind == "milestone" and name in words.MILESTONES and incident_code:
        return "state-milestone", [incident_code, name]
    if kind == "incident":
        return "incident", [name]
    if kind == "approvals":
        return "approve-review", [review.code]
    return ("review-section", [review.code, key]) if key else ("edit-review", [review.code])


def milestone_lines(review: Review) -> list[MilestoneLine]:
    """The milestones of each incident of the review, those that nobody knows with the reason. Four queries."""
    standing = Prefetch("intervals", queryset=queries.standing_intervals(), to_attr="standing")
    lines = []
    for row in review.incidents.order_by("created_at", "id").prefetch_related(
        standing, "updates", "milestone_statements"
    ):
        spells = [queries.spell_of(each) for each in row.standing]
        for found in milestones(spells, list(row.updates.all()), row.milestone_statements.all()):
            reason = "" if found.at else review.unknown_milestones.get(found.name, "")
            lines.append(MilestoneLine(row.code, row.title, found, reason))
    return lines


def others_here(review: Review, me: str, now: datetime) -> list[SectionRevision]:
    """The newest save of each other person within RECENTLY, newest first. One query."""
    rows = (
        SectionRevision.objects.filter(section__review=review, saved_at__gte=now - RECENTLY)
        .exclude(actor_label=me)
        .select_related("section")
        .order_by("-saved_at", "-id")
    )
    newest: dict[str, SectionRevision] = {}
    for row in rows:
        newest.setdefault(row.actor_label, row)
    return list(newest.values())

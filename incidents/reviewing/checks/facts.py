"""What the checks look at: everything about a review, read once, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from incidents.domain.canonical import canonical, sha256_of
from incidents.domain.review import RemediationState, Role
from incidents.domain.status import IMPACT_WEIGHT, Impact
from incidents.models import (
    Agreement,
    ContributingFactor,
    Promise,
    Remediation,
    Review,
    ReviewRedaction,
    ReviewSection,
)
from incidents.reviewing import document, gathering
from incidents.reviewing.sections import BY_KEY

LIGHT_IMPACTS = (Impact.NONE, Impact.MAINTENANCE, Impact.MINOR)


@dataclass(frozen=True)
class PublicText:
    """A text that publication lets out, and where it stands (`anchor`). `is_link`: an address given as a source."""

    anchor: str
    label: str
    body: str
    is_link: bool = False


@dataclass(frozen=True)
class Facts:
    """A review with all its rows at `now` (UTC). `known` is what the record knows; `document` is what would be
    published."""

    review: Review
    now: datetime
    known: gathering.Facts
    sections: Mapping[str, ReviewSection]
    factors: Sequence[ContributingFactor]
    remediations: Sequence[Remediation]
    redactions: Sequence[ReviewRedaction]
    promises: Sequence[Promise]
    agreements: Sequence[Agreement]
    names: Sequence[str]
    document: document.Document

    @cached_property
    def impact(self) -> Impact:
        """The heaviest impact of the incidents."""
        return max((each.impact for each in self.known.incidents), key=IMPACT_WEIGHT.__getitem__, default=Impact.NONE)

    @property
    def is_light(self) -> bool:
        """Whether less is asked: nothing worse than minor."""
        return self.impact in LIGHT_IMPACTS

    @property
    def standing_remediations(self) -> list[Remediation]:
        """Those that are neither declined nor superseded."""
        over = (RemediationState.DECLINED, RemediationState.SUPERSEDED)
        return [row for row in self.remediations if row.state not in over]

    @cached_property
    def content_hash(self) -> str:
        """The hash that approvals are bound to."""
        return sha256_of(self.document)

    @cached_property
    def published_text(self) -> str:
        """All of what would be published, as one string of JSON."""
        return canonical(self.document).decode()

    @cached_property
    def texts(self) -> list[PublicText]:
        """Every text that a person typed and that publication lets out, without the empty ones."""
        return [text for text in _texts(self) if text.body.strip()]

    def body(self, key: str) -> str:
        """The body of a section, stripped."""
        section = self.sections.get(key)
        return section.body.strip() if section else ""

    def has_role(self, *roles: Role) -> bool:
        """Whether a change plays one of the parts."""
        return any(row.role in roles for row in self.known.roles)


def facts_of(review: Review, now: datetime) -> Facts:
    """Read it all. The number of queries is constant."""
    known = gathering.gather(review)
    return Facts(
        review=review,
        now=now,
        known=known,
        sections={row.key: row for row in review.sections.all()},
        factors=list(review.factors.prefetch_related("changes", "remediations")),
        remediations=list(review.remediations.prefetch_related("factors")),
        redactions=list(review.redactions.filter(withdrawn_at__isnull=True)),
        promises=list(Promise.objects.filter(incident__in=[each.row for each in known.incidents])),
        agreements=list(Agreement.objects.filter(archived_at__isnull=True, components__in=known.components).distinct()),
        names=_names(),
        document=document.build(review),
    )


def internal_texts(facts: Facts) -> Iterator[tuple[str, str]]:
    """(anchor, text) of everything typed that must stay inside."""
    for section in facts.sections.values():
        yield f"section:{section.key}", section.note
        if section.key in BY_KEY and not BY_KEY[section.key].is_public:
            yield f"section:{section.key}", section.body
    for entry in facts.known.entries:
        yield f"entry:{entry.pk}", entry.note
        yield f"entry:{entry.pk}", entry.internal_url
        if not entry.is_public:
            yield f"entry:{entry.pk}", entry.body
    for change in facts.known.changes:
        yield f"change:{change.code}", change.note
        yield f"change:{change.code}", change.external_ref
    for factor in facts.factors:
        yield f"factor:{factor.pk}", factor.note
    for row in facts.remediations:
        yield f"remediation:{row.code}", row.note
        yield f"remediation:{row.code}", row.tracker_url
    for redaction in facts.redactions:
        yield "", redaction.place
        yield "", redaction.reason


def _names() -> list[str]:
    names: list[str] = []
    for username, first, last in User.objects.values_list("username", "first_name", "last_name"):
        names += [f"{first} {last}".strip(), first, last, username]
    return sorted({name for name in names if name}, key=lambda name: (-len(name), name))


def _texts(facts: Facts) -> Iterator[PublicText]:
    yield PublicText("", _("Title"), facts.review.title)
    yield PublicText("", _("Owner team"), facts.review.owner_team)
    yield PublicText("", _("Assistance"), facts.review.assistance_note)
    for name, reason in facts.review.unknown_milestones.items():
        yield PublicText(f"milestone:{name}", _("Milestone"), reason)
    for key, section in BY_KEY.items():
        if section.is_public:
            yield PublicText(f"section:{key}", str(section.title), facts.body(key))
    for entry in facts.known.entries:
        if entry.is_public:
            at = f"{entry.at:%Y-%m-%d %H:%M}"
            yield PublicText(f"entry:{entry.pk}", at, f"{entry.body}\n\n{entry.source}")
            yield PublicText(f"entry:{entry.pk}", at, entry.source_url, is_link=True)
    for phase in facts.known.phases:
        yield PublicText(f"phase:{phase.pk}", phase.name, _joined(phase.name, phase.body, phase.share))
    yield from _change_texts(facts)
    for factor in facts.factors:
        body = _joined(factor.title, factor.body, factor.disposition_reason)
        yield PublicText(f"factor:{factor.pk}", factor.title, body)
    for row in facts.remediations:
        if row.is_public:
            body = _joined(row.title, row.body, row.owner_team, row.status_note, row.declined_reason, row.evidence)
            yield PublicText(f"remediation:{row.code}", row.title, body)
            yield PublicText(f"remediation:{row.code}", row.title, row.public_url, is_link=True)


def _change_texts(facts: Facts) -> Iterator[PublicText]:
    notes: dict[int, list[str]] = {}
    for role in facts.known.roles:
        notes.setdefault(role.change_id, []).append(role.note)
    for change in facts.known.changes:
        stages = [str(value) for stage in change.stages for value in stage.values()]
        body = _joined(
            change.title, change.system, change.body, change.intent, change.process, change.time_note, change.regions,
            change.rollback_method, change.rollback_note, change.source, *notes[change.pk], *stages,
        )  # fmt: skip
        yield PublicText(f"change:{change.code}", change.title, body)
        yield PublicText(f"change:{change.code}", change.title, change.source_url, is_link=True)


def _joined(*parts: str) -> str:
    """Paragraphs, so that no phrase is read across two fields."""
    return "\n\n".join(part for part in parts if part.strip())

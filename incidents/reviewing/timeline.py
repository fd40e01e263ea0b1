"""The merged timeline of a review: what the record knows by itself, and what its author added.

Nothing is copied: an update that is amended, or an interval that is corrected, changes here too. What was superseded or
withdrawn is not here; a withheld text is named as withheld.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from incidents.domain.review import Certainty, EntryKind, Precision, Role
from incidents.domain.status import Level, Stage
from incidents.models import ChangeEvent, ImpactInterval, IncidentUpdate, Review
from incidents.models.review_words import word_of
from incidents.models.words import LEVELS, MILESTONES, STAGES, happening
from incidents.reviewing import lengths
from incidents.reviewing.gathering import Facts, Known, Work, gather, page_order

_RANK = {kind: place for place, kind in enumerate(EntryKind)}
_MARKS = re.compile(r"([\\`*_\[\]<>#])")
_MITIGATIONS = {Role.FAILED_MITIGATION, Role.HARMFUL_MITIGATION, Role.EFFECTIVE_MITIGATION}


@dataclass(frozen=True)
class Entry:
    """One entry. Times UTC; `precision` says how exact they are. `text` is Markdown, `label` and `phase` are not.

    `provenance`: update, ledger, maintenance, change, author, milestone or audit. `source` says in public what tells
    so, `source_url` where (a path of this site, or an address). Not public are what its author keeps internal, and all
    of the audit log.
    """

    ref: str
    at: datetime
    ended_at: datetime | None
    precision: str
    certainty: str
    kind: str
    label: str
    text: str
    is_public: bool
    source: str
    source_url: str
    provenance: str
    phase: str = ""


@dataclass(frozen=True)
class Gap:
    """A stretch (UTC) of which the public timeline tells nothing."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Its length."""
        return int((self.end - self.start).total_seconds())

    @property
    def text(self) -> str:
        """Its length in words."""
        return lengths.length(self.seconds)


def timeline_of(review: Review) -> tuple[Entry, ...]:
    """All entries, in the order of time, then of kind, then of reference: the same for the same rows."""
    return entries_of(gather(review))


def entries_of(facts: Facts) -> tuple[Entry, ...]:
    """The same from facts that were read already; no query."""
    found: list[Entry] = []
    for number, known in enumerate(facts.incidents):
        found += _updates(known)
        found += _levels(known)
        found += _stated(known, is_first=number == 0)
    found += [entry for work in facts.works for entry in _maintenance(work)]
    found += [entry for change in facts.changes for entry in _change(facts, change)]
    found += _authored(facts)
    found += _audit(facts)
    return tuple(sorted(found, key=lambda entry: (entry.at, _RANK.get(EntryKind(entry.kind), 0), entry.ref)))


def gaps_in(
    entries: Sequence[Entry],
    longer_than: timedelta = timedelta(minutes=30),
    start: datetime | None = None,
    end: datetime | None = None,
) -> tuple[Gap, ...]:
    """Stretches longer than that between public entries, from the beginning of the impact to the resolution.

    Where `start` and `end` (UTC) are not given they are those of the ledger's entries. An entry with an end covers what
    lies between; one whose time is known to the day alone covers nothing. Times count to the minute, as they are shown:
    what was posted every half hour leaves no gap because of the seconds.
    """
    ledger = [entry.at for entry in entries if entry.provenance == "ledger"]
    start = start or min(ledger, default=None)
    end = end or max(ledger, default=None)
    if start is None or end is None or start >= end:
        return ()
    told = [entry for entry in entries if entry.is_public and entry.precision not in (Precision.DAY, Precision.MONTH)]
    gaps, covered = [], start
    for at, until in sorted((entry.at, entry.ended_at or entry.at) for entry in told) + [(end, end)]:
        reached = min(at, end)
        if _minute(reached) - _minute(covered) > longer_than:
            gaps.append(Gap(covered, reached))
        covered = max(covered, min(until, end))
    return tuple(gaps)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def escaped(text: str) -> str:
    """A name or a title in Markdown, so that none of its characters is taken for a mark."""
    return _MARKS.sub(r"\\\1", text)


def _updates(known: Known) -> Iterator[Entry]:
    for row in known.updates:
        yield Entry(
            ref=f"update:{row.code}",
            at=row.posted_at,
            ended_at=None,
            precision=Precision.MINUTE,
            certainty=Certainty.CONFIRMED,
            kind=EntryKind.ALL_CLEAR if row.stage == Stage.RESOLVED else EntryKind.PUBLIC_WORD,
            label=str(STAGES[Stage(row.stage)]),
            text=_told(row),
            is_public=True,
            source=_("Update of the incident"),
            source_url=f"/incidents/{known.row.code}#update-{row.code}",
            provenance="update",
        )


def _told(row: IncidentUpdate) -> str:
    """The newest text, or that there is none any more."""
    if row.withheld_at is None:
        return row.body
    values = {"day": f"{row.withheld_at.astimezone(UTC):%Y-%m-%d}", "reason": escaped(row.withheld_reason)}
    return _("This text was withheld on %(day)s. Reason: %(reason)s") % values


def _levels(known: Known) -> Iterator[Entry]:
    """Where levels begin and end; those that do so at one instant in one way are one entry."""
    begun: defaultdict[tuple[datetime, str, bool], list[ImpactInterval]] = defaultdict(list)
    over: defaultdict[datetime, list[ImpactInterval]] = defaultdict(list)
    taken_over = {(row.component_id, row.region_id, row.started_at) for row in known.intervals}
    for row in known.intervals:
        begun[row.started_at, row.level, row.is_quality].append(row)
        # What goes on at another level is told by the entry of that level.
        if row.ended_at and (row.component_id, row.region_id, row.ended_at) not in taken_over:
            over[row.ended_at].append(row)
    for (at, level, is_quality), rows in begun.items():
        word = str(LEVELS[Level(level)])
        label = _("%(level)s, served but wrong") % {"level": word} if is_quality else word
        yield _level(known, rows, "start", at, EntryKind.SYMPTOM, label)
    for at, rows in over.items():
        yield _level(known, rows, "end", at, EntryKind.RECOVERY, str(LEVELS[Level.OPERATIONAL]))


def _level(known: Known, rows: list[ImpactInterval], edge: str, at: datetime, kind: EntryKind, label: str) -> Entry:
    return Entry(
        ref=f"interval:{min(row.pk for row in rows)}:{edge}",
        at=at,
        ended_at=None,
        precision=Precision.MINUTE,
        certainty=Certainty.CONFIRMED,
        kind=kind,
        label=label,
        text=f"{label}: {_places(rows)}.",
        is_public=True,
        source=_("Ledger of levels"),
        source_url=f"/incidents/{known.row.code}",
        provenance="ledger",
    )


def _places(rows: Iterable[ImpactInterval]) -> str:
    """`A, B (Region 1, Region 2)`: components with the regions that they share."""
    regions: dict[int, list[str]] = defaultdict(list)
    names: dict[int, str] = {}
    for row in sorted(rows, key=lambda row: page_order(row.component)):
        names[row.component_id] = escaped(row.component.full_name)
        if row.region:
            regions[row.component_id].append(escaped(row.region.name))
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for pk, name in names.items():
        shared[tuple(dict.fromkeys(regions[pk]))].append(name)
    return "; ".join(", ".join(those) + (f" ({', '.join(where)})" if where else "") for where, those in shared.items())


def _stated(known: Known, *, is_first: bool) -> Iterator[Entry]:
    """Milestones that a person stated; of a second incident under its code."""
    for row in known.milestones:
        if row.provenance == "stated" and row.at:
            name = row.name if is_first else f"{row.name}#{known.row.code}"
            yield Entry(
                ref=f"milestone:{name}",
                at=row.at,
                ended_at=None,
                precision=Precision.MINUTE,
                certainty=Certainty.CONFIRMED,
                kind=_MILESTONE_KINDS[row.name],
                label=str(MILESTONES[row.name]),
                text=row.reason,
                is_public=True,
                source=_("Stated by those responsible"),
                source_url=f"/incidents/{known.row.code}",
                provenance="milestone",
            )


_MILESTONE_KINDS = {
    "impact_started": EntryKind.SYMPTOM,
    "detected": EntryKind.DETECTION,
    "acknowledged": EntryKind.ACKNOWLEDGEMENT,
    "identified": EntryKind.DECISION,
    "first_recovery": EntryKind.RECOVERY,
    "resolved": EntryKind.ALL_CLEAR,
}


def _maintenance(work: Work) -> Iterator[Entry]:
    edges = [("start", work.started_at, _("Maintenance begins")), ("end", work.ended_at, _("Maintenance ends"))]
    for edge, at, label in edges:
        if at is not None:
            yield Entry(
                ref=f"maintenance:{work.row.code}:{edge}",
                at=at,
                ended_at=None,
                precision=Precision.MINUTE,
                certainty=Certainty.CONFIRMED,
                kind=EntryKind.MAINTENANCE,
                label=label,
                text=f"{label}: {escaped(work.row.title)}.",
                is_public=True,
                source=_("Maintenance of the same components"),
                source_url=f"/incidents/{work.row.code}",
                provenance="maintenance",
            )


def _change(facts: Facts, change: ChangeEvent) -> Iterator[Entry]:
    """Its start, its end if that is another time, and its being taken back; none for what has no time."""
    roles = facts.roles_of(change)
    is_mitigation = any(role.role in _MITIGATIONS for role in roles)
    kind = EntryKind.MITIGATION if is_mitigation else EntryKind.CHANGE
    label = ", ".join(word_of(Role, role.role) for role in roles)
    phase = next((role.phase.name for role in roles if role.phase), "")
    title = escaped(change.title)

    def entry(edge: str, at: datetime, until: datetime | None, which: EntryKind, words: str) -> Entry:
        return Entry(
            ref=f"change:{change.code}:{edge}",
            at=at,
            ended_at=until,
            precision=change.precision,
            certainty=change.certainty,
            kind=which,
            label=label,
            text=words,
            is_public=True,
            source=change.source or _("Record of changes"),
            source_url=change.source_url,
            provenance="change",
            phase=phase,
        )

    has_end = change.completed_at is not None and change.completed_at != change.started_at
    if change.started_at:
        words = _("%(title)s begins.") if has_end else "%(title)s."
        yield entry("start", change.started_at, None, kind, words % {"title": title})
    if has_end and change.completed_at:
        yield entry("end", change.completed_at, None, kind, _("%(title)s is complete.") % {"title": title})
    taken_back = change.rollback_started_at or change.rollback_completed_at
    if taken_back:
        words = _("%(title)s is taken back.") % {"title": title}
        until = change.rollback_completed_at if change.rollback_completed_at != taken_back else None
        yield entry("rollback", taken_back, until, EntryKind.MITIGATION, words)


def _authored(facts: Facts) -> Iterator[Entry]:
    for row in facts.entries:
        yield Entry(
            ref=f"entry:{row.pk}",
            at=row.at,
            ended_at=row.ended_at,
            precision=row.precision,
            certainty=row.certainty,
            kind=row.kind,
            label=word_of(EntryKind, row.kind),
            text=row.body,
            is_public=row.is_public,
            source=row.source,
            source_url=row.source_url,
            provenance="author",
            phase=row.phase.name if row.phase else "",
        )


def _audit(facts: Facts) -> Iterator[Entry]:
    for row in facts.happenings:
        yield Entry(
            ref=f"audit:{row.pk}",
            at=row.at,
            ended_at=None,
            precision=Precision.SECOND,
            certainty=Certainty.CONFIRMED,
            kind=EntryKind.ACTION,
            label=_("Audit log"),
            text=f"{escaped(row.actor_label)} {happening(row.verb)}: {escaped(row.subject_label)}",
            is_public=False,
            source=_("Audit log"),
            source_url="",
            provenance="audit",
        )

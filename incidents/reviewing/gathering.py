"""Everything that the record knows of what a review is about, read once, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model, Prefetch, Q

from incidents import queries
from incidents.domain.impact import Spell
from incidents.domain.status import RUNNING_STAGES, Impact, Kind, Stage
from incidents.models import (
    AuditEntry,
    ChangeEvent,
    ChangeRole,
    Component,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MilestoneStatement,
    Review,
    ReviewPhase,
    TimelineEntry,
)
from incidents.reviewing.milestones import Milestone, milestones

# Happenings that tell of the incident; what is done to its review is no part of what happened.
HAPPENINGS = ("incident.", "update.", "milestone.", "interval.", "ledger.")
# Maintenance that was planned longer before is looked for too: it may have run over.
OVERRUN = timedelta(days=30)
_NEVER = datetime.max.replace(tzinfo=UTC)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Known:
    """One incident: standing intervals, updates without those that announce a review, and its milestones."""

    row: Incident
    updates: tuple[IncidentUpdate, ...]
    intervals: tuple[ImpactInterval, ...]
    spells: tuple[Spell, ...]
    milestones: tuple[Milestone, ...]

    @property
    def at(self) -> dict[str, datetime | None]:
        """The instant of each milestone by its name."""
        return {row.name: row.at for row in self.milestones}

    @property
    def impact(self) -> Impact:
        """How bad it was at its worst."""
        return queries.impact_of(self.row, list(self.spells))


@dataclass(frozen=True)
class Work:
    """A maintenance that ran, with the times at which it did; `ended_at` None: it still runs."""

    row: Incident
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Facts:
    """A review and its facts; incidents that were withdrawn are not among them."""

    review: Review
    incidents: tuple[Known, ...]
    entries: tuple[TimelineEntry, ...]
    phases: tuple[ReviewPhase, ...]
    roles: tuple[ChangeRole, ...]
    works: tuple[Work, ...]
    happenings: tuple[AuditEntry, ...]

    @cached_property
    def intervals(self) -> tuple[ImpactInterval, ...]:
        """Those of all incidents."""
        return tuple(row for known in self.incidents for row in known.intervals)

    @cached_property
    def changes(self) -> tuple[ChangeEvent, ...]:
        """Each linked change once, in the order of time, those of unknown time last."""
        found = {role.change_id: role.change for role in self.roles}
        return tuple(sorted(found.values(), key=lambda row: (row.started_at or _NEVER, row.pk)))

    @cached_property
    def components(self) -> dict[int, Component]:
        """The components that were hit, in the order of the page."""
        found = {row.component_id: row.component for row in self.intervals}
        return dict(sorted(found.items(), key=lambda pair: page_order(pair[1])))

    def roles_of(self, change: ChangeEvent) -> list[ChangeRole]:
        """What the change was here."""
        return [role for role in self.roles if role.change_id == change.pk]


def gather(review: Review) -> Facts:
    """The facts of a review as they are now. Fifteen queries or fewer, however many rows there are."""
    rows = list(review.incidents.filter(withdrawn_at__isnull=True).order_by("created_at", "id"))
    ids = [row.pk for row in rows]
    updates = _grouped(IncidentUpdate.objects.filter(incident_id__in=ids).order_by("sequence"))
    statements = _grouped(MilestoneStatement.objects.filter(incident_id__in=ids, superseded_at__isnull=True))
    intervals = _grouped(
        queries.standing_intervals()
        .filter(incident_id__in=ids)
        .select_related("component__group", "region")
        .prefetch_related("component__regions")
    )
    known = tuple(_known(row, updates[row.pk], intervals[row.pk], statements[row.pk]) for row in rows)
    return Facts(
        review=review,
        incidents=known,
        entries=tuple(review.entries.select_related("phase")),
        phases=tuple(review.phases.all()),
        roles=tuple(review.change_roles.select_related("change", "phase").order_by("id")),
        works=_works(known),
        happenings=tuple(AuditEntry.objects.filter(_happening(), incident_id__in=ids).order_by("id")),
    )


def _known(
    row: Incident,
    updates: list[IncidentUpdate],
    intervals: list[ImpactInterval],
    statements: list[MilestoneStatement],
) -> Known:
    spells = tuple(queries.spell_of(each) for each in intervals)
    told = tuple(each for each in updates if each.stage != Stage.POSTMORTEM)
    return Known(row, told, tuple(intervals), spells, milestones(spells, updates, statements))


def _works(incidents: Iterable[Known]) -> tuple[Work, ...]:
    """The maintenance of the same components that ran at the same time, in the order in which it began."""
    held = {spell.component_id for known in incidents for spell in known.spells}
    starts = [spell.start for known in incidents for spell in known.spells]
    if not starts:
        return ()
    begun, ended = min(starts), _end_of(incidents)
    rows = (
        Incident.objects.filter(Q(scope__component__in=held) | Q(intervals__component__in=held))
        .filter(kind=Kind.MAINTENANCE, cancelled_at__isnull=True, withdrawn_at__isnull=True)
        .filter(stage__in=[*RUNNING_STAGES, Stage.COMPLETED], scheduled_until__gt=begun - OVERRUN)
        .prefetch_related(Prefetch("updates", IncidentUpdate.objects.order_by("sequence"), to_attr="told"))
        .distinct()
    )
    works = (_work(row) for row in rows)
    found = [
        work
        for work in works
        if (ended is None or work.started_at < ended) and (work.ended_at is None or work.ended_at > begun)
    ]
    return tuple(sorted(found, key=lambda work: (work.started_at, work.row.pk)))


def _work(row: Any) -> Work:
    """As its updates say it ran; as it was planned where none does."""
    begun = [update.posted_at for update in row.told if update.stage in RUNNING_STAGES]
    done = [update.posted_at for update in row.told if update.stage == Stage.COMPLETED]
    ended = (done[-1] if done else row.scheduled_until) if row.stage == Stage.COMPLETED else None
    return Work(row, begun[0] if begun else row.scheduled_for, ended)


def _end_of(incidents: Iterable[Known]) -> datetime | None:
    """When all was over; None while something is not."""
    ends = [spell.end for known in incidents for spell in known.spells]
    over = [known.at["resolved"] for known in incidents]
    known_ends = [at for at in (*ends, *over) if at]
    return max(known_ends) if known_ends and None not in ends else None


def _happening() -> Q:
    rule = Q()
    for prefix in HAPPENINGS:
        rule |= Q(verb__startswith=prefix)
    return rule


def page_order(row: Component) -> tuple[int, int, int]:
    """The place of a component on the page: after its group's, then its own."""
    return (row.group.position if row.group else row.position, row.position if row.group else 0, row.pk)


def _grouped(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.incident_id].append(row)  # type: ignore[attr-defined]
    return found

"""What the ledger says of the components of agreements, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, Q, prefetch_related_objects

from incidents import queries
from incidents.domain.intervals import Span
from incidents.domain.status import Level, Stage
from incidents.domain.uptime import Entry
from incidents.models import Agreement, IncidentUpdate, MilestoneStatement


@dataclass(frozen=True)
class Fact:
    """One standing interval as an entry (component by code, region by key), with the code of its incident or ""."""

    entry: Entry
    incident: str


def facts_of(agreements: Sequence[Agreement], span: Span) -> dict[int, list[Fact]]:
    """The facts that touch the span, for each agreement by its id; loads its components, regions and exclusions too.

    The first post is that of the page. The first *Monitoring* is the one that was posted, unless a person stated when
    recovery began: what the milestones of the incident say.
    """
    prefetch_related_objects(agreements, "components__group", "components__regions", "exclusions__component")
    wanted = {component.pk for agreement in agreements for component in agreement.components.all()}
    rows = list(
        queries.standing_intervals()
        .filter(Q(ended_at__isnull=True) | Q(ended_at__gt=span.start), component_id__in=wanted)
        .filter(started_at__lt=span.end)
        .select_related("component", "region", "incident")
    )
    posted = _posted({row.incident_id for row in rows if row.incident_id})
    facts: dict[int, list[Fact]] = {}
    for row in rows:
        first_post_at, monitoring_at = posted.get(row.incident_id or 0, (None, None))
        region = row.region.key if row.region else None
        level = Level(row.level)
        entry = Entry(
            row.component.code,
            region,
            level,
            row.started_at,
            row.ended_at,
            first_post_at,
            monitoring_at,
            row.is_quality,
        )
        facts.setdefault(row.component_id, []).append(Fact(entry, row.incident.code if row.incident else ""))
    return {
        agreement.pk: [fact for one in agreement.components.all() for fact in facts.get(one.pk, [])]
        for agreement in agreements
    }


def _posted(incident_ids: set[int]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """First post and first *Monitoring* of each incident."""
    firsts: Any = (
        IncidentUpdate.objects.filter(incident_id__in=incident_ids)
        .order_by("incident_id")
        .values_list("incident_id")
        .annotate(first=Min("posted_at"), monitoring=Min("posted_at", filter=Q(stage=Stage.MONITORING)))
    )
    stated = dict(
        MilestoneStatement.objects.filter(
            incident_id__in=incident_ids, milestone="first_recovery", superseded_at__isnull=True
        ).values_list("incident_id", "at")
    )
    return {pk: (first, stated.get(pk, monitoring)) for pk, first, monitoring in firsts}

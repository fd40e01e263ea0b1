"""Reads that more than one caller shares. Noun phrases; no writes."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from incidents.domain.impact import Spell, incident_impact, levels_at
from incidents.domain.status import OVER_STAGES, Impact, Kind, Level
from incidents.models import (
    Component,
    Delivery,
    ImpactInterval,
    Incident,
    MilestoneStatement,
    PublicPage,
    Subscriber,
)


def the_page() -> PublicPage:
    """The page's row; an unsaved default on an installation where nothing was written yet."""
    return PublicPage.objects.filter(id=1).first() or PublicPage(id=1)


def standing_intervals() -> QuerySet[ImpactInterval]:
    """The intervals that count: those that no correction superseded."""
    return ImpactInterval.objects.filter(superseded_at__isnull=True)


def spell_of(interval: ImpactInterval) -> Spell:
    """One interval as a value of the domain."""
    return Spell(
        interval.component_id, interval.region_id, Level(interval.level), interval.started_at, interval.ended_at
    )


def spells_of(incident: Incident) -> list[Spell]:
    """The standing intervals of an incident, oldest first."""
    return [spell_of(row) for row in standing_intervals().filter(incident=incident)]


def impact_of(incident: Incident, spells: list[Spell]) -> Impact:
    """The incident's impact: set by hand, else the sticky maximum over its intervals; of maintenance, always that."""
    if incident.is_maintenance:
        return Impact.MAINTENANCE
    return Impact(incident.impact_override) if incident.impact_override else incident_impact(spells)


def impact_started_at(incident: Incident, spells: list[Spell]) -> datetime:
    """When the trouble began: as stated, else by the ledger, else the incident's first record. UTC."""
    stated = MilestoneStatement.objects.filter(
        incident=incident, milestone="impact_started", superseded_at__isnull=True
    ).first()
    if stated:
        return stated.at
    return min((spell.start for spell in spells), default=incident.created_at)


def components_of(incident: Incident) -> QuerySet[Component]:
    """The components that the incident ever held or is going to take, in the order of the page."""
    held = standing_intervals().filter(incident=incident).values("component")
    return (
        Component.objects.filter(Q(pk__in=held) | Q(pk__in=incident.scope.values("component")))
        .select_related("group")
        .order_by(Coalesce("group__position", "position"), F("group").asc(nulls_first=True), "position", "id")
    )


def levels_held(spells: list[Spell], at: datetime) -> dict[int, str]:
    """The level of each component that the spells name, at an instant; operational where none holds it."""
    now = levels_at(spells, at)
    return {spell.component_id: now.get(spell.component_id, Level.OPERATIONAL).value for spell in spells}


def open_incidents() -> QuerySet[Incident]:
    """Incidents that are not resolved, newest first; maintenance is not among them."""
    return Incident.objects.filter(kind=Kind.INCIDENT).exclude(stage__in=OVER_STAGES).order_by("-id")


def told_subscribers() -> QuerySet[Subscriber]:
    """Subscribers to whom deliveries may go."""
    return Subscriber.objects.filter(
        confirmed_at__isnull=False, unsubscribed_at__isnull=True, suspended_at__isnull=True, is_operator=False
    )


def told_operators() -> QuerySet[Subscriber]:
    """The addresses of the operators to which reminders may go."""
    return Subscriber.objects.filter(
        confirmed_at__isnull=False, unsubscribed_at__isnull=True, suspended_at__isnull=True, is_operator=True,
        is_personal=False,
    )  # fmt: skip


def planned_maintenance() -> QuerySet[Incident]:
    """Maintenance that was neither cancelled nor withdrawn, by its window."""
    return Incident.objects.filter(
        kind=Kind.MAINTENANCE, cancelled_at__isnull=True, withdrawn_at__isnull=True
    ).order_by("scheduled_for", "id")


def audience(component_ids: list[int], incident_id: int | None, is_of_review: bool = False) -> QuerySet[Subscriber]:
    """Whom an update reaches: those who chose everything, one of the components or groups, or were told of the
    incident before; of a review, those of them who want reviews."""
    choices = Subscriber.components.through.objects.filter(component_id__in=component_ids)
    rule = Q(has_all_components=True) | Q(pk__in=choices.values("subscriber_id"))
    if incident_id:
        told = Delivery.objects.filter(incident_id=incident_id, state=Delivery.State.SENT)
        rule |= Q(pk__in=told.values("subscriber_id"))
    # Sub-selects, not joins: the rows of three tables would multiply before DISTINCT took them back.
    told_now = told_subscribers().filter(has_reviews=True) if is_of_review else told_subscribers()
    return told_now.filter(rule)

"""The components as the page orders them, with what is open on each now; in three queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from incidents import queries
from incidents.domain.status import Level, worst_of
from incidents.models import Component, ImpactInterval


@dataclass(frozen=True)
class Board:
    """`components`: groups each followed by their own; `open_by_component`: standing open intervals, oldest first."""

    components: list[Component]
    open_by_component: dict[int, list[ImpactInterval]]

    def leaves(self) -> list[Component]:
        """The components that can break by themselves."""
        return [component for component in self.components if not component.is_group]

    def levels(self) -> dict[int, str]:
        """The level now of every component that is not operational, groups by their worst child."""
        found = {pk: worst_of(Level(row.level) for row in rows) for pk, rows in self.open_by_component.items()}
        for component in self.leaves():
            if component.group_id and component.pk in found:
                found[component.group_id] = worst_of(
                    (found[component.pk], found.get(component.group_id, Level.OPERATIONAL))
                )
        return {pk: level.value for pk, level in found.items()}

    def held_by(self, incident_id: int | None) -> dict[int, list[ImpactInterval]]:
        """The open intervals of one incident by component."""
        own = {
            pk: [row for row in rows if incident_id and row.incident_id == incident_id]
            for pk, rows in self.open_by_component.items()
        }
        return {pk: rows for pk, rows in own.items() if rows}


def current_board() -> Board:
    """The board as it is now, without archived components."""
    rows = Component.objects.filter(archived_at__isnull=True).select_related("group").prefetch_related("regions")
    held: dict[int, list[ImpactInterval]] = {}
    for interval in queries.standing_intervals().filter(ended_at__isnull=True).select_related("region", "incident"):
        held.setdefault(interval.component_id, []).append(interval)
    return Board(ordered(rows), held)


def ordered(rows: Iterable[Component]) -> list[Component]:
    """Components by position, those of a group right behind it. One whose group is not there stands at the top."""
    by_place: dict[int | None, list[Component]] = {}
    listed = sorted(rows, key=lambda row: (row.position, row.pk))
    known = {row.pk for row in listed}
    for row in listed:
        by_place.setdefault(row.group_id if row.group_id in known else None, []).append(row)
    return [each for top in by_place.get(None, []) for each in (top, *by_place.get(top.pk, []))]

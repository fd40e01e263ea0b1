"""What the ledger says about one incident: its components' levels and its impact at its worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.domain.status import Impact, Level, heavier_impact, impact_of, worst_of


@dataclass(frozen=True)
class Spell:
    """One component at one level for a time, in one region or in all (None). `end` None: still so."""

    component_id: int
    region_id: int | None
    level: Level
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class ComponentChange:
    """What an update says of a component: its level from `since` (None: from now) in the regions (empty: in all)."""

    component_id: int
    level: Level
    since: datetime | None = None
    region_ids: tuple[int, ...] = ()
    is_quality: bool = False


def incident_impact(spells: Sequence[Spell]) -> Impact:
    """The sticky maximum of the impact table over the life of an incident.

    At each instant the table is applied to the components attached so far; a component that has recovered counts as
    operational, one that is attached later does not dilute what was true before.
    """
    worst = Impact.NONE
    for instant in sorted({spell.start for spell in spells}):
        attached: dict[int, list[Level]] = {}
        for spell in spells:
            if spell.start <= instant:
                levels = attached.setdefault(spell.component_id, [])
                if spell.end is None or spell.end > instant:
                    levels.append(spell.level)
        worst = heavier_impact(worst, impact_of(worst_of(levels) for levels in attached.values()))
    return worst


def levels_at(spells: Iterable[Spell], instant: datetime) -> dict[int, Level]:
    """The worst level of each component at the instant, for those that are not operational then."""
    found: dict[int, Level] = {}
    for spell in spells:
        if spell.start <= instant and (spell.end is None or spell.end > instant):
            found[spell.component_id] = worst_of((spell.level, found.get(spell.component_id, Level.OPERATIONAL)))
    return found

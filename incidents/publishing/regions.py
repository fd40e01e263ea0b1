"""Components by regions: who is hit where now, and the ninety days of each region. Pure functions of a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from incidents.domain.status import Level
from incidents.domain.uptime import DayBar
from incidents.publishing import cards
from incidents.publishing.public import ComponentView, Snapshot


@dataclass(frozen=True)
class MatrixRow:
    """A component with its level in each region of the matrix; None where it does not run."""

    view: ComponentView
    levels: tuple[Level | None, ...]


@dataclass(frozen=True)
class Matrix:
    """Components whose regions differ now, by all regions in which they run."""

    regions: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True)
class RegionRow:
    """One region of a component with its ninety days."""

    name: str
    row: cards.Row


def matrix(snapshot: Snapshot) -> Matrix | None:
    """Who is hit where, while regions of any component differ; None while they are all alike."""
    views = [leaf for leaf in snapshot.leaves if leaf.is_shown and leaf.has_regions_that_differ]
    names = tuple(dict.fromkeys(name for view in views for name, _level in view.levels_by_region))
    rows = tuple(MatrixRow(view, _levels(view, names)) for view in views)
    return Matrix(names, rows) if rows else None


def rows(component: ComponentView, zone: str) -> list[RegionRow]:
    """Each region by itself; none if all were alike in the whole window."""
    return [
        RegionRow(name, cards.row(_in_region(component, name, bars, percent), zone))
        for name, bars, percent in component.region_bars
    ]


def _levels(view: ComponentView, names: Sequence[str]) -> tuple[Level | None, ...]:
    known = dict(view.levels_by_region)
    return tuple(known.get(name) for name in names)


def _in_region(component: ComponentView, name: str, bars: tuple[DayBar, ...], percent: str) -> ComponentView:
    own = tuple(row for row in component.intervals if row.region in ("", name))
    return replace(component, bars=bars, uptime_percent=percent, intervals=own)

"""The reckoning of an agreement: every stretch that counts, one by one, and what was left out.

The same rules as `uptime.weighed_seconds`, told in full: its sum is theirs, and no instant stands twice.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from incidents.domain.intervals import Span, seconds_between
from incidents.domain.status import HEAVINESS, Level
from incidents.domain.uptime import Entry, Policy, combined, weighed_parts

Place = tuple[Hashable, Hashable | None]
_Part = tuple[datetime, datetime, Fraction, Level]


@dataclass(frozen=True)
class Exclusion:
    """A stretch that the parties agreed not to count, of one component or of all (None), with its public reason."""

    component: Hashable | None
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class Stretch:
    """One counted stretch of a component in a region (None: the world is one): the heaviest weight open in it."""

    component: Hashable
    region: Hashable | None
    start: datetime
    end: datetime
    level: Level
    weight: Fraction

    @property
    def weighed_seconds(self) -> Fraction:
        """Its length in seconds times its weight, exact."""
        return seconds_between(self.start, self.end) * self.weight


@dataclass(frozen=True)
class Reckoning:
    """What counted: `total` by the rules over `by_component`, each by the rules over `by_place`, each the sum of its
    stretches.

    `saved_by_exclusions` (in the order given) and `saved_by_maintenance`: seconds by which the total would be higher
    without that one exclusion, and with all maintenance counted.
    """

    stretches: tuple[Stretch, ...]
    by_place: Mapping[Place, Fraction]
    by_component: Mapping[Hashable, Fraction]
    total: Fraction
    saved_by_exclusions: tuple[Fraction, ...] = ()
    saved_by_maintenance: Fraction = Fraction(0)


def reckon(
    entries: Iterable[Entry],
    *,
    window: Span,
    now: datetime,
    policy: Policy,
    components: Mapping[Any, Sequence[Hashable]],
    exclusions: Sequence[Exclusion] = (),
) -> Reckoning:
    """Count the window under the policy. `components` maps each component of the set to the regions that it runs in
    (none: the world is one). Nothing after `now` counts. Raises ValueError if `components` is empty.
    """
    known = list(entries)
    found = count(known, window, now, policy, components, exclusions)
    others = [[*exclusions[:index], *exclusions[index + 1 :]] for index in range(len(exclusions))]
    without = [count(known, window, now, policy, components, rest).total for rest in others]
    strict = replace(policy, is_maintenance_excluded=False)
    with_maintenance = count(known, window, now, strict, components, exclusions).total
    return replace(
        found,
        saved_by_exclusions=tuple(total - found.total for total in without),
        saved_by_maintenance=with_maintenance - found.total,
    )


def counted_in(found: Reckoning, region: Hashable, policy: Policy) -> Fraction:
    """The weighed seconds of one region alone: its components by the component rule. Raises ValueError if it has
    none."""
    return combined((sum_ for (_one, where), sum_ in found.by_place.items() if where == region), policy.component_rule)


def count(
    entries: Sequence[Entry],
    window: Span,
    now: datetime,
    policy: Policy,
    components: Mapping[Any, Sequence[Hashable]],
    exclusions: Sequence[Exclusion],
) -> Reckoning:
    """What `reckon` counts, without what was saved. Raises ValueError if `components` is empty."""
    if not components:
        raise ValueError("Uptime needs at least one component.")
    stretches: list[Stretch] = []
    by_place: dict[Place, Fraction] = {}
    by_component: dict[Hashable, Fraction] = {}
    for component, regions in components.items():
        own = [entry for entry in entries if entry.component == component]
        left_out = [row for row in exclusions if row.component in (None, component)]
        sums = []
        for region in regions or (None,):
            here = [entry for entry in own if region is None or entry.region in (None, region)]
            parts = _heaviest(list(_parts(here, window, now, policy)), left_out)
            told = [Stretch(component, region, *part[:2], part[3], part[2]) for part in parts]
            stretches += told
            sums.append(sum((row.weighed_seconds for row in told), Fraction(0)))
            by_place[component, region] = sums[-1]
        by_component[component] = combined(sums, policy.region_rule)
    total = combined(by_component.values(), policy.component_rule)
    return Reckoning(tuple(stretches), by_place, by_component, total)


def _parts(entries: Iterable[Entry], window: Span, now: datetime, policy: Policy) -> Iterator[_Part]:
    for entry in entries:
        for start, end, weight in weighed_parts(entry, now, policy):
            begins, ends = max(start, window.start), min(end, window.end)
            if begins < ends and weight:
                yield begins, ends, weight, entry.level


def _heaviest(parts: Sequence[_Part], left_out: Sequence[Exclusion]) -> list[_Part]:
    """Each instant once, at its heaviest weight, without what is left out; neighbours that are alike are joined."""
    edges = {edge for part in parts for edge in part[:2]} | {edge for row in left_out for edge in (row.start, row.end)}
    ordered = sorted(edges)
    found: list[_Part] = []
    for start, end in zip(ordered, ordered[1:], strict=False):
        is_open = [part for part in parts if part[0] <= start and part[1] >= end]
        if not is_open or any(row.start <= start and row.end >= end for row in left_out):
            continue
        _start, _end, weight, level = max(is_open, key=lambda part: (part[2], HEAVINESS[part[3]]))
        if found and found[-1][1:] == (start, weight, level):
            found[-1] = (found[-1][0], end, weight, level)
        else:
            found.append((start, end, weight, level))
    return found

"""What the texts of a review may say of lengths, times, percentages and counts: everything that its rows bear out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.review import Precision
from incidents.models import ChangeEvent, Review
from incidents.models.words import MILESTONES
from incidents.reviewing import lengths
from incidents.reviewing.consequences import Consequence, consequences_of, seconds_of
from incidents.reviewing.figures import figures_from, regions_hit
from incidents.reviewing.gathering import Facts, gather
from incidents.reviewing.timeline import entries_of

# More anchors than this give so many differences that any length would be borne out by chance.
MANY_ANCHORS = 30
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*(?:%|percent|per cent)", re.IGNORECASE)


@dataclass(frozen=True)
class Moment:
    """An instant of the record (UTC), and for how many seconds after it the same is meant, if it is known coarsely."""

    at: datetime
    label: str
    spread: int = 0


@dataclass(frozen=True)
class Record:
    """What a text may say. Lengths in whole seconds without a sign, each with what it is; `shares` are percentages of
    what was hit, `uptimes` those of agreements; `counts` by thing: component, region, update."""

    lengths: tuple[tuple[int, str], ...] = ()
    moments: tuple[Moment, ...] = ()
    uptimes: tuple[Decimal, ...] = ()
    shares: tuple[Decimal, ...] = ()
    counts: Mapping[str, frozenset[int]] = field(default_factory=dict)


def record_of(review: Review) -> Record:
    """The record of a review as it is now. A constant number of queries."""
    facts = gather(review)
    return record_from(facts, consequences_of(facts))


def record_from(facts: Facts, consequences: tuple[Consequence, ...]) -> Record:
    """The same from facts that were read already; no query."""
    return Record(
        lengths=tuple(dict.fromkeys(_lengths(facts, consequences))),
        moments=tuple(_moments(facts)),
        uptimes=tuple(_uptimes(consequences)),
        shares=tuple(_shares(facts)),
        counts=_counts(facts),
    )


def _lengths(facts: Facts, consequences: tuple[Consequence, ...]) -> Iterator[tuple[int, str]]:
    for figure in figures_from(facts, consequences):
        if figure.seconds is not None:
            yield abs(figure.seconds), figure.label
    for issued in _issued(consequences):
        yield seconds_of(issued["allowed_seconds"]), _("allowed")
        for way in issued["sensitivity"]["rows"]:
            yield seconds_of(way["counted_seconds"]), way["words"]
    for phase in facts.phases:
        if phase.ended_at:
            yield int((phase.ended_at - phase.started_at).total_seconds()), phase.name
    for change in facts.changes:
        for seconds in _stretches(change):
            yield seconds, change.title
    yield from _distances(facts)


def _stretches(change: ChangeEvent) -> Iterator[int]:
    """How long it took, and how long taking it back did."""
    for start, end in (
        (change.started_at, change.completed_at),
        (change.rollback_started_at, change.rollback_completed_at),
    ):
        if start and end:
            yield int((end - start).total_seconds())


def _issued(consequences: tuple[Consequence, ...]) -> Iterator[dict[str, Any]]:
    return (row.document for row in consequences if row.document)


def _distances(facts: Facts) -> Iterator[tuple[int, str]]:
    """Between any two of milestones, changes and phases; from the impact to each entry, and from one entry to the
    next; the length of an entry."""
    anchors = sorted(set(_anchors(facts)), key=lambda moment: (moment.at, moment.label))
    pairs = (
        [(one, other) for place, one in enumerate(anchors) for other in anchors[place + 1 :]]
        if len(anchors) <= MANY_ANCHORS
        else list(pairwise(anchors))
    )
    for one, other in pairs:
        yield int((other.at - one.at).total_seconds()), f"{one.label} – {other.label}"
    began = min((at for known in facts.incidents if (at := known.at["impact_started"])), default=None)
    entries = [row for row in facts.entries if row.is_public and not lengths.is_coarse(row.precision)]
    for row in entries:
        if began:
            yield abs(int((row.at - began).total_seconds())), _("from the impact to an entry")
        if row.ended_at:
            yield int((row.ended_at - row.at).total_seconds()), _("an entry")


def _anchors(facts: Facts) -> Iterator[Moment]:
    for known in facts.incidents:
        for row in known.milestones:
            if row.at:
                yield Moment(row.at, str(MILESTONES[row.name]))
    for change in facts.changes:
        if not lengths.is_coarse(change.precision):
            for at in (
                change.started_at,
                change.completed_at,
                change.rollback_started_at,
                change.rollback_completed_at,
            ):
                if at:
                    yield Moment(at, change.title)
    for phase in facts.phases:
        if not lengths.is_coarse(phase.precision):
            yield from (Moment(at, phase.name) for at in (phase.started_at, phase.ended_at) if at)


def _moments(facts: Facts) -> Iterator[Moment]:
    """The instants that may stand in a text; what is known to the day alone has no time of day."""
    yield from _anchors(facts)
    for entry in entries_of(facts):
        if entry.is_public and entry.precision not in (Precision.DAY, Precision.MONTH):
            spread = int(lengths.UNCERTAINTY[entry.precision].total_seconds())
            yield Moment(entry.at, entry.label, spread)
            if entry.ended_at:
                yield Moment(entry.ended_at, entry.label, spread)
    for known in facts.incidents:
        for update in known.updates:
            if update.next_update_due_at:
                yield Moment(update.next_update_due_at, _("promised for the next update"))


def _uptimes(consequences: tuple[Consequence, ...]) -> Iterator[Decimal]:
    for issued in _issued(consequences):
        yield Decimal(issued["agreement"]["target_percent"])
        yield Decimal(issued["percent"])
        for way in issued["sensitivity"]["rows"]:
            yield Decimal(way["percent"])
        for tier in issued["agreement"]["credit_tiers"]:
            yield from (Decimal(tier["below_percent"]), Decimal(tier["credit_percent"]))


def _shares(facts: Facts) -> Iterator[Decimal]:
    """Percentages that the phases and the stages of changes state."""
    said = [phase.share for phase in facts.phases]
    said += [f"{stage.get('percent') or ''}%" for change in facts.changes for stage in change.stages]
    for text in said:
        for found in _PERCENT.finditer(text):
            yield Decimal(found[1].replace(",", "."))


def _counts(facts: Facts) -> dict[str, frozenset[int]]:
    """How many there are in all, and how many fell or recovered at one instant."""
    together: defaultdict[tuple[str, object], set[int]] = defaultdict(set)
    places: defaultdict[int, set[int | None]] = defaultdict(set)
    for row in facts.intervals:
        together["start", row.started_at].add(row.component_id)
        together["end", row.ended_at].add(row.component_id)
        together["level", row.level].add(row.component_id)
        places[row.component_id].add(row.region_id)
    components = {len(facts.components), *(len(those) for those in together.values())}
    regions = {len(regions_hit(facts)), *(len(those) for those in places.values() if None not in those)}
    updates = {sum(len(known.updates) for known in facts.incidents), *(len(known.updates) for known in facts.incidents)}
    return {name: frozenset(found) for name, found in (
        ("component", components), ("region", regions), ("update", updates),
    )}  # fmt: skip

"""Whatever two incidents and a hand do to a component in any order, ledger, page and what was told agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.actions import component as component_actions
from incidents.actions import incident as actions
from incidents.actions.refusals import Refused
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level, worst_of
from incidents.models import AuditEntry, Component, ImpactInterval, Incident, IncidentUpdate, OutboxEvent, Region
from incidents.publishing import snapshot
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
START = utc("2026-06-23 12:00")
KEYS = ("east", "north", "west")
HAND = None


@dataclass(frozen=True)
class Step:
    """One act, some minutes after the one before: a post of an incident (0 or 1) or of the hand (None)."""

    holder: int | None
    act: str
    minutes: int
    level: Level
    regions: frozenset[str]
    minutes_ago: int | None
    level_of_the_rest: Level | None


STEPS = st.lists(
    st.builds(
        Step,
        holder=st.sampled_from([0, 1, HAND]),
        act=st.sampled_from(["update", "update", "update", "resolve", "reopen"]),
        minutes=st.integers(0, 9),
        level=st.sampled_from(Level),
        regions=st.frozensets(st.sampled_from(KEYS)),
        minutes_ago=st.none() | st.integers(0, 12),
        level_of_the_rest=st.none() | st.sampled_from(Level),
    ),
    max_size=14,
)


@dataclass
class World:
    """The component, two incidents, and the level of each region as a plain reading of what was said makes it."""

    component: Component
    regions: dict[str, Region]
    incidents: list[Incident]
    now: datetime = START
    said: dict[int | None, dict[str, Level]] = field(
        default_factory=lambda: {holder: dict.fromkeys(KEYS, Level.OPERATIONAL) for holder in (0, 1, HAND)}
    )

    def changes(self, step: Step) -> list[tuple[frozenset[str], Level]]:
        named = step.regions or frozenset(KEYS)
        rest = frozenset(KEYS) - named
        others = [(rest, step.level_of_the_rest)] if rest and step.level_of_the_rest else []
        return [(named, step.level), *others]

    def do(self, step: Step) -> IncidentUpdate | None:
        since = None if step.minutes_ago is None else self.now - timedelta(minutes=step.minutes_ago)
        found = [
            ComponentChange(
                self.component.pk, level, since, tuple(sorted(self.regions[key].pk for key in keys)) if keys else ()
            )
            for keys, level in self.changes(step)
        ]
        if step.holder is HAND:
            component_actions.set_component_status(
                actor=MARIA, component_id=self.component.pk, level=step.level, since=since,
                region_ids=found[0].region_ids, now=self.now,
            )  # fmt: skip
            return None
        incident = self.incidents[step.holder]
        if step.act == "reopen":
            return actions.reopen_incident(
                actor=MARIA, incident_id=incident.pk, body="Again.", components=found, now=self.now
            )
        stage = "resolved" if step.act == "resolve" else "investigating"
        return post_update(incident, stage, components=found, now=self.now)

    def say(self, step: Step) -> None:
        for keys, level in self.changes(step)[: 1 if step.holder is HAND else None]:
            self.said[step.holder].update(dict.fromkeys(keys, level))
        if step.holder is not HAND and step.act == "resolve":
            self.said[step.holder] = dict.fromkeys(KEYS, Level.OPERATIONAL)


def standing() -> list[ImpactInterval]:
    return list(ImpactInterval.objects.filter(superseded_at=None).select_related("region"))


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (IncidentUpdate, ImpactInterval, AuditEntry, OutboxEvent))


def overlap(one: ImpactInterval, other: ImpactInterval) -> bool:
    return one.incident_id == other.incident_id and (None in (one.region, other.region) or one.region == other.region)


def check(world: World) -> None:
    rows = standing()
    still = [row for row in rows if row.ended_at is None]
    for holder, said in world.said.items():
        incident_id = None if holder is HAND else world.incidents[holder].pk
        for key, level in said.items():
            held = [row for row in still if row.incident_id == incident_id and row.region in (None, world.regions[key])]
            assert worst_of(Level(row.level) for row in held) == level
            assert len(held) <= 1
    assert not [pair for pair in combinations(still, 2) if overlap(*pair)]
    resolved = Incident.objects.filter(stage="resolved")
    assert not [row for row in still if row.incident in resolved]
    worst = worst_of(level for said in world.said.values() for level in said.values())
    assert snapshot.build(world.now).components[0].level == worst


def check_told(world: World, before: dict[str, Level], update: IncidentUpdate) -> None:
    held = [row for row in standing() if row.incident_id == update.incident_id]
    level_of = dict(before)
    for told in update.component_changes:
        places = [key for key in KEYS if told["region"] in ("", world.regions[key].name)]
        assert told["old_level"] == worst_of(level_of[key] for key in places)
        level_of.update(dict.fromkeys(places, Level(told["new_level"])))
        since = datetime.fromisoformat(told["since"])
        if told["new_level"] == Level.OPERATIONAL:
            assert [row for row in held if row.ended_at == since]
        else:
            assert [row for row in held if (row.level, row.started_at) == (told["new_level"], since)]
    assert {key: world.said[world.incidents.index(update.incident)][key] for key in KEYS} == level_of


@pytest.mark.slow
@given(STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_posts_leaves_the_ledger_the_page_and_what_was_told_in_agreement(db, steps):
    savepoint = transaction.savepoint()
    try:
        regions = {key: make_region(key) for key in KEYS}
        component = make_component(region_ids=[region.pk for region in regions.values()])
        world = World(component, regions, [open_incident(now=START), open_incident(now=START)])
        for step in steps:
            world.now += timedelta(minutes=step.minutes)
            written, before = counts(), dict(world.said[step.holder])
            try:
                update = world.do(step)
            except Refused:
                assert counts() == written
            else:
                world.say(step)
                assert counts()[2] == written[2] + 1
                if update:
                    check_told(world, before, update)
            check(world)
    finally:
        transaction.savepoint_rollback(savepoint)

"""What `seed_demo` plays: the story up to any instant, and the whole demonstration with what is invented around it."""

from __future__ import annotations

import pytest

from incidents import queries
from incidents.domain.status import Level
from incidents.management.demo import story
from incidents.models import Delivery
from incidents.publishing import snapshot
from tests.factories import utc

TITLE = story.scenario()["incident"]["title"]


@pytest.mark.parametrize(
    ("clock", "updates", "stage"), [("14:40", 0, None), ("15:10", 1, "investigating"), ("17:50", 4, "monitoring")]
)
def test_the_story_can_be_stopped_at_any_instant(db, clock, updates, stage):
    until = utc(f"2026-06-23 {clock}")
    story.play(until, until=until)
    found = [row for row in snapshot.build(until).incidents if row.title == TITLE]
    assert [(len(row.updates), row.stage) for row in found] == ([(updates, stage)] if updates else [])


def test_the_whole_demonstration_has_ninety_days_and_one_incident_open_now(db):
    now = utc("2026-11-23 12:00")
    story.play(now)
    truth = snapshot.build(now)
    assert [row.is_example for row in truth.open_incidents] == [True]
    assert truth.open_incidents[0].next_update_due_at > now
    invented = [row for row in truth.incidents if row.is_example]
    assert len(invented) == len(truth.incidents) - 1 >= 12
    assert all(any(bar.worst != Level.OPERATIONAL for bar in leaf.bars) for leaf in truth.leaves)
    assert queries.told_subscribers().count() == 3
    told = set(Delivery.objects.exclude(event__verb="review.published").values_list("incident__title", flat=True))
    assert told == {TITLE, truth.open_incidents[0].title}, "nobody is told of invented history"

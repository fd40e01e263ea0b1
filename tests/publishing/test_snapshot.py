"""The snapshot: only what is public, in a constant number of queries."""

from __future__ import annotations

import dataclasses

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import amending
from incidents.actions import component as component_actions
from incidents.domain.status import Level
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, PublicPage
from incidents.publishing import snapshot
from tests.factories import MARIA, change, make_component, make_region, make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db


def queries_of_a_build() -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        snapshot.build()
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_rows():
    group = make_component("Models", is_group=True)
    region, other = make_region("east"), make_region("west")

    def grow(count: int, start: int) -> None:
        for number in range(start, start + count):
            api = make_component(f"API {number}", group_id=group.pk, region_ids=[region.pk, other.pk])
            incident = open_incident(api, title=f"Errors {number}")
            post_update(incident, "monitoring")
            amending.amend_update(
                actor=MARIA, update_id=incident.updates.first().pk, body=f"Better {number}.", reason="Clearer."
            )

    grow(2, 0)
    few = queries_of_a_build()
    grow(6, 2)
    assert queries_of_a_build() == few <= 26


def test_a_group_is_as_bad_as_its_worst_child_and_leaves_decide_the_top():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    make_component("Haiku", group_id=group.pk)
    open_incident(opus, level=Level.PARTIAL_OUTAGE)
    truth = snapshot.build()
    assert truth.components[0].level == Level.PARTIAL_OUTAGE
    assert (truth.top.indicator, truth.top.description) == ("minor", "Minor Service Outage")


def test_an_archived_component_leaves_the_page_and_keeps_its_history():
    api, web = make_component(), make_component("Web")
    incident = open_incident(api)
    post_update(incident, "resolved")
    component_actions.archive_component(actor=MARIA, component_id=api.pk)
    truth = snapshot.build()
    assert [row.name for row in truth.components] == [web.name]
    assert [row.name for row in truth.archived] == ["API"]
    assert truth.incidents[0].affected[0].name == "API"


def test_a_component_hidden_unless_degraded_is_shown_while_it_is():
    api = make_component(is_hidden_unless_degraded=True)
    assert not snapshot.build().components[0].is_shown
    open_incident(api)
    assert snapshot.build().components[0].is_shown


def test_days_before_a_component_began_have_no_data():
    make_component(start_date=utc("2026-06-20").date())
    bars = snapshot.build(utc("2026-06-23 12:00")).components[0].bars
    assert [bar.worst for bar in bars[-4:]] == [Level.OPERATIONAL] * 4
    assert {bar.worst for bar in bars[:-4]} == {None}


def test_the_percentage_of_a_group_begins_with_its_first_component():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk, start_date=utc("2026-06-23").date())
    now = utc("2026-06-23 12:00")
    open_incident(opus, now=now, started_at=utc("2026-06-23 00:00"))
    view = snapshot.build(now).components[0]
    assert view.uptime_percent == view.children[0].uptime_percent == "50.00", "half of its only day"


def test_next_change_is_the_promise_then_midnight_in_the_zone_of_the_page():
    api = make_component()
    now = utc("2026-06-23 15:00")
    PublicPage.objects.update(time_zone="America/New_York")
    assert snapshot.build(now).next_change_at == utc("2026-06-24 04:00")
    open_incident(api, now=now, level=Level.DEGRADED_PERFORMANCE, next_update_due_at=utc("2026-06-23 15:03"))
    assert snapshot.build(now).next_change_at == utc("2026-06-23 15:03")
    assert snapshot.build(utc("2026-06-23 15:04")).next_change_at == utc("2026-06-23 15:09")


def test_nothing_internal_is_in_the_value():
    """Seeds a secret in every internal field; whatever is built from the snapshot cannot say what is not in it."""
    secret = "hunter2-canary"
    api = make_component()
    make_subscriber(f"{secret}@example.org")
    incident = open_incident(api)
    before = snapshot.build(utc("2026-11-23"))
    IncidentUpdate.objects.update(author_label=secret)
    ImpactInterval.objects.update(note=secret, superseded_by_label=secret)
    Incident.objects.filter(pk=incident.pk).update(version=77)
    post = snapshot.build(utc("2026-11-23"))
    assert post == before
    assert secret not in repr(dataclasses.asdict(post))


def test_a_superseded_interval_is_not_public_truth():
    api = make_component()
    open_incident(api, level=Level.MAJOR_OUTAGE)
    ImpactInterval.objects.update(superseded_at=utc("2026-06-23 15:00"))
    assert snapshot.build().components[0].level == Level.OPERATIONAL
    assert Component.objects.get().name == "API"


def test_changes_are_kept_as_told_that_day():
    api = make_component("API")
    incident = open_incident(api)
    component_actions.edit_component(
        actor=MARIA, component_id=api.pk, name="Models API", description="", group_id=None, region_ids=[],
        start_date=None, is_hidden_unless_degraded=False,
    )  # fmt: skip
    post_update(incident, components=[change(api, Level.PARTIAL_OUTAGE)])
    newest, first = snapshot.build().incidents[0].updates
    assert (first.changes[0].name, newest.changes[0].name) == ("API", "Models API")
    assert (newest.changes[0].old_level, newest.changes[0].new_level) == (Level.MAJOR_OUTAGE, Level.PARTIAL_OUTAGE)

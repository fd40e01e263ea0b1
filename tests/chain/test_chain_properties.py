"""Whatever is done in any order, by any action, the record that it leaves agrees with the tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.actions import amending, ledger, withholding
from incidents.actions import component as component_actions
from incidents.actions import incident as incident_actions
from incidents.actions import page as page_actions
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.domain.status import Level
from incidents.models import Component, Correction, ImpactInterval, Incident, IncidentUpdate, RecordEntry, Region
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
START = utc("2026-06-23 12:00")


def a(model, pick):
    rows = list(model.objects.order_by("pk"))
    return rows[pick % len(rows)]


def an_interval(pick):
    rows = list(ImpactInterval.objects.filter(superseded_at=None).order_by("pk"))
    if not rows:
        raise Refused("There is none.")
    return rows[pick % len(rows)]


# name: act(pick, level, now)
ACTS = {
    "open": lambda pick, level, now: open_incident(
        a(Component, pick), level=level, now=now, detected_at=now - timedelta(minutes=3),
        started_at=now - timedelta(minutes=pick),
    ),
    "update": lambda pick, level, now: post_update(
        a(Incident, pick), "monitoring", components=[change(a(Component, pick), level)], now=now
    ),
    "update a region": lambda pick, level, now: post_update(
        a(Incident, pick), components=[change(a(Component, pick), level, region_ids=(a(Region, pick).pk,))], now=now
    ),
    "resolve": lambda pick, _level, now: post_update(a(Incident, pick), "resolved", now=now),
    "reopen": lambda pick, level, now: incident_actions.reopen_incident(
        actor=MARIA, incident_id=a(Incident, pick).pk, body="Again.", components=[change(a(Component, pick), level)],
        now=now,
    ),
    "amend": lambda pick, level, now: amending.amend_update(
        actor=MARIA, update_id=a(IncidentUpdate, pick).pk, body=f"Text {pick} {level}.", reason="R", now=now
    ),
    "move": lambda pick, _level, now: amending.amend_update(
        actor=MARIA, update_id=a(IncidentUpdate, pick).pk, body=a(IncidentUpdate, pick).body, reason="R", now=now,
        posted_at=a(IncidentUpdate, pick).posted_at - timedelta(seconds=pick),
    ),
    "edit": lambda pick, _level, now: amending.edit_incident(
        actor=MARIA, incident_id=a(Incident, pick).pk, title=f"Title {pick}", impact_override="", advice=str(pick),
        reason="R", now=now,
    ),
    "state": lambda pick, _level, now: amending.state_milestone(
        actor=MARIA, incident_id=a(Incident, pick).pk, milestone=["detected", "acknowledged", "resolved"][pick % 3],
        at=now - timedelta(minutes=pick), reason="R", now=now,
    ),
    "correct": lambda pick, level, now: (lambda row: ledger.correct_interval(
        actor=MARIA, interval_id=row.pk, level=level, started_at=row.started_at - timedelta(seconds=pick),
        ended_at=row.ended_at, component_id=a(Component, pick).pk, reason="R", now=now,
    ))(an_interval(pick)),
    "withhold": lambda pick, _level, now: withholding.withhold_text(
        actor=MARIA, update_id=a(IncidentUpdate, pick).pk, reason="R", now=now
    ),
    "withdraw": lambda pick, _level, now: withholding.withdraw_incident(
        actor=MARIA, incident_id=a(Incident, pick).pk, reason="R", is_notifying=bool(pick % 2), now=now
    ),
    "set status": lambda pick, level, now: component_actions.set_component_status(
        actor=MARIA, component_id=a(Component, pick).pk, level=level, now=now
    ),
    "edit component": lambda pick, _level, now: component_actions.edit_component(
        actor=MARIA, component_id=a(Component, pick).pk, name=f"Name {pick}", description=str(pick), group_id=None,
        region_ids=[row.pk for row in Region.objects.all()], start_date=date(2026, 6, 1 + pick), reason="R",
        is_hidden_unless_degraded=bool(pick % 2), now=now,
    ),
    "archive": lambda pick, _level, now: component_actions.archive_component(
        actor=MARIA, component_id=a(Component, pick).pk, now=now
    ),
    "restore": lambda pick, _level, now: component_actions.restore_component(
        actor=MARIA, component_id=a(Component, pick).pk, now=now
    ),
    "arrange": lambda pick, _level, now: component_actions.arrange_components(
        actor=MARIA, component_ids=[row.pk for row in Component.objects.order_by("-pk")], now=now
    ),
    "edit page": lambda pick, _level, now: page_actions.edit_page(
        actor=MARIA, name=f"Page {pick}", time_zone=["Etc/UTC", "Asia/Tokyo"][pick % 2], reason="R", now=now
    ),
}  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 9), st.sampled_from(Level)), max_size=12)


@pytest.mark.slow
@given(STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_acts_leaves_a_record_in_which_nothing_is_found(db, steps):
    savepoint = transaction.savepoint()
    try:
        regions = [make_region(key, now=START).pk for key in ("east", "west")]
        first = make_component(region_ids=regions, now=START)
        make_component("Web", region_ids=regions, now=START)
        open_incident(first, now=START)
        for minute, (act, pick, level) in enumerate(steps, start=1):
            written = RecordEntry.objects.count(), Correction.objects.count()
            try:
                ACTS[act](pick, level, START + timedelta(minutes=minute))
            except Refused:
                assert (RecordEntry.objects.count(), Correction.objects.count()) == written
        assert verify().findings == [], steps
    finally:
        transaction.savepoint_rollback(savepoint)

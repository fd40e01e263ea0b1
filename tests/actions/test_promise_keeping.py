"""Policies make promises when an incident comes to be resolved, and reviews keep them by being published."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from incidents.actions import incident as incident_actions
from incidents.actions import promise, promise_keeping, review
from incidents.chain import verification
from incidents.domain.actor import SYSTEM
from incidents.domain.promises import PromiseState
from incidents.models import Incident, Promise, RecordEntry
from incidents.reviewing.promises import promises
from tests.factories import MARIA, change, make_component, open_incident, post_update, utc
from tests.promise_world import BEGIN, DUE, RESOLVED, make_calendar, make_policy, person, resolved

pytestmark = pytest.mark.django_db
AFTER = utc("2026-08-01 12:00")


def publish(row: Incident, kind: str, at) -> list[Promise]:
    with transaction.atomic():
        return promise_keeping.fulfil_promises([row], kind, "/reviews/x", at)


def reopen(row: Incident, at) -> None:
    incident_actions.reopen_incident(actor=MARIA, incident_id=row.pk, body="Again.", now=at)


def states(at=AFTER) -> list[PromiseState]:
    return [row.state(at) for row in reversed(promises(at))]


def test_resolving_starts_the_promise_of_the_reference_incident_in_the_same_entry_of_the_record():
    make_policy()
    resolved()
    row = Promise.objects.get()
    assert (row.anchor_at, row.due_at, row.first_due_at) == (RESOLVED, DUE, DUE)
    assert row.sentence == "Final review within 5 business days of the resolution"
    newest = RecordEntry.objects.order_by("-number").first()
    assert newest.verb == "incident.resolved"
    assert f"promise:{row.code}" in {each["row"] for each in newest.rows}
    assert verification.verify().findings == []


def test_nothing_is_promised_of_what_is_less_bad_ended_or_secret():
    policy = make_policy(minimum_impact="critical")
    small = open_incident(make_component("Web"), level="degraded_performance", now=BEGIN)
    post_update(small, "resolved", now=RESOLVED)
    assert not Promise.objects.exists()
    promise.archive_policy(actor=SYSTEM, policy_id=policy.pk)
    resolved()
    assert not Promise.objects.exists()


def test_one_that_is_not_public_is_made_without_a_trace_in_the_record():
    make_policy(is_public=False)
    resolved()
    row = Promise.objects.get()
    assert not any(f"promise:{row.code}" in str(entry.rows) for entry in RecordEntry.objects.all())


def test_a_later_change_of_calendar_or_policy_moves_no_promise():
    days = make_calendar()
    policy = make_policy(calendar_id=days.pk)
    resolved()
    make_calendar(
        calendar_id=days.pk, zone="Asia/Tokyo", holidays=[{"date": "2026-06-24", "name": "New"}], weekend=[4, 5, 6]
    )
    make_policy(policy_id=policy.pk, calendar_id=days.pk, quantity=2)
    row = Promise.objects.get()
    assert row.due_at == DUE
    assert (row.terms["zone"], row.terms["holidays"], row.terms["quantity"]) == ("UTC", [], 5)
    resolved(component="Web")
    assert Promise.objects.exclude(pk=row.pk).get().due_at == utc("2026-06-29 14:59:59")


def test_holidays_count_as_the_calendar_had_them_and_beyond_its_list_as_the_country_has_them():
    make_policy(calendar_id=make_calendar(country="US", zone="America/Los_Angeles", now=utc("2026-01-01 00:00")).pk)
    resolved(utc("2025-06-13 00:00"), utc("2025-06-13 01:18"))
    resolved(utc("2031-06-13 00:00"), utc("2031-06-13 01:18"), component="Web")
    near, far = Promise.objects.order_by("pk")
    assert near.due_at == utc("2025-06-21 06:59:59")
    assert [row["date"] for row in near.terms["holidays"]] == ["2025-06-19", "2025-07-04"]
    assert [row["date"] for row in far.terms["holidays"]] == ["2031-06-19", "2031-07-04"]


def test_reopening_before_publication_starts_a_second_promise_and_the_first_stays():
    make_policy()
    row = resolved()
    reopen(row, RESOLVED + timedelta(hours=20))
    assert Promise.objects.count() == 1
    again = RESOLVED + timedelta(days=2)
    post_update(row, "resolved", now=again)
    first, second = Promise.objects.order_by("pk")
    assert (first.due_at, second.due_at) == (DUE, utc("2026-07-02 23:59:59"))
    publish(row, "final", utc("2026-07-01 12:00"))
    assert states() == [PromiseState.MET_LATE, PromiseState.MET]


def test_reopening_after_publication_promises_nothing_anew():
    make_policy()
    row = resolved()
    publish(row, "final", RESOLVED + timedelta(hours=2))
    reopen(row, RESOLVED + timedelta(hours=20))
    post_update(row, "resolved", now=RESOLVED + timedelta(days=2))
    assert Promise.objects.count() == 1


def test_a_preliminary_review_keeps_a_final_promise_only_if_the_policy_says_so():
    make_policy()
    make_policy(name="Quick", is_met_by_preliminary=True)
    make_policy(name="Preliminary", deliverable="preliminary_review", quantity=3)
    row = resolved()
    kept = publish(row, "preliminary", RESOLVED + timedelta(days=1))
    assert {each.policy.name for each in kept} == {"Quick", "Preliminary"}
    assert publish(row, "correction", RESOLVED + timedelta(days=2)) == []
    assert [each.policy.name for each in publish(row, "final", RESOLVED + timedelta(days=30))] == ["Review"]
    assert sorted(states()) == ["met", "met", "met_late"]


def test_a_promise_from_the_start_of_the_impact_begins_once_with_the_update_that_makes_it_heavy_enough():
    make_policy(name="Statement", deliverable="other", anchor="impact_started", quantity=24, unit="hours")
    make_policy(name="Word", deliverable="other", anchor="acknowledged", quantity=48, unit="hours")
    component = make_component()
    row = open_incident(component, level="degraded_performance", now=BEGIN + timedelta(minutes=22), started_at=BEGIN)
    assert not Promise.objects.exists()
    heavier = [change(component, "major_outage")]
    post_update(row, now=BEGIN + timedelta(minutes=40), components=heavier)
    post_update(row, "monitoring", now=BEGIN + timedelta(minutes=50))
    post_update(row, "resolved", now=RESOLVED)
    statement, word = Promise.objects.order_by("pk")
    assert statement.due_at == BEGIN + timedelta(hours=24)
    assert word.due_at == BEGIN + timedelta(minutes=22, hours=48)
    assert statement.sentence == "Statement within 24 hours of the start of the impact"


def test_a_promise_from_the_publication_begins_once_for_each_review():
    make_policy(name="Follow-up", deliverable="other", anchor="published", quantity=2, unit="weeks")
    row = resolved()
    about = review.start_review(actor=SYSTEM, incident_ids=[row.pk])
    with transaction.atomic():
        (made,) = promise_keeping.start_promises_of_publication(SYSTEM, about, RESOLVED)
        assert promise_keeping.start_promises_of_publication(SYSTEM, about, AFTER) == []
    assert (made.review, made.due_at) == (about, utc("2026-07-07 23:59:59"))


def test_a_calendar_that_cannot_be_counted_by_never_stops_an_incident_from_being_resolved():
    policy = make_policy()
    policy.calendar.zone = "Gone/Away"
    policy.calendar.save()
    assert resolved().stage == "resolved"
    assert not Promise.objects.exists()


def test_the_owner_of_a_review_that_began_before_owns_the_promise():
    make_policy()
    lena = person()
    row = open_incident(make_component(), now=BEGIN)
    review.start_review(actor=SYSTEM, incident_ids=[row.pk], owner_id=lena.pk)
    post_update(row, "resolved", now=RESOLVED)
    assert Promise.objects.get().owner == lena

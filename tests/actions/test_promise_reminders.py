"""The owner is reminded while there is time, those above once it is due; each is told each thing once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from incidents import relay
from incidents.actions import operators, promise, review, subscriber
from incidents.actions.promise_reminders import remind_owners
from incidents.domain.actor import SYSTEM
from incidents.models import Delivery, OperatorReminder, OutboxEvent, Promise, Remediation, Subscriber
from tests.factories import utc
from tests.promise_world import BEGIN, DUE, RESOLVED, make_policy, make_promise, person, resolved

pytestmark = pytest.mark.django_db
HALF, SOON, OVER = RESOLVED + (DUE - RESOLVED) * 0.5, RESOLVED + (DUE - RESOLVED) * 0.8, DUE


@pytest.fixture
def lena():
    return person()


@pytest.fixture
def owned(lena):
    """The promise of a review that Lena owns; on call and the group are told once it is due."""
    Group.objects.create(name="managers").user_set.add(person("boss"))
    make_policy(escalation_group="managers")
    row = resolved()
    promise.assign_promise(actor=SYSTEM, promise_id=Promise.objects.get().pk, owner_id=lena.pk)
    operators.add_operator(actor=SYSTEM, address="oncall@example.org", now=BEGIN)
    OutboxEvent.objects.update(relayed_at=BEGIN)
    return row


def mailed(now) -> list[str]:
    """Whom the round at this instant mails, by address."""
    remind_owners(now)
    before = set(Delivery.objects.values_list("pk", flat=True))
    relay.relay(now)
    new = Delivery.objects.exclude(pk__in=before).select_related("subscriber")
    return sorted(row.subscriber.address for row in new)


def sentences() -> list[str]:
    return [
        event.facts["reminder"]["sentence"]
        for event in OutboxEvent.objects.filter(verb="person.reminded").order_by("id")
    ]


def test_each_step_is_said_once_and_those_above_hear_of_it_when_it_is_due(owned):
    assert mailed(HALF - timedelta(minutes=1)) == []
    assert mailed(HALF) == ["lena@example.org"]
    assert mailed(HALF) == []
    assert mailed(SOON) == ["lena@example.org"]
    assert mailed(OVER) == ["boss@example.org", "lena@example.org", "oncall@example.org"]
    assert mailed(OVER + timedelta(days=9)) == []
    assert sentences()[0] == (
        "Final review within 5 business days of the resolution (“Errors”) is due at 2026-06-30 23:59 UTC; "
        "50 % of the time has passed."
    )
    assert sentences()[-1].endswith("was due at 2026-06-30 23:59 UTC and is not kept.")


def test_a_step_that_nobody_was_there_to_say_is_left_out(owned):
    assert mailed(SOON) == ["lena@example.org"]
    assert OperatorReminder.objects.get().step == 80


def test_one_that_is_put_off_is_counted_anew_and_one_that_is_over_is_not(owned):
    mailed(OVER)
    row = Promise.objects.get()
    later = DUE + timedelta(days=20)
    promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=later, reason="R", now=DUE + timedelta(hours=1))
    assert mailed(RESOLVED + (later - RESOLVED) * 0.8) == ["lena@example.org"]
    promise.waive_promise(actor=SYSTEM, promise_id=row.pk, reason="R", now=later - timedelta(hours=1))
    assert mailed(later) == []


@pytest.mark.parametrize("why", ["deleted", "gone", "silent", "refusing", "nobody"])
def test_whoever_cannot_be_told_is_stood_in_for_by_the_operators(owned, lena, why):
    if why == "deleted":
        lena.delete()
    elif why == "gone":
        lena.is_active = False
        lena.save()
    elif why == "silent":
        lena.email = "not an address"
        lena.save()
    elif why == "refusing":
        mailed(HALF)
        subscriber.unsubscribe(subscriber_id=Subscriber.objects.get(address="lena@example.org").pk)
    else:
        promise.assign_promise(actor=SYSTEM, promise_id=Promise.objects.get().pk, owner_id=None)
    assert mailed(SOON) == ["oncall@example.org"]


def test_a_person_among_the_operators_is_told_once(owned, lena):
    mailed(HALF)
    operators.add_operator(actor=SYSTEM, address="lena@example.org", now=HALF)
    assert not Subscriber.objects.get(address="lena@example.org").is_personal
    assert mailed(OVER) == ["boss@example.org", "lena@example.org", "oncall@example.org"]


def test_a_personal_address_gets_nothing_else(owned):
    mailed(HALF)
    row = Subscriber.objects.get(address="lena@example.org")
    assert (row.is_operator, row.is_personal, row.has_all_components, row.has_reviews) == (True, True, False, False)
    resolved(component="Web")
    assert "lena@example.org" not in mailed(HALF + timedelta(minutes=1))


def test_the_owner_of_the_review_stands_in_for_an_owner_of_the_promise(owned, lena):
    row = Promise.objects.get()
    promise.assign_promise(actor=SYSTEM, promise_id=row.pk, owner_id=None)
    review.start_review(actor=SYSTEM, incident_ids=[owned.pk], owner_id=person("omar").pk)
    assert mailed(HALF) == ["omar@example.org"]


def test_two_reminders_of_one_person_wait_side_by_side_before_everything_else(owned, lena):
    make_promise(owner_id=lena.pk, now=RESOLVED, due_at=DUE)
    assert mailed(HALF) == ["lena@example.org", "lena@example.org"]
    rows = Delivery.objects.filter(subscriber__address="lena@example.org")
    assert {(row.state, row.lane) for row in rows} == {("pending", 0)}


def test_the_owner_of_a_remediation_is_reminded_when_it_is_nearly_and_when_it_is_due(lena):
    operators.add_operator(actor=SYSTEM, address="oncall@example.org", now=BEGIN)
    about = review.start_review(actor=SYSTEM, incident_ids=[resolved().pk])
    OutboxEvent.objects.update(relayed_at=BEGIN)
    begin = utc("2026-07-01 00:00")
    row = Remediation.objects.create(
        code="abc", review=about, title="Stage the push", owner=lena, owner_label="lena", due_on="2026-07-10",
        original_due_on="2026-07-10", published_at=begin, created_at=begin, updated_at=begin,
    )  # fmt: skip
    assert mailed(utc("2026-07-06 12:00")) == []
    assert mailed(utc("2026-07-09 12:00")) == ["lena@example.org"]
    assert mailed(utc("2026-07-10 23:59:59")) == ["lena@example.org"]
    row.delivered_at = utc("2026-07-11 00:00")
    row.save()
    assert mailed(utc("2026-07-12 00:00")) == []


def test_the_schedules_of_the_house_send_them(owned):
    relay.keep_schedules(HALF)
    assert OperatorReminder.objects.filter(kind="promise_due", step=50).count() == 1

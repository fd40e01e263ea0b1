"""Order and supersession, expiry, the kill switch, leases and fences."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from incidents.actions import page as page_actions
from incidents.actions import subscriber as subscriber_actions
from incidents.models import Delivery, OutboxEvent
from incidents.notifying import attempt, claim, fanout
from incidents.notifying.composing import Composer
from tests.factories import MARIA, make_subscriber, open_incident, post_update
from tests.notifying.given import T0, fan_out_all, given_incident, given_readers, minutes, states
from tests.notifying.sink import Sink

pytestmark = pytest.mark.django_db


def test_an_older_update_that_waits_is_superseded_and_contained_in_the_newer_one(sink: Sink) -> None:
    given_readers()
    incident = given_incident()
    fan_out_all()
    post_update(incident, "identified", body="A release is the cause.", now=minutes(5))
    fan_out_all()
    assert states() == ["superseded", "pending"]

    attempt.deliver_due(now=minutes(5))

    (message,) = sink.received()
    text = message.get_body(("plain",)).get_content()
    assert "A release is the cause." in text
    assert "We are looking into it." in text


def test_a_message_holds_only_what_was_not_sent_before(sink: Sink) -> None:
    given_readers()
    incident = given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    post_update(incident, "identified", now=minutes(5))
    fan_out_all()
    attempt.deliver_due(now=minutes(5))
    assert "We are looking into it." not in str(sink.received()[1])


def test_an_incident_resolved_before_anything_was_delivered_is_told_in_one_message(sink: Sink) -> None:
    given_readers()
    incident = given_incident()
    post_update(incident, "resolved", body="A restart mended it.", now=minutes(9))
    fan_out_all()

    attempt.deliver_due(now=minutes(9))

    (message,) = sink.received()
    text = message.get_body(("plain",)).get_content()
    assert "This began at 2026-06-23 14:52 UTC and is resolved." in text
    assert "A restart mended it." in text
    assert "We are looking into it." in text


def test_an_update_whose_retry_waits_gives_way_to_a_newer_one(sink: Sink) -> None:
    sink.script = lambda command, address: "451 later" if command == "RCPT" else None
    given_readers()
    incident = given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    sink.script = lambda command, address: None
    post_update(incident, now=T0 + timedelta(seconds=5))
    fan_out_all()
    attempt.deliver_due(now=T0 + timedelta(seconds=6))
    assert states() == ["superseded", "sent"]


def test_a_newer_update_waits_while_the_older_one_is_on_its_way(sink: Sink) -> None:
    given_readers()
    incident = given_incident()
    fan_out_all()
    (older,) = claim.claim_due("email", T0, 10)
    claim.begin(older, "<x@y>", T0, 180)
    post_update(incident, now=minutes(1))
    fan_out_all()

    assert attempt.deliver_due(now=minutes(1)).sent == 0
    assert claim.finish(older, state="sent", sent_at=minutes(1))
    assert attempt.deliver_due(now=minutes(1)).sent == 1


def test_an_older_update_fanned_out_late_never_follows_a_newer_one(sink: Sink) -> None:
    given_readers()
    incident = given_incident()
    post_update(incident, now=minutes(1))
    first, second = OutboxEvent.objects.filter(reach="subscribers").order_by("id")
    fanout.fan_out(second)
    attempt.deliver_due(now=minutes(1))
    fanout.fan_out(first)
    attempt.deliver_due(now=minutes(2))
    assert len(sink.raw) == 1
    assert sorted(states()) == ["sent", "superseded"]


@pytest.mark.parametrize(("stage", "hours"), [("identified", 6), ("resolved", 24)])
def test_no_attempt_begins_after_the_expiry(sink: Sink, stage: str, hours: int) -> None:
    given_readers()
    incident = given_incident(is_notifying=False)
    post_update(incident, stage, now=minutes(1))
    fan_out_all()
    assert attempt.deliver_due(now=minutes(1) + timedelta(hours=hours)).expired == 1
    assert sink.raw == []
    assert states() == ["expired"]


def test_the_kill_switch_stops_everything_and_what_waits_is_kept(sink: Sink) -> None:
    given_readers(2)
    given_incident()
    fan_out_all()
    page_actions.hold_sending(actor=MARIA, is_held=True)
    counts = attempt.deliver_due(now=T0)
    assert counts.is_held
    assert states() == ["pending", "pending"]
    page_actions.hold_sending(actor=MARIA, is_held=False)
    assert attempt.deliver_due(now=T0).sent == 2


def test_the_kill_switch_is_read_again_right_before_each_message(sink: Sink) -> None:
    given_readers(4)
    given_incident()
    fan_out_all()

    class Held(Composer):
        def prepare(self, batch: Any) -> None:
            super().prepare(batch)
            page_actions.hold_sending(actor=MARIA, is_held=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt, "Composer", Held)
        assert attempt.deliver_due(now=T0).is_held
    assert sink.raw == []
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


def test_who_left_between_the_event_and_the_attempt_gets_nothing(sink: Sink) -> None:
    given_readers(2)
    given_incident()
    fan_out_all()
    leaver = Delivery.objects.earliest("id").subscriber_id
    subscriber_actions.unsubscribe(subscriber_id=leaver)
    attempt.deliver_due(now=T0)
    assert states() == ["suppressed", "sent"]


def test_a_lease_that_ran_out_while_sending_counts_as_a_crash_and_three_are_poison(sink: Sink) -> None:
    given_readers()
    given_incident()
    fan_out_all()
    now = T0
    for crashes in range(3):
        (row,) = claim.claim_due("email", now, 10)
        assert row.crashes == crashes
        assert claim.begin(row, "<same@id>", now, 180)
        assert claim.claim_due("email", now + timedelta(seconds=179), 10) == []
        now += timedelta(seconds=181)
    assert attempt.deliver_due(now=now).dead == 1
    assert sink.raw == []
    assert Delivery.objects.get().last_class == "crash"


def test_a_claim_that_ran_out_before_anything_was_sent_is_no_crash(sink: Sink) -> None:
    given_readers()
    given_incident()
    fan_out_all()
    now = T0
    for _round in range(5):
        (row,) = claim.claim_due("email", now, 10)
        assert row.crashes == 0
        now += timedelta(seconds=31)
    assert attempt.deliver_due(now=now).sent == 1


def test_the_late_result_of_a_zombie_is_void(sink: Sink) -> None:
    given_readers()
    given_incident()
    fan_out_all()
    (zombie,) = claim.claim_due("email", T0, 10)
    assert claim.begin(zombie, "<same@id>", T0, 180)

    later = T0 + timedelta(seconds=200)
    assert attempt.deliver_due(now=later).sent == 1

    assert not claim.finish(zombie, state="dead")
    assert not claim.let_go(zombie)
    assert not claim.begin(zombie, "<same@id>", later, 180)
    row = Delivery.objects.get()
    assert (row.state, row.sent_at, row.crashes) == ("sent", later, 1)


def test_a_message_that_we_cannot_compose_is_set_aside_and_the_others_go_out(sink: Sink) -> None:
    given_readers()
    given_incident()
    fan_out_all()
    event = OutboxEvent.objects.get(reach="subscribers")
    event.facts.pop("incident")
    event.save()
    open_incident(title="Another", now=minutes(1))
    make_subscriber("second@example.org", now=minutes(-1))
    fan_out_all()
    now = T0
    for _round in range(3):
        now += timedelta(minutes=10)
        attempt.deliver_due(now=now)
    assert Delivery.objects.get(event=event, subscriber__address="reader0@example.org").state == "dead"
    assert {address for address, _raw in sink.raw} == {"reader0@example.org", "second@example.org"}


def test_claims_go_by_lane_then_by_time(sink: Sink) -> None:
    given_incident()
    subscriber_actions.sign_up(address="new@example.org", client_ip="192.0.2.1", now=minutes(-1))
    given_readers()
    fan_out_all()
    assert [row.lane for row in claim.claim_due("email", T0, 10)] == [1, 2]


def test_the_limit_is_kept(sink: Sink) -> None:
    given_readers(3)
    given_incident()
    fan_out_all()
    assert attempt.deliver_due(now=T0, limit=2).sent == 2
    assert attempt.deliver_due(now=T0, until=T0).sent == 0
    assert re.fullmatch("sent,sent,pending", ",".join(states()))

"""Deliveries against a real SMTP server: its answers, and what each class of them leads to."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Attempt, AuditEntry, ChannelPause, Delivery
from incidents.notifying import attempt
from tests.factories import post_update
from tests.notifying.given import T0, fan_out_all, given_incident, given_readers, minutes, states
from tests.notifying.sink import RawServer, Sink, drip, drip_after_dot, say_421

pytestmark = pytest.mark.django_db


def test_one_connection_carries_many_messages(sink: Sink) -> None:
    given_readers(30)
    given_incident()
    fan_out_all()

    counts = attempt.deliver_due(now=T0)

    assert counts.sent == 30
    assert sink.commands["MAIL"] == sink.commands["DATA"] == 30
    assert 1 <= sink.connections <= 4
    assert {address for address, _raw in sink.raw} == {f"reader{n}@example.org" for n in range(30)}


def test_a_few_messages_share_a_single_connection(sink: Sink) -> None:
    given_readers(5)
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    assert sink.connections == 1


def test_what_was_sent_is_not_sent_again(sink: Sink) -> None:
    given_readers()
    given_incident()
    fan_out_all()
    fan_out_all()
    attempt.deliver_due(now=T0)
    attempt.deliver_due(now=minutes(10))
    assert len(sink.raw) == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.sent_at, row.lease_until) == ("sent", 1, T0, None)


def test_an_unknown_mailbox_is_dead_at_once_and_suspends_the_address(sink: Sink) -> None:
    sink.script = lambda command, address: "550 5.1.1 no such user" if command == "RCPT" else None
    given_readers()
    given_incident()
    fan_out_all()

    counts = attempt.deliver_due(now=T0)

    row = Delivery.objects.get()
    assert (counts.dead, row.state, row.last_class, row.attempts) == (1, "dead", "permanent", 1)
    assert "no such user" in row.last_error
    assert row.subscriber.suspended_at == T0
    assert AuditEntry.objects.filter(verb="subscriber.suspended").count() == 1
    assert Attempt.objects.get().answer_class == "permanent"


def test_a_refusal_by_policy_is_dead_but_keeps_the_subscriber(sink: Sink) -> None:
    sink.script = lambda command, address: "554 5.7.1 looks like spam" if command == "DATA" else None
    given_readers()
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    row = Delivery.objects.get()
    assert (row.state, row.subscriber.suspended_at) == ("dead", None)


def test_a_greylisted_message_goes_out_on_the_second_attempt_with_the_same_id(sink: Sink) -> None:
    sink.script = lambda command, address: "451 4.7.1 try later" if command == "RCPT" else None
    given_readers()
    given_incident()
    fan_out_all()

    assert attempt.deliver_due(now=T0).retried == 1
    row = Delivery.objects.get()
    assert (row.state, row.last_class, row.attempts) == ("pending", "transient", 1)
    assert timedelta(seconds=24) <= row.due_at - T0 <= timedelta(seconds=36)
    first_id = row.message_id

    sink.script = lambda command, address: None
    assert attempt.deliver_due(now=T0 + timedelta(seconds=20)).sent == 0
    assert attempt.deliver_due(now=T0 + timedelta(seconds=40)).sent == 1
    assert sink.received()[0]["Message-ID"] == first_id
    assert Delivery.objects.get().attempts == 2


def test_a_refusal_of_one_does_not_cost_the_others_their_connection(sink: Sink) -> None:
    sink.script = lambda command, address: "451 busy" if command == "RCPT" and "reader0" in address else None
    given_readers(4)
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    assert (len(sink.raw), sink.connections) == (3, 1)


def test_a_full_mailbox_is_tried_until_the_update_is_too_old(sink: Sink) -> None:
    sink.script = lambda command, address: "452 4.2.2 mailbox full" if command == "RCPT" else None
    given_readers()
    given_incident()
    fan_out_all()
    now = T0
    while Delivery.objects.get().state == "pending":
        attempt.deliver_due(now=now)
        now += timedelta(minutes=10)
    row = Delivery.objects.get()
    assert row.state == "expired"
    assert row.attempts == 8  # 0, 30 s, 2.5, 7.5, 22.5, 52.5, 112.5, 232.5 min; the ninth would be after six hours


def test_a_connection_cut_after_the_final_dot_is_ambiguous_and_repeats_the_same_id(sink: Sink) -> None:
    sink.script = lambda command, address: "drop" if command == "DATA" else None
    given_readers()
    given_incident()
    fan_out_all()

    assert attempt.deliver_due(now=T0).ambiguous == 1
    assert Delivery.objects.get().ambiguous == 1
    sink.script = lambda command, address: None
    attempt.deliver_due(now=minutes(1))

    assert Delivery.objects.get().state == "sent"
    ids = [message["Message-ID"] for message in sink.received()]
    assert len(ids) == 2
    assert ids[0] == ids[1]


def test_a_connection_cut_before_the_text_is_merely_transient(sink: Sink) -> None:
    sink.script = lambda command, address: "drop" if command == "RCPT" else None
    given_readers()
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    row = Delivery.objects.get()
    assert (row.state, row.last_class, row.ambiguous) == ("pending", "transient", 0)


@pytest.mark.parametrize("reply", ["553 5.7.1 sender refused", "451 4.3.0 not now", "530 5.7.0 sign in first"])
def test_a_refused_sender_pauses_the_channel_and_costs_nobody_an_attempt(sink: Sink, reply: str) -> None:
    sink.script = lambda command, address: reply if command == "MAIL" else None
    given_readers(10)
    given_incident()
    fan_out_all()

    counts = attempt.deliver_due(now=T0)

    assert counts.is_paused
    assert set(Delivery.objects.values_list("state", "attempts", "lease_until")) == {("pending", 0, None)}
    pause = ChannelPause.objects.get()
    assert (pause.channel, pause.until, pause.failures) == ("email", T0 + timedelta(seconds=30), 1)
    assert reply[:3] in pause.reason


def test_a_relay_that_denies_relaying_is_not_held_against_the_recipient(sink: Sink) -> None:
    sink.script = lambda command, address: "554 5.7.1 Relay access denied" if command == "RCPT" else None
    given_readers()
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    assert states() == ["pending"]
    assert ChannelPause.objects.exists()


def test_while_the_server_is_down_nothing_is_attempted_and_afterwards_only_the_newest_state_goes_out(
    settings: Any,
) -> None:
    with Sink() as gone:
        settings.EMAIL_URL = gone.url
    given_readers(3)
    incident = given_incident()
    fan_out_all()
    for minute in range(30):
        attempt.deliver_due(now=minutes(minute))
    post_update(incident, "identified", now=minutes(20))
    post_update(incident, "monitoring", now=minutes(28))
    fan_out_all()
    assert ChannelPause.objects.get().failures >= 5
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}

    with Sink() as sink:
        settings.EMAIL_URL = sink.url
        attempt.deliver_due(now=minutes(45))

    assert not ChannelPause.objects.exists()
    assert sorted(states()) == ["sent"] * 3 + ["superseded"] * 6
    assert len(sink.raw) == 3
    for message in sink.received():
        text = message.get_body(("plain",)).get_content()
        assert text.index("It is monitoring.") < text.index("It is identified.") < text.index("We are looking into it.")


def test_a_pause_doubles_and_ends_with_one_probe(settings: Any) -> None:
    given_readers(8)
    given_incident()
    fan_out_all()
    with RawServer(say_421) as busy:
        settings.EMAIL_URL = busy.url
        attempt.deliver_due(now=T0)
        tried = busy.connections
        attempt.deliver_due(now=T0 + timedelta(seconds=29))
        assert busy.connections == tried
        attempt.deliver_due(now=T0 + timedelta(seconds=30))
        assert busy.connections == tried + 1
    pause = ChannelPause.objects.get()
    assert (pause.failures, pause.until) == (2, T0 + timedelta(seconds=90))
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}


def test_a_server_that_wants_fewer_connections_gets_fewer_and_no_pause(settings: Any) -> None:
    open_now: set[str] = set()

    def script(command: str, address: str) -> str | None:
        if command == "MAIL":
            open_now.add(str(sink.connections))
            return "421 4.7.0 too many" if sink.connections > 1 and len(open_now) == 2 else None
        return None

    with Sink(script) as sink:
        settings.EMAIL_URL = sink.url
        given_readers(12)
        given_incident()
        fan_out_all()
        attempt.deliver_due(now=T0)
        assert attempt.deliver_due(now=T0).is_paused is False
    assert not ChannelPause.objects.exists()
    assert set(states()) == {"sent"}


def test_a_server_without_starttls_gets_nothing_when_tls_is_asked_for(settings: Any) -> None:
    with Sink() as sink:
        settings.EMAIL_URL = sink.url.replace("smtp://", "smtp+tls://")
        given_readers()
        given_incident()
        fan_out_all()
        attempt.deliver_due(now=T0)
    assert sink.commands["MAIL"] == 0
    assert states() == ["pending"]
    assert "STARTTLS" in ChannelPause.objects.get().reason


@pytest.mark.parametrize(("talk", "kind"), [(drip, "lane"), (drip_after_dot, "ambiguous")])
def test_a_server_that_drips_is_cut_at_the_deadline(settings: Any, talk: Callable[..., None], kind: str) -> None:
    settings.MAIL_DEADLINE_SECONDS = (1.0, 1.5)
    given_readers()
    given_incident()
    fan_out_all()
    with RawServer(talk) as slow:
        settings.EMAIL_URL = slow.url
        began = time.monotonic()
        attempt.deliver_due(now=T0)
        took = time.monotonic() - began
    row = Delivery.objects.get()
    assert (row.last_class, row.last_error) == (kind, "No answer within the deadline.")
    assert 1.0 <= took < 2.5


@pytest.mark.parametrize("url", ["smpt://mail.example", "mail.example:25", "smtp://mail.example:99999"])
def test_an_address_of_the_server_that_cannot_be_read_pauses_the_channel_and_is_named(settings: Any, url: str) -> None:
    settings.EMAIL_URL = url
    given_readers(2)
    given_incident()
    fan_out_all()
    assert attempt.deliver_due(now=T0).is_paused
    assert states() == ["pending"] * 2
    assert "EMAIL_URL" in ChannelPause.objects.get().reason

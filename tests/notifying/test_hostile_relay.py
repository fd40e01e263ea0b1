"""A relay that caps, refuses by size or gets long lines, and names that are too long for a header."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from incidents.domain.markup import MAX_BODY_CHARACTERS
from incidents.models import Attempt, Delivery, PublicPage, Subscriber
from incidents.notifying import attempt
from incidents.queries import the_page
from tests.factories import post_update
from tests.notifying.given import T0, fan_out_all, given_incident, given_readers, minutes, states
from tests.notifying.sink import Sink

pytestmark = pytest.mark.django_db


def test_smtp_17_a_refusal_by_size_is_dead_at_once_and_said_and_no_message_is_large(sink: Sink) -> None:
    sink.script = lambda command, address: "552 5.3.4 message too big" if command == "DATA" else None
    given_readers()
    incident = given_incident(body="\u540d" * MAX_BODY_CHARACTERS)
    fan_out_all()
    attempt.deliver_due(now=T0)
    row = Delivery.objects.get()
    assert (row.state, row.last_class) == ("dead", "permanent")
    assert "too big" in Attempt.objects.get().detail
    assert Subscriber.objects.get().suspended_at is None, "the address is not to blame"
    sink.script = lambda command, address: None
    post_update(incident, body="\u540d" * MAX_BODY_CHARACTERS, now=minutes(1))
    fan_out_all()
    attempt.deliver_due(now=minutes(1))
    (_address, raw), *_ = sink.raw
    assert len(raw) < 2_000_000, "two of the longest texts there can be, in both parts, encoded"


def test_smtp_20_a_line_of_three_thousand_characters_arrives_whole(sink: Sink) -> None:
    given_readers()
    given_incident(body="x" * 3_000)
    fan_out_all()
    attempt.deliver_due(now=T0)
    (_address, raw), *_ = sink.raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    (message,) = sink.received()
    assert "x" * 3_000 in message.get_body(("plain",)).get_content()


def test_smtp_23_a_relay_that_takes_fifty_a_minute_gets_the_newest_state_to_everybody(sink: Sink) -> None:
    taken: list[str] = []

    def capped(command: str, address: str) -> str | None:
        if command == "DATA":
            taken.append(address)
            return None if len(taken) <= 50 else "451 4.7.1 rate limit"
        return None

    sink.script = capped
    given_readers(120)
    incident = given_incident(body="First.")
    fan_out_all()
    attempt.deliver_due(now=T0)
    first = len(sink.raw)
    assert first == 50
    assert states().count("pending") == 70, "progress is in the rows"
    post_update(incident, body="Second.", now=minutes(1))
    fan_out_all()
    at = 1.0
    while {"pending", "sending"} & set(states()) and at < 300:
        taken.clear()
        attempt.deliver_due(now=minutes(at))
        at += 1
    newest = {to for to, raw in sink.raw if b"Second." in raw}
    assert len(newest) == 120
    assert states().count("superseded") == 70
    assert set(states()) == {"sent", "superseded"}


@pytest.mark.parametrize("name", ["s" * 200, "\u540d" * 100, 'Acme, "x" <y@z> ' * 12])
def test_mail_headers_06_a_very_long_name_is_a_valid_header(sink: Sink, name: str) -> None:
    the_page()
    PublicPage.objects.update(name=name)
    given_readers()
    given_incident()
    fan_out_all()
    attempt.deliver_due(now=T0)
    (_address, raw), *_ = sink.raw
    head = raw.split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    parsed: Any = email.message_from_bytes(raw, policy=email.policy.default)
    assert str(parsed["List-Id"]).rstrip().endswith(">")
    assert parsed["List-Id"].count("<updates.") == 1
    assert not parsed.defects

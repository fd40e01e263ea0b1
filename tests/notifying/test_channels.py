"""What every channel keeps to; runs over the whole registry."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.notifying.announcement import announcement_of
from incidents.notifying.channels import REGISTRY
from incidents.notifying.protocol import AnswerClass, Channel, Recipient
from tests.factories import utc
from tests.notifying.test_email import facts

T0 = utc("2026-06-23 14:52")


@pytest.mark.parametrize("channel", REGISTRY.values(), ids=REGISTRY.keys())
class TestContract:
    def test_its_key_is_the_one_it_is_registered_under(self, channel: Channel) -> None:
        assert REGISTRY[channel.key] is channel
        assert channel.key.isalpha()
        assert channel.key.islower()
        assert len(channel.key) <= 20

    def test_it_says_what_it_is_and_how_long_it_tries(self, channel: Channel) -> None:
        assert channel.label
        assert channel.describe("someone@example.org")
        assert channel.schedule_seconds[0] == 0
        assert list(channel.schedule_seconds) == sorted(channel.schedule_seconds)
        assert 1 <= channel.parallel <= 8
        assert 0 < channel.deadline_seconds <= 120

    def test_a_message_has_the_same_id_and_bytes_at_every_attempt(self, channel: Channel) -> None:
        letter = channel.render(announcement_of([facts()], is_first=True))
        recipient = Recipient(1, "a@example.org", 1, 7, T0, T0)
        assert letter(recipient) == letter(recipient)
        other = letter(Recipient(2, "b@example.org", 1, 7, T0, T0))
        assert other.message_id != letter(recipient).message_id

    def test_its_session_answers_with_a_class_and_raises_nothing(self, channel: Channel, settings: Any) -> None:
        session = channel.open_session()
        letter = channel.render(announcement_of([facts()], is_first=True))
        answer = session.send(letter(Recipient(1, "a@example.org", 1, 7, T0, T0)))
        assert answer.kind in AnswerClass
        session.abort()
        session.close()
        session.close()

"""Tokens: bound to purpose, person and generation; only a confirmation ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings

from incidents.notifying.tokens import BadToken, Claim, Purpose, make_token, read_token
from tests.factories import utc

T0 = utc("2026-06-23 14:52")


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_proves_what_it_was_made_for(purpose: Purpose) -> None:
    assert read_token(purpose, make_token(purpose, 34, 2, T0), T0) == Claim(34, 2)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_of_another_purpose_is_refused(purpose: Purpose) -> None:
    for other in set(Purpose) - {purpose}:
        with pytest.raises(BadToken):
            read_token(purpose, make_token(other, 34, 2, T0), T0)


def test_a_confirmation_ends_after_a_day_and_the_others_never() -> None:
    confirm = make_token(Purpose.CONFIRM, 34, 2, T0)
    assert read_token(Purpose.CONFIRM, confirm, T0 + timedelta(hours=23, minutes=59)).subscriber_id == 34
    with pytest.raises(BadToken):
        read_token(Purpose.CONFIRM, confirm, T0 + timedelta(hours=24))
    for purpose in (Purpose.MANAGE, Purpose.UNSUBSCRIBE):
        assert read_token(purpose, make_token(purpose, 34, 2, T0), T0 + timedelta(days=3_650)).subscriber_id == 34


def test_a_token_of_another_installation_is_refused() -> None:
    with override_settings(SECRET_KEY="another"):
        foreign = make_token(Purpose.MANAGE, 34, 2, T0)
    with pytest.raises(BadToken):
        read_token(Purpose.MANAGE, foreign, T0)


def test_no_part_of_a_token_can_be_changed() -> None:
    token = make_token(Purpose.CONFIRM, 34, 2, T0)
    for at in range(len(token)):
        for letter in "0Aa.":
            changed = token[:at] + letter + token[at + 1 :]
            if changed != token:
                with pytest.raises(BadToken):
                    read_token(Purpose.CONFIRM, changed, T0)


@pytest.mark.parametrize("junk", ["", ".", "1", "1.2", "1.2.", "ü.1.2", "1.2." + "A" * 32, "9" * 5_000, "1.2.\x00"])
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(BadToken):
        read_token(Purpose.MANAGE, junk, T0)


def test_the_signature_has_192_bits() -> None:
    assert len(make_token(Purpose.MANAGE, 1, 1, T0).rsplit(".", 1)[1]) * 6 == 192

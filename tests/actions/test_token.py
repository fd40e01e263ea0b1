"""Tokens of the write API: what they may do, and what they may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions import token as actions
from incidents.actions.refusals import Refused
from incidents.actions.roles import require, roles_of
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole
from incidents.domain.scopes import Scope
from tests.acts_api import administrator
from tests.factories import STRANGER

pytestmark = pytest.mark.django_db


def test_a_token_has_the_roles_of_its_scopes_and_never_approves_or_administers():
    row, _key = actions.make_token(actor=administrator(), name="robot", scopes=list(Scope))
    robot = actions.actor_of_token(row)
    assert roles_of(robot) == {PersonRole.AUTHOR, PersonRole.PUBLISHER}
    for role in (PersonRole.APPROVER, PersonRole.ADMINISTRATOR):
        with pytest.raises(Refused):
            require(robot, role)
    assert roles_of(Actor("token", "robot", None, ("incidents", "no such scope"))) == frozenset()
    with pytest.raises(Refused, match="administrator|groups"):
        actions.make_token(actor=robot, name="another", scopes=["read"])


def test_two_keys_are_never_the_same_and_only_their_hashes_are_kept():
    made = [actions.make_token(actor=administrator(), name=f"robot {number}", scopes=["read"]) for number in range(2)]
    assert len({key for _row, key in made}) == 2
    assert [row.sha256 for row, _key in made] == [actions.digest_of(key) for _row, key in made]


def test_a_token_ends_at_its_time_to_the_second():
    now = timezone.now()
    end = now + timedelta(days=30)
    row, _key = actions.make_token(actor=administrator(), name="robot", scopes=["read"], expires_at=end, now=now)
    assert row.is_valid(end - timedelta(seconds=1))
    assert not row.is_valid(end)
    with pytest.raises(Refused, match="expired already"):
        actions.make_token(actor=administrator(), name="late", scopes=["read"], expires_at=now, now=now)


def test_somebody_without_the_role_neither_makes_nor_revokes():
    row, _key = actions.make_token(actor=administrator(), name="robot", scopes=["read"])
    for act in (
        lambda: actions.make_token(actor=STRANGER, name="other", scopes=["read"]),
        lambda: actions.revoke_token(actor=STRANGER, token_id=row.pk),
    ):
        with pytest.raises(Refused):
            act()
    assert actions.revoke_token(actor=administrator(), token_id=row.pk).revoked_at

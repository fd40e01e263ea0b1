"""Who may do what: every verb has its roles, nobody has more, and what is not named is denied."""

from __future__ import annotations

import pytest

from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.permissions import (
    ALONE,
    GROUPS,
    NO_PERSON,
    OF_ANYBODY,
    PEOPLE,
    TOKENS,
    group_of,
    kinds_of_groups,
    may,
    roles_of_groups,
)
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.domain.scopes import Scope
from incidents.domain.verbs import Verb

NOOR = Actor("user", "noor", 7)


def test_every_verb_is_somebodys_and_none_stands_twice():
    assert set(PEOPLE) | OF_ANYBODY == set(Verb)
    assert not set(PEOPLE) & OF_ANYBODY


@pytest.mark.parametrize("verb", Verb)
def test_a_person_may_by_exactly_the_roles_of_the_verb(verb):
    for role in PersonRole:
        assert may(NOOR, verb, {role}) == (verb in OF_ANYBODY or role in PEOPLE[verb])
    assert may(NOOR, verb, ()) == (verb in OF_ANYBODY)


@pytest.mark.parametrize("verb", sorted(PEOPLE))
def test_an_administrator_may_what_any_person_may_and_a_viewer_nothing(verb):
    if PEOPLE[verb] != NO_PERSON:
        assert PersonRole.ADMINISTRATOR in PEOPLE[verb]
    assert PersonRole.VIEWER not in PEOPLE[verb]


def test_what_the_page_is_made_of_is_an_administrators_alone():
    alone = {verb for verb, roles in PEOPLE.items() if roles == ALONE}
    for noun in ("page", "roles", "person", "token", "source", "rule", "upstream", "agreement", "policy", "deliveries"):
        named = {verb for verb in PEOPLE if verb.startswith(f"{noun}.") and PEOPLE[verb] != NO_PERSON}
        assert named
        assert named - {Verb.PERSON_REMINDED, Verb.TOKEN_REFUSED} <= alone


@pytest.mark.parametrize("kind", ["", "User", "nobody", "operator"])
def test_an_author_of_an_unknown_kind_may_nothing(kind):
    assert not any(may(Actor(kind, "x", 1), verb, set(PersonRole)) for verb in Verb)


def test_the_program_may_do_what_it_does_by_its_code():
    assert all(may(SYSTEM, verb, ()) for verb in Verb)


def test_a_subscriber_may_change_a_subscription_and_nothing_else():
    allowed = {verb for verb in Verb if may(Actor("subscriber", "a@example.org"), verb, ())}
    assert allowed == {verb for verb in Verb if verb.startswith("subscriber.")}


@pytest.mark.parametrize("scope", Scope)
def test_a_token_may_what_its_scope_names(scope):
    token = Actor("token", "robot", None, (scope,))
    allowed = {verb for verb in Verb if may(token, verb, set(PersonRole))}
    assert allowed == TOKENS[scope] | {Verb.TOKEN_REFUSED}
    assert not allowed & {Verb.REVIEW_APPROVED, Verb.ROLES_SET, Verb.TOKEN_MADE, Verb.RECORD_EXPORTED}


def test_a_token_without_scopes_and_one_with_an_unknown_scope_may_nothing():
    for scopes in ((), ("everything",)):
        allowed = {verb for verb in Verb if may(Actor("token", "robot", None, scopes), verb, ())}
        assert allowed == {Verb.TOKEN_REFUSED}


def test_groups_give_their_roles_and_a_kind_alone_makes_an_approver_of_that_kind():
    assert roles_of_groups(["author", "no such group"]) == {PersonRole.AUTHOR}
    assert roles_of_groups([group_of(ApprovalKind.LEGAL)]) == {PersonRole.APPROVER}
    assert kinds_of_groups([group_of(ApprovalKind.LEGAL)]) == {ApprovalKind.LEGAL}
    assert kinds_of_groups(["approver"]) == kinds_of_groups(["administrator"]) == set(ApprovalKind)
    assert kinds_of_groups(["author", "publisher", "viewer"]) == frozenset()
    assert set(GROUPS) >= set(PersonRole)

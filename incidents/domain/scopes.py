"""What a token of the write API may be given, and the roles that come with it.

No scope approves or administers: what needs a second person stays with people.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from incidents.domain.review import PersonRole


class Scope(StrEnum):
    """One part of the write API. `READ` opens the reading of every part; each of the others the writing of its own.
    `ALONE` adds that incidents are published without a second person, where the page asks for one."""

    READ = "read"
    INCIDENTS = "incidents"
    COMPONENTS = "components"
    SUBSCRIBERS = "subscribers"
    PAGE = "page"
    TEMPLATES = "templates"
    POSTMORTEMS = "postmortems"
    ALONE = "alone"


_ROLES: dict[Scope, frozenset[PersonRole]] = {
    Scope.POSTMORTEMS: frozenset((PersonRole.AUTHOR, PersonRole.PUBLISHER)),
}


def roles_of_scopes(scopes: Iterable[str]) -> frozenset[PersonRole]:
    """The roles with reviews of a token that has these scopes; unknown scopes give none."""
    known = [Scope(scope) for scope in scopes if scope in list(Scope)]
    return frozenset(role for scope in known for role in _ROLES.get(scope, frozenset()))

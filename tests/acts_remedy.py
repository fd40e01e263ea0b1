"""The acts on remediations and people, for the table in tests/actions/test_record.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incidents.actions import remediation, roles
from incidents.domain.actor import SYSTEM
from incidents.domain.verbs import Verb
from tests import remediation_world as world
from tests.remediation_world import DUE, approver, author


def _on(row: object) -> dict[str, Any]:
    return {"actor": author(), "remediation_id": row.pk}  # type: ignore[attr-defined]


def _saved() -> Callable[[], object]:
    review = world.make_review()
    return lambda: world.save(review)


def _removed() -> Callable[[], object]:
    on = _on(world.save(world.make_review()))
    return lambda: remediation.remove_remediation(**on)


def _slipped() -> Callable[[], object]:
    on = _on(world.published())
    return lambda: remediation.slip_remediation(**on, due_on=DUE.replace(day=9), reason="R", now=world.NOON)


def _moved() -> Callable[[], object]:
    on = _on(world.published())
    return lambda: remediation.move_remediation(**on, state="in_progress")


def _verified() -> Callable[[], object]:
    on = _on(world.delivered()) | {"actor": approver()}
    return lambda: remediation.verify_remediation(**on, method="test", evidence="It held.")


def _declined() -> Callable[[], object]:
    on = _on(world.published())
    return lambda: remediation.decline_remediation(**on, reason="R")


def _superseded() -> Callable[[], object]:
    review = world.make_review()
    other, row = world.save(review, title="Another"), world.published(review)
    return lambda: remediation.supersede_remediation(**_on(row), by_id=other.pk, reason="R")


def _with_roles() -> object:
    return roles.set_roles(actor=SYSTEM, user_id=approver().user_id or 0, roles=["viewer"])


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    Verb.REMEDIATION_SAVED: _saved,
    Verb.REMEDIATION_REMOVED: _removed,
    Verb.REMEDIATION_SLIPPED: _slipped,
    Verb.REMEDIATION_MOVED: _moved,
    Verb.REMEDIATION_VERIFIED: _verified,
    Verb.REMEDIATION_DECLINED: _declined,
    Verb.REMEDIATION_SUPERSEDED: _superseded,
    Verb.PERSON_ADDED: lambda: lambda: roles.add_person(actor=SYSTEM, username="cem", email="cem@example.org"),
    Verb.ROLES_SET: lambda: _with_roles,
}

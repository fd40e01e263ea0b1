"""The acts of an import, for the table in tests/actions/test_record.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from incidents.actions import history, history_components
from incidents.domain.history import PastComponent, PastIncident, PastUpdate
from incidents.domain.status import Kind, Stage
from tests.factories import MARIA

AT = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
BY: dict[str, Any] = {"actor": MARIA, "source": "statuspage:elsewhere"}


def past_component() -> PastComponent:
    """A component of another page."""
    return PastComponent("compcompcomp", "Elsewhere", "", False, "", 1, None, False, True, AT, AT)


def past_incident() -> PastIncident:
    """An incident of another page, with one update."""
    update = PastUpdate("u1", "updateupdate", Stage.RESOLVED, "It is over.", AT)
    return PastIncident("i1", "incidentcode", "/incidents/incidentcode", Kind.INCIDENT, "Errors", "", (update,))


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "component.imported": lambda: (
        lambda: history_components.import_component(**BY, past=past_component(), first_day=None)
    ),
    "incident.imported": lambda: lambda: history.import_incident(**BY, past=past_incident()),
}

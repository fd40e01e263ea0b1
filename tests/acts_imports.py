"""The acts of an import, for the table in tests/actions/test_record.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from incidents.actions import history, history_components, history_reviews
from incidents.domain.actor import Actor
from incidents.domain.history import PastComponent, PastIncident, PastUpdate
from incidents.domain.status import Kind, Stage
from incidents.publishing.review_pages import version_page

AT = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
BY: dict[str, Any] = {"actor": Actor("import", "statuspage"), "source": "statuspage:elsewhere"}


def past_component() -> PastComponent:
    """A component of another page."""
    return PastComponent("compcompcomp", "Elsewhere", "", False, "", 1, None, False, True, AT, AT)


def past_incident() -> PastIncident:
    """An incident of another page, with one update."""
    update = PastUpdate("u1", "updateupdate", Stage.RESOLVED, "It is over.", AT)
    return PastIncident("i1", "incidentcode", "/incidents/incidentcode", Kind.INCIDENT, "Errors", "", (update,))


def _review() -> Callable[[], object]:
    told = PastUpdate("u2", "postmortem01", Stage.POSTMORTEM, "A disk was full.", AT)
    past = replace(past_incident(), updates=(*past_incident().updates, told))
    history.import_incident(**BY, past=past)
    return lambda: history_reviews.import_review(**BY, past=past, told=told, render=version_page)


ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "component.imported": lambda: (
        lambda: history_components.import_component(**BY, past=past_component(), first_day=None)
    ),
    "review.imported": _review,
    "incident.imported": lambda: lambda: history.import_incident(**BY, past=past_incident()),
}

"""The acts on client advice, for the table in tests/actions/test_record.py."""

from __future__ import annotations

from collections.abc import Callable

from incidents.actions import client_advice
from incidents.domain.verbs import Verb
from incidents.models import ClientAdvice
from tests.factories import MARIA, make_component, open_incident


def _advice() -> ClientAdvice:
    incident = open_incident(make_component("Web"))
    return client_advice.give_advice(actor=MARIA, incident_id=incident.pk, kind="hold")


def _given() -> Callable[[], object]:
    incident = open_incident(make_component("Web"))
    return lambda: client_advice.give_advice(actor=MARIA, incident_id=incident.pk, kind="retry_after", seconds=60)


def _withdrawn() -> Callable[[], object]:
    advice = _advice()
    return lambda: client_advice.withdraw_advice(actor=MARIA, advice_id=advice.pk)


ACTS: dict[str, Callable[[], Callable[[], object]]] = {Verb.ADVICE_GIVEN: _given, Verb.ADVICE_WITHDRAWN: _withdrawn}

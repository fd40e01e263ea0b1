"""Corrections supersede, with a reason; a status set by hand respects what incidents hold."""

from __future__ import annotations

import pytest

from incidents.actions import component as component_actions
from incidents.actions import ledger
from incidents.actions.refusals import Refused
from incidents.domain.status import Level
from incidents.models import ImpactInterval
from incidents.publishing import snapshot
from tests.factories import MARIA, make_component, open_incident, utc

pytestmark = pytest.mark.django_db


def correct(interval, **values):
    return ledger.correct_interval(
        **{
            "actor": MARIA,
            "interval_id": interval.pk,
            "level": interval.level,
            "started_at": interval.started_at,
            "ended_at": interval.ended_at,
            "reason": "The logs say so.",
            **values,
        }
    )


def test_a_correction_supersedes_and_keeps_the_old_row():
    incident = open_incident(make_component(), now=utc("2026-06-23 14:52"))
    wrong = ImpactInterval.objects.get()
    right = correct(wrong, started_at=utc("2026-06-23 14:30"))
    wrong.refresh_from_db()
    assert (wrong.started_at, wrong.superseded_by, wrong.superseded_reason) == (
        utc("2026-06-23 14:52"),
        right,
        "The logs say so.",
    )
    assert snapshot.build().incidents[0].started_at == utc("2026-06-23 14:30")
    incident.refresh_from_db()
    assert incident.version == 3, "a composer that was open before the correction is told of it"


def test_an_interval_that_never_was_is_taken_out():
    open_incident(make_component())
    assert correct(ImpactInterval.objects.get(), level="operational") is None
    assert snapshot.build().components[0].level == Level.OPERATIONAL


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"reason": " "}, "Fill in"),
        ({"started_at": utc("2099-01-01")}, "future"),
        ({"ended_at": utc("2020-01-01")}, "before the beginning"),
        ({"level": "nonsense"}, "Choose a status"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(values, sentence):
    open_incident(make_component())
    with pytest.raises(Refused, match=sentence):
        correct(ImpactInterval.objects.get(), **values)
    assert ImpactInterval.objects.get().superseded_at is None


def test_a_superseded_row_cannot_be_corrected_again():
    open_incident(make_component(), now=utc("2026-06-23 14:52"))
    wrong = ImpactInterval.objects.get()
    correct(wrong, started_at=utc("2026-06-23 14:30"))
    with pytest.raises(Refused, match="not in the ledger"):
        correct(wrong)


def test_operational_by_hand_is_refused_while_an_incident_holds_the_component():
    api = make_component()
    open_incident(api)
    with pytest.raises(Refused, match="holds API"):
        component_actions.set_component_status(actor=MARIA, component_id=api.pk, level="operational")


def test_a_status_by_hand_opens_moves_and_closes_intervals_of_its_own():
    api = make_component()
    for level in ("degraded_performance", "major_outage", "operational"):
        component_actions.set_component_status(actor=MARIA, component_id=api.pk, level=level)
    rows = list(ImpactInterval.objects.order_by("id").values_list("level", "source", "incident"))
    assert rows == [("degraded_performance", "manual", None), ("major_outage", "manual", None)]  # type: ignore[comparison-overlap]
    assert snapshot.build().components[0].level == Level.OPERATIONAL


def test_a_component_in_trouble_cannot_be_archived():
    api = make_component()
    open_incident(api)
    with pytest.raises(Refused, match="not operational"):
        component_actions.archive_component(actor=MARIA, component_id=api.pk)


def test_a_component_is_not_restored_beside_another_of_its_name():
    old = make_component("API")
    component_actions.archive_component(actor=MARIA, component_id=old.pk)
    make_component("API")
    with pytest.raises(Refused, match="this name in the same place"):
        component_actions.restore_component(actor=MARIA, component_id=old.pk)

"""A withheld text is nowhere any more, and the record still holds; a withdrawn incident counts for nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone

from incidents.actions import amending, review_publishing, withholding
from incidents.actions.refusals import Refused
from incidents.chain.verification import verify
from incidents.models import (
    AuditEntry,
    Correction,
    Delivery,
    ImpactInterval,
    IncidentUpdate,
    OutboxEvent,
    Promise,
    RecordEntry,
    UpdateRevision,
)
from incidents.notifying.fanout import fan_out
from incidents.publishing import snapshot
from tests import workflow_world
from tests.factories import MARIA, make_component, make_subscriber, open_incident, post_update, utc
from tests.promise_world import make_promise

pytestmark = pytest.mark.django_db
SECRET = "hunter2-the-password"
KEPT = (AuditEntry, Correction, IncidentUpdate, UpdateRevision, OutboxEvent, RecordEntry)


def everything_kept() -> str:
    return "".join(serializers.serialize("json", model.objects.all()) for model in KEPT)


def test_a_withheld_text_is_gone_from_everywhere_and_the_record_still_holds():
    row = open_incident(make_component(), body=f"The {SECRET} leaked.")
    update = row.updates.get()
    amending.amend_update(actor=MARIA, update_id=update.pk, body=f"Again {SECRET}.", reason="Wording")
    amending.amend_update(actor=MARIA, update_id=update.pk, body="Nothing secret.", reason="Wording")
    assert SECRET in everything_kept()
    withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="It held a password.")
    assert SECRET not in everything_kept()
    assert "Nothing secret." not in everything_kept()
    assert verify().findings == []
    update.refresh_from_db()
    assert (update.body, update.withheld_reason) == ("", "It held a password.")
    assert RecordEntry.objects.last().verb == "update.withheld"


def test_texts_of_other_updates_stay():
    row = open_incident(make_component(), body="First text.")
    other = post_update(row, body="Second text.")
    withholding.withhold_text(actor=MARIA, update_id=row.updates.first().pk, reason="R")
    other.refresh_from_db()
    assert other.body == "Second text."
    assert "Second text." in json.dumps(RecordEntry.objects.get(number=3).contents)
    assert AuditEntry.objects.filter(changes__update=["", "Second text."]).exists()


def test_messages_that_wait_with_a_withheld_text_are_not_sent():
    component = make_component()
    make_subscriber(now=utc("2026-06-01"))
    row = open_incident(component, body=SECRET)
    event = OutboxEvent.objects.get(incident=row)
    assert fan_out(event) == 1
    withholding.withhold_text(actor=MARIA, update_id=row.updates.get().pk, reason="R")
    assert Delivery.objects.get(event=event).state == Delivery.State.CANCELLED
    event.refresh_from_db()
    assert (event.facts["update"]["text"], event.facts["update"]["is_withheld"]) == ("", True)


def test_an_event_that_waits_with_a_withheld_text_reaches_nobody():
    component = make_component()
    make_subscriber(now=utc("2026-06-01"))
    row = open_incident(component, body=SECRET)
    withholding.withhold_text(actor=MARIA, update_id=row.updates.get().pk, reason="R")
    assert OutboxEvent.objects.get(incident=row, verb="incident.opened").reach == "page"


def test_what_waits_of_a_withdrawn_incident_is_not_sent():
    component = make_component()
    make_subscriber(now=utc("2026-06-01"))
    row = open_incident(component)
    event = OutboxEvent.objects.get(incident=row)
    fan_out(event)
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="R")
    assert Delivery.objects.get(event=event).state == Delivery.State.CANCELLED


@pytest.mark.parametrize("reason", ["", " "])
def test_withholding_and_withdrawing_need_a_reason(reason):
    row = open_incident(make_component())
    with pytest.raises(Refused):
        withholding.withhold_text(actor=MARIA, update_id=row.updates.get().pk, reason=reason)
    with pytest.raises(Refused):
        withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason=reason)


def test_nothing_is_withheld_or_withdrawn_twice_and_a_withheld_text_is_not_written_again():
    row = open_incident(make_component())
    update = row.updates.get()
    withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="R")
    with pytest.raises(Refused, match="already"):
        withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="R")
    with pytest.raises(Refused, match="withheld"):
        amending.amend_update(actor=MARIA, update_id=update.pk, body="New", reason="R")
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="R")
    with pytest.raises(Refused, match="already"):
        withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="R")


def test_a_withdrawn_incident_counts_for_nothing_and_says_which_figures_moved():
    component = make_component()
    row = open_incident(component, now=utc("2026-06-23 12:00"))
    withholding.withdraw_incident(
        actor=MARIA, incident_id=row.pk, reason="A drill.", is_notifying=True, now=utc("2026-06-24 12:00")
    )
    row.refresh_from_db()
    assert (row.stage, row.withdrawn_reason) == ("resolved", "A drill.")
    assert not ImpactInterval.objects.filter(superseded_at=None).exists()
    correction = Correction.objects.get()
    assert {(figure["before"], figure["after"]) for figure in correction.figures} == {
        ("98.88 %", "100.00 %"), ("96.66 %", "100.00 %"),
    }  # fmt: skip
    assert OutboxEvent.objects.last().reach == "subscribers"
    assert snapshot.build(utc("2026-06-24 12:00")).components[0].uptime_percent == "100.00"
    assert verify().findings == []


def test_one_that_was_resolved_is_withdrawn_without_another_update():
    row = open_incident(make_component())
    post_update(row, "resolved")
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="R", is_notifying=True)
    assert row.updates.count() == 2
    assert OutboxEvent.objects.last().reach == "page"


def test_of_a_promise_made_in_the_text_the_words_go_and_the_date_stays():
    row = open_incident(make_component(), body=f"We will change {SECRET} by Friday.")
    update = row.updates.get()
    made = make_promise(
        sentence=f"We will change {SECRET}.", incident_id=row.pk, update_id=update.pk,
        due_at=timezone.now() + timedelta(days=2), now=timezone.now(),
    )  # fmt: skip
    withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="It held a password.")
    again = Promise.objects.get()
    assert (again.sentence, again.due_at) == ("Promised in a text that was withheld", made.due_at)
    assert SECRET not in serializers.serialize("json", RecordEntry.objects.all())
    assert verify().findings == []


def test_a_text_that_a_published_review_quotes_goes_after_the_review_is_retracted():
    incident = workflow_world.slight()
    update = incident.updates.order_by("sequence").first()
    assert update
    review = workflow_world.published(incident)
    with pytest.raises(Refused, match="Retract the review first"):
        withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="It held a password.")
    review_publishing.retract_review(
        actor=workflow_world.administrator(), review_id=review.pk, reason="It quotes a password.",
        render=workflow_world.render,
    )  # fmt: skip
    withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="It held a password.")
    assert verify().findings == []

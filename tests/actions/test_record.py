"""The audit log: every act of a person is one entry, whatever it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from incidents.actions import agreement, component, incident, ledger, page, subscriber, verdicts
from incidents.domain.verbs import SENTENCES, Verb
from incidents.models import (
    Agreement,
    AgreementExclusion,
    AuditEntry,
    ImpactInterval,
    Incident,
    Subscriber,
    UpdateTemplate,
)
from tests.agreement_world import JULY, agree, terms
from tests.factories import MARIA, change, make_component, make_region, make_subscriber, open_incident

pytestmark = pytest.mark.django_db
BY: dict[str, Any] = {"actor": MARIA}


def the_incident() -> Incident:
    return Incident.objects.get()


def on_incident() -> dict[str, Any]:
    return BY | {"incident_id": the_incident().pk}


def on_component() -> dict[str, Any]:
    return BY | {"component_id": make_component("Web").pk}


def an_interval() -> ImpactInterval:
    return ImpactInterval.objects.get()


def a_template() -> UpdateTemplate:
    return page.save_template(**BY, name="One", stage="investigating", body="Text.")


def an_agreement(**given: Any) -> Agreement:
    return agree(make_component("Web"), first_month=date(2026, 6, 1), **given)


def an_exclusion(row: Agreement) -> AgreementExclusion:
    return agreement.grant_exclusion(
        **BY, agreement_id=row.pk, started_at=JULY, ended_at=JULY + timedelta(hours=1), reason="R"
    )


def a_verdict_to_correct() -> Agreement:
    row = an_agreement()
    agreement.issue_due_verdicts(JULY)
    Agreement.objects.filter(pk=row.pk).update(target_percent="100")
    return row


def correct_verdicts() -> None:
    with transaction.atomic():
        verdicts.reissue_changed(**BY, reason="R", now=timezone.now())


# Each act made ready first, then carried out; what it is recorded as.
ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "incident.opened": lambda: lambda: incident.open_incident(**BY, title="E", body="B"),
    "incident.updated": lambda: lambda: incident.post_update(**on_incident(), stage="identified", body="B"),
    "incident.resolved": lambda: lambda: incident.post_update(**on_incident(), stage="resolved", body="B"),
    "incident.edited": lambda: lambda: incident.edit_incident(
        **on_incident(), title="New", impact_override="", advice=""
    ),
    "milestone.stated": lambda: lambda: incident.state_milestone(
        **on_incident(), milestone="detected", at=timezone.now() - timedelta(hours=1), reason="R"
    ),
    "update.amended": lambda: lambda: incident.amend_update(
        **BY, update_id=the_incident().updates.get().pk, body="Other", reason="R"
    ),
    "interval.corrected": lambda: lambda: ledger.correct_interval(
        **BY, interval_id=an_interval().pk, level="partial_outage", started_at=an_interval().started_at,
        ended_at=None, reason="R",
    ),
    "agreement.added": lambda: (lambda row: lambda: agree(row))(make_component("Web")),
    "agreement.edited": lambda: (lambda row: lambda: agreement.edit_agreement(
        **BY, agreement_id=row.pk, terms=terms(*row.components.all(), name="Other"), reason="R"
    ))(an_agreement()),
    "agreement.archived": lambda: (
        lambda row: lambda: agreement.archive_agreement(**BY, agreement_id=row.pk)
    )(an_agreement()),
    "agreement.restored": lambda: (
        lambda row: lambda: agreement.restore_agreement(**BY, agreement_id=row.pk)
    )(agreement.archive_agreement(**BY, agreement_id=an_agreement().pk)),
    "exclusion.granted": lambda: (lambda row: lambda: an_exclusion(row))(an_agreement()),
    "exclusion.withdrawn": lambda: (
        lambda row: lambda: agreement.withdraw_exclusion(**BY, exclusion_id=row.pk, reason="R")
    )(an_exclusion(an_agreement())),
    "verdict.issued": lambda: (lambda _row: lambda: agreement.issue_due_verdicts(JULY))(an_agreement()),
    "verdict.corrected": lambda: (lambda _row: correct_verdicts)(a_verdict_to_correct()),
    "component.added": lambda: lambda: make_component("Web"),
    "component.edited": lambda: (lambda on: lambda: component.edit_component(
        **on, name="Site", description="", group_id=None, region_ids=(), start_date=None,
        is_hidden_unless_degraded=False,
    ))(on_component()),
    "component.archived": lambda: (lambda on: lambda: component.archive_component(**on))(on_component()),
    "component.restored": lambda: (lambda on: lambda: component.restore_component(**on))(on_component()),
    "component.status_set": lambda: (
        lambda on: lambda: component.set_component_status(**on, level="major_outage")
    )(on_component()),
    "components.arranged": lambda: (
        lambda on: lambda: component.arrange_components(**BY, component_ids=[on["component_id"]])
    )(on_component()),
    "region.added": lambda: lambda: make_region("eu"),
    "template.saved": lambda: a_template,
    "template.deleted": lambda: (lambda one: lambda: page.delete_template(**BY, template_id=one.pk))(a_template()),
    "page.edited": lambda: lambda: page.edit_page(**BY, name="Acme", time_zone="Etc/UTC"),
    "deliveries.held": lambda: lambda: page.hold_sending(**BY, is_held=True),
    "deliveries.released": lambda: lambda: page.hold_sending(**BY, is_held=False),
    "administrator.made": lambda: lambda: page.make_administrator(username="noor", password="correct horse battery"),
    "subscriber.signed_up": lambda: lambda: subscriber.sign_up(address="a@example.org", client_ip="192.0.2.1"),
    "subscriber.confirmed": lambda: lambda: make_subscriber("a@example.org"),
    "subscriber.scoped": lambda: (lambda one, api: lambda: subscriber.change_scope(
        subscriber_id=one.pk, has_all_components=False, component_ids=[api.pk]
    ))(make_subscriber(), make_component("Web")),
    "subscriber.unsubscribed": lambda: (
        lambda one: lambda: subscriber.unsubscribe(subscriber_id=one.pk)
    )(make_subscriber()),
    "subscriber.suspended": lambda: (
        lambda one: lambda: subscriber.suspend_subscriber(subscriber_id=one.pk, reason="R")
    )(make_subscriber()),
}  # fmt: skip


@pytest.mark.parametrize("verb", ACTS)
def test_an_act_is_one_entry(verb):
    open_incident(make_component())
    act = ACTS[verb]()
    before = AuditEntry.objects.count()
    act()
    assert [entry.verb for entry in AuditEntry.objects.all()[: AuditEntry.objects.count() - before]] == [verb]


def test_a_reopening_is_one_entry():
    row = open_incident(make_component())
    incident.post_update(**on_incident(), stage="resolved", body="B")
    before = AuditEntry.objects.count()
    incident.reopen_incident(**BY, incident_id=row.pk, body="B", components=[change(make_component("Web"))])
    verbs = list(AuditEntry.objects.values_list("verb", flat=True)[: AuditEntry.objects.count() - before])
    assert verbs == ["incident.reopened", "component.added"]


def test_leaving_twice_is_one_entry():
    one = make_subscriber()
    for _ in range(2):
        subscriber.unsubscribe(subscriber_id=one.pk)
    assert AuditEntry.objects.filter(verb="subscriber.unsubscribed").count() == 1
    assert Subscriber.objects.get().generation == one.generation + 1


def test_every_happening_has_an_act_and_a_sentence():
    assert set(ACTS) | {"incident.reopened"} == {verb.value for verb in Verb} == {verb.value for verb in SENTENCES}

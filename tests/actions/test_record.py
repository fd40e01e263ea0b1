"""The audit log: every act of a person is one entry, whatever it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from incidents.actions import (
    agreement,
    amending,
    component,
    incident,
    ledger,
    maintenance,
    maintenance_schedule,
    operators,
    page,
    series,
    subscriber,
    undoing,
    verdicts,
    windows,
    withholding,
)
from incidents.actions.refusals import Forbidden
from incidents.actions.updates import Typed
from incidents.domain.permissions import OF_ANYBODY, PEOPLE
from incidents.domain.review import PersonRole
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
from tests import (
    acts_accounts,
    acts_advice,
    acts_api,
    acts_archive,
    acts_imports,
    acts_inbound,
    acts_looks,
    acts_offering,
    acts_parts,
    acts_promises,
    acts_remedy,
    acts_upstreams,
    acts_workflow,
)
from tests.agreement_world import JULY, agree, terms
from tests.factories import MARIA, account, change, make_component, make_region, make_subscriber, open_incident

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


def undone() -> Callable[[], object]:
    update = incident.post_update(**on_incident(), stage="identified", body="B", typed=Typed("/", {}))
    return lambda: undoing.take_back_update(**BY, update_id=update.pk)


def planned(**overrides: Any) -> Incident:
    begin = timezone.now() + timedelta(hours=2)
    values = {
        "title": "M", "body": "B", "scheduled_for": begin, "scheduled_until": begin + timedelta(hours=1),
        "scope": overrides.pop("scope", None) or [(make_component("Web").pk, ())],
    }  # fmt: skip
    return maintenance.schedule_maintenance(**BY, **{**values, **overrides})


def on_planned(**overrides: Any) -> dict[str, Any]:
    return BY | {"incident_id": planned(**overrides).pk, "body": "B"}


def on_running() -> dict[str, Any]:
    on = on_planned()
    maintenance.post_maintenance_update(**on, stage="in_progress")
    return on


def moved(on: dict[str, Any], hours: int, begin_hours: int = 0) -> Callable[[], object]:
    begin, end = windows.window_of(Incident.objects.get(pk=on["incident_id"]))
    return lambda: maintenance.change_window(
        **on, scheduled_for=begin + timedelta(hours=begin_hours), scheduled_until=end + timedelta(hours=hours)
    )


def posted(on: dict[str, Any], stage: str) -> Callable[[], object]:
    return lambda: maintenance.post_maintenance_update(**on, stage=stage)


def on_series() -> dict[str, Any]:
    return BY | {
        "title": "S", "body": "B", "rrule": "FREQ=WEEKLY", "first_day": timezone.now().date(), "starts_at": time(22),
        "zone": "Etc/UTC", "duration_minutes": 60, "scope": [(make_component("Web").pk, ())],
    }  # fmt: skip


def something_waits() -> Subscriber:
    component.set_component_status(**on_component(), level="major_outage", now=timezone.now() - timedelta(hours=4))
    return operators.add_operator(**BY, address="oncall@example.org")


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


def first_administrator() -> object:
    User.objects.all().delete()
    return page.make_administrator(username="noor", password="correct horse battery")


def correct_verdicts() -> None:
    with transaction.atomic():
        verdicts.reissue_changed(**BY, reason="R", now=timezone.now())


# Each act made ready first, then carried out; what it is recorded as.
ACTS: dict[str, Callable[[], Callable[[], object]]] = {
    "incident.opened": lambda: lambda: incident.open_incident(**BY, title="E", body="B"),
    "incident.updated": lambda: lambda: incident.post_update(**on_incident(), stage="identified", body="B"),
    "incident.resolved": lambda: lambda: incident.post_update(**on_incident(), stage="resolved", body="B"),
    "incident.edited": lambda: lambda: amending.edit_incident(
        **on_incident(), title="New", impact_override="", advice="", reason="R"
    ),
    "maintenance.scheduled": lambda: (lambda web: lambda: planned(scope=[(web.pk, ())]))(make_component("Web")),
    "maintenance.reminded": lambda: (
        lambda row: lambda: maintenance_schedule.advance_due(row.next_step_at)
    )(planned(reminder_lead_minutes=[5])),
    "maintenance.started": lambda: posted(on_planned(), "in_progress"),
    "maintenance.updated": lambda: posted(on_running(), "verifying"),
    "maintenance.extended": lambda: moved(on_running(), 1),
    "maintenance.rescheduled": lambda: moved(on_planned(), 1, begin_hours=1),
    "maintenance.completed": lambda: posted(on_running(), "completed"),
    "maintenance.cancelled": lambda: (lambda on: lambda: maintenance.cancel_maintenance(**on))(on_planned()),
    "series.added": lambda: (lambda on: lambda: series.add_series(**on))(on_series()),
    "series.edited": lambda: (lambda on: (lambda one: lambda: series.edit_series(
        **on | {"title": "T"}, series_id=one.pk
    ))(series.add_series(**on)))(on_series()),
    "series.ended": lambda: (lambda one: lambda: series.end_series(**BY, series_id=one.pk))(
        series.add_series(**on_series())
    ),
    "milestone.stated": lambda: lambda: amending.state_milestone(
        **on_incident(), milestone="detected", at=timezone.now() - timedelta(hours=1), reason="R"
    ),
    "update.amended": lambda: lambda: amending.amend_update(
        **BY, update_id=the_incident().updates.get().pk, body="Other", reason="R"
    ),
    "update.moved": lambda: lambda: amending.amend_update(
        **BY, update_id=the_incident().updates.get().pk, body=the_incident().updates.get().body, reason="R",
        posted_at=timezone.now() - timedelta(hours=1),
    ),
    "update.withheld": lambda: lambda: withholding.withhold_text(
        **BY, update_id=the_incident().updates.get().pk, reason="R"
    ),
    "update.taken_back": lambda: undone(),
    "incident.withdrawn": lambda: lambda: withholding.withdraw_incident(**on_incident(), reason="R"),
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
    "administrator.made": lambda: first_administrator,
    "subscriber.signed_up": lambda: lambda: subscriber.sign_up(address="a@example.org", client_ip="192.0.2.1"),
    "subscriber.confirmed": lambda: lambda: make_subscriber("a@example.org"),
    "subscriber.scoped": lambda: (lambda one, api: lambda: subscriber.change_scope(
        subscriber_id=one.pk, has_all_components=False, component_ids=[api.pk]
    ))(make_subscriber(), make_component("Web")),
    "subscriber.unsubscribed": lambda: (
        lambda one: lambda: subscriber.unsubscribe(subscriber_id=one.pk)
    )(make_subscriber()),
    "operator.added": lambda: lambda: operators.add_operator(**BY, address="oncall@example.org"),
    "operators.reminded": lambda: (lambda _row: lambda: operators.remind_operators())(something_waits()),
    "subscriber.suspended": lambda: (
        lambda one: lambda: subscriber.suspend_subscriber(subscriber_id=one.pk, reason="R")
    )(make_subscriber()),
}  # fmt: skip
for area in (
    acts_accounts,
    acts_advice,
    acts_api,
    acts_archive,
    acts_imports,
    acts_inbound,
    acts_looks,
    acts_offering,
    acts_parts,
    acts_promises,
    acts_remedy,
    acts_upstreams,
    acts_workflow,
):
    ACTS |= area.ACTS
ACTS |= {
    **acts_archive.ACTS,
    **acts_imports.ACTS,
    **acts_parts.ACTS,
    **acts_promises.ACTS,
    **acts_remedy.ACTS,
    **acts_workflow.ACTS,
}


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


def test_a_publication_without_a_second_person_is_an_entry_of_its_own_beside_what_was_published():
    acts_offering.published_alone()
    first, second = AuditEntry.objects.order_by("-number")[:2]
    assert (second.verb, first.verb) == ("incident.opened", "four_eyes.broken")
    assert first.changes == {"reason": ["", "All others sleep."]}
    assert second.changes["offered_by"] == ["", "maria"]


def test_leaving_twice_is_one_entry():
    one = make_subscriber()
    for _ in range(2):
        subscriber.unsubscribe(subscriber_id=one.pk)
    assert AuditEntry.objects.filter(verb="subscriber.unsubscribed").count() == 1
    assert Subscriber.objects.get().generation == one.generation + 1


ROLES_BEYOND_THE_TABLE = {
    # A remark that somebody else made is resolved by whoever takes part; the rest of the rule is the action's own.
    "comment.resolved", "review.retracted",
}  # fmt: skip


@pytest.mark.parametrize("verb", sorted(set(ACTS) - {"administrator.made", "history.restored"}))
def test_an_act_of_a_person_is_done_with_the_roles_of_its_verb_and_else_leaves_nothing(verb):
    """Every act by which maria makes something happen, with each role alone: the service decides, without a door."""
    open_incident(make_component())
    act = ACTS[verb]()
    maria = account("maria")
    for role in (*PersonRole, None):
        begun = transaction.savepoint()
        maria.groups.set(Group.objects.filter(name=role))
        before, is_done = AuditEntry.objects.count(), True
        try:
            act()
        except Forbidden:
            is_done = False
        entries = list(AuditEntry.objects.order_by("number")[before:])
        if not is_done:
            assert not entries
            assert Verb(verb) not in OF_ANYBODY
            assert verb in ROLES_BEYOND_THE_TABLE or role not in PEOPLE[Verb(verb)], role
        elif entries[0].actor_label == "maria" and entries[0].actor_kind == "user":
            assert Verb(verb) in OF_ANYBODY or role in PEOPLE[Verb(verb)], role
        transaction.savepoint_rollback(begun)


def test_every_happening_has_an_act_and_a_sentence():
    assert (
        set(ACTS) | {"incident.reopened", "four_eyes.broken"}
        == {verb.value for verb in Verb}
        == {verb.value for verb in SENTENCES}
    )

"""The operators are told what waits, each thing once, in the real mailbox; nobody else is, and they of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import operators
from incidents.actions import subscriber as subscriber_actions
from incidents.actions.component import set_component_status
from incidents.actions.refusals import Refused
from incidents.models import Delivery, Incident, OperatorReminder, OutboxEvent, PublicPage, Subscriber
from incidents.notifying import mailbox
from incidents.reviewing.neglect import neglected
from tests.factories import MARIA, make_component, make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
T0 = utc("2026-06-23 14:00")


def after(**span: float) -> datetime:
    return T0 + timedelta(**span)


def make_operator(address: str = "oncall@example.org") -> Subscriber:
    return operators.add_operator(actor=MARIA, address=address, now=after(days=-1))


def a_maintenance(stage: str = "scheduled", **overrides: Any) -> Incident:
    """A row as it stands in the table; what waits is read from nothing else."""
    values = {
        "code": f"m{Incident.objects.count():011}", "kind": "maintenance", "title": "Move the database", "stage": stage,
        "scheduled_for": T0, "scheduled_until": after(hours=2), "created_at": after(days=-1),
        "updated_at": after(days=-1),
    }  # fmt: skip
    return Incident.objects.create(**{**values, **overrides})


def broken(**overrides: Any) -> Any:
    api = make_component("API", now=after(days=-2))
    set_component_status(**{"actor": MARIA, "component_id": api.pk, "level": "partial_outage", "now": T0, **overrides})
    return api


def kinds(now: datetime) -> list[tuple[str, int]]:
    return [(each.kind, each.step) for each in neglected(now)]


@pytest.mark.parametrize(
    ("stage", "overrides", "at", "expected"),
    [
        ("scheduled", {}, after(seconds=60), []),
        ("scheduled", {}, after(seconds=61), [("maintenance_not_begun", 0)]),
        ("scheduled", {"cancelled_at": T0}, after(hours=1), []),
        ("scheduled", {"withdrawn_at": T0}, after(hours=1), []),
        ("in_progress", {}, after(hours=1), []),
        ("verifying", {}, after(hours=2, seconds=61), [("maintenance_not_ended", 0)]),
        ("completed", {}, after(hours=9), []),
    ],
)
def test_maintenance_waits_from_a_minute_after_the_edge_of_its_window(
    stage: str, overrides: dict[str, Any], at: datetime, expected: list[tuple[str, int]]
) -> None:
    a_maintenance(stage, **overrides)
    assert kinds(at) == expected


def test_a_component_in_trouble_that_no_open_incident_tells_of_waits_in_steps() -> None:
    broken()
    assert [kinds(after(hours=hours)) for hours in (2.9, 3, 6, 11.9, 12, 24, 90)] == [
        [], *([("component_untold", step)] for step in (3, 6, 6, 12, 24, 24)),
    ]  # fmt: skip


def test_a_component_that_an_open_incident_tells_of_does_not_wait() -> None:
    api = broken()
    incident = open_incident(api, now=after(hours=1))
    assert kinds(after(hours=4)) == []
    post_update(incident, "resolved", now=after(hours=5))
    assert kinds(after(hours=6)) == [("component_untold", 6)]  # by hand it is broken still


def test_a_component_under_maintenance_does_not_wait() -> None:
    broken(level="under_maintenance")
    assert kinds(after(hours=30)) == []


def test_an_incident_waits_once_its_promised_update_is_due_and_no_longer_once_it_came() -> None:
    incident = open_incident(now=T0, next_update_due_at=after(minutes=30))
    assert kinds(after(minutes=30)) == []
    assert kinds(after(minutes=31)) == [("update_promised", 0)]
    post_update(incident, now=after(minutes=40), next_update_due_at=after(minutes=70))
    assert kinds(after(minutes=50)) == []


def test_what_waits_is_read_in_six_queries_however_much_it_is() -> None:
    for number in range(5):
        a_maintenance()
        open_incident(make_component(f"API {number}", now=after(days=-2)), now=T0, next_update_due_at=after(minutes=1))
    broken()
    with CaptureQueriesContext(connection) as captured:
        assert len(neglected(after(hours=4))) == 11
    assert len(captured) == 6


def test_a_reminder_is_mailed_once_to_the_operators_alone(drain: Callable[..., None]) -> None:
    make_operator()
    make_subscriber(now=after(days=-1))
    row = a_maintenance(title="Move <the> database")
    now = after(minutes=2)
    revision = PublicPage.objects.get().revision
    assert [operators.remind_operators(now), operators.remind_operators(now)] == [1, 0]
    assert PublicPage.objects.get().revision == revision  # nothing of it is public
    drain(now)
    drain(now)
    letter = mailbox.messages()[0]
    assert [each.to for each in mailbox.messages()] == ["oncall@example.org"]
    sentence = "“Move <the> database” should have begun at 2026-06-23 14:00 UTC and has not."
    assert letter.subject == f"[Status] To do: {sentence}"
    assert sentence in letter.text
    assert f"/console/maintenance/{row.code}" in letter.text
    assert "Move &lt;the&gt; database" in letter.html
    assert "/unsubscribe/" in letter.text
    delivery = Delivery.objects.get()
    assert (delivery.lane, delivery.state) == (0, "sent")
    assert delivery.expires_at == now + timedelta(hours=6)


def test_each_step_is_said_once_and_what_was_missed_is_not_made_up_for() -> None:
    make_operator()
    broken()
    said = [operators.remind_operators(after(hours=hours)) for hours in (2, 3, 4, 13, 14, 24, 48)]
    assert said == [0, 1, 0, 1, 0, 1, 0]
    assert sorted(OperatorReminder.objects.values_list("step", flat=True)) == [3, 12, 24]


def test_two_reminders_at_once_are_two_mails(drain: Callable[..., None]) -> None:
    make_operator()
    a_maintenance(title="One")
    a_maintenance(title="Two")
    assert operators.remind_operators(after(minutes=2)) == 2
    drain(after(minutes=2))
    assert {each.subject.split("“")[1][:3] for each in mailbox.messages()} == {"One", "Two"}


def test_without_operators_nothing_is_noted_so_that_the_first_one_hears_of_it() -> None:
    a_maintenance()
    assert operators.remind_operators(after(minutes=2)) == 0
    make_operator()
    assert operators.remind_operators(after(minutes=3)) == 1


def test_operators_get_no_public_mail_and_one_that_left_gets_none_at_all(drain: Callable[..., None]) -> None:
    one = make_operator()
    make_subscriber("oncall@example.org", now=after(days=-1))  # the same person may read the page as well
    open_incident(now=T0, next_update_due_at=after(minutes=30))
    drain(T0)
    assert OutboxEvent.objects.get(reach="subscribers").deliveries.get().subscriber.is_operator is False
    subscriber_actions.unsubscribe(subscriber_id=one.pk, now=after(minutes=10))
    assert operators.remind_operators(after(hours=1)) == 0
    again = operators.add_operator(actor=MARIA, address="OnCall@example.org", now=after(minutes=70))
    assert again.pk == one.pk
    assert operators.remind_operators(after(minutes=71)) == 1


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "x@example.org\nBcc: y@example.org"])
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(Refused) as refused:
        operators.add_operator(actor=MARIA, address=address)
    assert refused.value.field == "address"
    assert not Subscriber.objects.exists()


def test_an_address_that_gets_them_already_is_refused() -> None:
    make_operator()
    with pytest.raises(Refused, match="already"):
        make_operator("ONCALL@example.org")

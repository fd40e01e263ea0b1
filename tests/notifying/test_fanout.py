"""Who is told of an event: exactly whom its rule and its instant name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from incidents.actions import subscriber as subscriber_actions
from incidents.models import Delivery, OutboxEvent, Subscriber
from incidents.notifying import attempt, fanout
from tests.factories import change, make_component, make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
T0 = utc("2026-06-23 14:52")
BEFORE = T0 - timedelta(hours=1)


def told(event: OutboxEvent) -> list[str]:
    return sorted(event.deliveries.values_list("subscriber__address", flat=True))


def newest_event() -> OutboxEvent:
    return OutboxEvent.objects.filter(reach="subscribers").latest("id")


def test_an_update_reaches_those_who_chose_all_the_component_or_its_group() -> None:
    group = make_component("Models", is_group=True, now=BEFORE)
    inside = make_component("Opus", group_id=group.pk, now=BEFORE)
    other = make_component("Website", now=BEFORE)
    make_subscriber("all@example.org", now=BEFORE)
    make_subscriber("component@example.org", component_ids=[inside.pk, other.pk], now=BEFORE)
    make_subscriber("group@example.org", component_ids=[group.pk], now=BEFORE)
    make_subscriber("other@example.org", component_ids=[other.pk], now=BEFORE)
    open_incident(inside, now=T0)

    assert fanout.fan_out(newest_event(), T0) == 3
    assert told(newest_event()) == ["all@example.org", "component@example.org", "group@example.org"]
    row = Delivery.objects.first()
    assert row is not None
    assert (row.lane, row.sequence, row.due_at, row.state) == (1, 1, T0, "pending")
    assert row.expires_at == T0 + timedelta(hours=6)


def test_a_second_fan_out_adds_nothing() -> None:
    make_subscriber(now=BEFORE)
    open_incident(now=T0)
    assert fanout.fan_out(newest_event()) == 1
    assert fanout.fan_out(newest_event()) == 0
    assert Delivery.objects.count() == 1


def test_who_confirmed_after_the_event_is_not_told_of_it() -> None:
    make_subscriber("early@example.org", now=T0)
    open_incident(now=T0)
    make_subscriber("late@example.org", now=T0 + timedelta(seconds=1))
    fanout.fan_out(newest_event())
    assert told(newest_event()) == ["early@example.org"]


def test_who_left_is_suspended_or_never_confirmed_is_not_told() -> None:
    gone, suspended = make_subscriber("gone@example.org", now=BEFORE), make_subscriber("dead@example.org", now=BEFORE)
    subscriber_actions.unsubscribe(subscriber_id=gone.pk, now=BEFORE)
    subscriber_actions.suspend_subscriber(subscriber_id=suspended.pk, reason="550", now=BEFORE)
    subscriber_actions.sign_up(address="asked@example.org", client_ip="192.0.2.1", now=BEFORE)
    open_incident(now=T0)
    assert fanout.fan_out(newest_event()) == 0


def test_who_was_told_of_the_incident_hears_the_rest_of_it_whatever_it_is_about(drain: Callable[..., None]) -> None:
    api, website = make_component("API", now=BEFORE), make_component("Website", now=BEFORE)
    reader = make_subscriber("api@example.org", component_ids=[api.pk], now=BEFORE)
    incident = open_incident(api, now=T0)
    fanout.fan_out(newest_event())
    attempt.deliver_due(now=T0)
    subscriber_actions.change_scope(
        subscriber_id=reader.pk, has_all_components=False, component_ids=[website.pk], now=T0 + timedelta(minutes=1)
    )
    post_update(incident, "resolved", now=T0 + timedelta(minutes=2))
    fanout.fan_out(newest_event())
    assert told(newest_event()) == ["api@example.org"]


def test_a_component_that_joins_later_brings_its_subscribers() -> None:
    api, website = make_component("API", now=BEFORE), make_component("Website", now=BEFORE)
    make_subscriber("web@example.org", component_ids=[website.pk], now=BEFORE)
    incident = open_incident(api, now=T0)
    fanout.fan_out(newest_event())
    assert told(newest_event()) == []
    post_update(incident, components=[change(website)], now=T0 + timedelta(minutes=2))
    fanout.fan_out(newest_event())
    assert told(newest_event()) == ["web@example.org"]


def test_a_silent_update_makes_no_deliveries_and_supersedes_none(drain: Callable[..., None]) -> None:
    make_subscriber(now=BEFORE)
    incident = open_incident(now=T0)
    fanout.fan_out(newest_event())
    post_update(incident, is_notifying=False, now=T0 + timedelta(minutes=1))
    drain(T0 + timedelta(minutes=1))
    assert list(Delivery.objects.values_list("sequence", "state")) == [(1, "sent")]


def test_another_incident_supersedes_nothing() -> None:
    make_subscriber(now=BEFORE)
    for minute in (0, 1):
        open_incident(title=f"Incident {minute}", now=T0 + timedelta(minutes=minute))
        fanout.fan_out(newest_event())
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_a_confirmation_goes_to_the_one_who_asked_in_its_own_lane(settings: Any) -> None:
    make_subscriber("bystander@example.org", now=BEFORE)
    subscriber_actions.sign_up(address="asked@example.org", client_ip="192.0.2.1", now=T0)
    fanout.fan_out(newest_event())
    row = Delivery.objects.get()
    assert (row.subscriber.address, row.lane, row.incident_id) == ("asked@example.org", 2, None)
    assert row.expires_at == T0 + timedelta(hours=1)


def test_a_newer_confirmation_supersedes_the_one_that_waits(settings: Any) -> None:
    for minute in (0, 11):
        subscriber_actions.sign_up(
            address="asked@example.org", client_ip="192.0.2.1", now=T0 + timedelta(minutes=minute)
        )
        fanout.fan_out(newest_event())
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == ["superseded", "pending"]


def test_six_thousand_deliveries_take_a_constant_number_of_queries(django_assert_max_num_queries: Any) -> None:
    Subscriber.objects.bulk_create(
        Subscriber(address=f"r{n}@example.org", address_key=f"r{n}@example.org", confirmed_at=BEFORE, created_at=BEFORE)
        for n in range(2_000)
    )
    open_incident(now=T0)
    with django_assert_max_num_queries(5):
        assert fanout.fan_out(newest_event()) == 2_000

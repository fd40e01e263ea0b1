"""What the operations people ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from incidents.models import Delivery, OutboxEvent
from incidents.notifying import fanout
from incidents.publishing.store import the_tree
from tests.factories import make_subscriber, open_incident


def test_a_living_process_says_so_without_the_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_tells_how_old_the_work_is(client: Client) -> None:
    before = timezone.now() - timedelta(minutes=5)
    make_subscriber(now=before)
    open_incident(now=before)
    the_tree().write_heartbeat({"time": (timezone.now() - timedelta(seconds=7)).isoformat()})
    answer = client.get("/readyz").json()
    assert answer["ready"]
    assert 300 <= answer["oldest_waiting_event_age_seconds"] < 330
    assert answer["oldest_due_delivery_age_seconds"] is None
    assert 7 <= answer["heartbeat_age_seconds"] < 30

    fanout.fan_out(OutboxEvent.objects.get(reach="subscribers"))
    assert Delivery.objects.count() == 1
    assert 300 <= client.get("/readyz").json()["oldest_due_delivery_age_seconds"] < 330


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_503_without_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any) -> Any:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(connection, "cursor", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"secret" not in answer.content

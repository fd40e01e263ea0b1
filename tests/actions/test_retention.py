"""What is kept for a time, and then not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents import tasks
from incidents.actions import retention
from incidents.models import Attempt, Delivery
from incidents.notifying import attempt
from tests.notifying.given import T0, fan_out_all, given_incident, given_readers
from tests.notifying.sink import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(settings) -> Delivery:
    """A delivery that ended with a refusal, at T0."""
    with Sink(lambda command, address: "550 5.7.1 no" if command == "RCPT" else None) as sink:
        settings.EMAIL_URL = sink.url
        given_readers()
        given_incident()
        fan_out_all()
        attempt.deliver_due(now=T0)
    return Delivery.objects.get()


def test_single_attempts_are_forgotten_after_thirty_days_and_how_it_ended_is_not(refused):
    assert Attempt.objects.count() == 1
    assert retention.forget_attempts(now=T0 + timedelta(days=30)) == 0
    assert retention.forget_attempts(now=T0 + timedelta(days=30, seconds=1)) == 1
    refused.refresh_from_db()
    assert (refused.state, refused.last_class) == ("dead", "permanent")


def test_what_is_still_open_keeps_its_attempts(refused):
    Delivery.objects.update(state="pending")
    assert retention.forget_attempts(now=T0 + timedelta(days=300)) == 0


def test_the_schedule_does_it(refused):
    Attempt.objects.update(at=T0 - timedelta(days=4000))
    tasks.prune()
    assert not Attempt.objects.exists()

"""`manage.py deliver`: everything that waits, without any broker."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from incidents.models import Delivery, OutboxEvent
from incidents.notifying import mailbox
from tests.factories import make_subscriber, open_incident


@pytest.mark.django_db(transaction=True)
def test_once_relays_and_delivers_all_that_is_due() -> None:
    make_subscriber()
    open_incident()
    call_command("deliver", "--once")
    assert OutboxEvent.objects.filter(relayed_at__isnull=True).count() == 0
    assert Delivery.objects.get().state == "sent"
    assert len(mailbox.messages()) == 1
    call_command("deliver", "--once")
    assert len(mailbox.messages()) == 1

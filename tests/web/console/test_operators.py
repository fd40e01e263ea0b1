"""What waits for a responder stands on the first screen; the addresses of the operators beside the subscribers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.component import set_component_status
from incidents.models import Subscriber
from tests.factories import MARIA, make_component, make_subscriber, open_incident

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


def test_what_waits_stands_on_the_overview_with_a_link_to_the_act(console):
    now = timezone.now()
    api = make_component("API & more", now=now - timedelta(days=2))
    set_component_status(
        actor=MARIA, component_id=api.pk, level="degraded_performance", now=now - timedelta(hours=7)
    )  # fmt: skip
    incident = open_incident(
        title="Errors", now=now - timedelta(hours=1), next_update_due_at=now - timedelta(minutes=30)
    )
    page = text(console.get("/console/"))
    assert "API &amp; more: degraded performance since" in page
    assert "for more than 6 h, and no open incident tells of it." in page
    assert f'href="/console/components/{api.code}/set-status"' in page
    assert "“Errors” promised an update by" in page
    assert page.count(f'href="/console/incidents/{incident.code}/update"') == 2


def test_a_quiet_overview_says_nothing_of_waiting(console):
    open_incident(title="Errors")
    assert "Waits for you" not in text(console.get("/console/"))


def test_an_operator_is_added_listed_apart_and_removed(console):
    make_subscriber("reader@example.org")
    assert console.post("/console/operators/add", {"address": "oncall@example.org"}).status_code == 302
    row = Subscriber.objects.get(is_operator=True)
    page = console.get("/console/subscribers")
    assert [each.address for each in page.context["page"]] == ["reader@example.org"]
    assert [each.address for each in page.context["operators"]] == ["oncall@example.org"]
    assert page.context["told"] == 1
    assert console.post(f"/console/subscribers/{row.pk}/unsubscribe").status_code == 302
    assert list(console.get("/console/subscribers").context["operators"]) == []


def test_a_wrong_address_is_shown_again_with_the_reason(console):
    answer = console.post("/console/operators/add", {"address": "nobody at all"})
    assert answer.status_code == 422
    assert 'value="nobody at all"' in text(answer)
    assert "That is not an e-mail address" in text(answer)

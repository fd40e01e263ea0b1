"""Subscribers and templates through the write API."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.models import OutboxEvent, Subscriber, UpdateTemplate
from tests.factories import make_component, make_subscriber
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db
KEYS = [
    "id", "mode", "email", "endpoint", "phone_number", "phone_country", "display_phone_number",
    "skip_confirmation_notification", "quarantined_at", "purge_at", "components", "created_at",
]  # fmt: skip


def test_a_subscriber_is_asked_by_mail_unless_the_caller_vouches(api: Caller):
    asked = api.post("/subscribers.json", subscriber={"email": "A@Example.ORG"})
    assert list(asked) == KEYS
    assert (asked["email"], asked["mode"], asked["components"]) == ("A@example.org", "email", None)
    assert not Subscriber.objects.get().is_told
    assert OutboxEvent.objects.get().verb == "subscriber.signed_up"
    row = make_component()
    vouched = api.post(
        "/subscribers",
        subscriber={"email": "b@example.org", "skip_confirmation_notification": True, "component_ids": [row.code]},
    )
    assert vouched["components"] == [row.code]
    assert [one["email"] for one in api.get("/subscribers")] == ["b@example.org"]
    assert [one["email"] for one in api.get("/subscribers?state=unconfirmed")] == ["A@example.org"]
    assert api.get(f"/subscribers/{vouched['id']}.json") == vouched


def test_choosing_leaving_and_coming_back(api: Caller):
    one, row = make_subscriber(), make_component()
    path = f"/subscribers/{one.pk}"
    assert api.patch(path, subscriber={"component_ids": [row.code]})["components"] == [row.code]
    assert api.patch(path, component_ids=[])["components"] is None
    assert api.call("DELETE", path).json()["email"] == one.address
    assert api.refused("GET", path, 404)
    assert [each["email"] for each in api.get("/subscribers/unsubscribed")] == [one.address]
    known = {"email": one.address, "skip_confirmation_notification": True}
    assert "known already" in api.refused("POST", "/subscribers", 422, subscriber=known)
    api.post("/subscribers", subscriber={"email": one.address})
    assert not Subscriber.objects.get().is_told, "its owner has to say so"


def test_many_are_unsubscribed_asked_again_and_let_go_on(api: Caller):
    rows = [make_subscriber(f"{name}@example.org") for name in "abc"]
    actions.suspend_subscriber(subscriber_id=rows[0].pk, reason="full")
    assert len(api.get("/subscribers?state=quarantined")) == 1
    assert api.call("POST", "/subscribers/reactivate", {"subscribers": [str(rows[0].pk)]}).status_code == 202
    assert api.get("/subscribers/count") == {
        "email": 3, "sms": 0, "webhook": 0, "slack": 0, "integration_partner": 0,
    }  # fmt: skip
    both = [str(row.pk) for row in rows[:2]]
    assert api.refused("POST", "/subscribers/unsubscribe", 404, subscribers=[*both, "999"])
    assert api.get("/subscribers/count")["email"] == 3, "one is not there: nothing happens"
    assert api.call("POST", "/subscribers/unsubscribe.json", {"subscribers": both}).status_code == 202
    histogram = api.get("/subscribers/histogram_by_state")
    assert histogram["email"] == {"active": 1, "unconfirmed": 0, "quarantined": 0, "total": 1}
    assert api.refused("POST", "/subscribers/unsubscribe", 400, subscribers="all")


def test_the_question_is_not_sent_twice_within_ten_minutes(api: Caller):
    path = f"/subscribers/{api.post('/subscribers', subscriber={'email': 'a@example.org'})['id']}/resend_confirmation"
    assert "less than ten minutes ago" in api.refused("POST", path, 422)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert api.call("POST", path).status_code == 201
    assert OutboxEvent.objects.count() == 2


def test_lists_count_their_pages_from_nought(api: Caller):
    for name in "cab":
        make_subscriber(f"{name}@example.org")
    emails = [one["email"][0] for one in api.get("/subscribers?limit=2&page=0&sort_field=created_at")]
    assert emails == ["c", "a"]
    assert [one["email"][0] for one in api.get("/subscribers?limit=2&page=1")] == ["c"]
    assert [one["email"][0] for one in api.get("/subscribers?sort_direction=desc&q=EXAMPLE")] == ["c", "b", "a"]
    assert api.get("/subscribers?type=sms") == []
    for wrong in ("page=-1", "limit=101", "state=gone", "sort_field=id"):
        assert api.call("GET", f"/subscribers?{wrong}").status_code == 400, wrong


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "not an e-mail address"),
        ({"email": "no address"}, "not an e-mail address"),
        ({"endpoint": "https://example.org/hook", "email": "a@example.org"}, "Only subscriptions by e-mail"),
        ({"phone_number": "5551234", "phone_country": "US"}, "Only subscriptions by e-mail"),
        ({"email": "a@example.org", "component_ids": ["nothing"]}, "there is no component nothing"),
    ],
)
def test_what_cannot_be_subscribed_is_refused(api: Caller, fields, sentence):
    assert sentence in api.refused("POST", "/subscribers", 422, subscriber=fields)
    for number in ("999", "x", "9" * 30):
        assert api.call("GET", f"/subscribers/{number}").status_code == 404


def test_a_template_is_kept_changed_and_deleted(api: Caller):
    made = api.post("/incident_templates", template={"name": "One", "title": "Errors", "body": "We look."})
    assert (made["update_status"], made["body"]) == ("investigating", "We look.")
    path = f"/incident_templates/{made['id']}"
    changed = api.patch(path, template={"update_status": "resolved"})
    assert (changed["name"], changed["update_status"]) == ("One", "resolved")
    assert api.get("/incident_templates.json") == [changed] == [api.get(path)]
    assert "this name already" in api.refused("POST", "/incident_templates", 422, template={"name": "One", "body": "B"})
    assert api.call("DELETE", path).status_code == 204
    assert api.refused("DELETE", path, 404)
    assert not UpdateTemplate.objects.exists()

"""Promises in the console: made from an incident, put off, waived, kept, assigned; policies and calendars."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from incidents.models import BusinessCalendar, Promise, PromisePolicy
from tests.factories import account, make_component, open_incident
from tests.promise_world import make_calendar, make_policy, make_promise, person, resolved

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def able(console, responder):
    """Somebody signed in who may do everything."""
    for name in ("administrator", "publisher"):
        Group.objects.get_or_create(name=name)[0].user_set.add(responder)
    return console


@pytest.fixture
def running():
    return make_promise(
        incident_id=open_incident(make_component()).pk, now=timezone.now(), due_at=timezone.now() + timedelta(days=4)
    )


def policy(**overrides):
    return {
        "name": "Review", "deliverable": "final_review", "minimum_impact": "major", "quantity": "5",
        "unit": "business_days", "anchor": "resolved", "start_rule": "exclude_anchor_day", "cut_off": "end_of_day",
        "is_public": "on", "escalation_group": "",
    } | overrides  # fmt: skip


def office(**overrides):
    return {"name": "Office", "zone": "Europe/Berlin", "weekend": ["5", "6"], "holidays": ""} | overrides


def test_a_sentence_of_an_update_that_reads_like_a_promise_can_be_made_one(console):
    row = open_incident(make_component(), body="It is broken. We will share more by Friday.")
    page = text(console.get(f"/console/incidents/{row.code}"))
    assert "This reads like a promise: “We will share more by Friday.”" in page
    update = row.updates.get()
    path = (
        f"/console/incidents/{row.code}/promise?update={update.code}&sentence=We%20will%20share%20more%20by%20Friday."
    )
    assert 'value="We will share more by Friday."' in text(console.get(path))
    due = timezone.now() + timedelta(days=3)
    typed = {"sentence": "We will share more by Friday.", "due_at": f"{due:%Y-%m-%d %H:%M}", "is_public": "on"}
    assert console.post(path, typed).status_code == 302
    made = Promise.objects.get()
    assert (made.update, made.incident, made.owner.username) == (update, row, "maria")
    page = text(console.get(f"/console/incidents/{row.code}"))
    assert "This reads like a promise" not in page
    assert "We will share more by Friday.</a>" in page


def test_a_promise_in_the_past_is_refused_and_what_was_typed_stays(console):
    row = open_incident(make_component())
    typed = {"sentence": "A <b>report</b>.", "due_at": "2020-01-01 10:00", "is_public": "on"}
    answer = console.post(f"/console/incidents/{row.code}/promise", typed)
    assert answer.status_code == 422
    assert "The time has passed already." in text(answer)
    assert 'value="A &lt;b&gt;report&lt;/b&gt;."' in text(answer)
    assert 'value="2020-01-01 10:00"' in text(answer)
    assert not Promise.objects.exists()


def test_promises_are_listed_and_those_due_within_two_weeks_stand_on_the_overview(console, running):
    page = text(console.get("/console/promises"))
    assert "We will share more." in page
    assert "in 3 d 23 h" in page
    assert "the operators" in page
    assert "We will share more." in text(console.get("/console/"))


def test_one_is_put_off_assigned_and_waived(able, running):
    later = timezone.now() + timedelta(days=9)
    path = f"/console/promises/{running.code}"
    typed = {"due_at": f"{later:%Y-%m-%d %H:%M}", "reason": "More to find."}
    assert able.post(f"{path}/extend", typed).status_code == 302
    assert "put off from" in text(able.get("/console/promises"))
    assert able.post(f"{path}/assign", {"owner_id": person().pk}).status_code == 302
    assert "lena" in text(able.get("/console/promises"))
    assert able.post(f"{path}/assign", {"owner_id": ""}).status_code == 302
    assert able.post(f"{path}/waive", {"reason": ""}).status_code == 422
    assert able.post(f"{path}/waive", {"reason": "Merged."}).status_code == 302
    page = text(able.get("/console/promises"))
    assert "Waived" in page
    assert "Merged." in page
    refused = able.post(f"{path}/waive", {"reason": "Again."})
    assert refused.status_code == 422
    assert "waived already" in text(refused)


def test_one_is_kept_by_an_address(console, running):
    path = f"/console/promises/{running.code}/meet"
    assert console.post(path, {"fulfilled_by": "javascript:alert(1)"}).status_code == 422
    assert console.post(path, {"fulfilled_by": "/incidents/x"}).status_code == 302
    assert "Kept" in text(console.get("/console/promises"))


def test_without_the_group_nothing_is_put_off(console, responder, running):
    responder.groups.set([Group.objects.get(name="author")])
    later = timezone.now() + timedelta(days=9)
    typed = {"due_at": f"{later:%Y-%m-%d %H:%M}", "reason": "More to find."}
    answer = console.post(f"/console/promises/{running.code}/extend", typed)
    assert answer.status_code == 404


def test_a_calendar_and_a_policy_are_added_changed_and_ended(able):
    assert able.get("/console/promises/policies/add").url == "/console/promises/calendars/add"
    answer = able.post(
        "/console/promises/calendars/add",
        office(country="DE", subdivision="BY", is_loading="on", holidays="2026-12-24 Christmas Eve"),
    )
    assert answer.status_code == 302, text(answer)
    row = BusinessCalendar.objects.get()
    assert {"date": "2026-12-24", "name": "Christmas Eve"} in row.holidays
    assert len(row.holidays) > 50
    edit = f"/console/promises/calendars/{row.pk}/edit"
    assert "2026-12-24 Christmas Eve" in text(able.get(edit))
    assert able.post("/console/promises/policies/add", policy(calendar_id=row.pk)).status_code == 302
    one = PromisePolicy.objects.get()
    assert one.is_public
    page = text(able.get("/console/promises/policies"))
    assert "Final review within 5 business days of the resolution" in page
    assert "Europe/Berlin" in page
    path = f"/console/promises/policies/{one.pk}"
    assert able.post(f"{path}/edit", policy(calendar_id=row.pk, quantity="3", seen_version="1")).status_code == 302
    stale = able.post(f"{path}/edit", policy(calendar_id=row.pk, quantity="4", seen_version="1"))
    assert stale.status_code == 409
    assert 'value="4"' in text(stale)
    assert 'name="seen_version" value="2"' in text(stale)
    assert able.post(f"{path}/archive").status_code == 302
    assert "ended" in text(able.get("/console/promises/policies"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"weekend": list("0123456")}, "at least one business day"),
        ({"holidays": "New Year"}, "2026-07-03 Independence Day"),
        ({"holidays": "2026-02-30 Never"}, "2026-07-03 Independence Day"),
        ({"icalendar": "BEGIN:VCALENDAR\nnonsense"}, "no iCalendar text"),
        ({"country": "Atlantis"}, "No holidays are known"),
        ({"opens_at": "25:00"}, "valid time"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_and_what_was_typed_stays(able, given, told):
    answer = able.post("/console/promises/calendars/add", office(name="Kept <name>", **given))
    assert answer.status_code == 422
    assert told in text(answer)
    assert "Kept &lt;name&gt;" in text(answer)
    assert not BusinessCalendar.objects.exists()


@pytest.mark.parametrize("quantity", ["0", "-3", "99999999999999999999", "1.5", "five", ""])
def test_a_quantity_that_cannot_be_promised_is_refused(able, quantity):
    given = policy(calendar_id=make_calendar().pk, quantity=quantity)
    answer = able.post("/console/promises/policies/add", given)
    assert answer.status_code == 422
    assert not PromisePolicy.objects.exists()


def test_only_an_administrator_changes_policies(console, responder):
    responder.groups.set([Group.objects.get(name="publisher")])
    given = policy(calendar_id=make_calendar().pk)
    answer = console.post("/console/promises/policies/add", given)
    assert answer.status_code == 404
    refused = console.post(f"/console/promises/policies/{make_policy().pk}/archive")
    assert refused.status_code == 404


def test_a_due_review_is_named_on_the_overview_to_whoever_may_not_start_it():
    make_policy(now=timezone.now() - timedelta(days=1))
    row = resolved(timezone.now() - timedelta(hours=2), timezone.now(), title="Sign-in fails")
    for name, role, act in (("lena", "author", "Start the review: Sign-in fails"), ("vera", "viewer", "Sign-in fails")):
        client = Client()
        client.force_login(account(name, role))
        page = text(client.get("/console/"))
        assert f">{act}</a>" in page, role
    assert f'<a href="/console/incidents/{row.code}">Sign-in fails</a>' in page

"""Undo on the page of the incident, without a script; and what the panels say meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from incidents.models import Draft, IncidentUpdate, OutboxEvent, PublicPage
from tests.factories import account, make_component, make_subscriber, open_incident
from tests.web.console.test_composer import OPEN, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident():
    long_ago = timezone.now() - timedelta(hours=1)
    for number in range(3):
        make_subscriber(f"r{number}@example.org", now=long_ago)
    return open_incident(make_component("API"), now=long_ago, is_notifying=False)


def post(console, incident, **fields):
    path = f"/console/incidents/{incident.code}/update"
    assert console.post(path, typed(console.get(path), **fields)).status_code == 302
    return incident.updates.last()


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_incident_says_how_many_it_goes_to_and_when(console, incident):
    post(console, incident)
    page = text(console.get(f"/console/incidents/{incident.code}"))
    assert "Goes to 3 subscribers at" in page
    assert "undoing leaves a tombstone there" in page


def test_undo_leads_back_to_the_text(console, incident, drain):
    update = post(console, incident, body="Wrong words", stage="identified")
    answer = console.post(f"/console/updates/{update.code}/undo", follow=True)
    assert answer.redirect_chain == [(f"/console/incidents/{incident.code}/update", 302)]
    assert "Taken back, and nobody was told." in text(answer)
    assert answer.context["form"]["body"].value() == "Wrong words"
    assert answer.context["form"]["stage"].value() == "identified"
    again = console.post(answer.redirect_chain[0][0], typed(answer, body="Right words"))
    assert again.status_code == 302
    drain(timezone.now() + timedelta(seconds=30))
    assert incident.deliveries.count() == 3
    assert not Draft.objects.exclude(fields={}).exists()


def test_undo_of_an_opening_leads_to_a_new_incident_with_all_that_was_typed(console, incident):
    form = typed(console.get(OPEN), title="Wrong title", body="Words", pick="1=m")
    console.post(OPEN, form)
    update = IncidentUpdate.objects.latest("pk")
    answer = console.post(f"/console/updates/{update.code}/undo", follow=True)
    assert answer.redirect_chain == [(OPEN, 302)]
    assert answer.context["form"]["title"].value() == "Wrong title"
    assert answer.context["form"]["pick"].value() == "1=m"


def test_too_late_is_said_where_the_incident_is(console, incident):
    update = post(console, incident)
    OutboxEvent.objects.update(held_until=timezone.now())
    answer = console.post(f"/console/updates/{update.code}/undo", follow=True)
    assert "Too late: subscribers are being told." in text(answer)
    assert "Goes to 3" not in text(answer)


def test_what_waits_for_its_author_is_no_trouble_of_the_workers(console, incident, drain):
    drain()
    post(console, incident)
    panel = console.get("/console/").context["sending"]
    assert panel.unrelayed == 0


def test_where_the_window_is_off_nothing_can_be_undone(console, incident, drain):
    PublicPage.objects.update(undo_seconds=0)
    post(console, incident)
    assert "Undo" not in text(console.get(f"/console/incidents/{incident.code}"))
    drain()
    assert incident.deliveries.count() == 3


def test_administrators_set_the_window_on_the_page(console, responder):
    form = {"name": "Status", "time_zone": "Etc/UTC", "undo_seconds": "30"}
    publisher = Client()
    publisher.force_login(account("paul", "publisher"))
    assert publisher.post("/console/page", form).status_code == 404
    assert console.post("/console/page", form).status_code == 302
    assert PublicPage.objects.get().undo_seconds == 30
    assert 'value="30"' in console.get("/console/page").content.decode()


def test_the_button_and_the_line_beside_it_count_by_channel_and_who_is_left_out(console, incident):
    other = make_component("Web")
    make_subscriber("web@example.org", component_ids=[other.pk])
    path = f"/console/incidents/{incident.code}/update"
    page = text(console.get(path))
    assert "Post and notify 3 subscribers" in page
    assert "E-mail: 3 · 1 chose other components · mails leave after 10 seconds" in page
    wider = console.post(path, typed(console.get(path), pick="web", step="preview"))
    assert "Post and notify 4 subscribers" in text(wider)

"""`/history.ics`: what calendars are told of maintenance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from incidents.domain.status import Stage
from incidents.models import Incident, PublicPage
from incidents.publishing import calendar, snapshot, store
from incidents.publishing.tree import Page
from tests.factories import make_component, open_incident, utc
from tests.publishing.planned_world import begin, cancel, finish, plan, tell
from tests.publishing.test_feed_markup import bad_texts

pytestmark = pytest.mark.django_db


def the_calendar() -> Page:
    [page] = [cold.render() for cold in calendar.cold(snapshot.build(utc("2026-06-21 12:00")))]
    return page


def events() -> list[Any]:
    return Calendar.from_ical(the_calendar().body).walk("VEVENT")


def test_each_maintenance_is_one_appointment_and_no_incident_is(settings):
    settings.SITE_URL = "https://status.example.com"
    api = make_component("API")
    open_incident(api)
    plan(api, calendar_sequence=2)
    page = the_calendar()
    assert (page.path, page.content_type) == ("/history.ics", "text/calendar; charset=utf-8")
    whole = Calendar.from_ical(page.body)
    assert (whole["version"], whole["method"]) == ("2.0", "PUBLISH")
    assert whole["prodid"].startswith("-//")
    assert "maintenance" in whole["x-wr-calname"]
    [event] = whole.walk("VEVENT")
    assert event["uid"] == "mnt000000001@status.example.com"
    assert event.decoded("dtstart") == utc("2026-06-23 14:00")
    assert event.decoded("dtend") == utc("2026-06-23 16:00")
    assert event.decoded("dtstamp") == event.decoded("last-modified") == utc("2026-06-20 09:00")
    assert event["summary"] == "Database upgrade"
    assert event["description"] == "The database moves to new hardware.\n\nComponents: API"
    assert event["url"] == "https://status.example.com/incidents/mnt000000001"
    assert (event["status"], event["sequence"], event["transp"]) == ("CONFIRMED", 2, "TRANSPARENT")
    assert b"DTSTART:20260623T140000Z\r\n" in page.body


def test_an_appointment_keeps_its_uid_while_it_is_moved_worked_on_and_cancelled():
    moved, dropped = plan(), plan(code="mnt000000002", title="Never")
    before = events()
    Incident.objects.filter(pk=moved.pk).update(scheduled_until=utc("2026-06-23 18:00"), calendar_sequence=1)
    begin(moved, utc("2026-06-23 14:00"))
    finish(moved, utc("2026-06-23 17:00"))
    cancel(dropped, utc("2026-06-21 10:00"))
    after = events()
    assert [event["uid"] for event in after] == [event["uid"] for event in before]
    assert [event["sequence"] for event in after] == [1, 1]
    assert [event["status"] for event in after] == ["CONFIRMED", "CANCELLED"]
    assert after[0].decoded("dtend") == utc("2026-06-23 18:00")


def test_the_bytes_and_the_key_change_only_with_a_maintenance():
    api = make_component("API")
    row = plan(api)

    def state() -> tuple[str, bytes]:
        [cold] = calendar.cold(snapshot.build(utc("2026-06-21 12:00")))
        return cold.key, cold.render().body

    before = state()
    open_incident(api)
    assert state() == before
    tell(row, Stage.SCHEDULED, utc("2026-06-22 09:00"), "Reminder.", is_reminder=True)
    assert state()[0] != before[0]
    assert state()[1] != before[1]


@pytest.mark.parametrize("given", bad_texts())
def test_awkward_text_comes_out_of_a_calendar_as_it_went_in(given):
    text = f"a, b; c\\n {storable(given)[:4000]} end"
    PublicPage.objects.update(name=text[:200])
    plan(title=text[:255], body=text)
    body = the_calendar().body
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    [event] = Calendar.from_ical(body).walk("VEVENT")
    assert visible(str(event["summary"])) == visible(text[:255])
    assert str(event["description"]).endswith("end")


def storable(text: str) -> str:
    """What a database takes: neither NUL nor lone surrogates."""
    return "".join(sign for sign in text if sign != "\0" and not 0xD800 <= ord(sign) <= 0xDFFF)


def visible(text: str) -> list[str]:
    return [sign for sign in text if sign.isprintable() and not sign.isspace()]


def test_the_calendar_is_published_at_its_address_with_its_type():
    plan()
    store.republish(utc("2026-06-21 12:00"))
    tree = store.the_tree()
    file = tree.root / "cold" / "history.ics"
    assert Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    meta = json.loads(Path(f"{file}.meta").read_bytes())
    assert (meta["path"], meta["content_type"]) == ("/history.ics", "text/calendar; charset=utf-8")

"""`/history.ics`: every maintenance, and when each promise falls due (RFC 5545), a pure function of a snapshot.

The dialect has no such address; what stands here was found to be read by the usual calendars. An appointment keeps its
UID through every change, and a reader takes the one with the highest SEQUENCE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from incidents.domain.markup import render_text
from incidents.publishing.promises import PromiseView
from incidents.publishing.public import ColdPage, IncidentView, PageView, Snapshot, key_of
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page

PATH = "/history.ics"
CONTENT_TYPE = "text/calendar; charset=utf-8"
PRODUCT = "-//Candor//Candor status page//EN"
# What TEXT cannot carry (RFC 5545, section 3.3.11), and lone surrogates, which cannot be encoded. Readers take the
# other ends of a line for one, so they become spaces.
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?")
_OTHER_LINE_END = re.compile("[\x0b\x0c\x80-\x9f\u2028\u2029]")


def hot(_snapshot: Snapshot) -> list[Page]:
    """Nothing: the calendar changes only with a maintenance or a promise."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The one calendar of the page."""
    planned = sorted((row for row in snapshot.incidents if row.window), key=lambda row: (row.started_at, row.number))
    promised = sorted((row for row in snapshot.promises if row.is_row), key=lambda row: (row.made_at, row.code))
    key = key_of(snapshot.page.name, snapshot.page.url, planned, promised)
    yield ColdPage(PATH, key, partial(_calendar, snapshot.page, planned, promised))


def _calendar(page: PageView, planned: list[IncidentView], promised: list[PromiseView]) -> Page:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _clean(_("%(name)s: maintenance and promised dates") % {"name": page.name}))
    for incident in planned:
        calendar.add_component(_event(page, incident))
    for promise in promised:
        calendar.add_component(_due(page, promise))
    return Page(PATH, calendar.to_ical(), CONTENT_TYPE, headers=OPEN_TO_SCRIPTS)


def _event(page: PageView, incident: IncidentView) -> Event:
    assert incident.window, "only maintenance has an appointment"
    event = Event()
    event.add("uid", f"{incident.code}@{urlsplit(page.url).hostname}")
    event.add("dtstamp", incident.updated_at)
    event.add("last-modified", incident.updated_at)
    event.add("dtstart", incident.window.scheduled_for)
    event.add("dtend", incident.window.scheduled_until)
    event.add("summary", _clean(incident.title))
    event.add("description", _clean(_description(incident)))
    event.add("url", page.url + incident.url_path)
    event.add("status", "CANCELLED" if incident.is_cancelled else "CONFIRMED")
    event.add("sequence", incident.calendar_sequence)
    event.add("transp", "TRANSPARENT")
    return event


def _due(page: PageView, promise: PromiseView) -> Event:
    """When a promise falls due: an instant, cancelled once it is waived; each time it is put off is a new SEQUENCE."""
    event = Event()
    event.add("uid", f"{promise.code}@{urlsplit(page.url).hostname}")
    event.add("dtstamp", promise.changed_at)
    event.add("last-modified", promise.changed_at)
    event.add("dtstart", promise.due_at)
    event.add("summary", _clean(_("Due: %(promise)s") % {"promise": promise.sentence}))
    event.add("description", _clean(promise.incident_title or promise.sentence))
    event.add("url", page.url + (promise.place or "/promises"))
    event.add("status", "CANCELLED" if promise.waived_at else "CONFIRMED")
    event.add("sequence", len(promise.put_off) + (1 if promise.waived_at else 0))
    event.add("transp", "TRANSPARENT")
    return event


def _description(incident: IncidentView) -> str:
    """The newest text, and what it is about."""
    names = ", ".join(view.name for view in incident.affected)
    told = render_text(incident.newest.body)
    return f"{told}\n\n{_('Components: %(names)s') % {'names': names}}" if names else told


def _clean(text: str) -> str:
    return _NOT_TEXT.sub("", _OTHER_LINE_END.sub(" ", _LINE_END.sub("\n", text)))

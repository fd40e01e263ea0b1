"""No page asks more of the database when there is more to show."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Delivery, OutboxEvent
from tests.factories import make_component, make_region, make_subscriber, open_incident, post_update
from tests.inbound_world import alert, make_rule, make_source, report

PAGES = [
    "/console/", "/console/sending", "/console/incidents", "/console/incidents/open", "/console/promises",
    "/console/components",
    "/console/subscribers", "/console/deliveries", "/console/audit", "/console/templates",
    "/console/proposals", "/console/sources", "/console/incidents/<code>",
    "/console/incidents/<code>/update",
]  # fmt: skip


def grow(first, last):
    """More of everything: components in regions, incidents with updates, subscribers with deliveries."""
    regions = [make_region(f"r{number}") for number in range(first, last)]
    apis = [make_component(f"API {number}", region_ids=[r.pk for r in regions]) for number in range(first, last)]
    big = None
    for number in range(first, last):
        incident = open_incident(*apis, title=f"Errors {number}")
        post_update(incident, "identified")
        big = big or incident
        subscriber = make_subscriber(f"reader{number}@example.org", component_ids=[apis[0].pk])
        now = timezone.now()
        for event in OutboxEvent.objects.filter(incident=incident, reach="subscribers"):
            Delivery.objects.create(
                event=event, incident=incident, subscriber=subscriber, sequence=event.sequence, channel="email",
                due_at=now, created_at=now, last_class="lane",
            )  # fmt: skip
        source, _key = make_source(name=f"Monitor {number}")
        make_rule(source, make_component(f"Watched {number}", region_ids=[r.pk for r in regions]))
        report(source, alert())  # waits
        report(source, alert("2", labels={"component": apis[0].slug}))
    return big


def counts(console, incident):
    found = {}
    for page in PAGES:
        path = page.replace("<code>", incident.code)
        with CaptureQueriesContext(connection) as captured:
            assert console.get(path).status_code == 200
        found[path] = len(captured)
    return found


def test_every_page_needs_the_same_queries_for_ten_rows_and_for_twenty(console):
    incident = grow(0, 10)
    few = counts(console, incident)
    grow(10, 20)
    assert counts(console, incident) == few
    assert max(few.values()) <= 32, few

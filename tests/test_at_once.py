"""What several people do to one incident at once, and to what is not there any more: cases of `workflow`."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from incidents.models import AuditEntry, Incident, IncidentUpdate
from tests.factories import make_component
from tests.web.api.v1.v1_world import Caller, a_token


@pytest.fixture
def api(db: None) -> Caller:
    return Caller()


def at_once(*calls: tuple[str, dict[str, Any]]) -> list[int]:
    """The statuses of PATCH calls made side by side, each with a key of its own."""
    keys = [a_token(name=f"robot {number}")[1] for number in range(len(calls))]
    ready, statuses = threading.Barrier(len(calls)), [0] * len(calls)

    def run(number: int) -> None:
        path, body = calls[number]
        caller = Caller(keys[number])
        ready.wait(10)
        statuses[number] = caller.call("PATCH", path, body).status_code
        connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return statuses


@pytest.mark.django_db(transaction=True)
def test_two_who_post_at_once_both_stand_in_one_order():
    path = f"/incidents/{Caller().post('/incidents', incident={'name': 'Errors'})['id']}"
    bodies = [{"incident": {"status": "identified", "body": text}} for text in ("One.", "Two.")]
    assert at_once(*((path, body) for body in bodies)) == [200, 200]
    rows = IncidentUpdate.objects.order_by("sequence")
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert {row.body for row in rows[1:]} == {"One.", "Two."}
    assert [row.posted_at for row in rows] == sorted(row.posted_at for row in rows)


@pytest.mark.django_db(transaction=True)
def test_a_resolution_and_a_diagnosis_at_once_leave_one_order():
    path = f"/incidents/{Caller().post('/incidents', incident={'name': 'Errors'})['id']}"
    resolved, known = ({"incident": {"status": status, "body": status}} for status in ("resolved", "identified"))
    statuses = at_once((path, resolved), (path, known))
    assert set(statuses) <= {200, 422}
    newest = IncidentUpdate.objects.order_by("sequence").last()
    assert Incident.objects.get().stage == newest.stage
    assert IncidentUpdate.objects.count() == 1 + statuses.count(200)


def test_an_update_of_a_withdrawn_incident_is_refused_and_says_so(api: Caller):
    path = f"/incidents/{api.post('/incidents', incident={'name': 'Errors'})['id']}"
    assert api.call("DELETE", path).status_code == 200
    assert api.refused("PATCH", path, 404, incident={"body": "More."})
    assert IncidentUpdate.objects.filter(body="More.").count() == 0


def test_a_zone_that_is_none_is_refused(api: Caller):
    assert "zone" in api.refused("PATCH", "", 422, page={"time_zone": "Mars/Olympus"}).lower()


def test_a_component_that_is_deleted_in_trouble_stays_and_its_history_too(api: Caller):
    row = make_component("Web")
    made = api.post("/incidents", incident={"name": "Errors", "components": {row.code: "major_outage"}})
    assert "not operational" in api.refused("DELETE", f"/components/{row.code}", 422)
    api.patch(f"/incidents/{made['id']}", incident={"status": "resolved"})
    assert api.call("DELETE", f"/components/{row.code}").status_code == 204
    row.refresh_from_db()
    assert row.archived_at is not None
    assert row.intervals.count() == 1


def test_an_open_incident_whose_components_work_is_shown_as_it_is(api: Caller):
    row = make_component("Web")
    made = api.post("/incidents", incident={"name": "Errors", "components": {row.code: "major_outage"}})
    shown = api.patch(
        f"/incidents/{made['id']}", incident={"status": "monitoring", "components": {row.code: "operational"}}
    )
    assert (shown["status"], shown["impact"]) == ("monitoring", "critical")
    assert shown["components"][0]["status"] == "operational"


def test_an_amended_update_is_never_told_again_whatever_is_asked(api: Caller):
    made = api.post("/incidents", incident={"name": "Errors", "body": "First."})
    path = f"/incidents/{made['id']}/incident_updates/{made['incident_updates'][0]['id']}"
    told = AuditEntry.objects.filter(verb="incident.updated").count()
    answer = api.call("PATCH", path, {"incident_update": {"body": "Second.", "deliver_notifications": True}})
    assert answer.status_code < 500
    assert AuditEntry.objects.filter(verb="incident.updated").count() == told
    assert timezone.now() - Incident.objects.get().updated_at < timedelta(minutes=1)

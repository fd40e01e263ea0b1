"""Maintenance through the write API: an incident with a window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Component, ImpactInterval, Incident
from tests.factories import make_component, make_region
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db


def at(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def schedule(api: Caller, row: Component, **fields: Any) -> Any:
    window = {"scheduled_for": at(2), "scheduled_until": at(3)}
    return api.post("/incidents", incident={"name": "Work", "component_ids": [row.code]} | window | fields)


def test_maintenance_is_scheduled_begun_and_completed(api: Caller):
    row = make_component()
    made = schedule(api, row, status="scheduled", scheduled_remind_prior=True, body="We work.")
    assert (made["status"], made["impact"], made["scheduled_remind_prior"]) == ("scheduled", "maintenance", True)
    assert (made["scheduled_auto_in_progress"], made["scheduled_auto_completed"]) == (False, False)
    assert [part["id"] for part in made["components"]] == [row.code]
    for name in ("scheduled", "upcoming"):
        assert [one["id"] for one in api.get(f"/incidents/{name}")] == [made["id"]]
    path = f"/incidents/{made['id']}"
    running = api.patch(path, incident={"status": "in_progress"})
    assert running["components"][0]["status"] == "under_maintenance"
    assert [one["id"] for one in api.get("/incidents/active_maintenance.json")] == [made["id"]]
    assert api.get("/incidents/unresolved") == []
    done = api.patch(path, incident={"status": "completed", "components": {row.code: "operational"}})
    assert (done["status"], done["components"][0]["status"]) == ("completed", "operational")
    assert done["incident_updates"][0]["body"] == "The scheduled maintenance has been completed."
    assert not ImpactInterval.objects.filter(ended_at__isnull=True).exists()


def test_what_is_named_of_the_schedule_changes_and_regions_stay(api: Caller):
    eu = make_region("eu")
    row, other = make_component("A", region_ids=[eu.pk, make_region("us").pk]), make_component("B")
    made = schedule(api, row, scheduled_auto_transition=True)
    incident = Incident.objects.get()
    incident.scope.update(region=eu)
    path = f"/incidents/{made['id']}"
    changed = api.patch(
        path, incident={"components": {row.code: "under_maintenance", other.code: "under_maintenance"},
                        "scheduled_auto_completed": False, "name": "More work"},
    )  # fmt: skip
    assert (changed["name"], changed["scheduled_auto_in_progress"], changed["scheduled_auto_completed"]) == (
        "More work", True, False,
    )  # fmt: skip
    assert set(incident.scope.values_list("component__name", "region__key")) == {("A", "eu"), ("B", None)}
    assert {part["status"] for part in changed["components"]} == {"operational"}, "it has not begun"


def test_the_window_moves_with_one_update(api: Caller):
    made = schedule(api, make_component())
    until = at(5)
    moved = api.patch(f"/incidents/{made['id']}", incident={"scheduled_until": until, "body": "It takes longer."})
    assert [update["body"] for update in moved["incident_updates"]] == ["It takes longer.", "Maintenance is planned."]
    assert moved["scheduled_for"] == made["scheduled_for"] != moved["scheduled_until"]
    assert "must end after it begins" in api.refused(
        "PATCH", f"/incidents/{made['id']}", 422, incident={"scheduled_until": at(1)}
    )


def test_a_repeated_move_of_the_window_is_told_once(api: Caller):
    made = schedule(api, make_component())
    body = {"incident": {"scheduled_until": at(5), "body": "It takes longer."}}
    answers = [api.call("PATCH", f"/incidents/{made['id']}", body, Idempotency_Key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(answers[1].json()["incident_updates"]) == 2


def test_deleted_maintenance_is_called_off_and_running_work_is_not(api: Caller):
    row = make_component()
    first, second = schedule(api, row), schedule(api, row)
    gone = api.call("DELETE", f"/incidents/{first['id']}").json()
    assert (gone["status"], gone["incident_updates"][0]["body"]) == ("completed", "This maintenance was called off.")
    api.patch(f"/incidents/{second['id']}", incident={"status": "in_progress"})
    assert "Complete it instead" in api.refused("DELETE", f"/incidents/{second['id']}", 422)


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"scheduled_until": None}, 422, "scheduled_until"),
        ({"scheduled_for": "2026-13-01T00:00:00Z"}, 400, "incident.scheduled_for"),
        ({"scheduled_for": "2026-06-23T23:59:60Z"}, 400, "incident.scheduled_for"),
        ({"scheduled_for": "2026-06-23T10:00:00"}, 400, "timezone"),
        ({"scheduled_for": "0001-01-01T00:00:00+14:00"}, 400, "before 1990"),
        ({"scheduled_for": 1e300}, 400, "incident.scheduled_for"),
        ({"scheduled_until": "2020-01-01T00:00:00Z"}, 422, "must end after it begins"),
        ({"component_ids": []}, 422, "at least one component"),
        ({"status": "in_progress"}, 422, "scheduled first"),
        ({"component_ids": ["nothing"]}, 422, "there is no component"),
    ],
)
def test_a_window_that_cannot_be_is_refused(api: Caller, fields, status, sentence):
    window = {
        "name": "Work",
        "component_ids": [make_component().code],
        "scheduled_for": at(2),
        "scheduled_until": at(3),
    }
    assert sentence in api.refused("POST", "/incidents", status, incident=window | fields)

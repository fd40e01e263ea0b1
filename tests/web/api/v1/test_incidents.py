"""Incidents through the write API."""

from __future__ import annotations

import json

import pytest
import time_machine

from incidents.models import AuditEntry, Correction, ImpactInterval, Incident, OutboxEvent
from tests.factories import make_component, open_incident, post_update, utc
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db
KEYS = {
    "id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink",
    "started_at", "page_id", "incident_updates", "components", "reminder_intervals", "impact_override", "metadata",
    "postmortem_body", "postmortem_body_last_updated_at", "postmortem_ignored", "postmortem_published_at",
    "postmortem_notified_subscribers", "postmortem_notified_twitter", "scheduled_for", "scheduled_until",
    "scheduled_remind_prior", "scheduled_reminded_at", "scheduled_auto_in_progress", "scheduled_auto_completed",
    "scheduled_auto_transition", "auto_transition_to_maintenance_state", "auto_transition_to_operational_state",
    "auto_transition_deliver_notifications_at_start", "auto_transition_deliver_notifications_at_end",
}  # fmt: skip


def test_an_incident_is_opened_told_of_and_resolved(api: Caller):
    row = make_component("API")
    opened = api.post(
        "/incidents.json",
        incident={
            "name": "Errors", "body": "We look.", "components": {row.code: "major_outage"}, "metadata": {"a": {"b": 1}},
        },
    )  # fmt: skip
    assert set(opened) == KEYS
    assert (opened["status"], opened["impact"], opened["metadata"]) == ("investigating", "critical", {"a": {"b": 1}})
    assert [one["status"] for one in opened["components"]] == ["major_outage"]
    (first,) = opened["incident_updates"]
    assert list(first)[:6] == ["id", "status", "body", "incident_id", "created_at", "updated_at"]
    assert first["affected_components"] == [
        {"code": row.code, "name": "API", "old_status": "operational", "new_status": "major_outage"}
    ]
    path = f"/incidents/{opened['id']}"
    told = api.patch(f"{path}.json", incident={"status": "monitoring", "message": "Fixed, it seems."})
    assert (told["status"], told["incident_updates"][0]["body"]) == ("monitoring", "Fixed, it seems.")
    assert told["monitoring_at"]
    done = api.patch(path, incident={"status": "resolved", "components": {row.code: "operational"}})
    assert (done["status"], done["incident_updates"][0]["body"]) == ("resolved", "This incident has been resolved.")
    assert (done["resolved_at"], done["components"][0]["status"], done["impact"]) == (
        done["incident_updates"][0]["display_at"], "operational", "critical",
    )  # fmt: skip
    assert api.get(path) == done == api.get("/incidents")[0]
    assert [entry.actor_kind for entry in AuditEntry.objects.filter(incident__isnull=False)] == ["token"] * 4


def test_an_old_form_opens_an_incident(api: Caller):
    one, two, quiet = (make_component(name) for name in ("A", "B", "C"))
    api.patch(f"/components/{one.code}", component={"status": "partial_outage"})
    answer = api.form(
        "POST", "/incidents.json",
        "incident[name]=Errors&incident[message]=One%0Atwo&incident[wants_twitter_update]=f&incident[status]=identified"
        f"&incident[component_ids][]={one.code}&incident[component_ids][]={two.code}&incident[component_ids][]={quiet.code}"
        f"&incident[components][{two.code}]=degraded_performance&incident[impact_override]=minor"
        "&incident[deliver_notifications]=false",
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert [(part["name"], part["status"]) for part in made["components"]] == [
        ("A", "partial_outage"), ("B", "degraded_performance"),
    ]  # fmt: skip
    assert (made["impact"], made["impact_override"]) == ("minor", "minor")
    assert (made["incident_updates"][0]["body"], made["incident_updates"][0]["deliver_notifications"]) == (
        "One\ntwo", False,
    )  # fmt: skip
    assert not OutboxEvent.objects.filter(reach="subscribers").exists()


def test_components_may_be_a_list(api: Caller):
    row = make_component("A")
    api.patch(f"/components/{row.code}", component={"status": "major_outage"})
    made = api.post("/incidents", incident={"name": "Errors", "components": [row.code]})
    assert [part["id"] for part in made["components"]] == [row.code]
    for form in (f"[components][]={row.code}", f"[component_ids][]={row.code}", f"[components][{row.code}]="):
        answer = api.form("POST", "/incidents", f"incident[name]=Errors&incident{form}")
        assert answer.json()["components"][0]["id"] == row.code


def test_a_status_that_is_named_is_that_of_the_component_whoever_holds_it(api: Caller):
    row = make_component("A")
    api.patch(f"/components/{row.code}", component={"status": "major_outage"})
    made = api.post("/incidents", incident={"name": "Errors", "component_ids": [row.code]})
    done = api.patch(
        f"/incidents/{made['id']}", incident={"status": "resolved", "components": {row.code: "operational"}}
    )
    assert done["components"][0]["status"] == "operational"
    assert not ImpactInterval.objects.filter(ended_at__isnull=True).exists()


def test_only_what_is_named_changes_and_a_new_title_is_a_public_correction(api: Caller):
    incident = open_incident(make_component())
    path = f"/incidents/{incident.code}"
    changed = api.patch(path, incident={"name": "Slow answers", "impact_override": "minor"})
    assert (changed["name"], changed["impact"], len(changed["incident_updates"])) == ("Slow answers", "minor", 1)
    assert Correction.objects.get().reason == "Changed through the API."
    assert api.patch(path, incident={"impact_override": ""})["impact_override"] is None
    before = AuditEntry.objects.count()
    whole = api.get(path)
    known = {name: whole[name] for name in ("name", "status", "metadata")}
    assert api.call("PUT", path, {"incident": known}).json() == whole
    assert AuditEntry.objects.count() == before, "all of it is so already"


def test_a_resolved_incident_is_reopened_by_an_open_status_alone(api: Caller):
    incident = open_incident(make_component())
    post_update(incident, "resolved")
    path = f"/incidents/{incident.code}"
    assert "Reopen it" in api.refused("PATCH", path, 422, incident={"body": "One more word."})
    again = api.patch(path, incident={"status": "investigating"})
    assert again["resolved_at"] is None
    assert [entry.verb for entry in AuditEntry.objects.all()[:1]] == ["incident.reopened"]


def test_a_repeated_status_with_a_text_is_one_more_update_with_words_of_its_own(api: Caller):
    incident = open_incident(row := make_component())
    answer = api.patch(f"/incidents/{incident.code}", incident={"components": {row.code: "partial_outage"}})
    assert answer["incident_updates"][0]["body"] == "We are continuing to investigate this issue."
    assert answer["components"][0]["status"] == "partial_outage"


def test_a_deleted_incident_is_withdrawn(api: Caller):
    incident = open_incident(make_component())
    path = f"/incidents/{incident.code}"
    assert api.call("DELETE", path).json()["id"] == incident.code
    assert api.refused("GET", path, 404) == "There is no incident with this id."
    assert api.refused("DELETE", path, 404)
    assert api.refused("PATCH", path, 404, incident={"body": "B"})
    assert api.get("/incidents") == []
    assert Incident.objects.get().withdrawn_reason == "Deleted through the API."


def test_an_update_is_amended_and_the_former_text_stays(api: Caller):
    with time_machine.travel(utc("2026-06-09 12:00"), tick=False):
        incident = open_incident(make_component())
        update = incident.updates.get()
    path = f"/incidents/{incident.code}/incident_updates/{update.code}"
    body = {"body": "Better.", "display_at": "2026-06-09T13:59:00+02:00", "deliver_notifications": False}
    changed = api.patch(path, incident_update=body)
    assert (changed["body"], changed["display_at"]) == ("Better.", "2026-06-09T11:59:00.000Z")
    assert update.revisions.get().reason == "Changed through the API."
    assert api.patch(path, incident_update={"body": "Better."}) == changed
    assert "in the future" in api.refused("PATCH", path, 422, incident_update={"display_at": "2199-01-01T00:00:00Z"})
    assert api.refused("PATCH", path[:-1] + "_", 404, incident_update={"body": "B"})


def test_the_lists_hold_what_they_say_a_page_at_a_time(api: Caller):
    row = make_component()
    rows = [open_incident(row, title=f"Number {number}", started_at=None) for number in range(3)]
    post_update(rows[0], "resolved", body="It was the cable.")
    assert [one["name"] for one in api.get("/incidents?limit=2&page=2")] == ["Number 0"]
    assert [one["name"] for one in api.get("/incidents/unresolved.json?per_page=1")] == ["Number 2"]
    assert [one["name"] for one in api.get("/incidents?q=CABLE")] == ["Number 0"]
    assert api.get("/incidents?page=9") == []
    for wrong in ("limit=101", "page=0", "page=-1", "page=1e9", "q=%00"):
        assert api.call("GET", f"/incidents?{wrong}").status_code == 400, wrong


def test_lists_cost_as_many_queries_for_many_as_for_few(api: Caller, django_assert_max_num_queries):
    row = make_component()
    for _number in range(5):
        open_incident(row)
    with django_assert_max_num_queries(18):
        assert len(api.get("/incidents")) == 5


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"name": ""}, 422, "Fill in the title."),
        ({"name": "x" * 256}, 422, "at most 255"),
        ({"name": "E", "body": "x" * 25_001}, 422, "at most 25,000"),
        ({"name": "E", "status": "broken"}, 400, "incident.status: "),
        ({"name": "E", "components": {"nothing": "major_outage"}}, 422, "there is no component nothing"),
        ({"name": "E", "components": "1"}, 400, "incident.components"),
        ({"name": "E", "deliver_notifications": "false"}, 400, "incident.deliver_notifications: "),
        ({"name": 7}, 400, "incident.name: "),
        ({"name": "E", "metadata": {"a": 1}}, 400, "incident.metadata"),
        ({"name": "E", "metadata": {"a": {"b": "x" * 20_000}}}, 400, "at most 20,000 characters"),
        ({"name": "E", "impact_override": "huge"}, 400, "incident.impact_override"),
        ({"name": "E", "backfilled": True, "backfill_date": "2020-01-01"}, 422, "import_history"),
        ({"name": "E", "status": "scheduled"}, 422, "scheduled_for"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(api: Caller, fields, status, sentence):
    assert sentence in api.refused("POST", "/incidents", status, incident=fields)
    assert not Incident.objects.exists()


def test_nobody_sets_what_is_not_theirs(api: Caller):
    theirs = {"id": "aaaaaaaaaaaa", "created_by": 1, "published_at": "2020-01-01", "tenant_id": 1, "notify_all": True}
    made = api.post("/incidents", incident={"name": "E", **theirs}, tenant_id=2)
    assert made["id"] != "aaaaaaaaaaaa"
    assert not set(theirs) - {"id"} & set(json.dumps(made))

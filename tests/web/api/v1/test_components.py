"""Components, groups and the page through the write API."""

from __future__ import annotations

import pytest
import time_machine

from incidents.models import AuditEntry, Component, ImpactInterval
from tests.factories import make_component, make_region, open_incident, utc
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db
KEYS = [
    "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date", "group_id",
    "page_id", "group", "only_show_if_degraded", "automation_email",
]  # fmt: skip


def test_the_page_is_read_and_edited(api: Caller):
    (one,) = api.get("/v1/pages.json")
    assert api.page.endswith(one["id"])
    assert api.patch("", page={"name": "Acme", "subdomain": "acme"})["name"] == "Acme"
    assert api.form("PUT", "", "page[time_zone]=Europe/Berlin").json()["time_zone"] == "Europe/Berlin"
    assert api.get("")["name"] == "Acme"
    assert api.refused("PATCH", "", 422, page={"time_zone": "Mars/Olympus"}) == "There is no time zone of that name."


def test_times_are_in_the_zone_of_the_page_with_three_digits(api: Caller):
    api.patch("", page={"time_zone": "America/New_York"})
    with time_machine.travel(utc("2026-07-01 12:00"), tick=False):
        assert api.post("/components", component={"name": "API"})["created_at"] == "2026-07-01T08:00:00.000-04:00"


def test_a_component_is_added_read_edited_and_archived(api: Caller):
    made = api.post("/components", component={"name": "API", "description": "The API", "start_date": "2026-01-01"})
    assert list(made) == KEYS
    assert (made["status"], made["showcase"], made["start_date"]) == ("operational", True, "2026-01-01")
    path = f"/components/{made['id']}"
    assert api.get(f"{path}.json") == made
    edited = api.patch(path, component={"name": "Gateway", "showcase": False})
    assert (edited["name"], edited["description"], edited["showcase"]) == ("Gateway", "The API", False)
    assert api.get("/components") == [edited]
    whole = {name: edited[name] for name in edited if name not in ("id", "group", "position")}
    assert api.call("PUT", path, {"component": whole}).json() == edited
    assert AuditEntry.objects.filter(actor_kind="token").count() == 2, "all of it is so already"
    assert api.call("DELETE", path).status_code == 204
    assert api.refused("GET", path, 404) == "There is no component with this id."
    assert AuditEntry.objects.filter(actor_kind="token", actor_label="robot").count() == 3


@pytest.mark.parametrize("day", ["0001-01-01", "0206-01-01", "9999-12-31"])
def test_a_first_day_that_would_give_the_history_thousands_of_months_is_refused(api: Caller, day):
    """In the year 1 the months before it are no dates any more: nothing could be published then."""
    told = "The first day must lie between 1990 and 2199."
    assert api.refused("POST", "/components", 422, component={"name": "API", "start_date": day}) == told
    row = make_component("Web")
    assert api.refused("PATCH", f"/components/{row.code}", 422, component={"start_date": day}) == told
    assert list(Component.objects.exclude(start_date=row.start_date).values_list("start_date")) == []


def test_a_form_says_the_same_as_json(api: Caller):
    answer = api.form(
        "POST", "/components.json",
        "component[name]=API&component[showcase]=false&component[group_id]=null&component[status]=major_outage",
    )  # fmt: skip
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["showcase"], made["group_id"], made["status"]) == ("API", False, None, "major_outage")


def test_a_component_moves_into_a_group_and_out_by_the_word_null(api: Caller):
    group = make_component("Europe", is_group=True)
    one = api.post("/components", component={"name": "API", "group_id": group.code})
    assert one["group_id"] == group.code
    assert api.patch(f"/components/{one['id']}", component={"status": "operational"})["group_id"] == group.code
    assert api.patch(f"/components/{one['id']}", component={"group_id": "null"})["group_id"] is None
    assert "there is no component nothing" in api.refused(
        "PATCH", f"/components/{one['id']}", 422, component={"group_id": "nothing"}
    )


def test_a_status_is_what_the_component_is_at_now(api: Caller):
    row = make_component("API")
    path = f"/components/{row.code}"
    for status in ("major_outage", "degraded_performance", "under_maintenance", "partial_outage", "operational"):
        assert api.patch(path, component={"status": status})["status"] == status
        assert api.get(path)["status"] == status
    before = AuditEntry.objects.count()
    api.patch(path, component={"status": "operational"})
    assert AuditEntry.objects.count() == before, "said already: nothing happens"
    assert not ImpactInterval.objects.filter(ended_at__isnull=True).exists()


def test_operational_ends_what_incidents_hold_and_they_say_so(api: Caller):
    row = make_component("API")
    incident = open_incident(row, make_component("Web"))
    assert api.patch(f"/components/{row.code}", component={"status": "operational"})["status"] == "operational"
    newest = incident.updates.last()
    assert newest.body == "API is operational again."
    assert newest.stage == "investigating"
    assert not newest.is_notifying
    assert newest.component_changes[0]["new_level"] == "operational"
    assert [span.component.name for span in ImpactInterval.objects.filter(ended_at__isnull=True)] == ["Web"]


def test_a_lighter_status_brings_what_an_incident_holds_down_to_it(api: Caller):
    region = make_region("eu")
    row = make_component("API", region_ids=[region.pk, make_region("us").pk])
    incident = open_incident(row)
    answer = api.patch(f"/components/{row.code}", component={"status": "degraded_performance"})
    assert answer["status"] == "degraded_performance"
    assert incident.updates.last().body == "The status of API is now: degraded performance."


def test_a_group_is_made_of_components_and_dissolved_into_them(api: Caller):
    one, two, three = (make_component(name) for name in ("A", "B", "C"))
    body = {"description": None, "component_group": {"name": "Europe", "components": [two.code, one.code]}}
    group = api.post("/component-groups.json", **body)
    assert list(group) == [
        "id", "page_id", "name", "description", "components", "position", "created_at", "updated_at"
    ]  # fmt: skip
    assert group["components"] == [two.code, one.code]
    path = f"/component-groups/{group['id']}"
    assert api.get("/component-groups") == [group] == [api.get(path)]
    changed = api.patch(path, component_group={"components": [three.code, one.code]}, description="All of it")
    assert (changed["components"], changed["description"]) == ([three.code, one.code], "All of it")
    assert "is a group" in api.refused("PATCH", f"/components/{group['id']}", 422, component={"status": "major_outage"})
    as_component = api.get(f"/components/{group['id']}")
    assert (as_component["group"], as_component["components"]) == (True, [three.code, one.code])
    assert api.call("DELETE", f"{path}.json").status_code == 200
    assert not Component.objects.filter(group__isnull=False).exists()
    assert api.get("/component-groups") == []


def test_a_group_takes_no_group_and_nothing_twice(api: Caller):
    one, group = make_component("A"), make_component("Europe", is_group=True)
    for members in ([group.code], [one.code, one.code]):
        body = {"component_group": {"name": "B", "components": members}}
        assert "each once, and no groups" in api.refused("POST", "/component-groups", 422, **body)
    assert not Component.objects.filter(name="B").exists()


def test_uptime_weighs_a_partial_outage_by_three_tenths_and_a_group_is_the_mean(api: Caller):
    group = make_component("Europe", is_group=True)
    row, _other = make_component("API", group_id=group.pk), make_component("Web", group_id=group.pk)
    with time_machine.travel(utc("2026-06-10 00:00"), tick=False):
        open_incident(row, level="partial_outage", started_at=utc("2026-06-09 22:00"))
        query = "?start=2026-06-09&end=2026-06-10"
        one = api.get(f"/components/{row.code}/uptime{query}")
        both = api.get(f"/component-groups/{group.code}/uptime{query}")
    assert (one["partial_outage"], one["major_outage"], one["uptime_percentage"]) == (7200, 0, 97.5)
    assert (both["partial_outage"], both["uptime_percentage"]) == (3600, 98.75)
    assert one["range_start"] == "2026-06-09T00:00:00.000Z"
    assert len(one["related_events"]["incidents"]) == 1


def test_components_come_a_page_at_a_time(api: Caller):
    for name in "ABC":
        make_component(name)
    assert [row["name"] for row in api.get("/components?per_page=2&page=2")] == ["C"]
    assert [row["name"] for row in api.get("/components?per_page=2")] == ["A", "B"]
    for wrong in ("page=0", "page=x", "per_page=101", "limit=0", "page=99999999999999999999"):
        assert api.call("GET", f"/components?{wrong}").status_code == 400

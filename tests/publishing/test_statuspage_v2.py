"""The public JSON of the Statuspage dialect: what programs that poll such a page find here."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from incidents.actions import component as component_actions
from incidents.actions import page as page_actions
from incidents.domain.status import Level, top_status
from incidents.publishing import snapshot
from incidents.publishing.public import ChangeView
from tests import workflow_world
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc
from tests.publishing import planned_world
from tests.publishing.dialect_world import API, CODAMETRIX, documents, pages_of, sample, shapes
from tests.publishing.feed_truth import START, component, incident, truth, update
from tests.publishing.page_world import set_status

pytestmark = pytest.mark.django_db
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$")
CANARY = "CANARY-5b1e"
ALL, MORE, MANY = ("operational", "degraded_performance", "partial_outage"), "major_outage", "under_maintenance"


def times_in(value: Any, key: str = "") -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in times_in(each, key)]
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in times_in(each, name)]
    return [value] if isinstance(value, str) and (key.endswith("_at") or key.startswith("scheduled_")) else []


def a_page_with_everything() -> None:
    """A group with a component in two regions; incidents open and over; maintenance to come, running and done."""
    now = utc("2026-06-01 09:00")
    regions = [make_region(key, now=now).pk for key in ("east", "west")]
    group = make_component("Models", is_group=True, now=now)
    opus = make_component("Opus", group_id=group.pk, region_ids=regions, start_date=now.date(), now=now)
    web = make_component("Web", description="The site", now=now)
    over = open_incident(opus, web, level=Level.PARTIAL_OUTAGE, now=utc("2026-06-10 10:00"))
    post_update(over, "monitoring", now=utc("2026-06-10 10:20"))
    post_update(over, "resolved", now=utc("2026-06-10 10:40"))
    open_incident(web, title="Slow <pages> & more", level=Level.DEGRADED_PERFORMANCE, now=utc("2026-06-22 08:00"))
    planned_world.plan(web, code="mnt000000001")
    running = planned_world.plan(opus, code="mnt000000002", scheduled_for=utc("2026-06-22 08:30"))
    planned_world.begin(running, utc("2026-06-22 08:30"))
    done = planned_world.plan(opus, code="mnt000000003", told_at=utc("2026-06-02 08:30"))
    planned_world.begin(done, utc("2026-06-05 08:30"))
    planned_world.finish(done, utc("2026-06-05 09:30"))


# --- the objects ----------------------------------------------------------------------------------------------------


def test_every_object_has_the_keys_of_captured_ones_in_their_order():
    names = ("summary", "status", "components", "incidents", "scheduled-maintenances")
    captured = {shape for name in names for shape in shapes(sample(f"{CODAMETRIX}{name}.json"), name)}
    a_page_with_everything()
    found = documents(snapshot.build(utc("2026-06-22 12:00")))
    ours = {shape for name in names for shape in shapes(found[f"{API}{name}.json"], name)}
    kinds = {"group", "components", "incidents", "scheduled_maintenances", "incident_updates", "affected_components"}
    assert {name for name, _keys in ours} == {*names, *kinds, "page", "status"}
    # A summary without incidents has none of these to compare, and the lists have them.
    assert ours == captured
    lists = {"incidents/unresolved", "scheduled-maintenances/upcoming", "scheduled-maintenances/active"}
    for name in lists:
        wanted = list(sample(f"{CODAMETRIX}{name.replace('/', '-')}.json"))
        assert list(found[f"{API}{name}.json"]) == wanted
        assert set(shapes(found[f"{API}{name}.json"], "document")) <= captured | {("document", tuple(wanted))}


def test_keys_are_those_of_a_second_page_too():
    captured = dict(shapes(sample("claude-summary-2026-10-07.json")))
    captured |= dict(shapes(sample("claude-scheduled-maintenances-2026-09-15.json"), "list"))
    a_page_with_everything()
    found = dict(shapes(documents(snapshot.build(utc("2026-06-22 12:00")))[f"{API}summary.json"]))
    names = captured.keys() & found.keys()
    assert names >= {"document", "page", "components", "incidents", "scheduled_maintenances", "incident_updates"}
    assert {name: set(found[name]) for name in names} == {name: set(captured[name]) for name in names}


def test_the_document_of_one_incident_or_component_holds_the_object_of_the_lists():
    a_page_with_everything()
    found = documents(snapshot.build(utc("2026-06-22 12:00")))
    listed = (
        found[f"{API}incidents.json"]["incidents"]
        + found[f"{API}scheduled-maintenances.json"]["scheduled_maintenances"]
    )
    assert len(listed) == 5
    for each in listed:
        alone = found[f"{API}incidents/{each['id']}.json"]
        assert list(alone) == ["page", "incident"]
        assert alone["incident"] == each
        assert found[f"/incidents/{each['id']}.json"] == alone
    for each in found[f"{API}components.json"]["components"]:
        assert found[f"{API}components/{each['id']}.json"]["component"] == each


def test_groups_are_components_with_children_and_no_day_of_beginning():
    a_page_with_everything()
    listed = documents(snapshot.build(utc("2026-06-22 12:00")))[f"{API}components.json"]["components"]
    assert [(row["name"], row["position"], row["group"]) for row in listed] == [
        ("Models", 1, True), ("Opus", 1, False), ("Web", 2, False),
    ]  # fmt: skip
    group, opus, web = listed
    assert group["components"] == [opus["id"]]
    assert (group["status"], group["showcase"], group["start_date"]) == ("under_maintenance", False, None)
    assert (opus["group_id"], opus["start_date"], opus["description"]) == (group["id"], "2026-06-01", None)
    assert (web["group_id"], web["description"], web["status"]) == (None, "The site", "degraded_performance")


def test_bodies_are_compact_and_print_what_html_would_read_as_escapes():
    a_page_with_everything()
    page = pages_of(snapshot.build(utc("2026-06-22 12:00")))[f"{API}incidents/unresolved.json"]
    assert page.body.startswith(b'{"page":{"id":"')
    assert rb'"Slow \u003cpages\u003e \u0026 more"' in page.body
    assert not {b"<", b">", b"&"} & {bytes([each]) for each in page.body}
    assert json.loads(page.body)["incidents"][0]["name"] == "Slow <pages> & more"


def test_a_text_that_no_encoding_takes_stops_no_document():
    row = incident(7, update(1, body="a\ud83db"), title="\u2028")
    found = documents(truth(row))
    assert found[f"{API}incidents.json"]["incidents"][0]["incident_updates"][0]["body"] == "a?b"


# --- derived values -------------------------------------------------------------------------------------------------


def expected_status(levels: tuple[str, ...]) -> tuple[str, str]:
    """The table of the dialect, as it is written there: by counts."""
    count = {level: levels.count(level) for level in levels}
    if count.get("operational") == 3:
        return "none", "All Systems Operational"
    if count.get("major_outage") == 3:
        return "critical", "Major System Outage"
    if count.get("major_outage", 0) > 0 or count.get("partial_outage") == 3:
        return "major", "Partial System Outage"
    if count.get("partial_outage", 0) > 0:
        return "minor", "Minor Service Outage"
    if count.get("degraded_performance") == 3:
        return "minor", "Degraded System Service"
    if count.get("degraded_performance", 0) > 0:
        return "minor", "Partially Degraded Service"
    return "maintenance", "Service Under Maintenance"


def test_all_status_combinations_of_three_components_give_the_status_of_the_table():
    levels = [*ALL, MORE, MANY]
    wrong = []
    for given in itertools.product(levels, repeat=3):
        leaves = [component(f"c{at}", level=Level(level), group_code="g") for at, level in enumerate(given)]
        page = truth(components=(component("g", *leaves[:2], level=Level(MORE)), leaves[2]))  # the group counts nothing
        page = replace(page, top=top_status(leaf.level for leaf in page.leaves))
        status = documents(page)[f"{API}status.json"]["status"]
        if (status["indicator"], status["description"]) != expected_status(given):
            wrong.append((given, status))
    assert wrong == []


@pytest.mark.parametrize("levels", [(MORE, MORE, MORE), (MORE, *ALL[:2]), (MANY, MANY, MANY), ALL])
def test_the_status_is_that_of_the_ledger(levels):
    group = make_component("Models", is_group=True)
    rows = [make_component(name, group_id=group.pk) for name in ("Opus", "Sonnet", "Haiku")]
    for row, level in zip(rows, levels, strict=True):
        if level != Level.OPERATIONAL:
            set_status(row, Level(level), utc("2026-06-01 09:00"))
    found = documents(snapshot.build())
    status = found[f"{API}status.json"]["status"]
    assert (status["indicator"], status["description"]) == expected_status(levels)
    assert [row["status"] for row in found[f"{API}components.json"]["components"] if not row["group"]] == list(levels)


def test_an_open_incident_without_trouble_leaves_all_systems_operational():
    make_component()
    open_incident()
    summary = documents(snapshot.build())[f"{API}summary.json"]
    assert summary["status"] == {"indicator": "none", "description": "All Systems Operational"}
    [row] = summary["incidents"]
    assert (row["impact"], row["components"], row["incident_updates"][0]["affected_components"]) == ("none", [], None)


def test_times_stand_in_the_zone_of_the_page_with_the_offset_of_that_day():
    page_actions.edit_page(actor=MARIA, name="CodaMetrix", time_zone="America/New_York", now=utc("2026-01-01 09:00"))
    api = make_component(now=utc("2026-01-01 09:00"))
    winter = open_incident(api, title="Winter", now=utc("2026-01-15 12:00:00.123999"))
    post_update(winter, "resolved", now=utc("2026-01-15 13:00"))
    summer = open_incident(api, title="Summer", now=utc("2026-07-15 12:00"))
    found = documents(snapshot.build(utc("2026-07-16 12:00")))
    at = {row["name"]: row["created_at"] for row in found[f"{API}incidents.json"]["incidents"]}
    assert at == {"Winter": "2026-01-15T07:00:00.123-05:00", "Summer": "2026-07-15T08:00:00.000-04:00"}
    assert found[f"{API}incidents/{summer.code}.json"]["page"]["time_zone"] == "America/New_York"
    stamps = [stamp for document in found.values() for stamp in times_in(document)]
    assert len(stamps) > 40
    assert [stamp for stamp in stamps if not TIME.match(stamp) or stamp.endswith("Z")] == []


@pytest.mark.parametrize(
    ("zone", "winter"),
    [("Etc/UTC", "2026-01-15T12:00:00.000Z"), ("UTC", "2026-01-15T12:00:00.000Z"),
     ("Europe/London", "2026-01-15T12:00:00.000+00:00"), ("Asia/Kolkata", "2026-01-15T17:30:00.000+05:30")],
)  # fmt: skip
def test_z_is_for_pages_in_utc_alone(zone, winter):
    row = incident(1, update(1, posted_at=utc("2026-01-15 12:00")))
    assert documents(truth(row, time_zone=zone))[f"{API}incidents.json"]["incidents"][0]["created_at"] == winter


def test_times_say_when_it_was_watched_and_when_it_was_over():
    api = make_component(now=utc("2026-06-20 09:00"))
    row = open_incident(api, now=utc("2026-06-23 10:00"))
    post_update(row, "monitoring", now=utc("2026-06-23 10:10"))
    post_update(row, "identified", now=utc("2026-06-23 10:20"))
    post_update(row, "monitoring", now=utc("2026-06-23 10:30"))
    post_update(row, "monitoring", now=utc("2026-06-23 10:40"))
    one = documents(snapshot.build(utc("2026-06-23 10:45")))[f"{API}incidents.json"]["incidents"][0]
    assert (one["monitoring_at"], one["resolved_at"]) == ("2026-06-23T10:30:00.000Z", None)
    post_update(row, "resolved", now=utc("2026-06-23 10:50"))
    over = documents(snapshot.build(utc("2026-06-23 11:00")))[f"{API}incidents.json"]["incidents"][0]
    assert (over["resolved_at"], over["updated_at"]) == ("2026-06-23T10:50:00.000Z",) * 2
    assert over["created_at"] == over["started_at"] == "2026-06-23T10:00:00.000Z"


def test_components_named_by_an_update_carry_the_name_of_that_day_and_their_group():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    row = open_incident(opus)
    post_update(row, "identified")
    component_actions.edit_component(
        actor=MARIA,
        component_id=opus.pk,
        name="Opus 5",
        description="",
        start_date=None,
        is_hidden_unless_degraded=False,
        group_id=group.pk,
        region_ids=[],
    )
    [shown] = documents(snapshot.build())[f"{API}summary.json"]["incidents"]
    newest, first = shown["incident_updates"]
    assert newest["affected_components"] is None
    assert first["affected_components"] == [
        {"code": opus.code, "name": "Models - Opus", "old_status": "operational", "new_status": "major_outage"}
    ]
    assert [(each["id"], each["name"]) for each in shown["components"]] == [(opus.code, "Opus 5")]


def change(region: str, old: str, new: str) -> ChangeView:
    return ChangeView("api", "api", "API", region, Level(old), Level(new), START)


def test_a_component_in_several_regions_is_as_bad_as_the_worst_of_them():
    down, well, slow = "major_outage", "operational", "degraded_performance"
    row = incident(
        1,
        update(1, changes=(change("", well, down),)),
        update(2, changes=(change("East", down, well),)),
        update(3, changes=(change("East", well, slow), change("West", down, well))),
        update(4, changes=(change("", slow, well),)),
    )
    api = component("api", levels_by_region=(("East", Level.OPERATIONAL), ("West", Level.OPERATIONAL)))
    shown = documents(truth(row, components=(api,)))[f"{API}incidents.json"]["incidents"][0]["incident_updates"]
    told = [(each["affected_components"][0]["old_status"], each["affected_components"][0]["new_status"])
            for each in reversed(shown)]  # fmt: skip
    assert told == [(well, down), (down, down), (down, slow), (slow, well)]
    assert all(len(each["affected_components"]) == 1 for each in shown)


def test_a_published_review_is_one_more_update_without_a_time_and_before_all_others():
    row = workflow_world.slight()
    later = open_incident(title="Later")
    review = workflow_world.published(row)
    found = documents(snapshot.build())
    listed = found[f"{API}incidents.json"]["incidents"]
    assert [each["id"] for each in listed] == [later.code, row.code]  # a review moves nothing up
    one = found[f"{API}incidents/resolved.json"]["incidents"][0]
    told = one["incident_updates"]
    assert [each["status"] for each in told[:2]] == ["postmortem", "resolved"]
    assert (one["status"], one["resolved_at"]) == ("postmortem", told[1]["display_at"])
    assert told[0]["display_at"] is None
    assert TIME.match(told[0]["created_at"])
    assert f"/reviews/{review.slug})" in told[0]["body"]
    assert not [key for key in one if key.startswith("postmortem")]

"""What the lists of the Statuspage dialect hold and in which order, what is written when, and what an import keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from incidents.actions import amending, withholding
from incidents.actions import component as component_actions
from incidents.domain.status import Impact, Kind, Level, Stage
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, UpdateTemplate
from incidents.publishing import feeds, snapshot, statuspage_v2
from incidents.publishing.public import IncidentView, IntervalView, Snapshot, WindowView
from tests.factories import MARIA, colleague, make_component, make_subscriber, open_incident, post_update, utc
from tests.publishing import planned_world
from tests.publishing.dialect_world import API, documents, pages_of
from tests.publishing.feed_truth import component, incident, parsed, truth, update

pytestmark = pytest.mark.django_db
CANARY = "canary-5b1e"


def keys_of(truth: Snapshot) -> dict[str, str]:
    return {page.path: page.key for page in statuspage_v2.cold(truth)}


def names_in(found: dict[str, Any], path: str) -> list[str]:
    document = found[f"{API}{path}.json"]
    rows = document.get("incidents", document.get("scheduled_maintenances"))
    return [row["name"] for row in rows]


def maintenance(number: int, begins: datetime, *told: Any, **given: Any) -> IncidentView:
    told = told or (update(1, Stage.SCHEDULED, posted_at=utc("2026-06-01 09:00") + timedelta(hours=number)),)
    values = {
        "kind": Kind.MAINTENANCE,
        "impact": Impact.MAINTENANCE,
        "title": f"Plan {number}",
        "window": WindowView(begins, begins + timedelta(hours=1)),
        "is_open": told[-1].stage != Stage.COMPLETED,
    }
    return incident(number, *told, **{**values, **given})


# --- lists ----------------------------------------------------------------------------------------------------------


def test_lists_go_by_the_time_of_the_newest_update_as_the_feeds_do():
    def told(*hours: int) -> list[Any]:
        return [update(at, posted_at=utc("2026-06-23 00:00") + timedelta(hours=hour)) for at, hour in enumerate(hours)]

    created_first, written_last = incident(1, *told(1, 9)), incident(2, *told(2))
    others = [incident(3, *told(4)), replace(written_last, updated_at=utc("2026-06-24 00:00"))]
    page = truth(created_first, *others)
    assert names_in(documents(page), "incidents") == ["Trouble 1", "Trouble 3", "Trouble 2"]
    atom = next(each for each in feeds.hot(page) if each.path == "/history.atom")
    assert [entry.title for entry in parsed(atom).entries] == ["Trouble 1", "Trouble 3", "Trouble 2"]


def test_maintenance_to_come_is_listed_by_its_start_and_running_one_with_it_in_the_summary():
    begun = update(2, Stage.IN_PROGRESS, posted_at=utc("2026-06-22 10:00"))
    done = update(2, Stage.COMPLETED, posted_at=utc("2026-06-22 11:00"))
    page = truth(
        maintenance(1, utc("2026-07-01 10:00")),
        maintenance(2, utc("2026-06-28 10:00")),
        maintenance(3, utc("2026-06-22 10:00"), update(1, Stage.SCHEDULED), begun),
        maintenance(4, utc("2026-06-22 10:00"), update(1, Stage.SCHEDULED), done),
        incident(5),
    )
    found = documents(page)
    assert names_in(found, "scheduled-maintenances/upcoming") == ["Plan 2", "Plan 1"]
    assert names_in(found, "scheduled-maintenances/active") == ["Plan 3"]
    assert [row["name"] for row in found[f"{API}summary.json"]["scheduled_maintenances"]] == [
        "Plan 3", "Plan 2", "Plan 1",
    ]  # fmt: skip
    assert sorted(names_in(found, "scheduled-maintenances")) == ["Plan 1", "Plan 2", "Plan 3", "Plan 4"]
    assert names_in(found, "incidents") == ["Trouble 5"]


def test_maintenance_that_was_called_off_is_completed_and_no_longer_to_come():
    row = planned_world.plan(make_component())
    planned_world.cancel(row, utc("2026-06-21 09:00"))
    found = documents(snapshot.build(utc("2026-06-22 09:00")))
    assert names_in(found, "scheduled-maintenances/upcoming") == []
    [shown] = found[f"{API}scheduled-maintenances.json"]["scheduled_maintenances"]
    assert (shown["status"], shown["resolved_at"]) == ("completed", "2026-06-21T09:00:00.000Z")


def test_lists_hold_the_newest_fifty_and_every_open_incident_stays_in_the_summary():
    rows = [incident(1, update(1, posted_at=utc("2026-01-01 00:00")))]
    over = [update(1), update(2, Stage.RESOLVED)]
    rows += [incident(number, *over) for number in range(2, 62)]
    rows += [maintenance(number, utc("2026-07-01 10:00")) for number in range(100, 152)]
    found = documents(truth(*rows))
    assert len(names_in(found, "incidents")) == 50
    assert len(names_in(found, "incidents/resolved")) == 50
    assert len(names_in(found, "scheduled-maintenances")) == 50
    assert names_in(found, "incidents/unresolved") == ["Trouble 1"]
    assert [row["name"] for row in found[f"{API}summary.json"]["incidents"]] == ["Trouble 1"]
    assert len(found[f"{API}summary.json"]["scheduled_maintenances"]) == 52


def test_an_archived_component_is_listed_only_where_it_was_part_of_the_trouble():
    api, web = make_component(), make_component("Web")
    row = open_incident(api, web)
    post_update(row, "resolved")
    component_actions.archive_component(actor=MARIA, component_id=api.pk)
    found = documents(snapshot.build())
    assert [each["name"] for each in found[f"{API}components.json"]["components"]] == ["Web"]
    assert f"{API}components/{api.code}.json" not in found
    assert [each["name"] for each in found[f"{API}incidents.json"]["incidents"][0]["components"]] == ["API", "Web"]


def test_a_withdrawn_incident_is_gone_and_its_short_link_leads_to_what_is_said_of_it():
    row = open_incident(make_component())
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="It was a test.")
    found = pages_of(snapshot.build())
    assert names_in(documents(snapshot.build()), "incidents") == []
    assert not {f"{API}incidents/{row.code}.json", f"/incidents/{row.code}.json"} & found.keys()
    assert dict(found[f"/i/{row.code}"].headers)["Location"] == f"/incidents/{row.code}"


def test_short_links_lead_to_the_incident():
    row = incident(7)
    page = pages_of(truth(row))[f"/i/{row.code}"]
    assert (page.status, dict(page.headers)["Location"]) == (302, f"/incidents/{row.code}")
    shown = documents(truth(row))[f"{API}incidents.json"]["incidents"][0]
    assert shown["shortlink"] == f"https://status.example.com/i/{row.code}"


# --- history --------------------------------------------------------------------------------------------------------


def test_the_history_holds_three_months_a_page_and_ends_with_one_of_none():
    over = update(2, Stage.RESOLVED, "All **good**.", posted_at=utc("2026-06-23 16:02"))
    newest = incident(
        1, update(1, posted_at=utc("2026-06-23 14:52")), over, started_at=utc("2026-06-23 14:30"), impact=Impact.MINOR,
        resolved_at=utc("2026-06-23 16:02"), is_open=False,
    )  # fmt: skip
    older = incident(2, update(1, posted_at=utc("2026-02-27 23:00")), started_at=utc("2026-02-27 23:00"))
    found = documents(truth(newest, older))
    assert found["/history.json"] == found["/history/pages/1.json"]
    first = found["/history.json"]["months"]
    assert [(month["name"], month["year"]) for month in first] == [("June", 2026), ("May", 2026), ("April", 2026)]
    assert first[0]["incidents"] == [
        {
            "code": newest.code,
            "name": "Trouble 1",
            "message": "All **good**.",
            "impact": "minor",
            "timestamp": (
                "Jun <var data-var='date'>23</var>, <var data-var='time'>14:52</var>"
                " - <var data-var='time'>16:02</var> UTC"
            ),
            "status": "resolved",
        }
    ]
    second = found["/history/pages/2.json"]["months"]
    assert [(month["name"], len(month["incidents"])) for month in second] == [("March", 0), ("February", 1)]
    stamp = second[1]["incidents"][0]["timestamp"]
    assert stamp == "Feb <var data-var='date'>27</var>, <var data-var='time'>23:00</var> UTC"
    assert found["/history/pages/none.json"] == {"months": []}
    assert "/history/pages/3.json" not in found


# --- what is written when -------------------------------------------------------------------------------------------


def test_an_update_rewrites_as_many_documents_however_long_the_history_is():
    def written(count: int) -> set[str]:
        over = [update(1), update(2, Stage.RESOLVED)]
        past = [incident(number, *over) for number in range(2, count)]
        before = truth(incident(1, update(1)), *past)
        after = truth(incident(1, update(1), update(2, posted_at=utc("2026-06-23 18:00"))), *past)
        held = (IntervalView("api", "API", "", Level.MAJOR_OUTAGE, False, utc("2026-06-23 18:00"), None, "", "", ""),)
        api = component("api", level=Level.MAJOR_OUTAGE, intervals=held, updated_at=utc("2026-06-23 18:00"))
        former = keys_of(before)
        return {path for path, key in keys_of(replace(after, components=(api,))).items() if former[path] != key}

    few, many = written(40), written(200)
    assert len(few) == len(many) <= 2 * statuspage_v2.KEPT_CURRENT + 4
    assert {f"{API}incidents/code00000001.json", "/incidents/code00000001.json", f"{API}components/api.json"} <= many


def test_an_incident_that_is_over_keeps_its_components_as_they_stood_when_it_last_changed():
    api = make_component(now=utc("2026-06-01 09:00"))
    old = open_incident(api, title="Old", now=utc("2026-06-02 10:00"))
    post_update(old, "resolved", now=utc("2026-06-02 11:00"))
    for day in range(3, 3 + statuspage_v2.KEPT_CURRENT):
        late = open_incident(api, now=utc(f"2026-06-{day:02} 10:00"), level=Level.PARTIAL_OUTAGE)
        post_update(late, "resolved", now=utc(f"2026-06-{day:02} 11:00"))
    before = documents(snapshot.build(utc("2026-06-20 09:00")))[f"/incidents/{old.code}.json"]
    open_incident(api, now=utc("2026-06-20 10:00"))
    found = documents(snapshot.build(utc("2026-06-20 11:00")))
    assert found[f"/incidents/{old.code}.json"] == before
    [then] = before["incident"]["components"]
    assert (then["status"], then["updated_at"]) == ("operational", "2026-06-02T11:00:00.000Z")
    assert before["page"]["updated_at"] == "2026-06-02T11:00:00.000Z"
    [now] = found[f"/incidents/{late.code}.json"]["incident"]["components"]
    assert (now["status"], now["updated_at"]) == ("major_outage", "2026-06-20T10:00:00.000Z")
    assert found[f"/incidents/{late.code}.json"]["page"]["updated_at"] == "2026-06-20T10:00:00.000Z"


def test_the_number_of_hot_documents_is_fixed_and_each_says_when_the_page_last_changed():
    many = [incident(number) for number in range(1, 80)]
    found = {page.path: page for page in statuspage_v2.hot(truth(*many, updated_at=utc("2026-06-24 07:00")))}
    assert found.keys() == statuspage_v2.DOCUMENTS.keys()
    assert all(b'"updated_at":"2026-06-24T07:00:00.000Z"},' in page.body for page in found.values())


def test_keys_change_with_the_bytes_and_with_nothing_else():
    before = truth(incident(1), incident(2))
    assert keys_of(before) == keys_of(replace(before, built_at=utc("2026-06-30 09:00")))
    assert keys_of(before) == keys_of(truth(incident(1), incident(2), updated_at=utc("2026-06-30 09:00")))
    renamed = keys_of(truth(incident(1, title="Other"), incident(2)))
    changed = {path for path, key in keys_of(before).items() if renamed[path] != key}
    assert changed == {
        f"{API}incidents/code00000001.json", "/incidents/code00000001.json", "/history.json", "/history/pages/1.json",
    }  # fmt: skip


# --- what is internal, and what an import kept ----------------------------------------------------------------------


def test_nothing_internal_stands_in_any_document():
    canary = colleague(CANARY)
    api = make_component(actor=canary, now=utc("2026-06-20 09:00"))
    row = open_incident(api, actor=canary, key=CANARY, now=utc("2026-06-23 14:52"))
    amending.amend_update(
        actor=canary, update_id=row.updates.get().pk, body="Better.", reason="Clearer.", now=utc("2026-06-23 15:00")
    )
    before = {path: page.body for path, page in pages_of(snapshot.build(utc("2026-06-23 15:20"))).items()}
    ImpactInterval.objects.update(note=CANARY, superseded_by_label=CANARY)
    IncidentUpdate.objects.update(author_label=CANARY)
    UpdateTemplate.objects.create(name=CANARY, stage="identified", body=CANARY)
    make_subscriber(f"{CANARY}@example.org")
    after = {path: page.body for path, page in pages_of(snapshot.build(utc("2026-06-23 15:20"))).items()}
    assert after == before
    assert [path for path, body in after.items() if CANARY.encode() in body.lower()] == []


KEPT = {
    "created_at": "2026-06-23T09:00:00.123000+00:00",
    "started_at": "2026-06-23T09:00:00.111000+00:00",
    "updated_at": "2026-06-24T10:00:00.456000+00:00",
    "monitoring_at": None,
    "resolved_at": "2026-06-23T12:00:00.789000+00:00",
    "reminder_intervals": "[]",
    "impact": "major",
}


def imported() -> tuple[Component, Incident]:
    api = make_component(now=utc("2026-06-20 09:00"))
    row = open_incident(api, now=utc("2026-06-23 10:00"))
    post_update(row, "monitoring", now=utc("2026-06-23 10:10"))
    post_update(row, "resolved", now=utc("2026-06-23 10:20"))
    row.refresh_from_db()
    Incident.objects.filter(pk=row.pk).update(wire={**KEPT, "until": row.version})
    return api, row


def test_what_an_import_kept_is_printed_as_it_was_while_nobody_wrote_since():
    _api, row = imported()
    kept = {"updated_at": "2026-06-23T10:30:00.001+00:00", "affected_components": None, "tweet_id": 77}
    IncidentUpdate.objects.filter(incident=row, sequence=1).update(wire=kept)
    [shown] = documents(snapshot.build(utc("2026-06-25 09:00")))[f"{API}incidents.json"]["incidents"]
    read = {name: shown[name] for name in KEPT}
    assert read == {name: str(v).replace("000+00:00", "Z") if v else None for name, v in KEPT.items()}
    first = shown["incident_updates"][-1]
    assert (first["updated_at"], first["affected_components"], first["tweet_id"]) == (
        "2026-06-23T10:30:00.001Z", None, 77,
    )  # fmt: skip


def test_a_write_after_the_import_ends_what_it_kept_but_not_when_it_began():
    _api, row = imported()
    amending.amend_update(
        actor=MARIA, update_id=row.updates.first().pk, body="Better.", reason="Clearer.", now=utc("2026-06-26 09:00")
    )
    [shown] = documents(snapshot.build(utc("2026-06-27 09:00")))[f"{API}incidents.json"]["incidents"]
    assert (shown["created_at"], shown["started_at"]) == ("2026-06-23T09:00:00.123Z", "2026-06-23T09:00:00.111Z")
    assert (shown["updated_at"], shown["impact"]) == ("2026-06-26T09:00:00.000Z", "critical")
    assert (shown["monitoring_at"], shown["resolved_at"]) == ("2026-06-23T10:10:00.000Z", "2026-06-23T10:20:00.000Z")


def test_intervals_that_an_import_brought_do_not_move_the_component_but_their_end_does():
    api = make_component(now=utc("2026-06-20 09:00"))
    row = ImpactInterval.objects.create(
        component=api, level=Level.MAJOR_OUTAGE, started_at=utc("2026-06-21 10:00"), source="import",
        recorded_at=utc("2026-06-22 09:00"),
    )  # fmt: skip
    path = f"{API}components/{api.code}.json"
    now = utc("2026-06-23 10:00")
    assert documents(snapshot.build(now))[path]["component"]["updated_at"] == "2026-06-20T09:00:00.000Z"
    ImpactInterval.objects.filter(pk=row.pk).update(ended_at=utc("2026-06-22 18:00"))
    assert documents(snapshot.build(now))[path]["component"]["updated_at"] == "2026-06-22T18:00:00.000Z"

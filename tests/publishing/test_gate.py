"""The gate: what each address says, in which region, at which level, and what it costs to keep that so."""

from __future__ import annotations

import json

import pytest

from incidents.actions import component as component_actions
from incidents.actions import maintenance
from incidents.domain.gate import ORDER
from incidents.domain.status import Level
from incidents.publishing import gate, snapshot
from incidents.publishing.tree import Page, file_of
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
NOON = utc("2026-06-23 12:00")


def answers() -> dict[str, Page]:
    pages = [each.render() for each in gate.cold(snapshot.build(utc("2026-06-23 18:00")))]
    assert len({page.path for page in pages}) == len(pages)
    return {page.path: page for page in pages}


def keys() -> dict[str, str]:
    return {each.path: each.key for each in gate.cold(snapshot.build(utc("2026-06-23 18:00")))}


def line(page: Page) -> list[str]:
    text = page.body.decode()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    fields = text[:-1].split(" ")
    assert len(fields) == 5
    return fields


def data(page: Page) -> dict[str, object]:
    found: dict[str, object] = json.loads(page.body)
    return found


def test_a_component_that_works_is_ok_with_no_times():
    make_component("API")
    page = answers()["/gate/api"]
    assert (page.status, page.body) == (200, b"ok operational - - -\n")
    assert page.content_type == "text/plain; charset=utf-8"


def test_a_component_that_is_down_says_since_when_and_where_to_read_of_it(settings):
    incident = open_incident(make_component("API"), started_at=utc("2026-06-23 11:30"), now=NOON)
    page = answers()["/gate/api"]
    url = f"{settings.SITE_URL}/incidents/{incident.code}"
    assert page.status == 503
    assert line(page) == ["down", "major_outage", "2026-06-23T11:30:00Z", url, "2026-06-23T11:30:00Z"]


def test_after_the_incident_it_is_ok_and_says_when_that_began():
    incident = open_incident(make_component("API"), now=NOON)
    post_update(incident, "resolved", now=utc("2026-06-23 13:15"))
    assert line(answers()["/gate/api"]) == ["ok", "operational", "-", "-", "2026-06-23T13:15:00Z"]


@pytest.mark.parametrize("level", ORDER[1:])
def test_the_level_in_the_path_decides(level):
    api = make_component("API")
    if level == Level.UNDER_MAINTENANCE:
        component_actions.set_component_status(actor=MARIA, component_id=api.pk, level=level)
    else:
        open_incident(api, level=level)
    found = answers()
    is_ok = {limit: found[f"/gate/api/{limit}"].status == 200 for limit in ORDER}
    assert list(is_ok.values()) == [ORDER.index(level) <= ORDER.index(limit) for limit in ORDER]
    for limit in ORDER:
        plain, as_data = found[f"/gate/api/{limit}"], data(found[f"/gate/api/{limit}.json"])
        assert line(plain)[:2] == [as_data["gate"], as_data["status"]] == ["ok" if is_ok[limit] else "down", level]
        assert as_data["worst"] == limit
    assert found["/gate/api"].body == found["/gate/api/degraded_performance"].body


def test_the_data_says_the_same_as_the_line():
    api = make_component("API")
    incident = open_incident(api, level=Level.PARTIAL_OUTAGE, now=NOON)
    page = answers()["/gate/api.json"]
    said = data(page)
    url = said["incident"]
    assert str(url).endswith(f"/incidents/{incident.code}")
    assert (page.status, page.content_type) == (503, "application/json")
    assert said == {
        "gate": "down",
        "worst": "degraded_performance",
        "status": "partial_outage",
        "since": "2026-06-23T12:00:00Z",
        "incident": url,
        "changed": "2026-06-23T12:00:00Z",
        "component": {"slug": "api", "name": "API", "is_group": False, "region": None},
        "open": [
            {
                "component": "API",
                "region": None,
                "status": "partial_outage",
                "since": "2026-06-23T12:00:00Z",
                "incident": url,
            }
        ],
        "advice": [],
    }


def test_a_status_set_by_hand_has_no_incident():
    api = make_component("API")
    component_actions.set_component_status(
        actor=MARIA, component_id=api.pk, level="partial_outage", since=utc("2026-06-23 10:00")
    )
    assert line(answers()["/gate/api"])[:4] == ["down", "partial_outage", "2026-06-23T10:00:00Z", "-"]


def test_of_two_at_the_worst_level_the_earlier_counts():
    api = make_component("API")
    open_incident(api, level=Level.DEGRADED_PERFORMANCE, now=utc("2026-06-23 09:00"))
    first = open_incident(api, level=Level.PARTIAL_OUTAGE, now=utc("2026-06-23 10:00"))
    open_incident(api, level=Level.PARTIAL_OUTAGE, now=utc("2026-06-23 11:00"))
    found = line(answers()["/gate/api"])
    assert found[1:3] == ["partial_outage", "2026-06-23T10:00:00Z"]
    assert found[3].endswith(first.code)
    assert found[4] == "2026-06-23T11:00:00Z"


@pytest.fixture
def two_regions() -> tuple[object, object]:
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk])
    open_incident(api, now=NOON, components=[change(api, region_ids=(west.pk,))])
    return east, west


def test_a_region_speaks_for_itself_and_the_whole_for_the_worst(two_regions):
    found = answers()
    assert line(found["/gate/api"])[:2] == ["down", "major_outage"]
    assert line(found["/gate/api@west"])[:2] == ["down", "major_outage"]
    assert found["/gate/api@east"].body == b"ok operational - - -\n"
    assert found["/gate/api@west/major_outage"].status == 200
    assert data(found["/gate/api@west.json"])["component"] == {
        "slug": "api", "name": "API", "is_group": False, "region": "west",
    }  # fmt: skip


def test_trouble_everywhere_is_trouble_in_each_region():
    east = make_region("east")
    open_incident(make_component("API", region_ids=[east.pk]))
    assert answers()["/gate/api@east"].status == 503


def test_a_region_that_a_component_does_not_have_has_no_gate(two_regions):
    make_component("Web")
    make_region("north")
    found = answers()
    assert "/gate/web@east" not in found
    assert "/gate/api@north" not in found


def test_a_group_is_down_when_one_of_its_components_is():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    make_component("Haiku", group_id=group.pk)
    open_incident(opus, now=NOON)
    found = answers()
    assert line(found["/gate/models"])[:2] == ["down", "major_outage"]
    assert line(found["/gate/haiku"])[0] == "ok"
    assert [row["component"] for row in data(found["/gate/models.json"])["open"]] == ["Models - Opus"]  # type: ignore[attr-defined]


def test_a_region_of_a_group_covers_its_components_there_and_those_without_regions():
    east, west = make_region("east"), make_region("west")
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk, region_ids=[east.pk])
    make_component("Haiku", group_id=group.pk, region_ids=[west.pk])
    plain = make_component("Login", group_id=group.pk)
    open_incident(opus)
    found = answers()
    assert (found["/gate/models@east"].status, found["/gate/models@west"].status) == (503, 200)
    open_incident(plain)
    assert answers()["/gate/models@west"].status == 503


def test_an_archived_component_has_no_gate_and_does_not_hold_its_group():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    incident = open_incident(opus)
    post_update(incident, "resolved")
    component_actions.archive_component(actor=MARIA, component_id=opus.pk)
    found = answers()
    assert "/gate/opus" not in found
    assert line(found["/gate/models"])[0] == "ok"


def test_maintenance_closes_the_gate_while_it_is_worked_on():
    api = make_component("API")
    work = maintenance.schedule_maintenance(
        actor=MARIA, title="Upgrade", body="We upgrade.", scope=[(api.pk, ())], now=utc("2026-06-23 09:00"),
        scheduled_for=NOON, scheduled_until=utc("2026-06-23 14:00"),
    )  # fmt: skip
    assert line(answers()["/gate/api"])[0] == "ok"
    maintenance.post_maintenance_update(
        actor=MARIA, incident_id=work.pk, stage="in_progress", body="We begin.", now=NOON
    )
    found = answers()
    assert line(found["/gate/api"])[:2] == ["down", "under_maintenance"]
    assert found["/gate/api/under_maintenance"].status == 200


def test_a_cache_may_never_answer_for_a_gate_that_is_down():
    """RFC 5861: `stale-if-error` would let it send the former 200 in place of a 503."""
    open_incident(make_component("API"))
    for page in answers().values():
        assert page.cache_control == "public, max-age=5, must-revalidate"


def test_only_an_answer_of_503_says_when_to_come_back():
    open_incident(make_component("API"))
    found = answers()
    assert dict(found["/gate/api"].headers)["Retry-After"] == "30"
    assert "Retry-After" not in dict(found["/gate/api/major_outage"].headers)


def test_every_address_has_a_file():
    east = make_region("east-1")
    make_component("API", region_ids=[east.pk])
    files = [file_of(path) for path in answers()]
    assert len(files) == len(set(files)) == 24
    assert "gate/api@east-1/partial_outage.txt" in files
    assert "gate/api@east-1.json" in files


def test_an_update_of_one_component_rewrites_its_gates_and_those_of_its_group_alone():
    group = make_component("Models", is_group=True)
    opus = make_component("Opus", group_id=group.pk)
    make_component("Haiku", group_id=group.pk)
    make_component("API")
    before = keys()
    incident = open_incident(opus)
    after = keys()
    slugs = {path.split("/")[2].split(".")[0] for path in after if after[path] != before[path]}
    assert slugs == {"opus", "models"}
    post_update(incident, "identified")
    assert keys() == after, "an update that moves no component moves no gate"


def test_a_text_changes_nothing_and_no_clock_is_read():
    open_incident(make_component("API"), now=NOON)
    first = [each.render() for each in gate.cold(snapshot.build(utc("2026-06-23 12:01")))]
    assert first == [each.render() for each in gate.cold(snapshot.build(utc("2026-06-25 03:00")))]

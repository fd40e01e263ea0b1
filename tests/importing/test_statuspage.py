"""The history of a page in the Statuspage dialect: what is written of it, once, and what stops it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps

from incidents import relay
from incidents.actions import provenance
from incidents.chain.verification import verify
from incidents.importing import Unreadable, statuspage
from incidents.models import (
    Component,
    Delivery,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    Promise,
    PublicPage,
    RecordEntry,
    Redirect,
    ReviewVersion,
)
from incidents.publishing import redirects, review_pages, snapshot
from tests.factories import make_component, make_subscriber
from tests.importing.worlds import take
from tests.publishing.dialect_world import SAMPLES

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 4, 16, 0, tzinfo=UTC)
T = "2026-05-01T10:{:02}:00.000Z"
PAGE = {
    "id": "pagepagepage",
    "name": "Small",
    "url": "https://s.example",
    "time_zone": "Etc/UTC",
    "updated_at": T.format(59),
}


def component(code: str = "compcompcomp", **given: Any) -> dict[str, Any]:
    return {
        "id": code, "name": "API", "status": "operational", "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": T.format(30), "position": 1, "description": None, "showcase": True, "start_date": "2025-01-01",
        "group_id": None, "page_id": PAGE["id"], "group": False, "only_show_if_degraded": False,
    } | given  # fmt: skip


def update(number: int, status: str, old: str = "", new: str = "", **given: Any) -> dict[str, Any]:
    affected = [{"code": "compcompcomp", "name": "API", "old_status": old, "new_status": new}] if new else None
    return {
        "id": f"update{number:06}", "status": status, "body": f"It is {status}.", "created_at": T.format(number),
        "updated_at": T.format(number), "display_at": T.format(number), "affected_components": affected,
        "deliver_notifications": True, "custom_tweet": None, "tweet_id": None,
    } | given  # fmt: skip


def incident(*newest_first: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "id": "abcdefabcdef", "name": "Errors", "status": newest_first[0]["status"], "created_at": T.format(0),
        "updated_at": T.format(40), "monitoring_at": None, "resolved_at": None, "impact": "major",
        "shortlink": "https://stspg.io/x", "started_at": T.format(0), "page_id": PAGE["id"],
        "incident_updates": list(newest_first), "components": [component()], "reminder_intervals": None,
    } | given  # fmt: skip


RESOLVED = incident(
    update(30, "resolved", "partial_outage", "operational"),
    update(10, "identified", "major_outage", "partial_outage"),
    update(0, "investigating", "operational", "major_outage"),
)


def saved(folder: Any, *incidents: dict[str, Any], components: Any = None, **more: Any) -> Any:
    """A folder as a crawler leaves it."""
    rows = [component()] if components is None else components
    (folder / "components.json").write_text(json.dumps({"page": PAGE, "components": rows}))
    (folder / "incidents.json").write_text(json.dumps({"page": PAGE, "incidents": list(incidents)}))
    for name, document in more.items():
        (folder / f"{name}.json").write_text(json.dumps({"page": PAGE, **document}))
    return folder


def everything() -> dict[str, list[Any]]:
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("incidents").get_models()
    }


def test_levels_follow_from_what_updates_say_and_nobody_is_told(tmp_path):
    make_subscriber()
    take(saved(tmp_path, RESOLVED), NOW)
    rows = ImpactInterval.objects.order_by("started_at").values_list("level", "started_at__minute", "ended_at__minute")
    assert list(rows) == [("major_outage", 0, 10), ("partial_outage", 10, 30)]
    assert set(ImpactInterval.objects.values_list("source", flat=True)) == {"import"}
    assert not OutboxEvent.objects.filter(reach="subscribers").exclude(verb__startswith="subscriber").exists()
    relay.relay(NOW)
    assert not Delivery.objects.exists()
    assert not Promise.objects.exists()
    assert verify().findings == []
    assert RecordEntry.objects.filter(verb="incident.imported").count() == 1


def test_twice_is_as_good_as_once(tmp_path):
    folder = saved(tmp_path, RESOLVED)
    take(folder, NOW)
    before = everything()
    report = take(folder, NOW.replace(hour=18))
    assert everything() == before
    assert report.counts == {"page": {"unchanged": 1}, "components": {"unchanged": 1}, "incidents": {"unchanged": 1}}
    assert [each[:31] for each in report.warnings] == ["The newest document is of 2026-"], "and that is no surprise"


def test_a_dry_run_counts_and_writes_nothing(tmp_path):
    before = everything()
    dry = take(saved(tmp_path, RESOLVED), NOW, is_dry=True)
    assert everything() == before
    assert take(tmp_path, NOW).counts == dry.counts
    assert dry.counts["updates"] == {"new": 3}
    assert dry.counts["intervals"] == {"new": 2}


def test_a_stated_impact_stays_where_levels_say_another(tmp_path):
    take(saved(tmp_path, RESOLVED | {"impact": "minor"}), NOW)
    assert Incident.objects.get().impact_override == "minor"
    assert snapshot.build(NOW).incidents[0].impact == "minor"


def test_a_component_that_was_deleted_there_keeps_its_name_in_history(tmp_path):
    group = component("groupgroupgr", name="Core", group=True, components=["compcompcomp"], start_date=None)
    gone = [
        {"code": "gonegonegone", "name": "Core - Old thing", "old_status": "operational", "new_status": "major_outage"}
    ]
    row = incident(update(30, "resolved"), update(0, "investigating", affected_components=gone))
    take(saved(tmp_path, row, components=[group, component(group_id="groupgroupgr")]), NOW)
    old = Component.objects.get(code="gonegonegone")
    assert (old.name, old.group.name, old.archived_at) == ("Old thing", "Core", NOW)
    assert ImpactInterval.objects.get().component == old
    assert [view.name for view in snapshot.build(NOW).components[0].children] == ["API"]


def test_a_component_made_by_hand_beforehand_is_taken_for_the_one_of_that_name(tmp_path):
    own = make_component("API")
    take(saved(tmp_path, RESOLVED), NOW)
    assert Component.objects.get() == own
    assert ImpactInterval.objects.filter(component=own).count() == 2


def test_a_page_that_has_a_name_keeps_it_unless_the_other_is_wanted(tmp_path):
    make_component("Something of ours")
    report = take(saved(tmp_path, RESOLVED), NOW)
    assert report.counts["page"] == {"skipped": 1}
    assert any("--page" in each for each in report.warnings)
    assert PublicPage.objects.get().name == "Status"
    take(tmp_path, NOW, is_page_wanted=True)
    assert (PublicPage.objects.get().name, PublicPage.objects.get().code) == ("Small", "pagepagepage")


def test_maintenance_keeps_its_window_and_does_not_begin_by_itself(tmp_path):
    planned = incident(
        update(5, "scheduled", "operational", "operational"), scheduled_for="2026-09-01T10:00:00.000Z",
        scheduled_until="2026-09-01T12:00:00.000Z", impact="maintenance",
    )  # fmt: skip
    take(saved(tmp_path, maintenances={"scheduled_maintenances": [planned]}), NOW)
    row = Incident.objects.get()
    assert (row.kind, row.scheduled_for.hour, row.is_auto_starting, row.next_step_at) == (
        "maintenance",
        10,
        False,
        None,
    )
    assert row.scope.get().component.name == "API"
    assert not ImpactInterval.objects.exists()


def test_an_address_of_another_form_leads_to_the_incident(tmp_path):
    take(saved(tmp_path, RESOLVED | {"id": "01J8ZK-Long_Id"}), NOW)
    row, lead = Incident.objects.get(), Redirect.objects.get()
    assert (lead.path, lead.target) == ("/incidents/01J8ZK-Long_Id", f"/incidents/{row.code}")
    (page,) = [cold.render() for cold in redirects.cold(snapshot.build(NOW))]
    assert (page.path, page.status, dict(page.headers)) == (lead.path, 301, {"Location": lead.target})


def test_an_address_below_one_of_our_incidents_is_not_taken(tmp_path):
    take(saved(tmp_path, RESOLVED), NOW)
    other = Incident.objects.get()
    assert not provenance.keep_address(f"/incidents/{other.code}/oldest-first", other, NOW)
    assert not provenance.keep_address("/incidents/../console", other, NOW)
    assert provenance.keep_address("/incidents/elsewhere/one", other, NOW)
    assert Redirect.objects.get().path == "/incidents/elsewhere/one"


def test_an_id_of_the_usual_form_is_kept_so_that_addresses_hold(tmp_path):
    take(saved(tmp_path, RESOLVED), NOW)
    assert Incident.objects.get().code == "abcdefabcdef"
    assert set(IncidentUpdate.objects.values_list("code", flat=True)) == {
        "update000000",
        "update000010",
        "update000030",
    }
    assert not Redirect.objects.exists()


def test_html_that_people_typed_is_shown_as_such_and_kept_as_typed(tmp_path):
    body = 'Down.<br />See <a href="https://x.example/a">this</a> <script>alert(1)</script>'
    take(saved(tmp_path, incident(update(0, "investigating", body=body))), NOW)
    row = IncidentUpdate.objects.get()
    assert row.body == body
    assert 'href="https://x.example/a"' in row.body_html
    assert "<br" in row.body_html
    assert "script" not in row.body_html


def test_a_postmortem_is_a_review_with_its_text_as_it_was_and_stays_an_update(tmp_path):
    text = "## What happened\n\nA disk was full {and more} for {{ everyone }}."
    told = update(45, "postmortem", id="postmortem01", body=text, display_at=None, deliver_notifications=False)
    folder = saved(
        tmp_path, RESOLVED | {"status": "postmortem", "incident_updates": [told, *RESOLVED["incident_updates"]]}
    )
    dry = take(folder, NOW, is_dry=True)
    assert take(folder, NOW).counts == dry.counts
    assert dry.counts["reviews"] == {"new": 1}
    version = ReviewVersion.objects.get()
    envelope = json.loads(version.document)
    sections = {row["key"]: row for row in envelope["review"]["sections"]}
    assert sections["summary"]["text"] == text
    assert {key for key, row in sections.items() if row["text"]} == {"summary"}, "and nothing is made up beside it"
    assert (version.kind, version.is_break_glass, version.published_at.minute) == ("preliminary", True, 45)
    assert "former page" in envelope["version"]["break_glass_reason"]
    assert Incident.objects.get().updates.last().body == text
    assert not Promise.objects.exists()
    assert not OutboxEvent.objects.filter(reach="subscribers").exists()
    assert verify().findings == []
    truth = snapshot.build(NOW)
    pages = {page.path: page.render() for page in review_pages.cold(truth)}
    assert b"A disk was full" in pages[f"/reviews/{version.review.slug}"].body
    assert take(folder, NOW).counts["reviews"] == {"unchanged": 1}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"created_at": "yesterday-ish"}, "“created_at” of abcdefabcdef is missing or cannot be read"),
        ({"incident_updates": {}}, "“incident_updates” of abcdefabcdef"),
        ({"incident_updates": []}, "“incident_updates” of abcdefabcdef"),
        ({"incident_updates": [update(0, "on fire")]}, "“status” of update000000"),
        ({"name": 7}, "“name” of abcdefabcdef"),
        ({"created_at": "9999-12-31T23:59:59.000-12:00"}, "“created_at”"),
        ({"created_at": "0001-01-01T00:00:00.000Z"}, "“created_at”"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_written(tmp_path, change, sentence):
    with pytest.raises(Unreadable, match=sentence):
        take(saved(tmp_path, RESOLVED, RESOLVED | {"updated_at": T.format(50)} | change), NOW)
    assert not Component.objects.exists()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"page": {"id": "x", "na', "damaged"),
        (b"<html><body>Sign in</body></html>", "an HTML page"),
        (b"[1, 2]", "no JSON object"),
        (b"[" * 100_000, "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        (b'{"page": {"id": "another", "name": "N", "updated_at": "2026-01-01T00:00:00Z"}}', "several pages"),
    ],
)
def test_a_file_that_is_no_document_stops_the_run_with_a_sentence(tmp_path, body, sentence):
    (saved(tmp_path, RESOLVED) / "summary.json").write_bytes(body)
    with pytest.raises(Unreadable, match=sentence):
        take(tmp_path, NOW)
    assert not Component.objects.exists()


def test_a_folder_of_something_else_or_of_nothing_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="no folder with JSON files"):
        statuspage.read(str(tmp_path))
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(Unreadable, match="which page it is of"):
        statuspage.read(str(tmp_path))


def test_characters_that_no_database_takes_stop_nothing(tmp_path):
    odd = update(0, "investigating", body="A\ud800\x00B", id="o\ud800\x00dd", custom_tweet="\x00t")
    row = incident(odd, id="x\x00\ud800", name="N\x00\ud800ame")
    take(saved(tmp_path, row, components=[component(name="C\x00\ud800")]), NOW)
    take(tmp_path, NOW)
    assert Incident.objects.get().title == "N?ame"
    assert IncidentUpdate.objects.get().body == "A?B"


def test_levels_that_the_dialect_does_not_know_are_no_levels(tmp_path):
    row = incident(update(0, "investigating", "operational", "somewhat_slow"), impact="weird")
    take(saved(tmp_path, row, components=[component(status="exploded")]), NOW)
    assert not ImpactInterval.objects.exists()
    assert Incident.objects.get().impact_override == ""


def test_the_newest_document_of_an_incident_counts(tmp_path):
    folder = saved(
        tmp_path, incident(update(0, "investigating")), older={"incident": RESOLVED | {"updated_at": T.format(55)}}
    )
    take(folder, NOW)
    assert Incident.objects.get().stage == "resolved"


def test_whatever_another_page_of_these_samples_holds_is_taken_over():
    for number, name in enumerate(
        ["cloudflare-summary-2026-08-07-trimmed.json", "github-summary-2020-04-02-partial-system-outage.json"]
    ):
        report = take(SAMPLES / name, NOW.replace(day=8))
        assert report.counts["incidents" if number else "maintenance"]["new"] == 3 - 2 * number
    assert verify().findings == []
    levels = {view.name: view.level for view in snapshot.build(NOW.replace(day=8)).leaves}
    assert (levels["Git Operations"], levels["Baghdad, Iraq - (BGW)"]) == ("major_outage", "under_maintenance")


def test_the_actor_of_an_import_is_the_source(tmp_path):
    take(saved(tmp_path, RESOLVED), NOW)
    assert set(Incident.objects.get().audit_entries.values_list("actor_kind", "actor_label")) == {
        ("import", "statuspage:pagepagepage")
    }

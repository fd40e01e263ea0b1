"""A page that is asked over the network: what it serves, and whatever else it may answer instead."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incidents.importing import statuspage
from incidents.models import Component, Incident
from tests.importing.test_statuspage import PAGE, RESOLVED, component, incident, update
from tests.publishing.dialect_world import SAMPLES
from tests.sink import Sink, sink

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 8, 4, 16, 0, tzinfo=UTC)


@pytest.fixture
def there(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with sink() as server:
        yield server


def say(server: Sink, path: str, **document: Any) -> None:
    server.say(path, json.dumps({"page": PAGE, **document}).encode(), Content_Type="application/json")


def serve(server: Sink, incidents: list[dict[str, Any]]) -> None:
    say(server, "/api/v2/summary.json", components=[component()], incidents=[], scheduled_maintenances=[])
    say(server, "/api/v2/components.json", components=[component()])
    say(server, "/api/v2/incidents.json", incidents=incidents)
    say(server, "/api/v2/scheduled-maintenances.json", scheduled_maintenances=[])


def many(count: int) -> list[dict[str, Any]]:
    return [incident(update(0, "resolved", id=f"upd{n:09}"), id=f"code{n:08}") for n in range(count)]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("import_history", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_served_reads_as_what_was_saved(there):
    folder = SAMPLES / "codametrix-2026-08-04"
    for name in ("summary", "components", "incidents", "scheduled-maintenances"):
        there.say(f"/api/v2/{name}.json", (folder / f"codametrix-status-{name}.json").read_bytes())
    served, kept = statuspage.read(there.url), statuspage.read(str(folder))
    assert (served.source, served.page) == (kept.source, kept.page)
    assert (served.incidents, served.components) == (kept.incidents, kept.components)


@pytest.mark.parametrize("form", ["", "/", "/api/v2", "/api/v2/summary.json"])
def test_any_form_of_the_base_address_will_do(there, form):
    serve(there, [RESOLVED])
    found = statuspage.read(there.url + form)
    assert (found.source, len(found.incidents), found.since) == ("statuspage:pagepagepage", 1, None)


def test_the_command_prints_a_table_and_takes_the_page_over(there):
    serve(there, [RESOLVED])
    assert "incidents                   1" in run("statuspage", there.url, "--dry-run")
    assert not Incident.objects.exists()
    run("statuspage", there.url)
    assert Incident.objects.get().code == "abcdefabcdef"


def test_what_is_older_than_fifty_is_found_by_walking_the_history(there):
    serve(there, many(50))
    for number, codes in enumerate((["code00000001", "older0000001"], ["older0000002", "gone00000001"]), start=1):
        there.say(
            f"/history?page={number}",
            json.dumps({"months": [{"incidents": [{"code": code} for code in codes]}]}).encode(),
        )
    for number in (1, 2):
        row = incident(update(0, "resolved", id=f"old{number:09}"), id=f"older000000{number}")
        say(there, f"/api/v2/incidents/older000000{number}.json", incident=row)
    found = statuspage.read(there.url)
    assert len(found.incidents) == 52
    assert found.since is None, "the history was walked to its end, so all of it is known"
    assert found.warnings == (
        "1 older incident or maintenance is listed there but not served as data; it is left out.",
    )
    assert sum("/history" in request for request in there.requests) == 3


def test_the_walk_is_bounded(there, monkeypatch):
    monkeypatch.setattr(statuspage, "MOST_HISTORY_PAGES", 2)
    serve(there, many(50))
    for number in range(1, 6):
        there.say(f"/history?page={number}", json.dumps({"months": [{"incidents": [{"code": f"x{number}"}]}]}).encode())
    found = statuspage.read(there.url)
    assert sum("/history" in request for request in there.requests) == 2
    assert any("longer than what was walked" in each for each in found.warnings)
    assert found.since is not None


def test_a_history_that_is_for_people_alone_is_not_walked_and_that_is_said(there):
    serve(there, many(50))
    there.say("/history?page=1", b"<!doctype html><title>History</title>")
    found = statuspage.read(there.url)
    assert len(found.incidents) == 50
    assert any("its oldest part is left out" in each for each in found.warnings)


@pytest.mark.parametrize("path", ["summary", "incidents", "scheduled-maintenances"])
@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        ("404 Not Found", b"", "status 404"),
        ("500 Internal Server Error", b"{}", "status 500"),
        ("429 Too Many Requests", b"", "status 429"),
        ("200 OK", b'{"page": {"id": "x"', "damaged"),
        ("200 OK", b"<!doctype html><title>Sign in</title>", "an HTML page"),
        ("200 OK", b"", "damaged"),
        ("200 OK", b'{"page": [], "incidents": 7, "scheduled_maintenances": 7}', "no list of objects"),
    ],
)
def test_another_answer_than_the_document_is_a_sentence_and_nothing_is_half_written(
    there, path, status, body, sentence
):
    serve(there, [RESOLVED])
    there.say(f"/api/v2/{path}.json", body, status)
    with pytest.raises(CommandError, match=sentence):
        run("statuspage", there.url)
    assert not Component.objects.exists()
    assert not Incident.objects.exists()


def test_a_fault_in_the_middle_of_the_history_leaves_nothing_behind(there):
    serve(there, many(50))
    there.say("/history?page=1", json.dumps({"months": [{"incidents": [{"code": "older0000001"}]}]}).encode())
    there.say("/api/v2/incidents/older0000001.json", b"oops", "503 Service Unavailable")
    with pytest.raises(CommandError, match="status 503"):
        run("statuspage", there.url)
    assert not Incident.objects.exists()


def test_nobody_there_is_a_sentence(there):
    address = there.url
    there.answers.clear()
    with pytest.raises(CommandError, match="status 404"):
        run("statuspage", address)
    with pytest.raises(CommandError):
        run("statuspage", "http://10.0.0.1:9")
    with pytest.raises(CommandError, match="no folder"):
        run("statuspage", "/nowhere/at/all")

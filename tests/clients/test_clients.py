"""Programs that others wrote for Statuspage pages, unmodified, against a running instance: only the address is ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import feedparser
import pytest
from icalendar import Calendar
from playwright.sync_api import Browser

from tests.conftest import needs
from tests.live.running import ROOT, Running, running, until

# One instance for all of them, so one worker.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clients")]
PROGRAMS = Path(__file__).parent / "programs"
INSTALLED = ROOT / "var" / "clients"
PYTHON = INSTALLED / "python" / "bin" / "python"
MODULES = INSTALLED / "node" / "node_modules"
WIDGET = MODULES / "@statuspage" / "status-widget" / "dist" / "index.js"
MAKE_TOKEN = """
from incidents.actions.token import make_token
from incidents.domain.actor import SYSTEM
from incidents.domain.scopes import Scope
row, key = make_token(actor=SYSTEM, name="clients", scopes=list(Scope))
print("key", key)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An instance with the reference incident open: groups, regions, an incident, a finished maintenance."""
    needs((INSTALLED / ".installed").exists(), "`make clients`, what others wrote,")
    with running(tmp_path_factory.mktemp("clients")) as found:
        yield found


@pytest.fixture(scope="module")
def key(site: Running) -> str:
    """A key of the write API that may do everything."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", MAKE_TOKEN], cwd=ROOT, env=site.environment, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return ran.stdout.split("key ")[1].strip()


def ran(site: Running, program: str, **environment: str) -> dict[str, Any]:
    """What a program prints."""
    is_script = program.endswith(".js")
    command = [shutil.which("node") or "node" if is_script else str(PYTHON), str(PROGRAMS / program)]
    env = {"PATH": os.environ["PATH"], "SITE": site.url, "NODE_PATH": str(MODULES), **environment}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def document(site: Running, path: str) -> Any:
    return json.loads(site.get(path).data)


READS = {
    "summary": "summary",
    "status": "status",
    "components": "components",
    "unresolved": "incidents/unresolved",
    "incidents": "incidents",
    "upcoming": "scheduled-maintenances/upcoming",
    "active": "scheduled-maintenances/active",
    "maintenances": "scheduled-maintenances",
}
NAMES = {
    "unresolved_incidents": "unresolved",
    "all_incidents": "incidents",
    "upcoming_maintenances": "upcoming",
    "active_maintenances": "active",
    "all_maintenances": "maintenances",
}


# statuspage.io 3.3.8 asks for `upcoming` whichever maintenance is wanted; it is run as it is.
SLIPS = {"read_statuspage_io.js": {"active": "upcoming", "maintenances": "upcoming"}}


@pytest.mark.parametrize("program", ["read_discordstatus.py", "read_statuspage_io.js"])
def test_readers_get_every_document(site: Running, program: str):
    said: dict[str, Any] = {}

    def differing() -> list[str]:
        """The documents that are not what was read. While another test's write is being published, some are."""
        said.update(ran(site, program))
        asked = {name: NAMES.get(name, name) for name in said}
        paths = {name: READS[SLIPS.get(program, {}).get(known, known)] for name, known in asked.items()}
        return [name for name, path in paths.items() if said[name] != document(site, f"/api/v2/{path}.json")]

    until(lambda: not differing(), 20, "every document as it is served")
    assert len(said) == len(READS)
    assert said["summary"]["incidents"]
    assert said["summary"]["status"]["indicator"] != "none"


def test_the_exporter_writes_a_line_for_each_component_and_incident(site: Running, tmp_path: Path):
    url = f"{site.url}/api/v2/summary.json"
    (tmp_path / "services.json").write_text(json.dumps({"ours": {"url": url, "name": "Ours"}}))
    metrics = tmp_path / "metrics.prom"
    env = {"PATH": os.environ["PATH"], "RUN_MODE": "once", "METRICS_TEXTFILE_PATH": str(metrics)}
    command = [str(PYTHON.parent / "statuspage-prometheus-exporter")]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = metrics.read_text().splitlines()
    summary = document(site, "/api/v2/summary.json")
    assert 'statuspage_service_status{service_name="Ours"} 0.0' in lines
    assert 'statuspage_probe_check{service_name="Ours"} 1.0' in lines
    for row in summary["components"]:
        if not row["group"]:
            level = "1.0" if row["status"] == "operational" else "0.0"
            wanted = f'statuspage_component_status{{component_name="{row["name"]}",service_name="Ours"}} {level}'
            assert wanted in lines
    [incident] = summary["incidents"]
    told = next(line for line in lines if line.startswith("statuspage_incident_info{"))
    for label, value in (
        ("incident_id", incident["id"]),
        ("impact", incident["impact"]),
        ("shortlink", incident["shortlink"]),
    ):
        assert f'{label}="{value}"' in told
    assert told.endswith(" 1.0")


@pytest.fixture
def elsewhere(site: Running, tmp_path: Path) -> Iterator[str]:
    """A page of another origin with the widget on it; served, for browsers guard the loopback from what is not."""
    (tmp_path / "widget.js").write_bytes(WIDGET.read_bytes())
    page = f'<!doctype html><statuspage-widget src="{site.url}"></statuspage-widget><script src="widget.js"></script>'
    (tmp_path / "index.html").write_text(page)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_the_widget_shows_the_sentence_of_the_page(site: Running, elsewhere: str, browser: Browser):
    tab = browser.new_page()
    tab.goto(elsewhere)
    description = document(site, "/api/v2/status.json")["status"]["description"]
    tab.get_by_text(description).wait_for(timeout=10_000)
    tab.close()


def test_feed_readers_and_calendars_read_the_histories(site: Running):
    for path in ("/history.atom", "/history.rss"):
        feed = feedparser.parse(site.get(path).data)
        assert not feed.bozo, path
        assert feed.entries[0].title, path
    assert Calendar.from_ical(site.get("/history.ics").data).get("METHOD") == "PUBLISH"


def test_the_old_write_client_does_all_that_it_can(site: Running, key: str):
    page = document(site, "/api/v2/status.json")["page"]["id"]
    said = ran(site, "write_crunch.py", TOKEN=key, PAGE=page)
    assert said["page"]["id"] == page
    assert (said["degraded"]["status"], said["operational"]["status"]) == ("degraded_performance", "operational")
    assert said["added"]["name"] == "Search"
    assert said["opened"]["status"] == "investigating"
    code = said["opened"]["id"]
    assert [row["body"] for row in said["updated"]["incident_updates"]] == ["We know why.", "We are looking."]
    assert code in [row["id"] for row in said["unresolved"]]
    assert (said["resolved"]["status"], said["resolved"]["resolved_at"] is not None) == ("resolved", True)
    assert said["incidents"][0]["id"] == code
    assert said["subscriber"]["email"] == "reader@example.org"
    # The list is of those who are told; this one was asked to confirm.
    assert "reader@example.org" not in [row["email"] for row in said["subscribers"]]
    assert said["subscribers"]
    assert (said["unknown"], said["refused"]) == (404, 422)
    path = f"/api/v2/incidents/{code}.json"
    until(lambda: site.get(path).status == 200 and document(site, path)["incident"]["status"] == "resolved", 10, path)
    updates = document(site, path)["incident"]["incident_updates"]
    assert [row["status"] for row in updates] == ["resolved", "identified", "investigating"]


def test_the_client_of_the_vendors_own_description_opens_and_resolves(site: Running, key: str):
    page = document(site, "/api/v2/status.json")["page"]["id"]
    said = ran(site, "write_atlassian.py", TOKEN=key, PAGE=page)
    assert [row["id"] for row in said["pages"]] == [page]
    assert said["opened"]["components"][0]["status"] == "partial_outage"
    assert said["resolved"]["status"] == "resolved"
    assert said["read"] == said["resolved"]
    assert re.fullmatch(r"[a-z0-9]{12}", said["read"]["id"])

"""The gate on a real installation: how soon it says what was posted, and that its client agrees."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.running import Running, hidden_fields, running, until

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("live")) as found:
        found.sign_in()
        yield found


def a_component_that_works(site: Running) -> tuple[int, str]:
    """Its id, and the address of its gate."""
    with sqlite3.connect(site.folder / "candor.sqlite3") as database:
        rows = database.execute("SELECT id, slug FROM incidents_component WHERE NOT is_group AND archived_at IS NULL")
        found = [(number, f"/gate/{slug}") for number, slug in rows if site.get(f"/gate/{slug}").status == 200]
    return found[0]


def seconds_until(site: Running, gate: str, status: int, form: str, fields: dict[str, str]) -> tuple[float, str]:
    """Send a form of the console; returns how long after that the gate had this status, and where the form led."""
    seen_at: list[float] = []

    def poll() -> None:
        until(lambda: site.get(gate).status == status, 20, f"{gate} answers {status}")
        seen_at.append(time.monotonic())

    typed = {**hidden_fields(site.console(form).data.decode()), "due": "none", **fields}
    reader = threading.Thread(target=poll)
    reader.start()
    sent_at = time.monotonic()
    answer = site.console(form, typed)
    reader.join()
    assert answer.status == 302
    return seen_at[0] - sent_at, answer.headers["Location"]


def client_of(site: Running, folder: Path) -> Callable[[str], int]:
    """The client that the page hands out, as a function from a gate to the exit code."""
    file = folder / "status-gate"
    file.write_bytes(site.get("/status-gate").data)
    return lambda gate: (
        subprocess.run([sys.executable, file, site.url + gate, "--quiet"], timeout=30, check=False).returncode
    )


def test_the_gate_follows_what_is_posted_within_a_second(site, tmp_path):
    number, gate = a_component_that_works(site)
    client = client_of(site, tmp_path)
    assert client(gate) == 0
    opened = {
        "title": "It is down", "stage": "investigating", "body": "We look into it.", f"level_{number}": "major_outage",
    }  # fmt: skip
    down_after, page = seconds_until(site, gate, 503, "/console/incidents/open", opened)
    answer = site.get(gate)
    code = re.search(r"/incidents/([a-z0-9]{12})", page)[1]
    assert answer.data.decode().split()[:2] == ["down", "major_outage"]
    assert answer.data.decode().split()[3] == f"{site.url}/incidents/{code}"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Retry-After"] == "30"
    assert client(gate) == 2
    form = f"/console/incidents/{code}/update"
    ok_after, _page = seconds_until(site, gate, 200, form, {"stage": "resolved", "body": "It works again."})
    assert client(gate) == 0
    print(f"the gate was down after {down_after:.3f} s and ok again after {ok_after:.3f} s")
    assert max(down_after, ok_after) <= 1

"""The `status-gate` client, run as a program: against a small server that says what it is told to, and against the
guard with a real tree."""

from __future__ import annotations

import ast
import gzip
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from incidents.publishing import gate, store
from statuspage.front import Front
from tests.factories import make_component, make_region, open_incident, post_update

CLIENT = gate.CLIENT
Answer = tuple[int, dict[str, str], bytes]


def document(status: str, word: str = "down") -> bytes:
    return json.dumps({"gate": word, "status": status, "since": "2026-06-23T14:30:00Z"}).encode()


OK: Answer = (200, {}, document("operational", "ok"))
MAJOR: Answer = (503, {}, document("major_outage"))


class Scripted:
    """A server on the loopback address: answers in the order given, the last one for ever; keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [OK]
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.came = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers)))
                outer.came.set()
                status, headers, body = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def server() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.server.shutdown()
    made.server.server_close()


def run(*arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(CLIENT), *arguments], capture_output=True, text=True, timeout=30, check=False
    )  # fmt: skip


def test_it_is_one_small_file_for_python_3_9():
    source = CLIENT.read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    assert len(source.splitlines()) <= 200
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {
        node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported <= sys.stdlib_module_names


def test_it_runs_on_python_3_9(server):
    found = shutil.which("python3.9")
    if not found or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("Python 3.9 is not here; its grammar is checked above")
    server.answers = [MAJOR]
    assert run(f"{server.url}/gate/api", python=found).returncode == 2


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (OK, 0, "ok operational 2026-06-23T14:30:00Z - -"),
        ((200, {}, document("degraded_performance", "ok")), 0, "ok degraded_performance"),
        ((503, {}, document("degraded_performance")), 1, "down degraded_performance"),
        ((503, {}, document("under_maintenance")), 1, "down under_maintenance"),
        ((503, {}, document("partial_outage")), 1, "down partial_outage"),
        (MAJOR, 2, "down major_outage"),
        ((200, {"Candor-Stale": "300"}, OK[2]), 3, "unknown the page is 300 s old"),
        ((503, {"Candor-Stale": "300"}, MAJOR[2]), 3, "unknown the page is 300 s old"),
        ((404, {}, b"unknown There is nothing at this address.\n"), 3, "unknown the page answered 404"),
        ((500, {}, b""), 3, "unknown the page answered 500"),
        ((503, {}, b"<html>upstream connect error"), 3, "unknown the answer is not that of a gate"),
        ((200, {}, b""), 3, "unknown the answer is not that of a gate"),
        ((200, {}, b"[1]"), 3, "unknown the answer is not that of a gate"),
        ((200, {}, b"[" * 100_000), 3, "unknown the answer is not that of a gate"),
        ((200, {}, b"\xff\xfe"), 3, "unknown the answer is not that of a gate"),
        ((200, {}, MAJOR[2]), 3, "unknown the answer contradicts itself"),
        ((200, {}, document("fine", "ok")), 3, "unknown the answer contradicts itself"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(OK[2])), 0, "ok operational"),
        ((200, {"Content-Encoding": "gzip"}, OK[2]), 3, "unknown no answer"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 3_000_000)), 3, "unknown the answer is not"),
        ((200, {"Content-Length": "2000000"}, b" " * 2_000_000), 3, "unknown the answer is too long"),
    ],
)
def test_every_answer_has_its_exit_code(server, answer, code, said):
    server.answers = [answer]
    done = run(f"{server.url}/gate/api")
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith(said)
    assert done.stdout.count("\n") == 1


def test_what_is_asked_for_stands_in_the_path(server):
    run(f"{server.url}/gate/api")
    run(f"{server.url}/gate/api/", "--worst", "partial_outage", "--region", "eu-1")
    run(f"{server.url}/gate/api@us/major_outage.json")
    paths = [path for path, _headers in server.asked]
    assert paths == ["/gate/api.json", "/gate/api@eu-1/partial_outage.json", "/gate/api@us/major_outage.json"]
    assert server.asked[0][1]["Accept-Encoding"] == "gzip"


def test_a_redirect_is_followed(server):
    server.answers = [(308, {"Location": "/status/gate/api.json"}, b""), OK]
    assert run(f"{server.url}/gate/api").returncode == 0
    assert server.asked[1][0] == "/status/gate/api.json"


def test_a_redirect_that_never_ends_is_unknown(server):
    server.answers = [(302, {"Location": "/gate/api.json"}, b"")]
    assert run(f"{server.url}/gate/api").returncode == 3


def test_nobody_at_the_address_is_unknown_unless_it_may_fail_open():
    done = run("http://127.0.0.1:9/gate/api")
    assert (done.returncode, done.stdout[:19]) == (3, "unknown no answer: ")
    assert run("http://127.0.0.1:9/gate/api", "--fail-open").returncode == 0


def test_failing_open_lets_no_outage_pass(server):
    server.answers = [MAJOR]
    assert run(f"{server.url}/gate/api", "--fail-open").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["status.example/gate/api"],
        ["ftp://status.example/gate/api"],
        ["http://status.example/"],
        ["http://status.example/gate/"],
        ["http://[::1/gate/api"],
        ["http://status.example:99999/gate/api"],
        ["http://status.example/gate/a b"],
        ["http://status.example/gate/api?x=1"],
        ["http://status.example/gate/api", "--worst", "bad"],
        ["http://status.example/gate/api/major_outage", "--worst", "major_outage"],
        ["http://status.example/gate/api@eu", "--region", "us"],
        ["http://status.example/gate/api", "--region", "../x"],
        ["http://status.example/gate/api", "--wait", "soon"],
        ["http://status.example/gate/api", "--wait", "-5s"],
        ["http://status.example/gate/api", "--interval", "0s"],
    ],
)
def test_wrong_usage_is_told_apart_from_every_state(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert "status-gate: " in done.stderr
    assert "Traceback" not in done.stderr


def test_help_says_what_the_codes_mean():
    done = run("--help")
    assert done.returncode == 0
    for words in ("0  ok", "1  worse than the limit", "2  down: a major outage", "3  unknown"):
        assert words in done.stdout


def test_it_waits_until_it_is_ok_again(server):
    server.answers = [MAJOR, (500, {}, b""), MAJOR, OK]
    done = run(f"{server.url}/gate/api", "--wait", "20s", "--interval", "10ms")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["down", "unknown", "down", "ok"]


def test_the_wait_ends_with_what_was_seen_last(server):
    server.answers = [MAJOR]
    done = run(f"{server.url}/gate/api", "--wait", "200ms", "--interval", "50ms")
    assert done.returncode == 2
    assert 3 <= len(server.asked) <= 8


def test_it_comes_back_no_sooner_than_the_page_asks(server):
    server.answers = [(503, {"Retry-After": "3600"}, MAJOR[2])]
    assert run(f"{server.url}/gate/api", "--wait", "300ms", "--interval", "10ms").returncode == 2
    assert len(server.asked) == 2, "at once, and when the wait was over"


def test_something_else_is_run_when_it_is_not_ok(server, tmp_path):
    mark = tmp_path / "ran"
    server.answers = [MAJOR]
    command = f'printf %s "$STATUS_GATE_CODE" > {mark}; exit 7'
    assert run(f"{server.url}/gate/api", "--run-else", command).returncode == 7
    assert mark.read_text() == "2"
    assert run(f"{server.url}/gate/api", "--run-else", "true").returncode == 0
    assert run(f"{server.url}/gate/api", "--run-else", "kill -9 $$").returncode == 137
    mark.unlink()
    server.answers = [OK]
    assert run(f"{server.url}/gate/api", "--run-else", command).returncode == 0
    assert not mark.exists()


def test_it_prints_data_or_nothing_when_told_to(server):
    server.answers = [MAJOR]
    assert json.loads(run(f"{server.url}/gate/api", "--json").stdout) == json.loads(MAJOR[2])
    assert run(f"{server.url}/gate/api", "--quiet").stdout == ""
    server.answers = [(500, {}, b"")]
    assert json.loads(run(f"{server.url}/gate/api", "--json").stdout)["gate"] == "unknown"


def test_nothing_that_a_page_says_reaches_the_terminal_but_letters(server):
    server.answers = [(503, {}, json.dumps({"gate": "down", "status": "major_outage", "since": "\x1b[2J\n"}).encode())]
    done = run(f"{server.url}/gate/api")
    assert (done.returncode, done.stdout) == (2, "down major_outage ?[2J? - -\n")


def test_an_interrupt_ends_it_without_a_trace(server):
    server.answers = [MAJOR]
    process = subprocess.Popen(
        [sys.executable, str(CLIENT), f"{server.url}/gate/api", "--wait", "1h"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("down"), "it has asked, and waits now"
    process.send_signal(signal.SIGINT)
    _out, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")


class Silent(WSGIRequestHandler):
    """Without a line for every request."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def guard(db: None, public_root: Path) -> Iterator[str]:
    """The guard over the tree of this test; its address."""
    front = Front.from_environment({"PUBLIC_ROOT": str(public_root), "UPSTREAM": "http://127.0.0.1:9"})
    served = make_server("127.0.0.1", 0, front, handler_class=Silent)
    threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def beat(seconds_ago: int = 0) -> None:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    store.the_tree().write_heartbeat({"time": at.isoformat(), "revision": 1})


def test_against_the_guard_it_follows_what_is_published(guard):
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk])
    assert run(f"{guard}/gate/api").returncode == 3, "nothing is published yet"
    store.republish()
    beat()
    assert run(f"{guard}/gate/api").returncode == 0
    incident = open_incident(api, level="partial_outage")
    store.republish()
    assert run(f"{guard}/gate/api").returncode == 1
    assert run(f"{guard}/gate/api", "--worst", "partial_outage").returncode == 0
    assert run(f"{guard}/gate/api", "--region", "west").returncode == 1
    assert run(f"{guard}/gate/api", "--region", "north").returncode == 3
    assert run(f"{guard}/gate/nothing").returncode == 3
    post_update(incident, "identified", components=[])
    beat(seconds_ago=121)
    assert run(f"{guard}/gate/api").returncode == 3, "stale"
    beat()
    post_update(incident, "resolved")
    store.republish()
    assert run(f"{guard}/gate/api").returncode == 0


def test_the_guard_hands_the_client_out(guard, tmp_path):
    make_component("API")
    store.republish()
    fetched = tmp_path / "status-gate"
    code = (
        f"import urllib.request as r; open({str(fetched)!r}, 'wb').write(r.urlopen({guard + '/status-gate'!r}).read())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
    assert fetched.read_bytes() == CLIENT.read_bytes()

"""What the machine does to an installation: brokers wiped, disks full, locks held, odd locales. Group `environment`."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from incidents import outbox
from incidents.models import IncidentUpdate
from incidents.notifying import mailbox
from incidents.publishing.tree import Page, Tree
from statuspage import celery
from statuspage.running import front
from tests.conftest import needs
from tests.factories import make_component, make_subscriber, open_incident
from tests.live.running import ROOT, free_port, until

COMPOSED = {"stage": "identified", "body": "Typed with care.", "due": "none"}


# --- brokers: the bell may be lost, the rows are not ----------------------------------------------------------------


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Any]:
    """A Redis of this test's own, that can be killed and started again."""
    found = shutil.which("redis-server")
    needs(found is not None, "redis-server")
    port = free_port()

    class Server:
        url = f"redis://127.0.0.1:{port}/0"
        process: subprocess.Popen[bytes] | None = None

        def start(self) -> None:
            command = [str(found), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            until(lambda: _pings(port), 10, "Redis answers")

        def kill(self) -> None:
            assert self.process
            self.process.kill()
            self.process.wait(10)

    server = Server()
    server.start()
    yield server
    server.kill()


def _pings(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.ConnectionError:
        return False


@pytest.mark.redis
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", ["environment-06", "environment-07"])
def test_a_broker_that_is_wiped_or_killed_loses_nothing_that_was_written(
    case: str, redis_server: Any, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[bool] = []
    with celery.app.connection_for_write(url=redis_server.url) as broker:

        def ring() -> None:
            queue = broker.SimpleQueue(f"bells-{case}")
            queue.put({"doorbell": len(rung)})
            queue.close()
            rung.append(True)

        monkeypatch.setattr(outbox, "ring", ring)
        for number in range(3):
            make_subscriber(f"reader{number}@example.org")
        open_incident(make_component(), title="First")
        assert rung
        if case == "environment-06":
            redis.Redis.from_url(redis_server.url).flushall()
        else:
            redis_server.kill()
            redis_server.start()
    assert redis.Redis.from_url(redis_server.url).dbsize() == 0, "every bell is lost"
    monkeypatch.setattr(outbox, "ring", lambda: None)
    open_incident(title="Second")
    drain()
    told = sorted((message.to, message.subject) for message in mailbox.messages())
    assert len(told) == len(set(told)) == 6


# --- the database's disk and lock -----------------------------------------------------------------------------------

sqlite_only = pytest.mark.skipif(not django_settings.IS_SQLITE, reason="how SQLite meets a full disk and a lock")


@pytest.fixture
def composer(db: None, transactional_db: None, drain: Any, responder: Any, public_root: Path) -> Any:
    """A signed-in responder with the form of an open incident, and the page as it stands."""
    incident = open_incident(make_component(), title="Errors")
    drain()
    client = Client(raise_request_exception=False)
    client.force_login(responder)
    path = f"/console/incidents/{incident.code}/update"
    form = client.get(path).context["form"]
    hidden = {each.html_name: each.value() for each in form.hidden_fields() if each.value() is not None}
    page = {file: file.read_bytes() for file in public_root.rglob("*") if file.is_file()}
    return lambda: (client.post(path, {**hidden, **COMPOSED}), page)


def assert_told_and_page_unchanged(answer: Any, page: dict[Path, bytes]) -> None:
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "What you typed is kept in your browser" in answer.content.decode()
    assert all(file.read_bytes() == body for file, body in page.items())


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_environment_08_a_full_disk_is_said_and_the_page_goes_on_and_so_does_it_when_there_is_room(composer):
    with connection.cursor() as cursor:
        before = IncidentUpdate.objects.count()
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        filler = "x" * 4_000
        try:
            with pytest.raises(Exception, match="full"):  # noqa: PT012 - until there is no page left
                for _ in range(500):
                    cursor.execute(
                        "INSERT INTO django_session VALUES (hex(randomblob(16)), %s, '2100-01-01')", [filler]
                    )
            assert_told_and_page_unchanged(*composer())
            assert IncidentUpdate.objects.count() == before
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    answer, _page = composer()
    assert answer.status_code == 302, answer.content[:500]
    assert IncidentUpdate.objects.count() == before + 1


@sqlite_only
@pytest.mark.django_db(transaction=True)
def test_environment_11_a_lock_that_somebody_holds_is_waited_for_and_then_said(composer):
    before = IncidentUpdate.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 300")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert_told_and_page_unchanged(*composer())
    finally:
        other.execute("ROLLBACK")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 20000")
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, lambda: other.execute("ROLLBACK")).start()
    answer, _page = composer()
    assert answer.status_code == 302, "it was waited for"
    assert IncidentUpdate.objects.count() == before + 1
    other.close()


# --- the guard without files to open --------------------------------------------------------------------------------


def test_environment_12_a_guard_that_has_no_file_left_to_open_goes_on_when_it_has(tmp_path: Path):
    made = Tree(tmp_path / "public")
    made.swap([Page("/", b"<h1>Is it broken?</h1>", "text/html; charset=utf-8")])
    port = free_port()
    child = front("127.0.0.1", port, 9, {"PYTHONPATH": str(ROOT)})
    env = {name: value for name, value in child.env.items() if value is not None}
    env |= {"PATH": os.environ["PATH"], "PUBLIC_ROOT": str(made.root), "UPSTREAM": "http://127.0.0.1:9"}
    process = subprocess.Popen(
        [sys.executable, *child.argv[1:]], env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )  # fmt: skip
    try:
        until(lambda: _reads(port), 20, "the guard answers")
        held = []
        for _ in range(120):
            wire = socket.socket()
            wire.settimeout(2)
            if wire.connect_ex(("127.0.0.1", port)) == 0:
                wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            held.append(wire)
        assert process.poll() is None, "it did not die of it"
        for wire in held:
            wire.close()
        until(lambda: _reads(port), 20, "the page is read again")
        assert process.poll() is None, "nor was it started anew"
    finally:
        process.terminate()
        process.wait(10)


def _reads(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as wire:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b" 200 " in wire.recv(4096).splitlines()[0]
    except (OSError, IndexError):
        return False


# --- other places, languages and ways to run Python -----------------------------------------------------------------

SAME_EVERYWHERE = """
import django; django.setup()
from datetime import datetime, UTC
from hashlib import sha256
from incidents.domain.text import clean_line
from incidents.domain.markup import render_html
from incidents.notifying.tokens import Purpose, make_token
from incidents.publishing.csp import csp
from incidents.publishing.tree import Page
now = datetime(2026, 6, 23, 23, 30, tzinfo=UTC)
print(make_token(Purpose.MANAGE, 7, 1, now), csp())
print(clean_line("INVESTIGATING I\\u0307 \\u0131").casefold(), sha256(render_html("*x* <b>")[:].encode()).hexdigest())
print(sorted({"b", "a", "c"}), now.isoformat(), now.strftime("%Y-%m-%d %H:%M"))
"""


def run_elsewhere(tmp_path: Path, *options: str, **environment: str) -> str:
    env = {
        "PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "SECRET_KEY": "the-same-for-every-process-0123456789", **environment,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *options, "-c", SAME_EVERYWHERE],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_environment_18_signatures_and_hashes_are_the_same_in_every_process(tmp_path: Path):
    found = {
        run_elsewhere(tmp_path, *options, PYTHONHASHSEED=seed)
        for options, seed in (((), "1"), ((), "2"), (("-O",), "random"))
    }
    assert len(found) == 1, found


def test_environment_17_the_place_and_language_of_the_machine_change_nothing(tmp_path: Path):
    here = run_elsewhere(tmp_path)
    there = run_elsewhere(tmp_path, TZ="Pacific/Kiritimati", LANG="tr_TR.UTF-8", LC_ALL="tr_TR.UTF-8")
    assert there == here
    env = os.environ | {"TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}
    modules = ["tests/domain/test_text.py", "tests/domain/test_days.py", "tests/domain/test_wording.py"]
    modules += ["tests/notifying/test_tokens.py", "tests/publishing/test_calendar.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *modules],
        cwd=ROOT,
        env={**env, "DATA_DIR": str(tmp_path / "elsewhere")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-2_000:]

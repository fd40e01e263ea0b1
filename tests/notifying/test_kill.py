"""Three events for two thousand readers each, and the worker is killed ten times in the middle of it."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.conftest import answers, needs
from tests.notifying.sink import Sink, wait_for

# PostgreSQL waits for the disk at every answer that is written; half as many keep the suite short.
READERS = 2_000
KILLS = 10
PARALLEL = 4
SECONDS = 120
_ID = re.compile(rb"(?mi)^Message-ID: <e(\d+)\.s(\d+)@")
_NAME = "candor_kill_test"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of this test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kill.sqlite3'}"
        return
    needs(answers(5432), "PostgreSQL on 127.0.0.1:5432")
    with psycopg.connect("postgresql://postgres@127.0.0.1/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {_NAME}")
        # It is the workers that are killed; to wait for the disk of a server that lives says nothing.
        server.execute(f"ALTER DATABASE {_NAME} SET synchronous_commit = off")
        yield f"postgresql://postgres@127.0.0.1/{_NAME}"
        server.execute(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)")


def rows_of(database_url: str, query: str) -> list[tuple[object, ...]]:
    """What a query answers, past all code of ours."""
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=20) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(database_url) as server:
        return list(server.execute(query).fetchall())


class Worker:
    """`manage.py deliver` in a process of its own."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self._env, self._log = env, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "deliver"], cwd=settings.BASE_DIR, env=self._env, stdout=log, stderr=log
            )

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3_000:]
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)


@pytest.mark.slow
def test_ten_kills_in_mid_fan_out_lose_nothing_and_turn_nothing_round(database_url: str, tmp_path: Path) -> None:
    readers = READERS
    dice = random.Random(20260623)
    began = time.monotonic()
    with Sink() as sink:
        env = os.environ | {
            "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "var"), "EMAIL_URL": sink.url, "SECRET_KEY": "k",
            "DJANGO_SETTINGS_MODULE": "tests.notifying.kill_settings", "PUBLIC_ROOT": str(tmp_path / "public"),
        }  # fmt: skip
        run = _runner(env)
        run("open", str(readers))
        worker = Worker(env, tmp_path / "worker.log")
        for number in range(KILLS):
            worker.start()
            seen = len(sink.raw)
            wait_for(lambda seen=seen: len(sink.raw) > seen + 30, 20)  # type: ignore[misc]
            if number == KILLS // 2:
                run("update")
            # Anywhere in the work on a batch, not at the same instruction each time.
            _busy_wait(sink, dice.randrange(60), dice.random() * 0.1)
            worker.kill()
        worker.start()
        try:
            wait_for(lambda: not rows_of(database_url, _OPEN)[0][0], SECONDS)
        finally:
            worker.kill()
    took = time.monotonic() - began
    report = _check(sink, database_url)
    print(f"{report} took={took:.1f}s")
    assert took < SECONDS


_OPEN = (
    "SELECT (SELECT count(*) FROM incidents_delivery WHERE state IN ('pending', 'sending'))"
    " + (SELECT count(*) FROM incidents_outboxevent WHERE relayed_at IS NULL)"
)


def _runner(env: dict[str, str]) -> Callable[..., None]:
    def run(*words: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "tests.notifying.kill_world", *words], cwd=settings.BASE_DIR, env=env, check=True
        )

    return run


def _busy_wait(sink: Sink, messages: int, seconds: float) -> None:
    seen, end = len(sink.raw), time.monotonic() + 5
    while len(sink.raw) < seen + messages and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(seconds)


def _check(sink: Sink, database_url: str) -> str:
    """Judge by what the mail server holds and what the tables say, without the application's code."""
    event_rows = rows_of(database_url, "SELECT id, incident_id, sequence FROM incidents_outboxevent ORDER BY id")
    events = {int(str(number)): (incident, sequence) for number, incident, sequence in event_rows}
    alpha, beta, second = sorted(events)
    received: Counter[tuple[int, int]] = Counter()
    order: dict[tuple[int, object], list[object]] = defaultdict(list)
    texts: dict[tuple[int, object], bytes] = defaultdict(bytes)
    for _address, raw in sink.raw:
        found = _ID.search(raw)
        assert found is not None
        event, reader = int(found[1]), int(found[2])
        incident, sequence = events[event]
        if not received[event, reader]:
            order[reader, incident].append(sequence)
        received[event, reader] += 1
        texts[reader, incident] += raw

    readers = [int(str(row[0])) for row in rows_of(database_url, "SELECT id FROM incidents_subscriber")]
    lost = [
        (reader, said)
        for reader in readers
        for event, said in ((alpha, b"Alpha one."), (beta, b"Beta one."), (second, b"Alpha two."))
        if said not in texts[reader, events[event][0]]
    ]
    duplicates = sum(times - 1 for times in received.values())
    turned = [
        key for key, sequences in order.items() if sequences != sorted(sequences, key=lambda each: int(str(each)))
    ]
    counted = rows_of(database_url, "SELECT state, count(*) FROM incidents_delivery GROUP BY state")
    states = {str(state): int(str(count)) for state, count in counted}
    assert lost == []
    assert turned == []
    assert set(states) <= {"sent", "superseded"}
    assert sum(states.values()) == 3 * len(readers)
    # A few more than "sent": accepted while the worker died, and superseded before the second attempt.
    assert states["sent"] <= len(received) <= states["sent"] + KILLS * PARALLEL
    assert duplicates <= KILLS * PARALLEL
    return f"mails={len(sink.raw)} states={states} lost={len(lost)} turned={len(turned)} duplicates={duplicates}"

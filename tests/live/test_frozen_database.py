"""The page outlives its database: frozen (SIGSTOP) or gone, every public address answers with its last good state."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.live.running import Running, free_port, running, until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.postgres]
PUBLIC = ("/", "/history", "/subscribe", "/history.rss", "/history.atom", "/feed.json", "/components/claude-ai",
          "/components/claude-ai.atom", "/components/claude-ai/feed.json")  # fmt: skip


class Cluster:
    """A PostgreSQL server of the test's own, run by a user who may (never root), on a free port."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        path = shutil.which("initdb") or (str(found[-1]) if found else None)
        needs(path is not None, "PostgreSQL's initdb")
        self.bin, self.data, self.port = Path(str(path)).resolve().parent, folder / "cluster", free_port()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program of the server as the server's user."""
        is_root = os.geteuid() == 0
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.data.parent), "LC_ALL": "C.UTF-8"}
        return subprocess.Popen(
            command, cwd=self.data.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True, user=self.user if is_root else None,
            group=pwd.getpwnam(self.user).pw_gid if is_root else None,
        )  # fmt: skip

    def start(self) -> None:
        """Make the cluster and start it."""
        if os.geteuid() == 0:
            shutil.chown(self.data.parent, self.user)
        made = self.run(str(self.bin / "initdb"), "-D", str(self.data), "-U", "candor", "-A", "trust")
        assert made.wait(60) == 0, made.communicate()[0]
        self.start_again()

    def start_again(self) -> None:
        """Start the server on the cluster that is there."""
        self.server = self.run(
            str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
            "-c", f"unix_socket_directories={self.data.parent}", "-c", "fsync=off",
        )  # fmt: skip
        ready = [str(self.bin / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "candor"]
        until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0, 30, "PostgreSQL")

    def processes(self) -> list[int]:
        """The server and its children."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        return [self.server.pid, *map(int, children)]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to every process of this server."""
        for process in self.processes():
            os.kill(process, number)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    found = Cluster(folder)
    found.start()
    try:
        yield found
    finally:
        found.send(signal.SIGCONT)
        found.server.send_signal(signal.SIGINT)
        found.server.wait(30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Cluster]]:
    folder = Path("/tmp") / f"candor-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        with cluster(folder) as database:
            url = f"postgres://candor@127.0.0.1:{database.port}/postgres"
            with running(tmp_path_factory.mktemp("live"), DATABASE_URL=url, SECRET_KEY="for-this-test-only") as site:
                site.sign_in()
                yield site, database
    finally:
        shutil.rmtree(folder)


def open_title(site: Running) -> bytes:
    match = re.search(rb"incident-title[^>]*>(?:<[^>]*>)*([^<]+)", site.get("/").data)
    assert match, "the demonstration has an open incident"
    return match[1].strip()


def test_a_frozen_database_takes_nothing_from_the_readers(place):
    site, database = place
    title = open_title(site)
    database.send(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(8) as responders:
            stuck = [responders.submit(site.console, "/console/") for _ in range(8)]
            threading.Event().wait(0.5)  # all eight are at the database now, and what was being published is
            before = {path: site.get(path).data for path in PUBLIC}
            assert title in before["/"]
            waits = []
            for _ in range(20):
                start = time.monotonic()
                assert site.get("/").status == 200
                waits.append(time.monotonic() - start)
            answers = {path: site.get(path) for path in PUBLIC}
            print(f"front page beside 8 stuck requests: median {statistics.median(waits) * 1000:.1f} ms, "
                  f"max {max(waits) * 1000:.1f} ms")  # fmt: skip
            assert max(waits) <= 0.050
            assert {path: (answer.status, answer.data) for path, answer in answers.items()} == {
                path: (200, body) for path, body in before.items()
            }
            assert all(datetime.fromisoformat(answer.headers["Candor-As-Of"]) for answer in answers.values())
            assert {request.result().status for request in stuck} == {503}
    finally:
        database.send(signal.SIGCONT)
    until(lambda: site.console("/console/").status == 200, 30, "the console after the thaw")


def test_a_database_that_is_gone_takes_nothing_from_the_readers(place):
    site, database = place
    title = open_title(site)
    database.server.send_signal(signal.SIGINT)
    database.server.wait(30)
    try:
        before = {path: site.get(path).data for path in PUBLIC}
        assert title in before["/"]
        threading.Event().wait(3)  # a sweep and more, which finds no database
        assert {path: (site.get(path).status, site.get(path).data) for path in PUBLIC} == {
            path: (200, body) for path, body in before.items()
        }
        assert site.console("/console/").status in (500, 503)
    finally:
        database.start_again()
    until(lambda: site.console("/console/").status == 200, 30, "the console after the restart")

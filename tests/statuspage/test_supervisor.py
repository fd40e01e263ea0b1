"""The supervisor, with small children and with a whole instance: what dies comes back, and nothing is left behind."""

from __future__ import annotations

import fcntl
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import urllib3

from statuspage.supervisor import Child, Supervisor

BASE = Path(__file__).resolve().parent.parent.parent
BACK_SECONDS = 5
GONE_SECONDS = 8

# A child like granian: a process of its own below it, in another session, that outlives it; polite on SIGTERM.
PARENT = """
import os, pathlib, signal, subprocess, sys, time
folder = pathlib.Path(sys.argv[1])
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
(folder / "pids.tmp").write_text(f"{os.getpid()} {below.pid} {os.getppid()}")
(folder / "pids.tmp").rename(folder / "pids")
def stop(number, frame):
    (folder / "bye").touch()
    below.kill()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("started", flush=True)
time.sleep(600)
"""
SUPERVISOR = """
import sys
from statuspage.supervisor import Child, Supervisor
supervisor = Supervisor()
supervisor.stop_on_signals()
supervisor.start(Child("parent", [sys.executable, "-c", sys.argv[2], sys.argv[1]]))
supervisor.wait()
"""


def eventually(condition: Callable[[], object], seconds: float) -> float:
    """Wait until a condition holds; returns how long that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - started


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[subprocess.Popen]:
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(tmp_path), PARENT], cwd=BASE, env=env)
    eventually((tmp_path / "pids").exists, 10)
    yield process
    process.kill()
    process.wait()


def pids(folder: Path) -> dict[str, int]:
    return dict(zip(("parent", "below", "keeper"), map(int, (folder / "pids").read_text().split()), strict=True))


def is_replaced(folder: Path, former: dict[str, int]) -> bool:
    return pids(folder)["parent"] != former["parent"]


@pytest.mark.parametrize("victim", ["parent", "keeper"])
def test_a_killed_child_is_back_and_what_it_left_behind_is_gone(supervised, tmp_path, victim):
    for _ in range(2):
        former = pids(tmp_path)
        kill(former[victim])
        eventually(partial(is_replaced, tmp_path, former), BACK_SECONDS)
        assert not [name for name, pid in former.items() if is_alive(pid)]
        assert all(map(is_alive, pids(tmp_path).values()))


def test_when_the_supervisor_is_killed_nothing_is_left(supervised, tmp_path):
    kill(supervised.pid)
    eventually(lambda: not any(map(is_alive, pids(tmp_path).values())), GONE_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_stop_reaches_the_child_and_leaves_nothing(supervised, tmp_path, number):
    supervised.send_signal(number)
    assert supervised.wait(GONE_SECONDS) == 0
    assert (tmp_path / "bye").exists()
    assert not any(map(is_alive, pids(tmp_path).values()))


def test_a_child_that_ignores_the_polite_stop_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("statuspage.supervisor.STOP_SECONDS", 0.5)
    deaf = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    deaf += "open(sys.argv[1], 'w').write(str(os.getpid())); print('on', flush=True); time.sleep(600)"
    out = io.StringIO()
    supervisor = Supervisor(out)
    supervisor.start(Child("deaf", [sys.executable, "-c", deaf, str(tmp_path / "pid")]))
    eventually(lambda: "deaf | on" in out.getvalue(), 10)
    supervisor.stopping.set()
    supervisor.wait()
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_a_command_is_run_until_it_succeeds_and_then_left(tmp_path):
    code = "import pathlib, sys; f = pathlib.Path(sys.argv[1]); n = len(f.read_text()) if f.exists() else 0;"
    code += "f.write_text('x' * (n + 1)); print('try', n + 1); sys.exit(0 if n == 2 else 3)"
    out = io.StringIO()
    done: queue.Queue[list[str]] = queue.Queue()
    supervisor = Supervisor(out)
    supervisor.start(Child("once", [sys.executable, "-c", code, str(tmp_path / "n")], is_once=True), after=done.put)
    assert done.get(timeout=20) == ["try 1", "try 2", "try 3"]
    assert "once ended with 3; starting it again in 0 s" in out.getvalue()
    assert "once ended with 3; starting it again in 1 s" in out.getvalue()
    supervisor.stopping.set()
    supervisor.wait()
    assert (tmp_path / "n").read_text() == "xxx"


def test_a_log_that_cannot_be_written_stops_neither_a_child_nor_its_return(tmp_path):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    code = f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); print('y' * 200_000); raise SystemExit(1)"
    supervisor = Supervisor(Full())
    supervisor.start(Child("talker", [sys.executable, "-c", code]))
    eventually(lambda: (tmp_path / "runs").exists() and len((tmp_path / "runs").read_text()) >= 3, 15)
    supervisor.stopping.set()
    supervisor.wait()


def test_a_process_that_no_keeper_started_is_left_alone(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        supervisor = Supervisor(io.StringIO())
        done: queue.Queue[list[str]] = queue.Queue()
        supervisor.start(Child("short", [sys.executable, "-c", "print(1)"], is_once=True), after=done.put)
        assert done.get(timeout=10) == ["1"]
        supervisor.stopping.set()
        supervisor.wait()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_environment_of_a_child_adds_and_takes_away(monkeypatch):
    monkeypatch.setenv("GONE", "1")
    code = "import os; print(os.environ.get('GONE'), os.environ.get('ADDED'))"
    done: queue.Queue[list[str]] = queue.Queue()
    supervisor = Supervisor(io.StringIO())
    child = Child("env", [sys.executable, "-c", code], {"GONE": None, "ADDED": "2"}, is_once=True)
    supervisor.start(child, after=done.put)
    assert done.get(timeout=10) == ["None 2"]
    supervisor.stopping.set()
    supervisor.wait()


class Instance:
    """A real `manage.py up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        gone = ("DATABASE_URL", "BROKER_URL", "SITE_URL", "PUBLIC_ROOT", "DJANGO_SETTINGS_MODULE")
        env = {key: value for key, value in os.environ.items() if key not in gone}
        self.mark = f"DATA_DIR={folder}"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(self.port)],
            cwd=BASE,
            env=env | {"DATA_DIR": str(folder)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def _read_line(self, start: str) -> bool:
        return any(line.startswith(start) for line in self.lines)

    def until_ready(self) -> float:
        return eventually(lambda: self._read_line(f"ready http://127.0.0.1:{self.port}/"), 60)

    def alive(self, part: str = "") -> set[int]:
        """The living processes of this instance whose command line holds `part`; keepers are not counted by name."""
        found = set()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                is_ours = self.mark.encode() in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if is_ours and part in command and not (part and "supervisor.py" in command) and is_alive(int(entry.name)):
                found.add(int(entry.name))
        return found

    def answers(self, path: str) -> bool:
        try:
            return http.request("GET", f"http://127.0.0.1:{self.port}{path}").status == 200
        except urllib3.exceptions.HTTPError:
            return False


http = urllib3.PoolManager(timeout=10, retries=urllib3.Retry(3, connect=0, read=0, respect_retry_after_header=False))


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    yield made
    for pid in made.alive() | {made.process.pid}:
        if is_alive(pid):
            kill(pid)
    made.process.wait()
    print("".join(made.lines[-60:]))  # shown when the test has failed


def kill_and_wait(instance: Instance, part: str, path: str, victim: int) -> float:
    """Kill one process of a part; returns the seconds until the part is back: answers, or runs in a new process."""
    former = instance.alive(f"statuspage.{part}")
    kill(victim)
    eventually(lambda: not is_alive(victim), 2)

    def is_back() -> bool:
        # A new process, or the answer could be the last of an orphan that is about to be killed.
        return bool(instance.alive(f"statuspage.{part}") - former) and (not path or instance.answers(path))

    return eventually(is_back, BACK_SECONDS)


def has_beaten(heartbeat: Path, before: int) -> bool:
    return heartbeat.stat().st_mtime_ns > before


@pytest.mark.slow
@pytest.mark.alone
def test_a_whole_instance_survives_the_death_of_each_part_and_leaves_nothing(instance, tmp_path):
    figures = {"ready": instance.until_ready()}
    assert instance.lines[-1] == f"ready http://127.0.0.1:{instance.port}/\n"
    heartbeat = tmp_path / "instance/public/heartbeat.json"
    for part, path in (("front:", "/"), ("wsgi:", "/console/"), ("celery", "")):
        former = instance.alive(f"statuspage.{part}")
        assert former, part
        for victim in sorted(former):  # granian's own process, and the one that it made
            if is_alive(victim):
                figures[f"{part} {len(figures)}"] = kill_and_wait(instance, part, path, victim)
        if part == "celery":
            beaten_at = heartbeat.stat().st_mtime_ns
            figures["next heartbeat"] = eventually(partial(has_beaten, heartbeat, beaten_at), 30)
        assert instance.answers("/")
    kill(instance.process.pid)
    figures["gone"] = eventually(lambda: not instance.alive(), GONE_SECONDS)
    print({name: round(seconds, 2) for name, seconds in figures.items()})


def start(folder: Path, port: int, host: str = "127.0.0.1") -> subprocess.CompletedProcess[str]:
    """`manage.py up` where it cannot run: it must end by itself."""
    argv = [sys.executable, "manage.py", "up", "--host", host, "--port", str(port)]
    env = os.environ | {"DATA_DIR": str(folder), "SECRET_KEY": "for-this-test"}
    return subprocess.run(argv, cwd=BASE, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_a_port_that_is_taken_is_told_in_a_sentence_even_if_its_owner_would_share_it(tmp_path):
    with socket.socket() as owner:
        owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian does
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        ended = start(tmp_path, port)
    assert ended.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use." in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("203.0.113.1", 8000), ("no such host", 8000)])
def test_an_address_that_cannot_be_is_told_in_a_sentence(tmp_path, host, port):
    ended = start(tmp_path, port, host)
    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: Cannot listen on")


def test_a_second_instance_on_the_same_data_is_refused(tmp_path):
    with (tmp_path / ".up.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = start(tmp_path, 0)
    assert ended.returncode == 1
    assert f"Another instance runs on {tmp_path} already." in ended.stderr


@pytest.mark.slow
@pytest.mark.alone
def test_a_whole_instance_stops_within_seconds_and_starts_again_on_its_data(instance, tmp_path):
    instance.until_ready()
    instance.process.send_signal(signal.SIGINT)
    assert instance.process.wait(15) == 0
    assert instance.alive() == set()
    again = Instance(tmp_path / "instance")
    try:
        took = eventually(lambda: again.answers("/"), 15)
        again.until_ready()
        print(f"front page {took:.2f} s after the start")
    finally:
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(15) == 0
    assert again.alive() == set()

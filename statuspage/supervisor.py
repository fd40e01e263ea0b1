"""Several processes as one: start them, bring back the one that dies, and leave nothing behind. Imports no Django.

Each child runs under a *keeper*, a small process of ours. The keeper watches a pipe that closes when the supervisor
dies, in whatever way, and then kills all below it. It is the subreaper of all that the child starts, so that granian's
own worker, which a SIGKILL of its parent orphans, is found and killed before the child is started again. When a keeper
itself is killed, the kernel kills the child (PR_SET_PDEATHSIG), and the supervisor what bears the keeper's mark in its
environment. These are Linux; elsewhere the pipe and the child's process group do most of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

STOP_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
CALM_SECONDS = 5.0  # a child that lived this long starts again without a pause
_MARK = "CANDOR_SUPERVISOR"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Child:
    """One process to keep running. `env` adds to the environment, a value of None takes a variable away.

    `is_once`: run until it ends with 0, again and again until then, and then leave it.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str | None] = field(default_factory=dict)
    is_once: bool = False


class Supervisor:
    """Keeps children running until told to stop. Their output is passed on with their name before each line."""

    def __init__(self, out: IO[str] | None = None) -> None:
        self._out = out or sys.stdout
        self._writing = threading.Lock()
        self._kept: list[_Kept] = []
        self.stopping = threading.Event()

    def start(self, child: Child, after: Callable[[list[str]], None] | None = None) -> None:
        """Start a child and keep it; `after` gets the last lines of a child that runs once, when it has ended well."""
        kept = _Kept(child, self, after)
        self._kept.append(kept)
        kept.thread.start()

    def say(self, name: str, line: str) -> None:
        """Write one line of the common log; without a name, the bare line."""
        # A log that cannot be written (a full disk, a reader that has gone) must not stop what keeps the children.
        with self._writing, contextlib.suppress(OSError):
            self._out.write(f"{name:>7} | {line}\n" if name else f"{line}\n")
            self._out.flush()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT stop everything. Call in the main thread."""

        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            self.stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    def wait(self) -> None:
        """Wait until `stopping` is set, then stop all children: politely, and after ten seconds not."""
        self.stopping.wait()
        for kept in self._kept:
            kept.send(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for kept in self._kept:
            kept.thread.join(max(0.0, until - time.monotonic()))
        for kept in self._kept:
            kept.send(signal.SIGKILL)
            kept.thread.join(5)


class _Kept:
    """A child and the thread that starts it again."""

    def __init__(self, child: Child, supervisor: Supervisor, after: Callable[[list[str]], None] | None) -> None:
        self._child = child
        self._supervisor = supervisor
        self._after = after
        self._keeper: subprocess.Popen[bytes] | None = None
        self._lines: deque[str] = deque(maxlen=20)
        self.thread = threading.Thread(target=self._run, name=child.name, daemon=True)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the keeper, if one runs; it passes SIGTERM on."""
        if self._keeper is not None and self._keeper.poll() is None:
            self._keeper.send_signal(number)

    def _run(self) -> None:
        failures, pause = 0, 0.0
        while not self._supervisor.stopping.wait(pause):
            started = time.monotonic()
            status = self._run_once()
            if self._supervisor.stopping.is_set():
                return
            if self._child.is_once and status == 0:
                if self._after is not None:
                    self._after(list(self._lines))
                return
            failures = 1 if time.monotonic() - started > CALM_SECONDS else failures + 1
            pause = 0.0 if failures == 1 else min(2.0 ** (failures - 2), LONGEST_PAUSE_SECONDS)
            self._supervisor.say("up", f"{self._child.name} ended with {status}; starting it again in {pause:.0f} s")

    def _run_once(self) -> int:
        mark = uuid.uuid4().hex
        env = {**os.environ, **self._child.env, _MARK: mark}
        theirs, ours = os.pipe()  # the keeper's end tells it of our death
        keeper = self._keeper = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).resolve()), str(theirs), str(os.getpid()), *self._child.argv],
            env={name: value for name, value in env.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs],
            start_new_session=True,
        )
        os.close(theirs)
        if self._supervisor.stopping.is_set():  # set while we started: nobody has sent the signal
            self.send(signal.SIGTERM)
        # In a thread: an orphan may hold the pipe open after the keeper's death.
        reader = threading.Thread(target=self._pass_on, args=(keeper,), daemon=True)
        reader.start()
        status = keeper.wait()
        os.close(ours)
        _kill_marked(mark)
        reader.join(2)
        return status

    def _pass_on(self, keeper: subprocess.Popen[bytes]) -> None:
        assert keeper.stdout is not None
        for line in keeper.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            self._lines.append(text)
            self._supervisor.say(self._child.name, text)


def keep(watched: int, supervisor_pid: int, argv: Sequence[str]) -> int:
    """The keeper: run `argv`, pass SIGTERM on, and end with its status once all of its offspring are gone.

    `watched` is the reading end of the supervisor's pipe. Returns the exit status (128 + n for signal n).
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = subprocess.Popen(argv, start_new_session=True, preexec_fn=_die_with_parent)

    def pass_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    threading.Thread(target=_end_with, args=(watched, supervisor_pid, child.pid), daemon=True).start()
    status = child.wait()
    _kill_all(child.pid)
    return 128 - status if status < 0 else status


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with(watched: int, supervisor_pid: int, group: int) -> None:
    """Kill everything as soon as the supervisor is gone: its end of the pipe closes."""
    while os.getppid() == supervisor_pid and not select.select([watched], [], [], 1.0)[0]:
        continue
    _kill_all(group)
    os._exit(137)


def _kill_all(group: int) -> None:
    """Kill a process group and all processes below this one: orphans come to us, whatever group they chose."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    while found := _offspring():
        for pid in found:
            _kill(pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _kill_marked(mark: str) -> None:
    """Kill what a keeper that was killed itself could not: every process that has its mark in the environment.

    Not by parentage, which changes while its parent is dying.
    """
    marked = f"{_MARK}={mark}".encode()
    until = time.monotonic() + STOP_SECONDS
    while (found := [pid for pid in _parents() if marked in _environment(pid)]) and time.monotonic() < until:
        for pid in found:
            _kill(pid)


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or not ours
        return []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _offspring() -> list[int]:
    """The living descendants of this process (Linux; elsewhere none are seen, and the group must do)."""
    parents = _parents()
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _parents() -> dict[int, int]:
    """The parent of each process that is not a zombie, from /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.parent.name)] = int(parent)
    return parents


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))

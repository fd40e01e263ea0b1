"""A real installation in a folder of its own: `manage.py up`, and a client that signs in as a browser would."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import urllib3

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 180


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Poll a condition; returns the seconds it took, fails with `what` when it takes longer than allowed."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"{what}: not within {seconds} s")
        threading.Event().wait(0.01)
    return time.monotonic() - start


class Running:
    """One `manage.py up`: its address, its output so far, and requests with or without the console's session."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "DATA_DIR": str(folder), "SITE_URL": self.url, **environment}
        self.lines: list[str] = []
        self.pool = urllib3.PoolManager(maxsize=20, retries=False)
        self.cookies: dict[str, str] = {}

    def start(self) -> None:
        """Start it with the demonstration's data and wait for the line `ready`."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--demo", "--port", str(self.port)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: any(line.startswith("ready ") for line in self.lines), START_SECONDS, f"ready {self.lines[-5:]}")

    def stop(self) -> None:
        """End it politely; fails when it does not end."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """GET without a session."""
        return self.pool.request("GET", self.url + path, headers=headers, timeout=15, redirect=False)

    def console(self, path: str, fields: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        """GET, or POST of a form, with the session; keeps the cookies and adds the CSRF token."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if fields is not None:
            body = urlencode(fields, doseq=True)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.url}
        answer = self.pool.request(
            "POST" if body is not None else "GET",
            self.url + path,
            body=body,
            headers=headers,
            timeout=30,
            redirect=False,
        )
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def sign_in(self) -> None:
        """Sign in with the login that the demonstration prints."""
        login = json.loads((self.folder / "demo.json").read_text())
        form = hidden_fields(self.console("/console/sign-in").data.decode())
        answer = self.console(
            "/console/sign-in", {**form, "username": login["username"], "password": login["password"]}
        )
        assert answer.status == 302, answer.data[:300]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


def hidden_fields(html: str) -> dict[str, str]:
    """The hidden inputs of the page's forms: CSRF token, seen version, key."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = value[1]
    return found


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Running]:
    """A started installation, ended at the end."""
    found = Running(folder, **environment)
    try:
        found.start()
        yield found
    finally:
        found.stop()

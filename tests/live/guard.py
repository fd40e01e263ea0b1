"""A live guard on a tree, with nothing behind it unless an upstream is named."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from statuspage.running import front
from tests.live.running import ROOT, free_port, until


@contextmanager
def live_guard(root: Path, upstream: str = "http://127.0.0.1:9", port: int = 0, **environment: str) -> Iterator[int]:
    """Start it as `manage.py up` does; yields its port on the loopback (0: any that is free)."""
    port = port or free_port()
    child = front("127.0.0.1", port, 9, {"PYTHONPATH": str(ROOT)})
    env = {name: value for name, value in (child.env or {}).items() if value is not None}
    env |= {"PATH": os.environ["PATH"], "PUBLIC_ROOT": str(root), "UPSTREAM": upstream, **environment}
    process = subprocess.Popen([sys.executable, *child.argv[1:]], env=env)
    try:
        until(lambda: process.poll() is not None or _listens(port), 20, "the guard listens")
        assert process.poll() is None, "the guard did not start"
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

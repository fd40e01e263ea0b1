"""What `manage.py up` runs: the guard, Django and one worker, each started again when it dies.

The guard comes first and asks nobody: the last good tree answers even with no database. Django starts beside it, the
tables are migrated until that succeeds, and then the worker and what the first start needs.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from django.core.management.base import CommandError

from incidents.checks import is_loopback
from statuspage.supervisor import Child, Supervisor

# Each costs every request: the server's idle threads take turns on the processor (0.14 switches a request and thread).
# All but one may wait for Django; one alone reads the public pages as fast as many.
FRONT_THREADS = 5
HEADER_SECONDS = 10  # a request whose head is not there by then is dropped, as nginx does it
HEADER_BYTES = 64 * 1024
WEB_THREADS = 8  # more than the guard lets through: what it gave up waiting for may still run
WORKER_THREADS = 8
_OF_THE_GUARD = frozenset(
    (
        "DATA_DIR",
        "PUBLIC_ROOT",
        "UPSTREAM",
        "FRONT_THREADS",
        "TRUSTED_PROXIES",
        "FORWARD_DEADLINE_SECONDS",
        "ALLOWED_HOSTS",
        "SITE_URL",
    )
    + ("GRANIAN_HTTP1_HEADER_READ_TIMEOUT", "GRANIAN_HTTP1_BUFFER_SIZE")
    + ("PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
)
_BASE = Path(__file__).resolve().parent.parent


def up(host: str, port: int, *, is_demo: bool = False) -> None:
    """Run a whole instance on this machine until SIGTERM or SIGINT; returns when every process is gone.

    Raises CommandError when the address cannot be had, or another instance runs on the same DATA_DIR.
    """
    if is_demo and "DATA_DIR" not in os.environ:
        # The settings are read by now, with the folder of a real instance: begin again with that of the demonstration.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "DATA_DIR": "var/demo"})
    _refuse_debug(host)
    alone = _hold_alone(settings.DATA_DIR)
    _try_address(host, port)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor()
    supervisor.stop_on_signals()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host
    base = f"http://{shown}:{port}"
    env = _environment(base)
    upstream_port = _free_port()
    first = manage("seed", "seed_demo", env) if is_demo else manage("setup", "first_admin_link", env)

    def go_on(_: list[str]) -> None:
        supervisor.start(first, after=finish)
        if not is_demo:
            supervisor.start(worker(env))

    def finish(lines: list[str]) -> None:
        # The demonstration delivers under the clock of its story; a worker would find those mails months too late.
        if is_demo:
            supervisor.start(worker(env))
        _announce(supervisor, base, lines)

    supervisor.start(front(host, port, upstream_port, env))
    supervisor.start(web(upstream_port, env))
    supervisor.start(manage("migrate", "migrate", env, "--noinput"), after=go_on)
    supervisor.wait()
    alone.close()


def front(host: str, port: int, upstream_port: int, env: Mapping[str, str]) -> Child:
    """The guard, on the public address. It gets what it reads and nothing else: no Django settings, no secrets.

    The server copies the process's environment into that of each request, so what is left out is time saved as well.
    """
    own = {
        "UPSTREAM": f"http://127.0.0.1:{upstream_port}",
        "FRONT_THREADS": str(FRONT_THREADS),
        "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": str(HEADER_SECONDS * 1000),
        "GRANIAN_HTTP1_BUFFER_SIZE": str(HEADER_BYTES),
    }
    given = {name: value for name, value in {**env, **own}.items() if name in _OF_THE_GUARD}
    gone = dict.fromkeys(each for each in os.environ if each not in _OF_THE_GUARD)
    argv = _granian(host, port, FRONT_THREADS, "statuspage.front:application")
    return Child("front", argv, {**gone, **given})


def web(port: int, env: Mapping[str, str]) -> Child:
    """Django, on a loopback port that only the guard knows."""
    return Child("web", _granian("127.0.0.1", port, WEB_THREADS, "statuspage.wsgi:application"), env)


def worker(env: Mapping[str, str]) -> Child:
    """The worker, with the schedule and the sweep in it."""
    argv = [sys.executable, "-m", "celery", "--quiet", "-A", "statuspage.celery", "worker", "--pool", "threads"]
    argv += ["--loglevel", "WARNING"]
    argv += ["--concurrency", str(WORKER_THREADS), "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Child("worker", argv, {**env, "EMBED_BEAT": "1"})


def manage(name: str, command: str, env: Mapping[str, str], *arguments: str) -> Child:
    """A management command that runs until it succeeds."""
    return Child(name, [sys.executable, str(_BASE / "manage.py"), command, *arguments], env, is_once=True)


def _environment(base: str) -> dict[str, str]:
    return {
        "DATA_DIR": str(settings.DATA_DIR),
        "PUBLIC_ROOT": str(settings.PUBLIC_ROOT),
        "SITE_URL": os.environ.get("SITE_URL", base),
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_BASE), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }


def _granian(host: str, port: int, threads: int, target: str) -> list[str]:
    argv = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--no-ws", "--host", host]
    argv += ["--port", str(port), "--blocking-threads", str(threads), "--respawn-failed-workers"]
    argv += ["--respawn-interval", "0.2"]
    return [*argv, "--log-level", "error", target]


def _hold_alone(data_dir: Path) -> IO[bytes]:
    """Keep a second instance away from these data for as long as the file is open; a dead process holds nothing."""
    data_dir.mkdir(parents=True, exist_ok=True)
    file = open(data_dir / ".up.lock", "ab")  # noqa: SIM115 - held until the end
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"Another instance runs on {data_dir} already. Stop it, or give this one a folder of its own: DATA_DIR=…"
        ) from None
    return file


def _try_address(host: str, port: int) -> None:
    """Say now, in a sentence, that nobody can listen here.

    Granian would not: it shares a port (SO_REUSEPORT), and of two instances a reader would get now one, now the other.
    """
    try:
        if not 0 < port < 65536:
            raise OverflowError("a port is a number from 1 to 65535")
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what a former run left behind is no one
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(
            f"Cannot listen on {host} port {port}: {reason}. Choose another: --port (or PORT= with make)."
        ) from None


def _refuse_debug(host: str) -> None:
    """The system check (`candor.E001`) for `up`, which runs none: here the address decides too."""
    reached_as = (host, urlsplit(settings.SITE_URL).hostname or "")
    if settings.DEBUG and not all(is_loopback(each) for each in reached_as):
        raise CommandError(
            "DEBUG is set, and others could reach this page: they would see settings and code. Unset it."
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _announce(supervisor: Supervisor, base: str, lines: list[str]) -> None:
    """Say where it is, once both doors answer. The last line is the one that scripts wait for."""
    http = urllib3.PoolManager(timeout=2, retries=urllib3.Retry(3, connect=0, read=0))
    waiting = ["/", "/console/sign-in", "/heartbeat.json"]  # the last says that the worker lives
    while waiting and not supervisor.stopping.is_set():
        waiting = [path for path in waiting if not _answers(http, base + path)]
        if waiting:
            supervisor.stopping.wait(0.2)
    if waiting:
        return
    supervisor.say("", f"status page  {base}/\nconsole      {base}/console/\nfeeds        {base}/history.atom")
    for line in lines:
        if line.startswith(("http", "console login")):
            supervisor.say("", line if line.startswith("console") else f"make the first administrator: {line}")
    supervisor.say("", f"ready {base}/")


def _answers(http: urllib3.PoolManager, address: str) -> bool:
    try:
        return http.request("GET", address).status == 200
    except urllib3.exceptions.HTTPError:
        return False

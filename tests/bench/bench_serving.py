"""What a poll of a machine address costs, beside nginx with the same files.   python -m tests.bench.bench_serving

The guard runs as `manage.py up` runs it, nginx with one worker and `gzip_static`, both pinned to one core and asked in
turn by wrk on another. The figure is processor time per request of the server's processes (`/proc/<pid>/schedstat`):
on a shared machine that holds still where requests a second do not. The ratio is nginx's time over ours, the median of
several rounds; exit code 1 if one is below its bar, 2 if nginx, wrk or a second core is missing.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from incidents.publishing.tree import Page, Tree, file_of
from statuspage.running import front
from tests.live.running import ROOT, free_port, until

SUMMARY = "/api/v2/summary.json"
STANDS_IN = "/feed.json"  # of the same kind and size, for a tree without the dialect
GATE = "/gate/measured"  # an open one: only an answer of 200 has a 304
GZIP_BAR, UNCHANGED_BAR = 0.48, 0.45
ROUNDS, SECONDS, CONNECTIONS = 7, 1, 32
STORY = "2026-06-23T15:10:00Z"  # an incident is open


@dataclass(frozen=True)
class Row:
    """One kind of poll: its name, address, bar, and whether the client holds the answer already."""

    name: str
    path: str
    bar: float
    is_unchanged: bool = False


@dataclass(frozen=True)
class Server:
    """A started server and the process whose whole family's time counts."""

    name: str
    port: int
    process: subprocess.Popen[bytes]


def main() -> int:
    """Make the tree, start both, measure, print; the exit code says how it went."""
    missing = [each for each in ("nginx", "wrk", "taskset") if shutil.which(each, path=_path()) is None]
    if missing or len(os.sched_getaffinity(0)) < 2:
        print(f"Not measured: this needs two cores and {', '.join(missing) or 'a second one'}. On Debian and Ubuntu:")
        print("    apt-get install nginx-light wrk util-linux")
        return 2
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker may be another user
        summary = make_tree(folder)
        rows = [
            Row("summary, gzip", summary, GZIP_BAR),
            Row("summary, 304", summary, UNCHANGED_BAR, is_unchanged=True),
            Row("gate", GATE, GZIP_BAR),
            Row("gate, 304", GATE, UNCHANGED_BAR, is_unchanged=True),
        ]
        with started_nginx(folder, summary) as nginx, started_guard(folder) as guard:
            return report(rows, nginx, guard)


def make_tree(folder: Path) -> str:
    """The demonstration's own tree, with one more gate in it; returns the address that is polled for the summary."""
    env = {**os.environ, "PATH": _path(), "DATA_DIR": str(folder), "SECRET_KEY": "for the time of this run"}
    env |= {"PUBLIC_ROOT": str(folder / "public"), "DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    env.pop("DATABASE_URL", None)
    for command in (["migrate", "--noinput"], ["seed_demo", "--until", STORY]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
        )
    tree = Tree(folder / "public")
    with tree.lock():
        line = b"ok operational 2026-06-23T13:00:00Z - 2026-06-23T15:10:00Z\n"
        tree.write_cold(Page(GATE, line, "text/plain; charset=utf-8"))
    tree.write_heartbeat({"time": "2126-06-23T15:10:00Z", "revision": tree.version})  # never stale in this run
    has_summary = (tree.root / "current" / file_of(SUMMARY)).exists()
    return SUMMARY if has_summary else STANDS_IN


@contextmanager
def started_nginx(folder: Path, summary: str) -> Iterator[Server]:
    """nginx on the same tree: for the summary with the rules of `deploy/`, for a gate with as many headers."""
    port, own = free_port(), folder / "nginx"
    own.mkdir()
    headers = (
        'add_header Cache-Control "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400";'
        "add_header X-Content-Type-Options nosniff; add_header Access-Control-Allow-Origin *;"
        'add_header Access-Control-Expose-Headers "ETag, Candor-As-Of, Candor-Stale";'
        'add_header Candor-As-Of "2026-06-23T15:10:00Z";'
    )
    temporary = " ".join(
        f"{kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (own / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {own}/pid; error_log {own}/error.log; worker_rlimit_nofile 4096;
events {{ worker_connections 1024; }}
http {{
  types {{ application/json json; text/plain txt; text/html html; }}
  charset utf-8; access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {temporary}
  server {{
    listen 127.0.0.1:{port}; gzip_static on; gzip_vary on; {headers}
    {_rules(folder, summary)}
    location @guard {{ return 404; }}
    location /gate/ {{ root {folder}/public/cold; try_files $uri.txt =404; }}
  }}
}}
""")
    with _started("nginx", port, ["nginx", "-c", f"{own}/nginx.conf", "-e", f"{own}/error.log"], {}) as server:
        yield server


def _rules(folder: Path, summary: str) -> str:
    rules = (ROOT / "deploy" / "nginx-tree.conf").read_text().replace("/var/lib/candor/public", f"{folder}/public")
    shipped = '~ "^/api/v2/[a-z/-]+\\.json$"'
    assert shipped in rules
    return rules if summary == SUMMARY else rules.replace(shipped, f"= {summary}")


@contextmanager
def started_guard(folder: Path) -> Iterator[Server]:
    """The guard on the same tree, with the arguments that `manage.py up` gives it; nothing stands behind it."""
    port = free_port()
    child = front("127.0.0.1", port, free_port(), {"PUBLIC_ROOT": str(folder / "public"), "PYTHONPATH": str(ROOT)})
    env = {name: value for name, value in (child.env or {}).items() if value is not None}
    with _started("guard", port, child.argv, env) as server:
        yield server


@contextmanager
def _started(name: str, port: int, argv: Sequence[str], env: Mapping[str, str]) -> Iterator[Server]:
    first = min(os.sched_getaffinity(0))
    process = subprocess.Popen(
        ["taskset", "-c", str(first), *argv], env={"PATH": _path(), **env}, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: process.poll() is not None or _answers(port), 20, f"{name} answers")
        if process.poll() is not None:
            raise SystemExit(f"{name} ended at once with code {process.returncode}.")
        yield Server(name, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def report(rows: list[Row], nginx: Server, guard: Server) -> int:
    """Ask both in turn, print a line for each row; 1 if a bar is missed."""
    has_missed = False
    print(f"Processor time per request, {CONNECTIONS} connections, median of {ROUNDS} rounds; ratio = nginx / guard")
    for row in rows:
        asked = {server.name: request_headers(server, row) for server in (nginx, guard)}
        pairs = []
        for turn in range(ROUNDS):
            order = (nginx, guard) if turn % 2 else (guard, nginx)
            took = {each.name: cost(each, row, asked[each.name]) for each in order}
            pairs.append((took["nginx"], took["guard"]))
        theirs, ours = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
        ratios = sorted(first / second for first, second in pairs)
        ratio = statistics.median(ratios)
        has_missed |= ratio < row.bar
        print(
            f"{row.name:14} {row.path:22} nginx {theirs:5.1f} µs  guard {ours:5.1f} µs  ratio {ratio:.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f})  bar {row.bar:.2f}{'' if ratio >= row.bar else '  MISSED'}"
        )
    print("MISSED" if has_missed else "All bars are held.")
    return int(has_missed)


def request_headers(server: Server, row: Row) -> dict[str, str]:
    """What a client sends for a row, after a look at whether the answer is the one that is to be measured."""
    headers = {"Accept-Encoding": "gzip"}
    status, answered = _ask(server.port, row.path, headers)
    if row.is_unchanged:
        headers["If-None-Match"] = answered["ETag"]
        status, answered = _ask(server.port, row.path, headers)
    expected = 304 if row.is_unchanged else 200
    coding = "gzip" if row.path != GATE and not row.is_unchanged else None  # a gate's line is no smaller compressed
    if (status, answered["Content-Encoding"]) != (expected, coding):
        raise SystemExit(f"{server.name} answered {row.path} with {status} and {answered['Content-Encoding']}.")
    return headers


def cost(server: Server, row: Row, headers: Mapping[str, str]) -> float:
    """Seconds of processor time for one request, from one visit of wrk."""
    core = sorted(os.sched_getaffinity(0))[1]
    argv = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    for name, value in headers.items():
        argv += ["-H", f"{name}: {value}"]
    before = processor_seconds(server.process.pid)
    told = subprocess.run(
        [*argv, f"http://127.0.0.1:{server.port}{row.path}"], capture_output=True, text=True, check=True
    ).stdout
    spent = processor_seconds(server.process.pid) - before
    answered = re.search(r"(\d+) requests in", told)
    if answered is None or int(answered[1]) == 0 or "Non-2xx" in told:
        raise SystemExit(f"{server.name} did not answer {row.path} as it should:\n{told}")
    return spent / int(answered[1])


def processor_seconds(pid: int) -> float:
    """The time on a processor of all threads of a process and of those below it, in steps of a nanosecond."""
    total, waiting = 0, [pid]
    while waiting:
        tasks = Path(f"/proc/{waiting.pop()}/task")
        for task in tasks.iterdir():
            total += int((task / "schedstat").read_text().split()[0])
            waiting += map(int, (task / "children").read_text().split())
    return total / 1e9


def _ask(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def _answers(port: int) -> bool:
    try:
        return _ask(port, GATE, {})[0] == 200
    except OSError:
        time.sleep(0.05)
        return False


def _path() -> str:
    """Where programs are looked for: nginx is often in a folder that only root has on its PATH."""
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"


if __name__ == "__main__":
    sys.exit(main())

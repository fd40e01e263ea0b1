#!/usr/bin/env python3
"""Ask a status page whether a script may go ahead. One file, Python 3.9 or newer, nothing to install.

exit codes:
  0  ok: no worse than the limit
  1  worse than the limit, but short of a major outage (degraded, under maintenance, partial outage)
  2  down: a major outage
  3  unknown: no answer, an answer that makes no sense, or one that is too old (Candor-Stale)
  64 wrong usage; 130 interrupted; with --run-else, whatever CMD exits with
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from typing import Any, NoReturn

LEVELS = ("operational", "degraded_performance", "under_maintenance", "partial_outage", "major_outage")
OK, WORSE, DOWN, UNKNOWN, USAGE, INTERRUPTED = 0, 1, 2, 3, 64, 130
MOST_BYTES = 1 << 20
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "": 1}


class Unknown(Exception):
    """The page gave no answer that can be relied on."""


class Redirects(urllib.request.HTTPRedirectHandler):
    """Python before 3.11 does not know 308."""

    def http_error_308(self, asked: Any, answer: Any, _code: int, message: str, headers: Any) -> Any:
        return self.http_error_302(asked, answer, 307, message, headers)


class Parser(argparse.ArgumentParser):
    """Wrong usage exits with 64: argparse's own 2 means down here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"status-gate: {message}\n")


def seconds(text: str) -> float:
    """`90`, `90s`, `1.5m`, `2h` or `200ms`, as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; write 90s, 10m or 1h")
    return float(found[1]) * UNITS[found[2]]


def address(text: str) -> str:
    """A gate's address without its ending."""
    try:
        parts = urllib.parse.urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        is_whole = False
    slug = parts.path.split("/gate/")[-1] if is_whole and "/gate/" in parts.path else ""
    if not slug.strip("/") or parts.query or parts.fragment or not re.fullmatch(r"[!-~]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no gate; write https://status.example/gate/COMPONENT")
    path = parts.path.rstrip("/")
    return urllib.parse.urlunsplit(parts._replace(path=path[:-5] if path.endswith(".json") else path))


def arguments(given: list[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = Parser(prog="status-gate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", type=address, help="https://status.example/gate/COMPONENT (or a group)")
    parser.add_argument("--worst", choices=LEVELS, help="the worst level that is still ok (degraded_performance)")
    parser.add_argument("--region", metavar="KEY", help="ask for one region")
    parser.add_argument("--wait", type=seconds, default=0, metavar="10m", help="ask again until it is ok, this long")
    parser.add_argument("--interval", type=seconds, default=15, metavar="15s", help="how often --wait asks")
    parser.add_argument("--timeout", type=seconds, default=5, metavar="5s", help="how long one answer may take")
    parser.add_argument("--run-else", metavar="CMD", help="run this by the shell when it is not ok; exit as it does")
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors of usage")
    parser.add_argument("--fail-open", action="store_true", help="take unknown for ok")
    options = parser.parse_args(given)
    if options.timeout <= 0 or options.interval <= 0:
        parser.error("--timeout and --interval must be longer than nothing")
    head, slug = options.url.rsplit("/gate/", 1)
    if options.region is not None:
        if "@" in slug or "/" in slug or not re.fullmatch(r"[A-Za-z0-9_-]+", options.region):
            parser.error("--region takes one key, and an address that names neither region nor level")
        slug += "@" + options.region
    if options.worst:
        if "/" in slug:
            parser.error("the address names a level already; leave it out or leave out --worst")
        slug += "/" + options.worst
    options.url = head + "/gate/" + slug + ".json"
    return options


def ask(url: str, timeout: float) -> tuple[int, dict[str, Any], int]:
    """The answer as (exit code, document, seconds to wait before asking again). Raises Unknown."""
    deadline = time.monotonic() + timeout
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip", "User-Agent": "status-gate/1"})
    try:
        try:
            answer = urllib.request.build_opener(Redirects).open(asked, timeout=timeout)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            status, headers, body = answer.getcode() or 0, answer.headers, read(answer, deadline)
        if headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip"):
            body = zlib.decompressobj(31).decompress(body, MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError, EOFError, zlib.error) as error:
        raise Unknown(f"no answer: {getattr(error, 'reason', None) or str(error) or type(error).__name__}") from None
    if status not in (200, 503) or not answer.geturl().startswith("http"):
        raise Unknown(f"the page answered {status}")
    if headers.get("Candor-Stale"):
        raise Unknown(f"the page is {headers['Candor-Stale'][:20]} s old: its own backend is silent")
    document = understood(body, status)
    wait = headers.get("Retry-After", "")
    return code_of(document), document, int(wait) if re.fullmatch(r"[0-9]{1,7}", wait) else 0


def read(answer: http.client.HTTPResponse | urllib.error.HTTPError, deadline: float) -> bytes:
    """The body, in time and within bounds."""
    body = b""
    while len(body) <= MOST_BYTES:
        piece = answer.read1(65536)
        if not piece:
            return body
        if time.monotonic() > deadline:
            raise Unknown("no answer: it took too long")
        body += piece
    raise Unknown("the answer is too long")


def understood(body: bytes, status: int) -> dict[str, Any]:
    """The document of a gate, if the body is one and says what the status says."""
    try:
        document: dict[str, Any] = json.loads(body.decode("utf-8"))
        word, level = document["gate"], document["status"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unknown("the answer is not that of a gate") from None
    if level not in LEVELS or word != {200: "ok", 503: "down"}[status]:
        raise Unknown("the answer contradicts itself")
    return document


def code_of(document: dict[str, Any]) -> int:
    """The exit code for a document."""
    if document["gate"] == "ok":
        return OK
    return DOWN if document["status"] == "major_outage" else WORSE


def look(options: argparse.Namespace) -> tuple[int, int]:
    """Ask once; returns the exit code and the seconds that the page asks us to wait."""
    try:
        code, document, wait = ask(options.url, options.timeout)
        line = [document["gate"], document["status"], document.get("since"), document.get("incident")]
        text = " ".join(str(field or "-") for field in [*line, document.get("changed")])
    except Unknown as reason:
        code, wait, text, document = (OK if options.fail_open else UNKNOWN), 0, f"unknown {reason}", None
    if not options.quiet:
        shown = document or {"gate": "unknown", "reason": text[8:]}
        print(json.dumps(shown) if options.json else re.sub(r"[^ -~]", "?", text), flush=True)
    return code, wait


def main(given: list[str]) -> int:
    """Ask, wait, run what is to be run; returns the exit code."""
    options = arguments(given)
    until = time.monotonic() + options.wait
    code, wait = look(options)
    while code != OK and time.monotonic() < until:
        pause = max(options.interval, wait) * random.uniform(0.9, 1.1)  # many jobs must not come back as one
        time.sleep(max(0, min(pause, until - time.monotonic())))
        code, wait = look(options)
    if code != OK and options.run_else:
        ended = subprocess.call(options.run_else, shell=True, env={**os.environ, "STATUS_GATE_CODE": str(code)})
        return ended if ended >= 0 else 128 - ended
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(UNKNOWN)

"""The guard: the public server. Answers public addresses from memory, forwards the rest to Django, never imports it.

A process of its own, because in one process a slow console page is a slow public page: 8 slow requests on 8 threads
took `/` from 2 ms to 7.5 s. Environment: PUBLIC_ROOT (the tree), UPSTREAM (`http://127.0.0.1:8001` or
`unix:/run/candor.sock`), FRONT_THREADS (of the server around it; all but one may wait for Django), TRUSTED_PROXIES
(addresses or networks whose `X-Forwarded-*` headers are believed), FORWARD_DEADLINE_SECONDS, ALLOWED_HOSTS (names that
a request may ask for, as Django reads them; unset, any: no public byte depends on the name), SITE_URL (at
https:// every answer says that browsers are to stay there).

Run by hand: `granian --interface wsgi --workers 1 --blocking-threads 5 --no-ws statuspage.front:application`.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from incidents.domain.headers import OF_DATA, OF_DOCUMENTS, OF_EVERYTHING, transport_headers
from statuspage.forward import Forwarder
from statuspage.shelf import Entry, Headers, Shelf, TornPage, is_open_to_scripts, status_line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

log = logging.getLogger(__name__)
FORWARDED = (
    *("/console", "/accounts", "/subscriptions", "/unsubscribe", "/confirm", "/static", "/v1", "/inbound"),
    *("/csp-reports", "/healthz", "/readyz", "/metrics"),
)
# Addresses of which a query string chooses a page, and where a page of theirs stands for who asks for JSON.
PAGED = frozenset(("/history", "/history.json"))
HISTORY_JSON, BEYOND_HISTORY_JSON = "/history/pages/%s.json", "/history/pages/none.json"
DIALECT = "/api/v2/"
# For the subscriber script of that dialect, which does not read before it asks.
DIALECT_METHODS = "GET, POST, DELETE, OPTIONS"
_FORWARDED_FIRST = frozenset(each[1:] for each in FORWARDED)
FORWARDED_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_PLAIN = [
    ("Content-Type", "text/html; charset=utf-8"),
    *OF_EVERYTHING,
    *OF_DATA,
    *OF_DOCUMENTS,
]
_BARE = [*OF_EVERYTHING, *OF_DATA]  # of answers without a body
GATE = "/gate/"
STATIC = "/static/"
_GATE_REFUSAL = [("Content-Type", "text/plain; charset=utf-8"), *_PLAIN[1:], ("Access-Control-Allow-Origin", "*")]
_TEXTS = {
    400: "This site does not answer to that name.",
    404: "There is nothing at this address.",
    405: "This address only answers reading.",
    503: "The status page is starting. Please try again in a few seconds.",
}


class Front:
    """The WSGI application. `upstream` takes what is not public."""

    def __init__(self, shelf: Shelf, upstream: Forwarder, hosts: Sequence[str] = ()) -> None:
        self.shelf = shelf
        self.upstream = upstream
        self.is_known = lru_cache(maxsize=64)(partial(is_known_host, tuple(hosts))) if hosts else None

    @classmethod
    def from_environment(cls, env: dict[str, str]) -> Front:
        """Configured from environment variables alone; see the module's docstring. Raises ValueError for a bad one."""
        always = transport_headers(env.get("SITE_URL", ""))
        upstream = Forwarder(
            env.get("UPSTREAM", "http://127.0.0.1:8001"),
            at_once=max(1, int(env.get("FRONT_THREADS", "5")) - 1),
            deadline_seconds=float(env.get("FORWARD_DEADLINE_SECONDS", "10")),
            trusted_proxies=[each for each in env.get("TRUSTED_PROXIES", "").replace(",", " ").split() if each],
            always=always,
        )
        hosts = [each.strip().lower() for each in env.get("ALLOWED_HOSTS", "").split(",") if each.strip()]
        return cls(Shelf(Path(env.get("PUBLIC_ROOT", "var/public")), always), upstream, hosts)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if self.is_known is not None and not self.is_known(environ.get("HTTP_HOST", "")):
            return self._refuse(400, method, start_response)
        if method == "GET" and not environ.get("QUERY_STRING"):  # nearly every poll
            entry = self.shelf.held(path)
            if entry is not None:
                return self._send(entry, method, environ, start_response)
        if path.startswith(STATIC) and method in ("GET", "HEAD") and (entry := self._asset(path)):
            return self._send(entry, method, environ, start_response)
        if is_forwarded(path, method):
            if has_odd_segments(path):
                return self._refuse(404, method, start_response)
            if method not in FORWARDED_METHODS:
                return self._refuse(405, method, start_response, [("Allow", ", ".join(sorted(FORWARDED_METHODS)))])
            return self.upstream(environ, start_response)
        if method in ("GET", "HEAD"):
            return self._read(path, method, environ, start_response)
        return self._other(path, method, start_response)

    def _read(self, path: str, method: str, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        if path in PAGED and environ.get("QUERY_STRING"):
            if path != "/history" or "application/json" in environ.get("HTTP_ACCEPT", ""):
                path = self._history_json(environ["QUERY_STRING"])
            else:
                address = self._history_address(environ["QUERY_STRING"])
                if address != path:
                    return self._redirect(address, "302", method, start_response, [("Vary", "Accept")])
        try:
            entry = self.shelf.find(path)
            if entry is None and self._is_slashed(path):
                return self._redirect(path.rstrip("/"), "308", method, start_response)
            if entry is None and path.startswith(DIALECT) and not self.shelf.is_empty:
                return self._send_nothing(start_response)
            if entry is None and not self.shelf.is_empty and not path.startswith(GATE):
                entry = self.shelf.find("/404")
        except TornPage:
            log.warning("%s is being written", path)
            return self._refuse(503, method, start_response, [("Retry-After", "1")], path)
        if entry is not None:
            return self._send(entry, method, environ, start_response)
        if self.shelf.is_empty:
            return self._refuse(503, method, start_response, [("Retry-After", "2")], path)
        return self._refuse(404, method, start_response, path=path)

    def _asset(self, path: str) -> Entry | None:
        """A file of the console from the tree; None where Django has to send it, as before the first publication."""
        try:
            return self.shelf.find(path)
        except TornPage:
            return None

    def _send(self, entry: Entry, method: str, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        reply = entry.reply(environ.get("HTTP_ACCEPT_ENCODING", ""), self.shelf.age)
        if entry.is_conditional and is_unchanged(entry, environ):
            start_response("304 Not Modified", reply.unchanged_headers)
            return []
        start_response(entry.status_line, reply.headers)
        return reply.body if method == "GET" else []

    def _other(self, path: str, method: str, start_response: StartResponse) -> list[bytes]:
        allow = "GET, HEAD, POST" if path == "/subscribe" else "GET, HEAD"
        is_dialect = path.startswith(DIALECT)
        if method == "OPTIONS" and (is_dialect or self._is_open(path)):
            headers = [
                ("Allow", f"{allow}, OPTIONS"),
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Methods", DIALECT_METHODS if is_dialect else allow),
                ("Access-Control-Allow-Headers", "*"),
                ("Access-Control-Max-Age", "86400"),
                *_BARE,
            ]
            start_response("204 No Content", headers + self.shelf.pulse.headers(time.time()))
            return []
        if is_dialect:
            return self._refuse_program(405, start_response, [("Allow", f"{allow}, OPTIONS")])
        return self._refuse(405, method, start_response, [("Allow", allow)])

    def _is_open(self, path: str) -> bool:
        try:
            entry = self.shelf.find(path)
        except TornPage:
            return True
        return entry is not None and is_open_to_scripts(path, dict(entry.forms[""].headers)["Content-Type"])

    def _is_slashed(self, path: str) -> bool:
        return path.endswith("/") and not has_odd_segments(path) and self.shelf.find(path.rstrip("/")) is not None

    def _history_address(self, query: str) -> str:
        """Where `/history?page=N` leads: N that is no number is not ours to judge, one beyond the last is not there."""
        asked = parse_qs(query[:200]).get("page", [""])[0]
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6):
            return "/history"
        return self.shelf.history_page(int(asked)) or "/404"

    def _history_json(self, query: str) -> str:
        """The page of the history that `page=N` asks for, as JSON: who walks it ends at one without months."""
        asked = parse_qs(query[:200]).get("page", [""])[0]
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
        address = HISTORY_JSON % number
        try:
            return address if self.shelf.find(address) else BEYOND_HISTORY_JSON
        except TornPage:
            return address

    def _send_nothing(self, start_response: StartResponse) -> list[bytes]:
        """How the Statuspage dialect says that there is no such document: without a body, so without a type of it."""
        headers = [("Content-Length", "0"), ("Cache-Control", "no-cache"), ("Access-Control-Allow-Origin", "*"), *_BARE]
        start_response(status_line(404), headers + self.shelf.pulse.headers(time.time()))
        return []

    def _redirect(
        self, address: str, status: str, method: str, start_response: StartResponse, more: Headers | None = None
    ) -> list[bytes]:
        if address == "/404":
            return self._send_missing(method, start_response)
        headers = [("Location", address), ("Cache-Control", "public, max-age=60"), ("Content-Length", "0"), *_BARE]
        headers += more or []
        start_response(status_line(int(status)), headers + self.shelf.pulse.headers(time.time()))
        return []

    def _send_missing(self, method: str, start_response: StartResponse) -> list[bytes]:
        entry = self.shelf.find("/404")
        if entry is None:
            return self._refuse(404, method, start_response)
        return self._send(entry, method, {}, start_response)

    def _refuse_program(self, status: int, start_response: StartResponse, more: Headers) -> list[bytes]:
        """As `_refuse`, in the shape in which programs of the Statuspage dialect read a reason."""
        body = json.dumps({"error": _TEXTS[status]}).encode()
        headers = [("Content-Type", "application/json; charset=utf-8"), ("Access-Control-Allow-Origin", "*"), *more]
        headers += [("Cache-Control", "no-cache"), ("Content-Length", str(len(body))), *_BARE]
        start_response(status_line(status), headers + self.shelf.pulse.headers(time.time()))
        return [body]

    def _refuse(
        self, status: int, method: str, start_response: StartResponse, more: Headers | None = None, path: str = ""
    ) -> list[bytes]:
        if path.startswith(GATE):  # a script reads it, and neither `ok` nor `down` must be the first word
            body, own = f"unknown {_TEXTS[status]}\n".encode(), _GATE_REFUSAL
        else:
            text = f"<!doctype html><html lang=en><meta charset=utf-8><title>{status}</title><p>{_TEXTS[status]}\n"
            body, own = text.encode(), _PLAIN
        headers = [*own, ("Cache-Control", "no-cache"), ("Content-Length", str(len(body))), *(more or [])]
        start_response(status_line(status), headers + self.shelf.pulse.headers(time.time()))
        return [] if method == "HEAD" else [body]


def is_forwarded(path: str, method: str) -> bool:
    """Whether an address belongs to Django: the forwarded prefixes, and sending in the subscription form."""
    if path == "/subscribe":
        return method == "POST"
    return path[:1] == "/" and path[1:].partition("/")[0] in _FORWARDED_FIRST


def is_known_host(hosts: Sequence[str], asked: str) -> bool:
    """Whether a Host header names one of `hosts` (lower case; `*` is any, `.example.org` its subdomains too)."""
    name = asked.lower()
    name = name if name.endswith("]") else name.rpartition(":")[0] or name
    return any(each in ("*", name) or (each[:1] == "." and f".{name}".endswith(each)) for each in hosts)


def has_odd_segments(path: str) -> bool:
    """Whether a path holds what proxies and servers read differently: empty and dot segments, control characters."""
    if any(character < " " or character == "\x7f" for character in path):
        return True
    return "//" in path or any(each in (".", "..") for each in path.split("/"))


def is_unchanged(entry: Entry, environ: dict[str, Any]) -> bool:
    """Whether the client holds this already: If-None-Match first, compared weakly (RFC 9110, 13.1.2 and 13.1.3)."""
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        if tags in entry.quoted_etags:  # what nearly every client sends
            return True
        if tags.strip() == "*":
            return True
        return any(tag.strip().removeprefix("W/").strip('"') in entry.etags for tag in tags.split(","))
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None:
        return False
    try:
        return entry.last_modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


application = Front.from_environment(dict(os.environ))

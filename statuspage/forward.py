"""Hand a request to Django and its answer back, within a deadline and never with more than a share of the threads.

Imports no Django.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import urllib3

from incidents.domain.headers import OF_DATA, OF_DOCUMENTS, OF_EVERYTHING
from incidents.domain.redaction import without_tokens
from statuspage.deadlines import CONNECT_SECONDS, Exchange, Watchdog, WatchedConnection, current
from statuspage.shelf import Headers, status_line

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

log = logging.getLogger(__name__)
BODY_LIMIT_BYTES = 10 * 1024 * 1024
_BUFFER_BYTES = 1024 * 1024  # an answer up to this size is complete before its first byte is sent on
_CHUNK_BYTES = 64 * 1024
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
    + ("transfer-encoding", "upgrade")
)
_OWN = frozenset(
    ("host", "content-length", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "forwarded")
)
# The server copies the process's environment into each request's: HTTP_PROXY there is no header (CVE-2016-5385).
_NO_HEADER = frozenset(("proxy",))
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{8,100}", re.ASCII)
_REFUSALS = {
    400: "What you sent did not arrive whole. What you typed is kept in your browser: go back and send it again.",
    411: "Send a Content-Length with this request.",
    413: "This is too large: at most 10 MB can be sent at once.",
    503: "This part of the site does not answer just now. What you typed is kept in your browser: go back and try "
    "again in a few seconds. The public status page is not affected.",
}


class Forwarder:
    """The WSGI application behind which Django stands.

    `upstream` is `http://host:port` or `unix:/path`; at most `at_once` requests wait for it, and each of them
    `deadline_seconds` in all. Headers that tell of the client are believed only from `trusted_proxies`. Its own
    refusals carry the headers `always`.
    """

    def __init__(
        self,
        upstream: str,
        *,
        at_once: int,
        deadline_seconds: float,
        trusted_proxies: Sequence[str] = (),
        always: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.deadline_seconds = deadline_seconds
        self._always = always
        self._places = threading.BoundedSemaphore(at_once)
        self._receiving = threading.BoundedSemaphore(max(1, at_once // 2))
        self._watchdog = Watchdog()
        self._trusted = [ipaddress.ip_network(each, strict=False) for each in trusted_proxies]
        self._pool = _pool_for(upstream, at_once, deadline_seconds)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Forward one request, or refuse it at once (503 with Retry-After) when all places are taken."""
        request_id = _request_id(environ)
        if refusal := _refusal_by_length(environ):
            return self._refuse(refusal, environ, request_id, start_response)
        if not self._places.acquire(blocking=False):
            return self._refuse(503, environ, request_id, start_response)
        exchange = Exchange(self._places.release)
        try:
            return self._exchange(exchange, environ, request_id, start_response)
        except BaseException:
            exchange.finish()
            raise

    def _exchange(
        self, exchange: Exchange, environ: dict[str, Any], request_id: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        body = None
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS"):
            body, refusal = self._receive(environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0))
            if refusal:
                exchange.finish()
                return self._refuse(refusal, environ, request_id, start_response)
        self._watchdog.watch(exchange, self.deadline_seconds)
        try:
            response = self._ask(exchange, environ, request_id, body)
            start = _read_start(response)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            exchange.finish()
            asked = without_tokens(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            log.warning("no answer to %s [%s]: %s", asked, request_id, without_tokens(repr(error)))
            return self._refuse(503, environ, request_id, start_response)
        headers = [(n, v) for n, v in response.headers.items() if n.lower() not in _gone(response.headers)]
        if "X-Request-ID" not in response.headers:
            headers.append(("X-Request-ID", request_id))
        start_response(f"{response.status} {response.reason or 'Unknown'}", headers)
        if len(start) < _BUFFER_BYTES:
            response.release_conn()
            exchange.finish()
            return [start]
        return _Answer(exchange, response, start)

    def _receive(self, source: IO[bytes], length: int) -> tuple[IO[bytes] | None, int]:
        """The request's body, whole, and 0; or the status with which to refuse it.

        Received before Django hears of it, so that a slow sender holds no thread there. A read of the body cannot be
        given a deadline (and from a second thread it stops the server once the first has answered), so slow senders
        may hold half of the places and no more: the console can still be read. nginx in front buffers bodies.
        """
        if not self._receiving.acquire(blocking=False):
            return None, 503
        body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_BUFFER_BYTES)  # noqa: SIM115 - closed when let go
        size = 0
        try:
            while size < length and (chunk := source.read(min(_CHUNK_BYTES, length - size))):
                size += len(chunk)
                body.write(chunk)
        finally:
            self._receiving.release()
        return (None, 400) if size < length else (body, 0)

    def _ask(
        self, exchange: Exchange, environ: dict[str, Any], request_id: str, body: IO[bytes] | None
    ) -> urllib3.BaseHTTPResponse:
        target = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        if environ.get("QUERY_STRING"):
            target += "?" + environ["QUERY_STRING"]
        headers = self._headers(environ, request_id)
        if body is not None:
            headers["Content-Length"] = str(body.seek(0, 2))
            body.seek(0)
        # Django may have closed a kept connection in this very moment; asking again is only safe for reads.
        is_repeatable = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        retries = urllib3.Retry(total=1, connect=0, redirect=0, status=0, other=0) if is_repeatable else False
        current.exchange = exchange
        try:
            return self._pool.urlopen(
                environ["REQUEST_METHOD"],
                target,
                body=body,
                headers=headers,
                redirect=False,
                retries=retries,
                preload_content=False,
                decode_content=False,
                assert_same_host=False,
            )
        finally:
            del current.exchange

    def _refuse(
        self, status: int, environ: dict[str, Any], request_id: str, start_response: StartResponse
    ) -> list[bytes]:
        text = _REFUSALS[status]
        is_machine = environ["PATH_INFO"].startswith(("/v1", "/inbound", "/healthz", "/readyz", "/metrics"))
        if is_machine:
            body = json.dumps({"error": text}).encode()
        else:
            page = f"<!doctype html><html lang=en><meta charset=utf-8><title>{status}</title><p>{text}"
            body = f"{page}<p>For the operators: {request_id}\n".encode()
        headers: Headers = [
            ("Content-Type", "application/json" if is_machine else "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *OF_EVERYTHING,
            *OF_DATA,
            *OF_DOCUMENTS,
            *self._always,
            ("X-Request-ID", request_id),
        ]
        if status == 503:
            headers.append(("Retry-After", "5"))
        start_response(status_line(status), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _headers(self, environ: dict[str, Any], request_id: str) -> dict[str, str]:
        gone = _HOP_BY_HOP | _OWN | _NO_HEADER | _named(environ.get("HTTP_CONNECTION", ""))
        named = ((key[5:].replace("_", "-").lower(), key) for key in environ if key.startswith("HTTP_"))
        headers = {name: str(environ[key]) for name, key in named if name not in gone}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        client = environ.get("REMOTE_ADDR", "")
        host = environ.get("HTTP_HOST", "")
        chain, scheme, public_host = "", environ["wsgi.url_scheme"], host
        if self._is_trusted(client):
            chain = environ.get("HTTP_X_FORWARDED_FOR", "")
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
            public_host = environ.get("HTTP_X_FORWARDED_HOST", host)
        headers["Host"] = host
        headers["X-Forwarded-For"] = f"{chain}, {client}" if chain else client
        headers["X-Forwarded-Proto"] = scheme
        headers["X-Forwarded-Host"] = public_host
        headers["X-Request-ID"] = request_id
        return headers

    def _is_trusted(self, client: str) -> bool:
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._trusted)


class _Answer:
    """The rest of a long answer, read as it is sent on."""

    def __init__(self, exchange: Exchange, response: urllib3.BaseHTTPResponse, start: bytes) -> None:
        self._exchange = exchange
        self._response = response
        self._start = start

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._start
            while chunk := self._response.read(_CHUNK_BYTES, decode_content=False):
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._response.close()  # not given back to the pool: it may hold unread bytes
        self._exchange.finish()


def _read_start(response: urllib3.BaseHTTPResponse) -> bytes:
    """The answer up to the size that is held back. Raises ProtocolError when it ends before its length.

    Read until nothing comes: a single read of a broken answer returns the part that arrived, without complaint.
    """
    parts, size = [], 0
    while size < _BUFFER_BYTES and (part := response.read(_BUFFER_BYTES - size, decode_content=False)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _pool_for(upstream: str, at_once: int, deadline_seconds: float) -> urllib3.HTTPConnectionPool:
    parts = urlsplit(upstream)
    if parts.scheme not in ("http", "unix"):
        raise ValueError(f"UPSTREAM must be http://host:port or unix:/path, not {upstream!r}")
    pool = urllib3.HTTPConnectionPool(
        parts.hostname or "localhost",
        parts.port,
        maxsize=at_once,
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=deadline_seconds),
    )
    unix_socket = parts.path if parts.scheme == "unix" else None
    pool.ConnectionCls = type("Connection", (WatchedConnection,), {"unix_socket": unix_socket})
    return pool


def _refusal_by_length(environ: dict[str, Any]) -> int:
    """413 or 411 for a body that is not taken, else 0.

    A chunked body is refused: when its sender dies half way, the server below hands out the part as if it were whole.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if not length:
        return 411 if environ.get("HTTP_TRANSFER_ENCODING") else 0
    if not (length.isascii() and length.isdigit()):
        return 400
    return 413 if int(length) > BODY_LIMIT_BYTES else 0


def _request_id(environ: dict[str, Any]) -> str:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _gone(headers: Any) -> frozenset[str]:
    return _HOP_BY_HOP | _named(headers.get("Connection", ""))


def _named(connection: str) -> frozenset[str]:
    """The header names that a Connection header declares to be for this hop only (RFC 9110, 7.6.1)."""
    return frozenset(each.strip().lower() for each in connection.split(","))

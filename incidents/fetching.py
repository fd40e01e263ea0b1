"""The only HTTP client: reads an address that somebody typed, and cannot be led where it must not go.

Each hop is resolved once, every address that its name has is judged, and the connection goes to a judged address
itself, so that a name cannot mean another machine between check and connection. Nothing from the environment (proxies,
.netrc) and no cookie takes part.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection

from incidents import __version__
from incidents.domain.network import is_reachable

LIMIT_BYTES = 5_000_000
DEADLINE_SECONDS = 10.0
REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_OPEN_PORTS = frozenset({80, 443, 8080, 8443})
_CHUNK_BYTES = 65_536
_RESOLVE_SECONDS = 3.0
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")


class NotFetched(Exception):
    """Nothing was read. The text is a sentence for the person who gave the address."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Unreachable(NotFetched):
    """The other side did not answer, not in time, too much, or not in HTTP. Another time it may."""


class Forbidden(NotFetched):
    """An address that is never asked: its form, its scheme or port, where it leads, or it is this site itself."""


@dataclass(frozen=True)
class Fetched:
    """An answer of whatever status. `body` is decompressed and empty for a 304; `url` is where the redirects ended.

    `etag` and `last_modified` are the validators to send next time, empty where there are none that can be sent.
    """

    status: int
    body: bytes
    url: str
    content_type: str
    etag: str
    last_modified: str


@dataclass(frozen=True)
class _Place:
    """An address taken apart, once: what is judged is what is asked."""

    scheme: str
    host: str
    port: int
    target: str


def fetch(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    limit_bytes: int = LIMIT_BYTES,
    deadline_seconds: float = DEADLINE_SECONDS,
    accept: str = "*/*",
) -> Fetched:
    """GET `url`, with the validators of last time if there are any; follow up to 5 redirects, each judged anew.

    `limit_bytes` holds for the body when decompressed; `deadline_seconds` for everything together, however slowly the
    other side sends. Any status is an answer. Raises Unreachable and Forbidden (both NotFetched), nothing else.
    """
    headers = {"User-Agent": f"Candor/{__version__} (+{settings.SITE_URL})", "Accept": accept}
    headers["Accept-Encoding"] = "gzip"
    validators = {"If-None-Match": _sendable(etag), "If-Modified-Since": _sendable(last_modified)}
    headers |= {name: value for name, value in validators.items() if value}
    until = time.monotonic() + deadline_seconds
    for _hop in range(REDIRECTS + 1):
        place = _place(url)
        with _answer(place, headers, until, deadline_seconds) as response:
            onward = response.headers.get("Location") if response.status in (301, 302, 303, 307, 308) else None
            if not onward:
                return _fetched(response, url, limit_bytes)
        url = _joined(url, onward)
        if place.scheme == "https" and not url.lower().startswith("https:"):
            raise Forbidden(_("The address leads from https to an address without it; that is not followed."))
    raise Unreachable(_("The address leads on more than %s times.") % REDIRECTS)


def check(url: str) -> None:
    """Judge an address before it is kept, without asking it for anything. Raises as `fetch`."""
    place = _place(url)
    _judged(place, time.monotonic() + _RESOLVE_SECONDS)


def _place(url: str) -> _Place:
    if len(url) > 2048 or _UNFIT.search(url):
        raise Forbidden(_("The address is too long, or has a blank, a backslash or a control character in it."))
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():  # full-width and circled digits become plain ones, as a resolver would read them
            host = host.encode("idna").decode("ascii")
        port = parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)
    except ValueError:  # UnicodeError is one
        raise Forbidden(_("That is not an address of the web.")) from None
    if parts.scheme not in _PORTS:
        raise Forbidden(_("Give an address that begins with https:// or http://."))
    if parts.username is not None or parts.password is not None:
        raise Forbidden(_("The address has a name or a password in it. Leave it out."))
    if not host or not _HOST.fullmatch(host) or not port:
        raise Forbidden(_("That is not an address of the web."))
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + ("?" if parts.query else "")
    return _Place(parts.scheme, host, port, target + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]"))


def _is_own(place: _Place) -> bool:
    own = urlsplit(settings.SITE_URL)
    usual = set(_PORTS.values())
    own_port = own.port or _PORTS.get(own.scheme, 0)
    same_port = place.port == own_port or {place.port, own_port} <= usual
    return place.host.rstrip(".") == (own.hostname or "").rstrip(".") and same_port


def _judged(place: _Place, until: float) -> list[tuple[Any, ...]]:
    """What to connect to, (family, socket address) each, all judged. Raises Forbidden if one of them is closed."""
    if _is_own(place):
        raise Forbidden(_("That is an address of this page itself."))
    allowed = settings.FETCH_ALLOWED_NETWORKS
    if place.port not in _OPEN_PORTS and not allowed:
        raise Forbidden(_port_sentence(place))
    found = _resolved(place, until)
    for _family, where in found:
        address = ipaddress.ip_address(str(where[0]).split("%")[0])
        if not is_reachable(address, allowed):
            raise Forbidden(
                _("%s leads to an address inside a private or reserved network, which is not asked.") % place.host
            )
        if place.port not in _OPEN_PORTS and is_reachable(address):
            raise Forbidden(_port_sentence(place))
    return found


def _port_sentence(place: _Place) -> str:
    return _("Port %s is not asked: only 80, 443, 8080 and 8443.") % place.port


def _resolved(place: _Place, until: float) -> list[tuple[Any, ...]]:
    # In a thread: the resolver knows no deadline. One that is late ends by itself, and its answer is dropped.
    answer: list[Any] = []

    def ask() -> None:
        try:
            answer.append(socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    thread = threading.Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(max(0.0, min(_RESOLVE_SECONDS, until - time.monotonic())))
    if not answer or isinstance(answer[0], Exception) or not answer[0]:
        raise Unreachable(_("The name %s was not found.") % place.host)
    return [(family, where) for family, _type, _protocol, _name, where in answer[0]]


@contextmanager
def _answer(place: _Place, headers: dict[str, str], until: float, seconds: float) -> Iterator[urllib3.HTTPResponse]:
    """One request and its answer while it is read; whatever fails becomes Unreachable."""
    line = _Line(_judged(place, until), until)
    connection = _connection(place, line, seconds)
    try:
        connection.request("GET", place.target, headers=headers, preload_content=False, decode_content=False)
        response = connection.getresponse()
        yield response
        line.must_be_in_time()
    except NotFetched:
        if line.is_late:
            raise _late(seconds) from None
        raise
    except ssl.SSLError as error:
        raise (_late(seconds) if line.is_late else Unreachable(_not_trusted(place, error))) from error
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        raise (_late(seconds) if line.is_late else Unreachable(_no_answer(place))) from error
    finally:
        line.close()
        connection.close()


def _late(seconds: float) -> Unreachable:
    return Unreachable(_("The answer was not complete after %s seconds.") % f"{seconds:g}")


def _not_trusted(place: _Place, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("The certificate of %s is not valid for it.") % place.host
    return _no_answer(place)


def _no_answer(place: _Place) -> str:
    return _("%s did not answer as a web server does.") % place.host


class _Line:
    """The connection to one of the judged addresses, and the clock that cuts it.

    A timeout argument is not a deadline: it begins anew with each byte. So a timer shuts the socket, through a
    duplicate, because TLS takes the first one over.
    """

    def __init__(self, found: list[tuple[Any, ...]], until: float) -> None:
        self._found = found
        self._until = until
        self._held: socket.socket | None = None
        self._timer: threading.Timer | None = None

    @property
    def is_late(self) -> bool:
        """Whether the time is over; the socket's own timeout may end a wait a moment before the timer does."""
        return time.monotonic() >= self._until - 0.01

    def open(self) -> socket.socket:
        """Connect to the first address that answers. Raises OSError, or TimeoutError past the deadline."""
        fault: OSError = TimeoutError("no time is left")
        for family, where in self._found:
            left = self._until - time.monotonic()
            if left <= 0:
                break
            try:
                return self._watched(_connected(family, where, min(left, 4.0) if len(self._found) > 1 else left))
            except OSError as error:
                fault = error
        raise fault

    def must_be_in_time(self) -> None:
        """A shut socket reads like the end of the body, so ask before believing it."""
        if self.is_late:
            raise TimeoutError("the deadline has passed")

    def close(self) -> None:
        """Stop the clock and let the duplicate go."""
        if self._timer is not None:
            self._timer.cancel()
        if self._held is not None:
            self._held.close()

    def _watched(self, made: socket.socket) -> socket.socket:
        left = max(0.01, self._until - time.monotonic())
        made.settimeout(left)
        self._held = made.dup()
        self._timer = threading.Timer(left, self._expire)
        self._timer.daemon = True
        self._timer.start()
        return made

    def _expire(self) -> None:
        try:
            if self._held is not None:
                self._held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # closed in this moment


def _connected(family: int, where: tuple[Any, ...], seconds: float) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.settimeout(seconds)
    try:
        made.connect(where)
    except OSError:
        made.close()
        raise
    return made


def _connection(place: _Place, line: _Line, seconds: float) -> HTTPConnection:
    made: HTTPConnection
    if place.scheme == "https":
        made = HTTPSConnection(
            place.host,
            place.port,
            timeout=seconds,
            ssl_context=ssl.create_default_context(),
            cert_reqs=ssl.CERT_REQUIRED,
        )
    else:
        made = HTTPConnection(place.host, place.port, timeout=seconds)
    made._new_conn = line.open  # type: ignore[method-assign] # the name stays for Host, SNI and the certificate
    return made


def _fetched(response: urllib3.HTTPResponse, url: str, limit_bytes: int) -> Fetched:
    return Fetched(
        status=response.status,
        body=b"" if response.status == 304 else _body(response, limit_bytes),
        url=url,
        content_type=_sendable(response.headers.get("Content-Type", "")),
        etag=_sendable(response.headers.get("ETag", "")),
        last_modified=_sendable(response.headers.get("Last-Modified", "")),
    )


def _body(response: urllib3.HTTPResponse, limit_bytes: int) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreachable(_("The answer is compressed in a way that was not asked for."))
    unpacked = zlib.decompressobj(wbits=31) if "gzip" in encoding else None  # 31: with a gzip header, RFC 1952
    body = bytearray()
    while chunk := response.read(_CHUNK_BYTES, decode_content=False):
        while chunk and len(body) <= limit_bytes:
            if unpacked is None:
                body += chunk
                break
            body += _unpacked(unpacked, chunk)
            chunk = unpacked.unconsumed_tail
        if len(body) > limit_bytes:
            raise Unreachable(_("The answer is longer than %s bytes.") % limit_bytes)
    if unpacked is not None and body and not unpacked.eof:
        raise Unreachable(_("The answer broke off."))
    return bytes(body)


def _unpacked(unpacker: Any, chunk: bytes) -> bytes:
    try:
        return bytes(unpacker.decompress(chunk, _CHUNK_BYTES))
    except zlib.error as error:
        raise Unreachable(_("The answer is compressed, and broken.")) from error


def _joined(url: str, location: str) -> str:
    """Where a redirect leads. Servers send bytes of UTF-8 in it, which HTTP reads as Latin-1."""
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    try:
        return urljoin(url, location)
    except ValueError:
        raise Unreachable(_("The address leads to something that is no address.")) from None


def _sendable(value: str) -> str:
    """A header value that may be kept and sent back: printable ASCII, not long; else none (RFC 9110, 5.5)."""
    value = value.strip()
    return value if len(value) <= 300 and value.isascii() and value.isprintable() else ""

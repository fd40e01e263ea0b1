"""The published tree in memory: pages ready to send, refreshed when a file on disk says so. Imports no Django.

The hot set is read again when one `os.stat` of VERSION differs; a cold page when its sidecar does. A set of files whose
hashes disagree is still being written: the former one stays in service. What was looked at stands for two milliseconds:
a `stat` costs three microseconds, as much as half of the rest of the guard, and lets go of the interpreter's lock.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from incidents.domain.headers import OF_DATA, OF_DOCUMENTS, OF_EVERYTHING
from incidents.publishing.tree import PUBLIC_CACHE, InvalidAddress, file_of

log = logging.getLogger(__name__)
Headers = list[tuple[str, str]]
CODINGS = {"br": ".br", "gzip": ".gz", "": ""}  # in the order of preference
_ORDERS: tuple[tuple[str, ...], ...] = (
    ("br", "gzip", ""),
    ("br", ""),
    ("gzip", ""),
    ("",),
)  # all that a client may welcome
STALE_AFTER_SECONDS = 120
LOOK_EVERY_SECONDS = 0.002
COLD_PAGES = 4096
KEPT_REPLIES = 8  # of one page, by the way in which Accept-Encoding is spelled
COLD_BYTES = 64 * 1024 * 1024
_TORN_ATTEMPTS = 50
_CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Candor-As-Of, Candor-Stale"),
)
_ALWAYS = (("Vary", "Accept-Encoding"), *OF_EVERYTHING)
_OF_BODIES = frozenset((*OF_EVERYTHING, *OF_DOCUMENTS, *OF_DATA))


class TornPage(Exception):
    """The files of a page do not belong together, and no former state of it is in memory."""


class Form(NamedTuple):
    """One page in one content coding, ready to send."""

    body: bytes
    headers: Headers
    unchanged_headers: Headers  # of a 304 answer (RFC 9110, 15.4.5)


class Reply(NamedTuple):
    """A form with the headers of its age, as long as those stand; the lists are handed out again and again."""

    age: Headers
    headers: Headers
    unchanged_headers: Headers
    body: list[bytes]


class Entry:
    """One page in all its forms. `etags` are opaque tags without quotes, one for each form."""

    def __init__(self, path: str, meta: dict[str, Any], bodies: dict[str, bytes]) -> None:
        self.path = path
        self.status = int(meta["status"])
        self.status_line = status_line(self.status)
        self.last_modified = int(meta["last_modified"])
        # Preconditions are for answers that would be 2xx (RFC 9110, 13.2.1): a closed gate must not become a 304.
        self.is_conditional = 200 <= self.status < 300
        self.size = sum(map(len, bodies.values()))
        shared = _shared_headers(path, meta)
        self.forms: dict[str, Form] = {}
        self.etags: set[str] = set()
        self.quoted_etags: set[str] = set()
        self._replies: dict[str, Reply] = {}
        for coding, suffix in CODINGS.items():
            if suffix in bodies:
                # Two codings are two representations: a strong validator must tell them apart (RFC 9110, 8.8.3.3).
                etag = meta["etag"] + suffix.replace(".", "-")
                self.etags.add(etag)
                self.quoted_etags.add(f'"{etag}"')
                self.forms[coding] = self._form(meta, shared, coding, etag, bodies[suffix])
        self._best = {order: next(self.forms[each] for each in order if each in self.forms) for order in _ORDERS}

    def _form(self, meta: dict[str, Any], shared: Headers, coding: str, etag: str, body: bytes) -> Form:
        validator = ("ETag", f'"{etag}"')
        described = [
            *shared,
            validator,
            ("Content-Type", meta["content_type"]),
            ("Last-Modified", formatdate(self.last_modified, usegmt=True)),
            ("Content-Length", str(len(body))),
        ]
        # How a body is to be treated stands with the body that the client holds.
        unchanged = [*(pair for pair in shared if pair not in _OF_BODIES), validator]
        return Form(body, [*described, ("Content-Encoding", coding)] if coding else described, unchanged)

    def reply(self, accept_encoding: str, age: Headers) -> Reply:
        """What to send for a request's Accept-Encoding, with the headers of its age (one list while they stand)."""
        found = self._replies.get(accept_encoding)
        if found is None or found.age is not age:
            form = self.form(accept_encoding)
            found = Reply(age, form.headers + age, form.unchanged_headers + age, [form.body])
            if len(self._replies) < KEPT_REPLIES or accept_encoding in self._replies:
                self._replies[accept_encoding] = found
        return found

    def form(self, accept_encoding: str) -> Form:
        """The form for a request's Accept-Encoding; the plain one when nothing else is welcome."""
        return self._best[welcome_codings(accept_encoding)]


class Pulse:
    """How old the picture is: the time in heartbeat.json, read again only when the file was replaced.

    `always` are headers that every answer carries beside its age.
    """

    def __init__(self, root: Path, always: Sequence[tuple[str, str]] = ()) -> None:
        self._file = root / "heartbeat.json"
        self._version = root / "VERSION"
        self._seen: tuple[int, ...] | None = None
        self._at: float | None = None
        self._always = always
        self._header: Headers = [*always]
        self.entry: Entry | None = None

    def headers(self, now: float) -> Headers:
        """`Candor-As-Of`, and `Candor-Stale` in whole seconds past 120; `now` in seconds since 1970."""
        key = file_key(self._file)
        if key is None:  # no sweep has ever run here: what the page shows is as old as the last publication
            key = file_key(self._version)
        if key != self._seen and key is not None:
            self._read(key)
        if self._at is None or now - self._at <= STALE_AFTER_SECONDS:
            return self._header
        return [*self._header, ("Candor-Stale", str(int(now - self._at)))]

    def _read(self, key: tuple[int, ...]) -> None:
        body, at, text = b"", key[0] / 1e9, ""
        try:
            body = self._file.read_bytes()
            text = str(json.loads(body)["time"])
            at = datetime.fromisoformat(text).timestamp()
        except FileNotFoundError:
            text = ""
        except (ValueError, KeyError, TypeError):
            log.exception("heartbeat.json is not readable; its file time stands in")
        text = text if text.isascii() and text.isprintable() else ""
        as_of = ("Candor-As-Of", text or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)))
        self._header = [as_of, *self._always]
        self._at, self._seen = at, key
        if body:
            meta = {"status": 200, "content_type": "application/json", "cache_control": PUBLIC_CACHE, "headers": []}
            meta |= {"etag": sha256(body).hexdigest()[:32], "last_modified": int(at)}
            self.entry = Entry("/heartbeat.json", meta, {"": body})


class Shelf:
    """All public pages by address. Safe for threads."""

    def __init__(self, root: Path, always: Sequence[tuple[str, str]] = ()) -> None:
        self.root = root
        self.pulse = Pulse(root, always)
        self._version = str(root / "VERSION")
        self._hot: dict[str, Entry] = {}
        self._seen: tuple[int, ...] | None = None
        self._reading = threading.Lock()
        self._cold: OrderedDict[str, tuple[tuple[int, ...], Entry]] = OrderedDict()
        self._cold_bytes = 0
        self._ordering = threading.Lock()
        self._look_at = 0.0
        self._looked_up: dict[str, Entry] = {}  # cold pages that were found since the last look
        self.age: Headers = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever published here."""
        return not self._hot

    def find(self, path: str) -> Entry | None:
        """The page at an address as it was on disk at the last look; None when there is none. Raises TornPage.

        `age` then holds the headers that say how old the picture is.
        """
        if time.monotonic() >= self._look_at or not self._hot:
            self._look()
        looked_up = self._looked_up  # the next look, by another thread, begins a new one
        entry = self._hot.get(path) or looked_up.get(path)
        if entry is not None:
            return entry
        if path == "/heartbeat.json":
            self.pulse.headers(0)
            return self.pulse.entry
        entry = self._find_cold(path)
        if entry is not None:
            looked_up[path] = entry
        return entry

    def held(self, path: str) -> Entry | None:
        """The page at an address if nothing has to be looked at to say so; None says nothing."""
        if time.monotonic() >= self._look_at:
            return None
        return self._hot.get(path) or self._looked_up.get(path)

    def _look(self) -> None:
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS
        self._looked_up = {}
        self.age = self.pulse.headers(time.time())
        key = file_key(self._version)
        # One thread reads, the others answer from what they have; before the first set there is nothing to have.
        if key != self._seen and key is not None and self._reading.acquire(blocking=not self._hot):
            try:
                if key != self._seen:
                    self._read_hot(key)
            finally:
                self._reading.release()

    def history_page(self, number: int) -> str | None:
        """The address of the Nth page of the history (from 1), None beyond the last."""
        try:
            addresses = json.loads((self.root / "history-pages.json").read_bytes())
        except (FileNotFoundError, ValueError):
            addresses = ["/history"]
        return str(addresses[number - 1]) if 1 <= number <= len(addresses) else None

    def _read_hot(self, key: tuple[int, ...]) -> None:
        try:
            folder = self.root / f"rev-{int(Path(self._version).read_bytes())}"
            # The sidecar's own name leads to its body: an address is never turned into a path here.
            found = [_load(str(sidecar.with_suffix(""))) for sidecar in sorted(folder.rglob("*.meta"))]
        except (OSError, ValueError, KeyError, TornPage):
            log.exception("the new revision is not readable; the former one stays in service")
            return
        if found:
            self._hot = {entry.path: entry for entry in found}
            self._seen = key

    def _find_cold(self, path: str) -> Entry | None:
        try:
            target = str(self.root / "cold" / file_of(path))
        except InvalidAddress:
            return None
        key = file_key(target + ".meta")
        kept = self._cold.get(path)
        if key is None:
            self._drop(path)
            return None
        if kept is not None and kept[0] == key:
            with self._ordering:
                if path in self._cold:
                    self._cold.move_to_end(path)
            return kept[1]
        try:
            entry = _load(target)
        except FileNotFoundError:
            return None  # removed since the stat
        except TornPage:
            if kept is None:
                raise
            return kept[1]
        self._keep(path, key, entry)
        return entry

    def _keep(self, path: str, key: tuple[int, ...], entry: Entry) -> None:
        self._drop(path)
        with self._ordering:
            self._cold[path] = (key, entry)
            self._cold_bytes += entry.size
            while len(self._cold) > 1 and (len(self._cold) > COLD_PAGES or self._cold_bytes > COLD_BYTES):
                self._cold_bytes -= self._cold.popitem(last=False)[1][1].size

    def _drop(self, path: str) -> None:
        with self._ordering:
            former = self._cold.pop(path, None)
            self._cold_bytes -= former[1].size if former else 0


def file_key(file: str | Path) -> tuple[int, ...] | None:
    """What changes when a file is replaced: time in nanoseconds, inode, size. None when it is not there."""
    try:
        found = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def status_line(status: int) -> str:
    """`404 Not Found`."""
    return f"{status} {HTTPStatus(status).phrase}"


def is_open_to_scripts(path: str, content_type: str) -> bool:
    """Whether pages of other sites may read this address (CORS): JSON, feeds, calendars and gates."""
    kinds = ("json", "xml", "calendar", "csv")
    return any(kind in content_type for kind in kinds) and "svg" not in content_type or path.startswith("/gate/")


@lru_cache(maxsize=512)
def welcome_codings(accept_encoding: str) -> tuple[str, ...]:
    """The codings that a client takes, best first (RFC 9110, 12.5.3); the plain form is always the last resort."""
    weights: dict[str, float] = {}
    for item in accept_encoding[:1000].lower().split(","):
        name, _, parameters = item.partition(";")
        try:
            weight = float(parameters.partition("=")[2].strip()) if parameters.strip().startswith("q") else 1.0
        except ValueError:
            weight = 0.0
        if name.strip():
            weights[name.strip()] = weight
    if "x-gzip" in weights:
        weights.setdefault("gzip", weights["x-gzip"])
    return (*(each for each in ("br", "gzip") if weights.get(each, weights.get("*", 0.0)) > 0), "")


def _load(target: str) -> Entry:
    """Read one page with every form that its sidecar vouches for. Raises TornPage and FileNotFoundError."""
    for _ in range(_TORN_ATTEMPTS):
        with open(target + ".meta", "rb") as file:
            meta = json.loads(file.read())
        bodies = {}
        for suffix, expected in meta["sha256"].items():
            try:
                with open(target + suffix, "rb") as file:
                    body = file.read()
            except FileNotFoundError:
                continue
            if sha256(body).hexdigest() == expected:
                bodies[suffix] = body
        if "" in bodies:  # a compressed form that does not match is left out: the plain one is true
            return Entry(meta["path"], meta, bodies)
    raise TornPage(target)


def _shared_headers(path: str, meta: dict[str, Any]) -> Headers:
    """What every answer with this page carries: the sidecar's headers replace ours by name, an empty value removes."""
    own = [(name, value) for name, value in meta["headers"]]
    names = {name.lower() for name, _ in own}
    # Of data the headers of documents are left out: it has no links and nothing to click on, and each costs a poll.
    kind = _CORS if is_open_to_scripts(path, meta["content_type"]) else OF_DOCUMENTS
    fixed = [("Cache-Control", meta["cache_control"]), *_ALWAYS, *kind, *OF_DATA]
    return [(n, v) for n, v in fixed if n.lower() not in names] + [(n, v) for n, v in own if v]

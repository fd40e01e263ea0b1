"""The tree on disk: the public site as files that any web server can send, and no reader ever sees half of.

    VERSION              the number of the revision to serve, replaced last; a reader stats it on every request
    current -> rev-7     the same for nginx
    rev-7/…              the hot pages, written whole before VERSION names them
    cold/…               all others, each replaced by itself
    heartbeat.json  history-pages.json  manifest.json  state.json

`/a/b` is stored as `a/b.html` (under `/gate/`: `.txt`), so that a page and a folder of one name do not meet; an
address that ends in one of `SUFFIXES` keeps its name. Beside each body stand its `.gz` and `.br` forms, where they are
smaller, and a `.meta` sidecar (JSON) with status, headers, validators and the SHA-256 of each form. The sidecar is
written last: a set whose hashes disagree is still being written, and the reader keeps what it had. Nothing here knows
Django, a database or what a page says; the guard imports this module for the layout alone.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import brotli  # type: ignore[import-untyped]

PUBLIC_CACHE = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
SUFFIXES = frozenset(
    (".json", ".rss", ".atom", ".ics", ".svg", ".txt", ".js", ".css", ".csv", ".md", ".xml", ".png", ".ico")
)
# File systems allow 255 bytes a name, and the suffixes need some of them.
LONGEST_SEGMENT = 200
LONGEST_ADDRESS = 1000
_SEGMENT = re.compile(r"[A-Za-z0-9_~@-][A-Za-z0-9._~@-]*", re.ASCII)
_REVISION = re.compile(r"rev-([0-9]+)")
_KEPT_REVISIONS = 4  # a reader that has just read VERSION must still find the revision it names
_FORMS = ("", ".gz", ".br")
_LEAST_TO_COMPRESS = 512  # bytes; less is one packet in any form


class InvalidAddress(ValueError):
    """The text is no public address: no file may be named after it."""


# Data that scripts of other sites may read.
OPEN_TO_SCRIPTS = (("Access-Control-Allow-Origin", "*"),)


@dataclass(frozen=True)
class Page:
    """The bytes for one public address.

    `path` begins with a slash; `body` is not compressed; `headers` are sent besides those that the guard sends with
    everything, and replace them by name (an empty value takes one away).
    """

    path: str
    body: bytes
    content_type: str
    cache_control: str = PUBLIC_CACHE
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def file_of(path: str) -> str:
    """The file, relative to `cold/` or a revision, that holds a public address. Raises InvalidAddress."""
    if path == "/":
        return "index.html"
    head, *segments = path.split("/")
    if head or not segments or len(path) > LONGEST_ADDRESS:
        raise InvalidAddress(path[:80])
    if not all(_SEGMENT.fullmatch(each) and len(each) <= LONGEST_SEGMENT for each in segments):
        raise InvalidAddress(path[:80])
    suffix = os.path.splitext(segments[-1])[1]
    is_gate = segments[0] == "gate" and len(segments) > 1
    is_named = suffix in SUFFIXES and not (is_gate and suffix == ".txt")
    if (suffix and not is_named) or path == "/index" or any("." in each for each in segments[:-1]):
        raise InvalidAddress(path[:80])  # page.html, page.gz: names that belong to the layout, not to an address
    if is_named:
        return "/".join(segments)
    return "/".join(segments) + (".txt" if is_gate else ".html")


class Manifest:
    """What the caller remembers between runs about each cold page: the key of the input that it was made from.

    Also keeps the Last-Modified of addresses that are gone, so that one that returns still moves forward.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        stored: dict[str, dict[str, Any]] = {}
        with suppress(FileNotFoundError, ValueError):  # a torn or missing manifest costs one full rendering
            stored = json.loads(file.read_bytes())
        self._keys: dict[str, str] = stored.get("keys", {})
        self.retired: dict[str, int] = stored.get("retired", {})

    def get(self, path: str) -> str | None:
        """The key stored for an address; None when the page must be rendered."""
        return self._keys.get(path)

    def set(self, path: str, key: str) -> None:
        """Remember the key of an address; call it after `write_cold`, and `save` before the lock is let go."""
        self._keys[path] = key

    def forget(self, path: str) -> None:
        """Forget the key of an address; unknown ones are fine."""
        self._keys.pop(path, None)

    def paths(self) -> list[str]:
        """The addresses that have a key, sorted: compare with those that should exist to find what to remove."""
        return sorted(self._keys)

    def save(self) -> None:
        """Write the manifest to its file, atomically."""
        _replace(self._file, _json({"keys": self._keys, "retired": self.retired}))


class Tree:
    """The writing side. One publisher at a time: hold `lock()` around every call that changes pages.

    `root` is made when missing; `clock` gives seconds since 1970, UTC.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self.root = Path(root)
        self._clock = clock
        self.root.mkdir(parents=True, exist_ok=True)
        self._cold = self.root / "cold"
        self.manifest = Manifest(self.root / "manifest.json")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the tree alone, among threads and processes; the manifest is read again once it is held."""
        with open(self.root / ".lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file closes, so also when the process dies
            self.manifest = Manifest(self.root / "manifest.json")
            yield

    def write_cold(self, page: Page) -> bool:
        """Store one cold page. Returns False when exactly this, whole, is stored already. Raises InvalidAddress."""
        return self.write_cold_pages([page]) == 1

    def write_cold_pages(self, pages: Iterable[Page]) -> int:
        """Store cold pages as `write_cold` does, and return how many were not there as they are. Each is replaced by
        itself; together they wait for the disk about once, not a few times each. Raises InvalidAddress."""
        staged, seen = [], set()
        for page in pages:
            target = self._cold / file_of(page.path)
            former = _meta(target)
            is_there = former is not None and former["etag"] == _etag(page) and _is_whole(target, former)
            if not is_there and target not in seen:
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.append(_staged(target, page, self._modified(page.path)))
                seen.add(target)
        _commit(staged)
        return len(staged)

    def remove_cold_pages(self, paths: Collection[str]) -> None:
        """Take cold pages away, with their keys in the manifest; an address that is not there is fine."""
        for path in paths:
            target = self._cold / file_of(path)
            former = _meta(target)
            if former is not None:
                self.manifest.retired[path] = former["last_modified"]
            self.manifest.forget(path)
            for name in (".meta", *_FORMS):
                _beside(target, name).unlink(missing_ok=True)
        if paths:
            self.manifest.save()

    def damaged(self) -> list[str]:
        """The addresses whose files are not what their sidecars say, or are gone: a disk fault, a hand that slipped."""
        hot = self.root / f"rev-{self.version}"
        found = [path for path in self.manifest.paths() if not _stands(self._cold / file_of(path))]
        files = (str(each.relative_to(hot)) for each in hot.rglob("*") if each.is_file())
        names = {each.removesuffix(".meta").removesuffix(".gz").removesuffix(".br") for each in files}
        found += [f"/{name}" for name in sorted(names) if not _stands(hot / name)]
        return found if names else [*found, "/"]

    def swap(self, hot: Iterable[Page]) -> int:
        """Make these pages the hot set, all at once, and return the number of the revision that holds them.

        The set is whole: an address left out is no longer hot. When nothing differs, the number is the former one and
        nothing is written. Raises InvalidAddress, and ValueError when an address occurs twice.
        """
        listed = list(hot)
        pages = {file_of(page.path): page for page in listed}
        if len(pages) != len(listed):
            raise ValueError("an address occurs twice in one revision")
        number = self.version
        former = _whole(self.root / f"rev-{number}") if number else {}
        if number and {name: _etag(page) for name, page in pages.items()} == {n: m["etag"] for n, m in former.items()}:
            return number
        number = max([number, *(int(m[1]) for m in self._revisions())]) + 1
        self._write_revision(number, pages, former)
        _point(self.root / "current", f"rev-{number}")
        _replace(self.root / "VERSION", f"{number}\n".encode())
        self._retire({m["path"]: m["last_modified"] for name, m in former.items() if name not in pages})
        self._prune(number)
        return number

    @property
    def version(self) -> int:
        """The number of the revision being served; 0 before the first."""
        try:
            return int((self.root / "VERSION").read_bytes())
        except (FileNotFoundError, ValueError):
            return 0

    def write_heartbeat(self, payload: dict[str, Any]) -> None:
        """Replace `/heartbeat.json`. `payload["time"]` is ISO 8601 with a zone: the guard derives the age from it."""
        _replace(self.root / "heartbeat.json", _json(payload))

    def heartbeat(self) -> dict[str, Any]:
        """The last heartbeat; empty before the first."""
        return _stored(self.root / "heartbeat.json")

    def heartbeat_at(self) -> datetime | None:
        """When it last beat (aware); None before the first, and for what cannot be read: the next one replaces it."""
        try:
            return datetime.fromisoformat(self.heartbeat()["time"]).astimezone(UTC)
        except (KeyError, ValueError, TypeError):
            return None

    def write_state(self, payload: dict[str, Any]) -> None:
        """Remember, between runs and processes, what the publisher needs to know of its last run; not public."""
        _replace(self.root / "state.json", _json(payload))

    def state(self) -> dict[str, Any]:
        """What `write_state` kept; empty before the first run."""
        return _stored(self.root / "state.json")

    def write_history_pages(self, addresses: Sequence[str]) -> None:
        """Say where `/history?page=N` leads: the Nth address (N from 1); beyond the last is not found."""
        body = _json(list(addresses))
        file = self.root / "history-pages.json"
        if not file.exists() or file.read_bytes() != body:
            _replace(file, body)

    def _write_revision(self, number: int, pages: dict[str, Page], former: dict[str, dict[str, Any]]) -> None:
        for leftover in self.root.glob("rev-*.tmp"):
            shutil.rmtree(leftover)
        folder = self.root / f"rev-{number}.tmp"
        source = self.root / f"rev-{self.version}"
        folder.mkdir()
        staged = []
        for name, page in pages.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            old = former.get(name)
            if old is not None and old["etag"] == _etag(page):
                for form in (".meta", *old["sha256"]):
                    os.link(_beside(source / name, form), _beside(target, form))
            else:
                staged.append(_staged(target, page, self._modified(page.path)))
        _commit(staged)
        for each in {folder, *(parent for parent in folder.rglob("*") if parent.is_dir())}:
            _sync(each)
        os.rename(folder, self.root / f"rev-{number}")
        _sync(self.root)

    def _modified(self, path: str) -> int:
        """The Last-Modified of a changed page: rises by a second at least, even when the clock was set back.

        At a resolution of one second, two changes within one would otherwise share a validator.
        """
        places = (self._cold, self.root / f"rev-{self.version}")  # it may have been hot and become cold
        known: list[int] = [meta["last_modified"] for place in places if (meta := _meta(place / file_of(path)))]
        known.append(self.manifest.retired.get(path, 0))
        return max(int(self._clock()), max(known) + 1)

    def _retire(self, gone: dict[str, int]) -> None:
        if gone:
            self.manifest.retired.update(gone)
            self.manifest.save()

    def _revisions(self) -> list[re.Match[str]]:
        return [m for each in self.root.iterdir() if (m := _REVISION.fullmatch(each.name))]

    def _prune(self, newest: int) -> None:
        for found in self._revisions():
            if int(found[1]) <= newest - _KEPT_REVISIONS:
                shutil.rmtree(self.root / found[0])


class _Staged(NamedTuple):
    """The files of a page under temporary names, in the order in which they take their places (the sidecar last), and
    the forms that it has no more."""

    files: list[Path]
    gone: list[Path]


def _staged(target: Path, page: Page, last_modified: int) -> _Staged:
    forms = {"": page.body}
    if len(page.body) >= _LEAST_TO_COMPRESS:
        forms |= {".gz": gzip.compress(page.body, 6, mtime=0), ".br": brotli.compress(page.body, quality=5)}
    forms = {form: body for form, body in forms.items() if not form or len(body) < len(page.body)}
    meta = {
        "path": page.path,
        "status": page.status,
        "content_type": page.content_type,
        "cache_control": page.cache_control,
        "headers": page.headers,
        "etag": _etag(page),
        "last_modified": last_modified,
        "sha256": {form: sha256(body).hexdigest() for form, body in forms.items()},
    }
    for form, body in forms.items():
        _write_beside(_beside(target, form), body)
        os.utime(_temporary(_beside(target, form)), (last_modified, last_modified))  # what nginx sends as Last-Modified
    _write_beside(_beside(target, ".meta"), _json(meta))
    gone = [_beside(target, form) for form in _FORMS if form not in forms]
    return _Staged([_beside(target, form) for form in (*forms, ".meta")], gone)


def _commit(pages: Sequence[_Staged]) -> None:
    """Put staged files in their places, page by page: the old bytes or the new ones are there, whole, even after a
    power cut. All are written before the first is waited for, so that the disk takes them in one go."""
    for page in pages:
        for file in page.files:
            _sync(_temporary(file))
    for page in pages:
        *bodies, sidecar = page.files
        for file in bodies:
            os.rename(_temporary(file), file)
        for file in page.gone:
            file.unlink(missing_ok=True)
        os.rename(_temporary(sidecar), sidecar)
    for folder in {file.parent for page in pages for file in page.files}:
        _sync(folder)


def _etag(page: Page) -> str:
    """A strong validator (RFC 9110, 8.8.3) of all that a reader gets; for the plain form, without the quotes."""
    fixed = [page.status, page.content_type, page.cache_control, list(page.headers)]
    return sha256(json.dumps(fixed).encode() + b"\0" + page.body).hexdigest()[:32]


def _meta(target: Path) -> dict[str, Any] | None:
    try:
        stored: dict[str, Any] = json.loads(_beside(target, ".meta").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return stored


def _stored(file: Path) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return stored


def _whole(folder: Path) -> dict[str, dict[str, Any]]:
    """The sidecars of a revision by file; what is damaged is left out, so that it is written anew."""
    found = (each.with_suffix("") for each in folder.rglob("*.meta"))
    metas = ((target, _meta(target)) for target in found)
    return {str(target.relative_to(folder)): meta for target, meta in metas if meta and _is_whole(target, meta)}


def _stands(target: Path) -> bool:
    meta = _meta(target)
    return meta is not None and _is_whole(target, meta)


def _is_whole(target: Path, meta: dict[str, Any]) -> bool:
    """Whether every form on disk is the one that the sidecar names: a publisher may have died in between."""
    try:
        bodies = {form: _beside(target, form).read_bytes() for form in meta["sha256"]}
    except FileNotFoundError:
        return False
    return all(sha256(body).hexdigest() == meta["sha256"][form] for form, body in bodies.items())


def _beside(target: Path, form: str) -> Path:
    return target.with_name(target.name + form)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.tmp")


def _write_beside(file: Path, body: bytes) -> None:
    with open(_temporary(file), "wb") as handle:
        handle.write(body)


def _replace(file: Path, body: bytes) -> None:
    """Put `body` in place of a file: the old bytes or the new ones are there, whole, even after a power cut."""
    _write_beside(file, body)
    _sync(_temporary(file))
    os.rename(_temporary(file), file)
    _sync(file.parent)


def _point(link: Path, name: str) -> None:
    temporary = link.with_name(f".{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(name)
    os.rename(temporary, link)


def _sync(place: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

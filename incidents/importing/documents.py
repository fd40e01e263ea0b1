"""Saved or served documents, read with care: what they hold is somebody else's, and may be anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import fetching
from incidents.models import words

MOST_BYTES = 50_000_000
MOST_BYTES_OF_ALL = 500_000_000
MOST_FILES = 20_000


class Unreadable(Exception):
    """A source that cannot be read. `sentence` says what is wrong with it and is fit for whoever named it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NoDocument(Unreadable):
    """There is something at that place, but it is no JSON object."""


@dataclass(frozen=True)
class Document:
    """A JSON object and what it is called, for sentences about it."""

    name: str
    data: dict[str, Any]


def is_address(source: str) -> bool:
    """Whether a source is on the network, not on this disk."""
    return source.lower().startswith(("http://", "https://"))


def saved(source: str) -> list[Document]:
    """Every JSON object in a folder and the folders in it, or in one file, by name. Raises Unreadable."""
    path = Path(source)
    files = sorted(islice(path.rglob("*.json"), MOST_FILES + 1)) if path.is_dir() else [path]
    if not files or not path.exists():
        raise Unreadable(_("“%(path)s” is no folder with JSON files and no such file.") % {"path": source})
    if len(files) > MOST_FILES:
        sentence = ngettext(
            "“%(path)s” holds more than %(most)s file.", "“%(path)s” holds more than %(most)s files.", MOST_FILES
        )
        raise Unreadable(sentence % {"path": source, "most": words.number(MOST_FILES)})
    found, left = [], MOST_BYTES_OF_ALL
    for each in files:
        if path.is_dir() and not each.resolve().is_relative_to(path.resolve()):
            raise Unreadable(_("“%(file)s” leads out of the folder. Nothing was taken over.") % {"file": each.name})
        body = read_file(each, MOST_BYTES)
        left -= len(body)
        if left < 0:
            raise Unreadable(_("“%(path)s” holds more than is read at once.") % {"path": source})
        found.append(parsed(body, str(each.relative_to(path)) if path.is_dir() else path.name))
    return found


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of a file, at most `limit`: of a larger one nothing is read. Raises Unreadable."""
    try:
        about = file.stat()
        if not S_ISREG(about.st_mode) and not S_ISDIR(about.st_mode):  # a pipe or a device may never end
            raise Unreadable(_("“%(file)s” is no ordinary file; it was not read.") % {"file": file.name})
        if about.st_size > limit:
            raise Unreadable(
                _("“%(file)s” is larger than %(limit)s bytes; it was not read.")
                % {"file": file.name, "limit": words.number(limit)}
            )
        with open(file, "rb") as handle:
            return handle.read(limit + 1)[:limit]
    except OSError as fault:
        raise Unreadable(
            _("“%(file)s” cannot be read: %(why)s.") % {"file": file.name, "why": fault.strerror}
        ) from None


def served(address: str, *, is_required: bool = True) -> Document | None:
    """The JSON object at an address; None where there is none (404, 410) and none is required. Raises Unreadable."""
    try:
        answer = fetching.fetch(address, accept="application/json")
    except (fetching.Unreachable, fetching.Forbidden) as fault:
        raise Unreadable(_("%(address)s: %(why)s") % {"address": address, "why": fault}) from None
    if answer.status in (404, 410) and not is_required:
        return None
    if answer.status != 200:
        raise Unreadable(
            _("%(address)s answers with status %(status)s instead of a document. Nothing was taken over.")
            % {"address": address, "status": answer.status}
        )
    return parsed(answer.body, address)


def parsed(body: bytes, name: str) -> Document:
    """The JSON object of these bytes. Raises NoDocument for what is none: HTML, a document that breaks off."""
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        what = _("an HTML page") if body.lstrip()[:1] == b"<" else _("damaged, or no JSON at all")
        raise NoDocument(
            _("%(name)s is %(what)s; JSON was expected. Nothing was taken over.") % {"name": name, "what": what}
        ) from None
    if not isinstance(data, dict):
        raise NoDocument(_("%(name)s holds no JSON object. Nothing was taken over.") % {"name": name})
    return Document(name, data)

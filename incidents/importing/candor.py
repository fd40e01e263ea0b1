"""Our own export, back in: read line by line, refused with the number of the line where something is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from incidents.actions import restore as actions
from incidents.actions.provenance import Outcome, Result
from incidents.actions.refusals import Refused
from incidents.actions.restore import Line, Restored
from incidents.archive import FORMAT, LONGEST_LINE, VERSION
from incidents.archive.tables import schema_of
from incidents.domain.actor import Actor
from incidents.importing.documents import Unreadable
from incidents.importing.writing import Options, Report

GZIP = b"\x1f\x8b"
CHUNK = 1024 * 1024


def read(source: str) -> Path:
    """The file; it is read while it is written down, for it may be longer than memory. Raises Unreadable."""
    if not Path(source).is_file():
        raise Unreadable(_("“%(path)s” is no file.") % {"path": source})
    return Path(source)


def write(path: Path, options: Options) -> Report:
    """Restore an export, or only try it. Raises Refused as `restore` does."""
    actor = Actor("import", path.name)
    done, report = restore(path, actor=actor, is_dry=options.is_dry, policy=options.policy, now=options.now), Report()
    if done.is_known:
        report.add(_("file"), Result(Outcome.UNCHANGED))
    for table, count in done.rows.items():
        report.count(table, count)
    return report


def restore(
    path: Path, *, actor: Actor, is_dry: bool = False, policy: str | None = None, now: datetime | None = None
) -> Restored:
    """Restore an export into this instance, which must hold nothing. Run again with the same file, it changes nothing.

    Raises Refused for whatever is wrong with the file or the instance; nothing has been written then.
    """
    try:
        with path.open("rb") as file:
            is_everything = _header(file)
            digest = _digest(path)
            return actions.restore(
                actor=actor, lines=_rows(file), is_everything=is_everything, sha256=digest, is_dry=is_dry,
                policy=policy, now=now,
            )  # fmt: skip
    except OSError as error:
        raise Refused(_("“%(path)s” cannot be read: %(error)s.") % {"path": path, "error": error.strerror}) from None


def _header(file: BinaryIO) -> bool:
    """Whether the file holds everything. Raises Refused for what this version cannot read."""
    start = file.read(len(GZIP))
    if start == GZIP:
        raise Refused(_("The file is compressed (gzip). Unpack it first: gunzip FILE."))
    file.seek(0)
    line = _line(file, 1)
    header = _parsed(line, 1) if line else {}
    if header.get("format") != FORMAT:
        raise Refused(_("Line 1: this is no export of Candor: its first line names the format “candor-records”."))
    if header.get("version") != VERSION or type(header.get("version")) is not int:
        told = _("Line 1: the file has version %(theirs)s of the format; this Candor reads version %(ours)s.")
        raise Refused(told % {"theirs": json.dumps(header.get("version"))[:40], "ours": VERSION})
    if header.get("contents") not in ("public", "everything"):
        raise Refused(_("Line 1: “contents” must be “public” or “everything”."))
    is_everything: bool = header["contents"] == "everything"
    if header.get("schema") != schema_of(is_everything):
        raise Refused(
            _("Line 1: another version of Candor wrote this file: its tables differ. Restore it with that version, "
              "then upgrade.")
        )  # fmt: skip
    return is_everything


def _rows(file: BinaryIO) -> Iterator[Line]:
    """The rows between the header and the end. Raises Refused, also when the end is missing or rows are."""
    number, count = 1, 0
    while line := _line(file, number + 1):
        number += 1
        values = _parsed(line, number)
        if "end" in values:
            if values != {"end": count} or type(values["end"]) is not int:
                raise _wrong(number, _("the file says that it has other rows than there are: some are missing."))
            if file.read(1):
                raise _wrong(number + 1, _("something follows the end of the file."))
            return
        table = values.pop("table", None)
        if not isinstance(table, str):
            raise _wrong(number, _("no table is named."))
        count += 1
        yield Line(number, table, values)
    raise _wrong(number, _("the file was cut off here: its last line, which says how many rows there are, is missing."))


def _line(file: BinaryIO, number: int) -> bytes:
    line = file.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise _wrong(number, _("it is longer than any line of an export."))
    return line


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line.decode(), parse_constant=_refuse_number, parse_float=_finite)
        if b"\\u" in line:  # what Python reads and no database can hold: half a character, a NUL
            json.dumps(found, ensure_ascii=False).encode()
            _refuse_nul(found, number)
    except UnicodeError:
        raise _wrong(number, _("it is not UTF-8.")) from None
    except (ValueError, RecursionError):
        raise _wrong(number, _("it is not one whole JSON object. The file may be damaged or cut off.")) from None
    if not isinstance(found, dict):
        raise _wrong(number, _("it is not a JSON object."))
    return found


def _refuse_nul(found: Any, number: int) -> None:
    inside = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    if isinstance(found, str) and "\0" in found or isinstance(found, dict) and any("\0" in key for key in found):
        raise _wrong(number, _("it holds a NUL character, which no text has."))
    for each in inside:
        _refuse_nul(each, number)


def _refuse_number(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()


def _wrong(number: int, what: str) -> Refused:
    return Refused(_("Line %(number)s: %(what)s") % {"number": number, "what": what})

"""What the parts of reviews have in common: answers out of a set, addresses, times, and rows that change field by
field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Model
from django.utils.translation import gettext as _

from incidents.actions import guards, texts
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.instants import to_the_second
from incidents.domain.text import clean_line

URL_LENGTH = 500
# Nothing that a review tells of is older; an earlier time is a slip of the pen.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def one_of(kind: type[StrEnum], value: str, field: str) -> str:
    """The value, if it is one of the enumeration. Raises Refused."""
    if value not in set(kind):
        raise Refused(_("“%(value)s” is none of the possible answers.") % {"value": clean_line(value)[:60]}, field)
    return str(value)


def address(raw: str, field: str) -> str:
    """A web address (http or https, at most 500 characters), or "". Raises Refused."""
    text = texts.line(raw, field=field, limit=URL_LENGTH, is_required=False)
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not any(map(str.isspace, text))
        # A bad port is found when it is asked for; a name and a password have no place in a link.
        is_address = is_address and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_address = False
    if not is_address:
        raise Refused(_("Write a web address that begins with https:// or http://."), field)
    return text


def stretch(
    start: datetime | None, end: datetime | None, now: datetime, fields: tuple[str, str]
) -> tuple[datetime | None, datetime | None]:
    """A beginning and an end, either of which may be unknown. Raises Refused at the field: in the future, before 1970,
    an end before the beginning."""
    for at, field in zip((start, end), fields, strict=True):
        if at and at > now:
            raise Refused(_("The time is in the future."), field)
        if at and at < EARLIEST:
            raise Refused(_("The time is before 1970. Look at the year."), field)
    if start and end and end < start:
        raise Refused(_("It ends before it begins."), fields[1])
    return start, end


def mark_of(row: Model, names: Sequence[str]) -> str:
    """What a row says in these fields, as a hash that a form carries to tell whether somebody wrote in between."""
    return guards.fingerprint(**{name: getattr(row, name) for name in names})


def refuse_stale(row: Model, names: Sequence[str], seen: str) -> None:
    """Raises Conflict when the row does not say any more what the writer saw (`seen`: its `mark_of`; "" asks not)."""
    if seen and seen != mark_of(row, names):
        raise Conflict(stale())


def stale() -> str:
    """What somebody is told who did not see the newest text."""
    return _("Somebody else changed this while you were writing. Read what is new, then save again.")


def write(row: Model, wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    """Set the fields of a row that differ, and return them as {field: [old, new]}. A new row tells what is not as the
    model has it by default. Saves nothing."""
    changes: dict[str, list[str]] = {}
    for name, value in wanted.items():
        old = getattr(row, name)
        if old != value:
            changes[name] = [_told(old), _told(value)]
            setattr(row, name, value)
    return changes


def _told(value: Any) -> str:
    if isinstance(value, datetime):
        return to_the_second(value)
    return "" if value in (None, [], {}) else str(value)

"""Single objects of the Statuspage dialect as values. Each raises Unreadable with the place where it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.history import PastChange, PastComponent, PastIncident, PastUpdate
from incidents.domain.status import Impact, Kind, Level, Stage
from incidents.domain.text import clean_line
from incidents.importing.documents import Unreadable

Row = dict[str, Any]
YEARS = range(1970, 2200)  # a history has pages for all its months
_AFFECTED = ("code", "name", "old_status", "new_status")
# Of an incident: those that change with every update, and those that never do.
_TIMES = ("created_at", "started_at", "updated_at", "monitoring_at", "resolved_at", "scheduled_for", "scheduled_until")


def text(row: Row, key: str, place: str = "") -> str:
    """A text; "" where there is none."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(place, row, key)
    return value.encode("utf-8", "replace").decode()  # half a character, which JSON can name, is none


def moment(row: Row, key: str, place: str = "") -> datetime:
    """A time that must be there, in UTC."""
    found = maybe_moment(row, key, place)
    if found is None:
        raise _wrong(place, row, key)
    return found


def maybe_moment(row: Row, key: str, place: str = "") -> datetime | None:
    """A time in UTC, or None for null or no such key."""
    value = text(row, key, place)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(place, row, key) from None
    if at.year not in YEARS:
        raise _wrong(place, row, key)
    return at


def component_of(row: Row, place: str, *, is_gone: bool = False) -> PastComponent:
    """A component or a group. A level that is none of the dialect's is not known."""
    code = text(row, "id", place)
    if not code or not text(row, "name", place):
        raise _wrong(place, row, "id")
    position = row.get("position")
    return PastComponent(
        code=code,
        name=text(row, "name", place),
        description=text(row, "description", place),
        is_group=row.get("group") is True,
        group_code=text(row, "group_id", place),
        position=position if isinstance(position, int) and 0 <= position < 2**31 else 0,
        start_date=_day(row, place),
        is_hidden_unless_degraded=row.get("only_show_if_degraded") is True,
        is_showcased=row.get("showcase") is not False,
        created_at=moment(row, "created_at", place),
        updated_at=moment(row, "updated_at", place),
        level=None if is_gone else _level(row.get("status")),
        is_gone=is_gone,
    )


def gone_component_of(code: str, name: str, listed: Iterable[PastComponent], first: datetime) -> PastComponent:
    """A component of which only its id and its name in updates are left: `Group - Component`. `first`: when it is
    spoken of first."""
    group = next((row for row in listed if row.is_group and name.startswith(f"{row.name} - ")), None)
    return PastComponent(
        code=code, name=name.removeprefix(f"{group.name} - ") if group else name, description="", is_group=False,
        group_code=group.code if group else "", position=0, start_date=None, is_hidden_unless_degraded=False,
        is_showcased=True, created_at=first, updated_at=first, is_gone=True,
    )  # fmt: skip


def incident_of(row: Row, kind: Kind, place: str, groups: set[str]) -> PastIncident:
    """An incident or a maintenance with its updates, the oldest first and a postmortem last."""
    code = text(row, "id", place)
    raw = row.get("incident_updates")
    if not code or not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise _wrong(place, row, "incident_updates")
    updates = [_update_of(each, f"{place} {code}", groups) for each in reversed(raw)]
    if not updates:
        raise _wrong(place, row, "incident_updates")
    impact = text(row, "impact", place)
    components = row.get("components")
    return PastIncident(
        external_id=code,
        code=code,
        path=f"/incidents/{code}",
        kind=kind,
        title=text(row, "name", place),
        impact=impact if impact in list(Impact) else "",
        updates=tuple(sorted(updates, key=lambda each: (each.stage == Stage.POSTMORTEM, each.posted_at))),
        component_codes=tuple(
            text(each, "id", place)
            for each in (components if isinstance(components, list) else [])
            if isinstance(each, dict)
        ),
        created_at=moment(row, "created_at", place),
        updated_at=moment(row, "updated_at", place),
        scheduled_for=maybe_moment(row, "scheduled_for", place),
        scheduled_until=maybe_moment(row, "scheduled_until", place),
        wire={key: _iso(maybe_moment(row, key, place)) for key in _TIMES if key in row}
        | {"impact": impact}
        | {key: clean_line(row[key])[:200] for key in ("reminder_intervals",) if isinstance(row.get(key), str)},
    )


def _update_of(row: Row, place: str, groups: set[str]) -> PastUpdate:
    code, posted_at = text(row, "id", place), maybe_moment(row, "display_at", place)
    created_at, updated_at = moment(row, "created_at", place), maybe_moment(row, "updated_at", place)
    stage = text(row, "status", place)
    if not code or stage not in list(Stage):
        raise _wrong(place, row, "status")
    affected = row.get("affected_components")
    changes = tuple(_changes(affected, groups))
    wire: dict[str, Any] = {"created_at": _iso(created_at), "updated_at": _iso(updated_at or created_at)}
    wire |= {"tweet_id": row["tweet_id"]} if isinstance(row.get("tweet_id"), int) else {}
    wire |= {"custom_tweet": clean_line(row["custom_tweet"])} if isinstance(row.get("custom_tweet"), str) else {}
    if isinstance(affected, list) and affected != [_as_captured(change) for change in changes] or affected == []:
        wire["affected_components"] = [
            {key: clean_line(str(each.get(key) or "")) for key in _AFFECTED}
            for each in affected
            if isinstance(each, dict)
        ]
    return PastUpdate(
        external_id=code,
        code=code,
        stage=Stage(stage),
        body=text(row, "body", place),
        posted_at=posted_at or created_at,
        is_notifying=row.get("deliver_notifications") is True,
        changes=changes,
        wire=wire,
    )


def _changes(affected: object, groups: set[str]) -> Iterable[PastChange]:
    for each in affected if isinstance(affected, list) else []:
        code = text(each, "code") if isinstance(each, dict) and isinstance(each.get("code"), str) else ""
        if code and code not in groups:
            old, new = _level(each.get("old_status")), _level(each.get("new_status"))
            if old and new:
                yield PastChange(code, clean_line(str(each.get("name") or code)), old, new)


def _as_captured(change: PastChange) -> Row:
    return {
        "code": change.code,
        "name": change.name,
        "old_status": change.old_level.value,
        "new_status": change.new_level.value,
    }


def _level(raw: object) -> Level | None:
    return Level(raw) if isinstance(raw, str) and raw in list(Level) else None


def _day(row: Row, place: str) -> date | None:
    try:
        day = date.fromisoformat(text(row, "start_date", place)) if row.get("start_date") else None
    except ValueError:
        raise _wrong(place, row, "start_date") from None
    if day and day.year not in YEARS:
        raise _wrong(place, row, "start_date")
    return day


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _wrong(place: str, row: Row, key: str) -> Unreadable:
    name = row.get("id") or row.get("name") or _("an object")
    return Unreadable(
        _("%(place)s: “%(key)s” of %(name)s is missing or cannot be read. Nothing was taken over.")
        % {"place": place or _("The document"), "key": key, "name": str(name)[:60]}
    )

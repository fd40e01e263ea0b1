"""What another page said happened, as plain values: what an importer reads and what an import writes.

All times are aware and in UTC. Levels and stages are those of the Statuspage dialect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from incidents.domain.canonical import sha256_of
from incidents.domain.status import CLOSED_STAGES, Kind, Level, Stage

Wire = Mapping[str, Any]


@dataclass(frozen=True)
class PastPage:
    """The page itself: its name, its zone (an IANA name), its public id ("" where it is not known)."""

    name: str
    time_zone: str
    code: str = ""


@dataclass(frozen=True)
class PastComponent:
    """A component or a group. `level`: as the source said it is now; None where it says nothing. `is_gone`: only its
    past speaks of it."""

    code: str
    name: str
    description: str
    is_group: bool
    group_code: str
    position: int
    start_date: date | None
    is_hidden_unless_degraded: bool
    is_showcased: bool
    created_at: datetime
    updated_at: datetime
    level: Level | None = None
    is_gone: bool = False

    @property
    def digest(self) -> str:
        """Of what an import takes once; the level and the time of its last change follow by themselves."""
        return _digest(asdict(self) | {"level": None, "updated_at": None})


@dataclass(frozen=True)
class PastChange:
    """What an update said of a component, which had this name that day."""

    code: str
    name: str
    old_level: Level
    new_level: Level


@dataclass(frozen=True)
class PastUpdate:
    """One update. `external_id` names it within its source; `posted_at` None: not on record, so the time of the import.

    `note` is public and says what is not on record of it. `wire`: see `IncidentUpdate.wire`.
    """

    external_id: str
    code: str
    stage: Stage
    body: str
    posted_at: datetime | None
    is_notifying: bool = False
    changes: tuple[PastChange, ...] = ()
    note: str = ""
    wire: Wire = field(default_factory=dict)


@dataclass(frozen=True)
class PastIncident:
    """An incident or a maintenance, `updates` oldest first. `impact` "" where it is not known.

    `path`: the address that it had there, such as `/incidents/abc`. `component_codes`: whatever it is attached to.
    """

    external_id: str
    code: str
    path: str
    kind: Kind
    title: str
    impact: str
    updates: tuple[PastUpdate, ...]
    component_codes: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    wire: Wire = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of what readers see; a time that moved by itself is no change."""
        told = [(row.external_id, row.stage, row.body, row.posted_at, row.changes) for row in self.updates]
        return _digest([self.title, self.impact, self.scheduled_for, self.scheduled_until, told])

    @property
    def stage(self) -> Stage:
        """That of its newest update."""
        return self.updates[-1].stage


@dataclass(frozen=True)
class History:
    """All that was read from one source. `source` names it, whichever way it was reached; `since`: what happened before
    it is not known to be whole (None: it is). `warnings`: sentences on what could not be read."""

    source: str
    incidents: tuple[PastIncident, ...]
    components: tuple[PastComponent, ...] = ()
    page: PastPage | None = None
    since: datetime | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PastSpell:
    """One component at one level for a time; `is_begun_before`: since when is not on record, only that it was so."""

    code: str
    level: Level
    start: datetime
    end: datetime | None
    is_begun_before: bool = False


def spells_of(updates: Iterable[tuple[PastUpdate, datetime]]) -> list[PastSpell]:
    """What updates (oldest first, each with its time) say of levels: from the one that names a level to the one that
    names another, or that ends the incident. What they do not say is in no spell."""
    found: list[PastSpell] = []
    held: dict[str, PastSpell] = {}
    for update, at in updates:
        for change in update.changes:
            before = held.get(change.code)
            if before and before.level != change.new_level:
                found += _ended(held.pop(change.code), at)
            if change.new_level != Level.OPERATIONAL and change.code not in held:
                is_known = before is not None or change.old_level != change.new_level
                held[change.code] = PastSpell(change.code, change.new_level, at, None, not is_known)
        if update.stage in CLOSED_STAGES:
            for code in list(held):
                found += _ended(held.pop(code), at)
    return [*found, *held.values()]


def _ended(spell: PastSpell, at: datetime) -> Iterator[PastSpell]:
    if at > spell.start:
        yield PastSpell(spell.code, spell.level, spell.start, at, spell.is_begun_before)


def _digest(value: Any) -> str:
    return sha256_of(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, PastChange):
        return [value.code, value.name, value.old_level, value.new_level]
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value

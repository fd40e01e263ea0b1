"""Providers that the page depends on: what they say of themselves, and when that is too old to be shown as now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.domain.status import Level

CHECK_EVERY = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=10)
SILENT_AFTER = timedelta(minutes=10)
FAILURES_ALLOWED = 3
TROUBLE_LEVELS = (Level.DEGRADED_PERFORMANCE, Level.PARTIAL_OUTAGE, Level.MAJOR_OUTAGE)


class UpstreamKind(StrEnum):
    """What is read: the JSON of the Statuspage dialect, or a feed."""

    STATUSPAGE = "statuspage"
    FEED = "feed"


@dataclass(frozen=True)
class UpstreamIncident:
    """An incident that they report: clean text, an http(s) address or "", and when it began by their word, if said."""

    name: str
    url: str
    since: datetime | None


@dataclass(frozen=True)
class Reading:
    """What they say. `level` is None where they do not say how bad it is, as in every feed; `words` is their sentence.

    `etag` and `last_modified` go with the next request; `seen` says since when an entry without a date has been there.
    """

    level: Level | None
    words: str
    incidents: tuple[UpstreamIncident, ...]
    etag: str = ""
    last_modified: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unchanged:
    """They answered that nothing has changed since last time."""


@dataclass(frozen=True)
class Failed:
    """Nothing could be read, and why. It says nothing of how they are."""

    sentence: str


@dataclass(frozen=True)
class Gone:
    """They say that the address is gone for good (410): it is not asked again."""

    sentence: str


Outcome = Reading | Unchanged | Failed | Gone


def is_trouble(level: Level | None, incidents: Sequence[object]) -> bool:
    """Whether they report trouble: a level that says so, or incidents where they give no level."""
    return level in TROUBLE_LEVELS if level else bool(incidents)


def is_unknown(ok_at: datetime | None, failures: int, now: datetime) -> bool:
    """Whether what was read last is too old to be shown: more than 3 failures since, or 10 minutes."""
    return ok_at is None or failures > FAILURES_ALLOWED or now - ok_at > SILENT_AFTER


def pause_after(failures: int) -> timedelta:
    """How long to wait for the next check: a minute, doubled with each failure in a row, ten at most."""
    return min(CHECK_EVERY * (1 << min(failures, 10)), LONGEST_PAUSE)

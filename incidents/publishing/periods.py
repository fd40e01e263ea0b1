"""Incidents by day and by month, in the zone of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from incidents.publishing.public import IncidentView, Snapshot

MONTHS_A_PAGE = 3


@dataclass(frozen=True)
class Day:
    """One day: the incidents whose trouble began on it, newest first, and those still going on from before."""

    day: date
    begun: tuple[IncidentView, ...]
    continued: tuple[IncidentView, ...]


@dataclass(frozen=True)
class Month:
    """One calendar month, with the incidents whose trouble began in it and the maintenance planned for it, newest
    first."""

    first: date
    incidents: tuple[IncidentView, ...]

    @property
    def maintenance_count(self) -> int:
        """How many of them were planned."""
        return sum(incident.is_maintenance for incident in self.incidents)

    @property
    def incident_count(self) -> int:
        """How many of them were trouble."""
        return len(self.incidents) - self.maintenance_count

    @property
    def slug(self) -> str:
        """As the address writes it: `2026-06`."""
        return f"{self.first:%Y-%m}"

    @property
    def path(self) -> str:
        """Its address on this site."""
        return f"/history/{self.slug}"

    @property
    def name(self) -> str:
        """As people write it: `June 2026`."""
        return date_format(self.first, "F Y")


def local_day(at: datetime, zone: str) -> date:
    """The calendar day of an instant in the zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def last_days(snapshot: Snapshot, count: int) -> list[Day]:
    """The last days of the page, today first, the quiet ones included; none from before anything was known of it."""
    zone = snapshot.page.time_zone
    today = local_day(snapshot.built_at, zone)
    spans = [_span(incident, zone, today) for incident in _past(snapshot)]
    days = [today - timedelta(days=ago) for ago in range(count)]
    first = _first_known(snapshot, today)
    return [_day(day, spans) for day in days if first is None or day >= first]


def _first_known(snapshot: Snapshot, today: date) -> date | None:
    """The first day of which the page can say that it was quiet; None: of as many as one likes."""
    parts = (*snapshot.leaves, *snapshot.archived)
    if any(row.start_date is None for row in parts):
        return None
    zone = snapshot.page.time_zone
    starts = [row.start_date for row in parts if row.start_date]
    starts += [local_day(incident.started_at, zone) for incident in _past(snapshot)]
    return min(starts, default=today + timedelta(days=1))


def months(snapshot: Snapshot) -> list[Month]:
    """Every month from the first incident or the first component to now, newest first; at least this one."""
    zone = snapshot.page.time_zone
    today = local_day(snapshot.built_at, zone)
    starts = [local_day(incident.started_at, zone) for incident in _past(snapshot)]
    starts += [row.start_date for row in (*snapshot.leaves, *snapshot.archived) if row.start_date]
    first = min(starts, default=today).replace(day=1)
    found: dict[date, list[IncidentView]] = {}
    for incident in newest_first(_past(snapshot)):
        found.setdefault(local_day(incident.started_at, zone).replace(day=1), []).append(incident)
    listed: list[Month] = []
    month = today.replace(day=1)
    while month >= first or not listed:
        listed.append(Month(month, tuple(found.get(month, ()))))
        month = (month - timedelta(days=1)).replace(day=1)
    return listed


def history_addresses(snapshot: Snapshot) -> list[str]:
    """Where `/history?page=N` leads: the Nth address, N from 1; three months a page, as in the Statuspage dialect."""
    listed = months(snapshot)
    return ["/history", *(month.path for month in listed[MONTHS_A_PAGE::MONTHS_A_PAGE])]


def newest_first(incidents: Iterable[IncidentView]) -> list[IncidentView]:
    """By the time when the trouble began."""
    return sorted(incidents, key=lambda incident: (incident.started_at, incident.number), reverse=True)


def _past(snapshot: Snapshot) -> list[IncidentView]:
    """Without maintenance that is yet to come: that is not history."""
    return [incident for incident in snapshot.incidents if not incident.is_future(snapshot.built_at)]


_Span = tuple[IncidentView, date, date]


def _span(incident: IncidentView, zone: str, today: date) -> _Span:
    start = local_day(incident.started_at, zone)
    if incident.is_upcoming:  # late: it goes on on no day
        return incident, start, start
    return incident, start, local_day(incident.resolved_at, zone) if incident.resolved_at else today


def _day(day: date, spans: Sequence[_Span]) -> Day:
    return Day(
        day,
        tuple(newest_first(incident for incident, start, _ in spans if start == day)),
        tuple(newest_first(incident for incident, start, end in spans if start < day <= end)),
    )

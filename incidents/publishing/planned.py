"""What the templates print of maintenance: its window, what it takes, how far over it runs, what it meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.publishing import words
from incidents.publishing.public import AffectedView, IncidentView, Snapshot, WindowView
from incidents.publishing.words import Named


@dataclass(frozen=True)
class Overrun:
    """The planned end of work that goes on past it."""

    at: datetime
    shown: SafeString
    length: str


@dataclass(frozen=True)
class Plan:
    """A maintenance that is not over, as front page, component pages and its own page show it.

    `overlaps` says in words which other maintenance takes the same component at the same time.
    """

    view: IncidentView
    window: SafeString
    components: SafeString
    newest_at: SafeString
    is_late: bool
    overrun: Overrun | None
    overlaps: list[SafeString]


def plans(snapshot: Snapshot, views: Iterable[IncidentView]) -> list[Plan]:
    """Maintenance of this snapshot, in the order given."""
    going = (*snapshot.maintenances_running, *snapshot.maintenances_upcoming)
    return [_plan(view, view.window, going, snapshot.built_at) for view in views if view.window]


def window(given: WindowView, now: datetime | None = None) -> SafeString:
    """`23 Jun 2026, 14:00 UTC to 16:00 UTC`; on the day of `now` without the day."""
    start, end = given.scheduled_for, given.scheduled_until
    first = words.time_near(start, now) if now else words.time_element(start, has_day=True)
    return format_html(_("{} to {}"), first, words.time_near(end, start))


def components(incident: IncidentView, limit: int = 100) -> SafeString:
    """The names of what it takes, each with its regions if it does not take them all."""
    return words.listing((Named(_name(view), f"/components/{view.slug}") for view in incident.affected), limit)


def overrun(incident: IncidentView, now: datetime) -> Overrun | None:
    """How far the work runs past its planned end, in whole minutes; None if it does not."""
    if not incident.window or not incident.is_running or now < incident.window.scheduled_until:
        return None
    at = incident.window.scheduled_until
    return Overrun(at, words.time_near(at, now), _length(at, now))


def overrun_in_the_end(incident: IncidentView) -> str:
    """How far work that is over ran past its planned end; empty if it did not."""
    if not incident.window or not incident.begun_at or not incident.resolved_at:
        return ""
    seconds = (incident.resolved_at - incident.window.scheduled_until).total_seconds()
    return _length(incident.window.scheduled_until, incident.resolved_at) if seconds >= 60 else ""


def is_late(incident: IncidentView, now: datetime) -> bool:
    """Whether its window has begun and the work has not."""
    return incident.is_upcoming and incident.started_at <= now


def tally(incidents: int, maintenances: int) -> str:
    """`2 incidents, 1 maintenance`; maintenance only where there is some."""
    told = ngettext("%(count)s incident", "%(count)s incidents", incidents) % {"count": incidents}
    if not maintenances:
        return told
    planned = ngettext("%(count)s maintenance", "%(count)s maintenances", maintenances) % {"count": maintenances}
    return f"{told}, {planned}" if incidents else planned


def _plan(view: IncidentView, planned: WindowView, going: Iterable[IncidentView], now: datetime) -> Plan:
    newest_at = view.newest.posted_at
    return Plan(
        view,
        window(planned, now if view.is_running else None),
        components(view, limit=12),
        words.time_near(newest_at, now) if view.is_running else words.time_element(newest_at, has_day=True),
        is_late(view, now),
        overrun(view, now),
        [said for other in going if (said := _overlap(view, other, now))],
    )


def _overlap(view: IncidentView, other: IncidentView, now: datetime) -> SafeString | None:
    """`Overlaps with Network upgrade (23 Jun 2026, 15:00 UTC to 17:00 UTC) on API.`"""
    if other.number == view.number or not other.window or not _meets(_span(view, now), _span(other, now)):
        return None
    shared = [row for row in view.affected if any(_shares(row, each) for each in other.affected)]
    if not shared:
        return None
    return format_html(
        _('Overlaps with <a href="{}">{}</a> ({}) on {}.'),
        other.url_path,
        words.isolated(other.title),
        window(other.window),
        words.listing(Named(row.name) for row in shared),
    )


def _span(incident: IncidentView, now: datetime) -> tuple[datetime, datetime]:
    """From start to end as planned, or until now where the work runs over."""
    end = incident.window.scheduled_until if incident.window else incident.started_at
    return incident.started_at, max(end, now) if incident.is_running else end


def _meets(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _shares(one: AffectedView, other: AffectedView) -> bool:
    """Whether both take the component in some region; without regions it is taken in all."""
    is_met = not one.regions or not other.regions or bool(set(one.regions) & set(other.regions))
    return one.code == other.code and is_met


def _name(view: AffectedView) -> str:
    return f"{view.name} ({', '.join(view.regions)})" if view.regions else view.name


def _length(start: datetime, end: datetime) -> str:
    return words.duration(int((end - start).total_seconds()) // 60 * 60) if (end - start).total_seconds() >= 60 else ""

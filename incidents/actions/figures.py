"""The public figures that a correction can move, as text: read before it and after it, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents import queries
from incidents.domain.intervals import Span
from incidents.domain.status import Level
from incidents.domain.uptime import (
    Entry,
    Policy,
    Rule,
    days_window,
    month_window,
    uptime_percent,
    weighed_seconds,
)
from incidents.models import Component, ImpactInterval, Incident
from incidents.reviewing.milestones import durations, milestones

WINDOW_DAYS = 90


class Figure(NamedTuple):
    """What a figure is called, and the public address at which it stands."""

    name: str
    path: str


Figures = dict[Figure, str]


def figures_of(
    incident: Incident | None, component_ids: Iterable[int], months: Iterable[date], now: datetime
) -> Figures:
    """The durations of the incident, and the uptime of the components: 90 days, and each month (its first day).

    Components that stand in a group move the 90 days of the group too. "" for what is not known or has no data.
    """
    found = _durations(incident) if incident else {}
    zone = queries.the_page().time_zone
    listed = sorted(set(months))
    leaves = list(Component.objects.filter(pk__in=set(component_ids), is_group=False).select_related("group"))
    groups = {row.group_id: row.group for row in leaves if row.group}
    for component in leaves:
        found |= _uptimes(component, listed, zone, now)
    for group in groups.values():
        found[_name(group, _("90 days"))] = _group_uptime(group, zone, now)
    return found


def figures_around(incident: Incident, now: datetime) -> Figures:
    """The figures of an incident, of every component that it held, and of the months in which it held them."""
    spells = queries.spells_of(incident)
    months = months_of([(spell.start, spell.end) for spell in spells], now)
    return figures_of(incident, {spell.component_id for spell in spells}, months, now)


def months_of(spans: Iterable[tuple[datetime, datetime | None]], now: datetime) -> set[date]:
    """The first days of the calendar months (page's zone) that the spans (UTC, None: still) touch."""
    zone = ZoneInfo(queries.the_page().time_zone)
    found = set()
    for start, end in spans:
        month, last = start.astimezone(zone).date().replace(day=1), (end or now).astimezone(zone).date()
        while month <= last:
            found.add(month)
            month = (month + timedelta(days=32)).replace(day=1)
    return found


def moved(before: Figures, after: Figures) -> list[dict[str, str]]:
    """The figures that are not as they were, for Correction.figures."""
    names = {**before, **after}
    return [
        {
            "figure": figure.name,
            "before": before.get(figure, ""),
            "after": after.get(figure, ""),
            "path": figure.path,
        }
        for figure in names
        if before.get(figure, "") != after.get(figure, "")
    ]


def _durations(incident: Incident) -> Figures:
    names = {
        "time_to_detect": _("Time to detect"),
        "time_to_acknowledge": _("Time to acknowledge"),
        "time_to_first_recovery": _("Time to first recovery"),
        "time_to_resolve": _("Time to resolve"),
    }
    statements = incident.milestone_statements.all()
    found = milestones(queries.spells_of(incident), list(incident.updates.all()), statements)
    path = f"/incidents/{incident.code}"
    return {Figure(names[span.name], path): _length(span.seconds) for span in durations(found)}


def _length(seconds: int | None) -> str:
    """`1 h 05 min 00 s`: to the second, since a correction may move no more than that."""
    if seconds is None:
        return ""
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    hours, minutes = rest // 3600, rest // 60 % 60
    parts = {"hours": hours, "minutes": f"{minutes:02}", "seconds": f"{rest % 60:02}"}
    return sign + _("%(hours)s h %(minutes)s min %(seconds)s s") % parts


def _uptimes(component: Component, months: Sequence[date], zone: str, now: datetime) -> Figures:
    rows = list(queries.standing_intervals().filter(component=component))
    since = component.start_date
    found = {_name(component, _("90 days")): _percent([rows], days_window(now, WINDOW_DAYS, zone, since), now, zone)}
    for month in months:
        window = _month_window(month, zone, since)
        found[_name(component, f"{month:%Y-%m}")] = _percent([rows], window, now, zone) if window else ""
    return found


def _group_uptime(group: Component, zone: str, now: datetime) -> str:
    """As the page counts it: the mean over the components, from the first day of the first of them."""
    children = list(group.children.filter(archived_at__isnull=True))
    days = [child.start_date for child in children if child.start_date]
    begun = min(days) if children and len(days) == len(children) else group.start_date
    rows = [list(queries.standing_intervals().filter(component=child)) for child in children]
    return _percent(rows, days_window(now, WINDOW_DAYS, zone, begun), now, zone) if rows else ""


def _percent(interval_sets: Sequence[Sequence[ImpactInterval]], window: Span, now: datetime, zone: str) -> str:
    """Under the default policy, floored to two digits."""
    entries = [
        Entry(index, row.region_id, Level(row.level), row.started_at, row.ended_at, is_quality=row.is_quality)
        for index, rows in enumerate(interval_sets)
        for row in rows
    ]
    weighed = weighed_seconds(
        entries,
        window=window,
        now=now,
        policy=Policy(component_rule=Rule.MEAN, zone=zone),
        components=range(len(interval_sets)),
        regions=sorted({row.region_id for rows in interval_sets for row in rows if row.region_id is not None}),
    )
    return f"{uptime_percent(window.seconds, weighed):.2f} %"


def _month_window(month: date, zone: str, since: date | None) -> Span | None:
    """The month from the component's first day on; None for a month that lies before it."""
    whole = month_window(month.year, month.month, zone)
    if since is None or since <= month:
        return whole
    begun = datetime.combine(since, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Span(begun, whole.end) if begun < whole.end else None


def _name(component: Component, period: str) -> Figure:
    name = _("Uptime of %(name)s, %(period)s") % {"name": component.full_name, "period": period}
    return Figure(name, f"/components/{component.slug}")

"""What the templates print, made ready: sentences, groups of names, facts. Pure functions of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.domain.status import HEAVINESS, Level
from incidents.publishing import bars, planned, words
from incidents.publishing.public import (
    AffectedView,
    ChangeView,
    ComponentView,
    IncidentView,
    Snapshot,
    UpdateView,
)
from incidents.publishing.words import Named

NAMED_IN_BANNER = 2
# Above so many components, groups without trouble are folded.
UNFOLDED = 20
COLOURS = {  # the words of the Statuspage dialect, which other programs read
    Level.OPERATIONAL: "green",
    Level.UNDER_MAINTENANCE: "blue",
    Level.DEGRADED_PERFORMANCE: "yellow",
    Level.PARTIAL_OUTAGE: "orange",
    Level.MAJOR_OUTAGE: "red",
}


@dataclass(frozen=True)
class Banner:
    """The one answer: `kind` chooses icon and colour, `sentence` says it, `detail` names the components."""

    kind: str
    sentence: str
    detail: SafeString | str


@dataclass(frozen=True)
class Row:
    """A component with its drawing: `svg`, and the days of which the table tells."""

    view: ComponentView
    colour: str
    svg: SafeString
    troubled: list[bars.TroubledDay]
    percent: str


@dataclass(frozen=True)
class Section:
    """A group with its rows, or one component that stands alone (`group` None)."""

    group: ComponentView | None
    rows: list[Row]
    is_folded: bool


@dataclass(frozen=True)
class AtLevel:
    """Components that share a level."""

    level: Level
    names: SafeString


@dataclass(frozen=True)
class Told:
    """What an update said of several components at once."""

    old_level: Level
    new_level: Level
    region: str
    since: datetime
    names: SafeString


@dataclass(frozen=True)
class Card:
    """An incident as the front page shows it while it is open."""

    view: IncidentView
    affected: list[AtLevel]
    started: SafeString
    head_start: str
    newest_at: SafeString
    due: Due | None


@dataclass(frozen=True)
class Due:
    """The promise of a next update, and whether its time has passed."""

    at: datetime
    shown: SafeString
    is_overdue: bool


def banner(snapshot: Snapshot) -> Banner:
    """Is it broken? An open incident is never called all well, whatever its components say."""
    hit = [leaf for leaf in snapshot.leaves if leaf.level != Level.OPERATIONAL]
    live = snapshot.open_incidents
    if hit:
        worst = max((leaf.level for leaf in hit), key=HEAVINESS.__getitem__)
        if worst != Level.UNDER_MAINTENANCE or not live:
            return Banner(words.SHORT[worst], _(snapshot.top.description), _affected_sentence(hit, worst))
    if live:  # what was planned does not stand above what was not
        sentence = ngettext("%(count)s open incident", "%(count)s open incidents", len(live)) % {"count": len(live)}
        detail = (
            _affected_sentence(hit, Level.UNDER_MAINTENANCE) if hit else _("No component is marked as affected now.")
        )
        return Banner("notice", sentence, detail)
    if not snapshot.leaves:
        return Banner("unknown", _("Nothing is listed here yet"), _("Components will appear here once they are added."))
    return Banner("ok", _(snapshot.top.description), "")


def sections(snapshot: Snapshot) -> list[Section]:
    """The components of the front page, in page order."""
    is_long = len(snapshot.leaves) > UNFOLDED
    found = []
    for view in snapshot.components:
        if view.is_group:
            rows = [row(child, snapshot.page.time_zone) for child in view.children if child.is_shown]
            if rows:
                found.append(Section(view, rows, is_long and view.level == Level.OPERATIONAL))
        elif view.is_shown:
            found.append(Section(None, [row(view, snapshot.page.time_zone)], is_folded=False))
    return found


def row(view: ComponentView, zone: str) -> Row:
    """One component with its ninety days."""
    troubled = bars.troubled_days(view, zone)
    percent = "100" if view.uptime_percent == "100.00" else view.uptime_percent
    return Row(view, COLOURS[view.level], bars.drawing(view, troubled), troubled, percent)


def card(incident: IncidentView, groups: Sequence[ComponentView], now: datetime) -> Card:
    """An open incident; times on the day of `now` go without their day, a group that is hit whole goes by its name."""
    return Card(
        incident,
        affected_now(incident, groups),
        words.time_near(incident.started_at, now),
        head_start(incident),
        words.time_near(incident.newest.posted_at, now),
        due(incident, now),
    )


def due(incident: IncidentView, now: datetime) -> Due | None:
    """The promised next update, if one is due and the incident is open."""
    if incident.next_update_due_at is None:
        return None
    at = incident.next_update_due_at
    return Due(at, words.time_near(at, now), at <= now)


def head_start(incident: IncidentView) -> str:
    """How long the trouble ran before the first post; empty if the post came first."""
    seconds = int((incident.updates[-1].posted_at - incident.started_at).total_seconds())
    return _("%(length)s before the first post") % {"length": words.duration(seconds)} if seconds >= 60 else ""


def affected_now(incident: IncidentView, groups: Sequence[ComponentView] = ()) -> list[AtLevel]:
    """The components of an open incident by what it does to them now, the worst first; recovered ones last."""
    ordered = sorted(incident.affected, key=lambda view: -HEAVINESS[view.level])
    return [
        AtLevel(level, words.listing(_by_group(list(views), groups)))
        for level, views in groupby(ordered, key=lambda view: view.level)
    ]


def affected_at_worst(incident: IncidentView) -> list[AtLevel]:
    """The components by the worst that the incident did to each."""
    ordered = sorted(incident.affected, key=lambda view: -HEAVINESS[view.worst_level])
    return [
        AtLevel(level, words.listing((Named(view.name, f"/components/{view.slug}") for view in views), limit=100))
        for level, views in groupby(ordered, key=lambda view: view.worst_level)
    ]


def told(update: UpdateView) -> list[Told]:
    """The component changes of an update: those that say the same are said once."""
    kinds: dict[tuple[Level, Level, str, datetime], list[ChangeView]] = {}
    for change in update.changes:
        kinds.setdefault((change.old_level, change.new_level, change.region, change.since), []).append(change)
    return [
        Told(*kind, words.listing((Named(change.name) for change in changes), limit=100))
        for kind, changes in kinds.items()
    ]


def span(incident: IncidentView) -> SafeString:
    """`23 Jun 2026, 14:30 UTC to 18:15 UTC, 3 h 45 min`, or since when; of maintenance its window."""
    if incident.window:
        return planned.window(incident.window)
    start = words.time_element(incident.started_at, has_day=True)
    if incident.resolved_at is None:
        return format_html(_("since {}"), start)
    seconds = int((incident.resolved_at - incident.started_at).total_seconds())
    return format_html(
        _("{} to {}, {}"), start, words.time_near(incident.resolved_at, incident.started_at), words.duration(seconds)
    )


def _affected_sentence(hit: Sequence[ComponentView], worst: Level) -> SafeString:
    names = words.listing(_names(hit), NAMED_IN_BANNER)
    if worst == Level.UNDER_MAINTENANCE:
        return format_html(ngettext("{} is under maintenance.", "{} are under maintenance.", len(hit)), names)
    return format_html(_("Affected: {}."), names)


def _by_group(views: Sequence[AffectedView], groups: Sequence[ComponentView]) -> list[Named]:
    """The names in their order; a group that is there whole, with two or more, goes by its own."""
    codes = {view.code for view in views}
    whole = {child.code: group for group in groups for child in group.children}
    whole = {
        code: group
        for code, group in whole.items()
        if len(group.children) > 1 and all(child.code in codes for child in group.children)
    }
    found = {}
    for view in views:
        group = whole.get(view.code)
        name = (
            _("%(group)s (all %(count)s)") % {"group": group.name, "count": len(group.children)} if group else view.name
        )
        found[group.code if group else view.code] = Named(name)
    return list(found.values())


def _names(hit: Iterable[ComponentView]) -> list[Named]:
    return [Named(leaf.name) for leaf in sorted(hit, key=lambda leaf: -HEAVINESS[leaf.level])]

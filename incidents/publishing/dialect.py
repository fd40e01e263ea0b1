"""The objects of the Statuspage dialect (public API v2): page, status, component, incident, maintenance, update.

Keys stand in the order in which captured bodies have them, none more and none less: clients with strict constructors
break on either. Values that an import kept (`wire`) are printed while nobody has written anything that contradicts
them. `docs/statuspage.md` lists what this dialect leaves open and how it is answered here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from incidents.domain.instants import in_zone
from incidents.domain.status import Level, Stage, worst_of
from incidents.publishing.public import ChangeView, ComponentView, IncidentView, Snapshot, UpdateView

Body = dict[str, Any]
SHORT_PATH = "/i/"
_MONITORING = (Stage.MONITORING, Stage.VERIFYING)
_RESOLVED = (Stage.RESOLVED, Stage.COMPLETED)


class Dialect:
    """One snapshot in the words of the dialect. Pure; objects that stand in many documents are made once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._zone = ZoneInfo(snapshot.page.time_zone)
        self._times: dict[datetime | str, str] = {}
        self._incidents: dict[str, Body] = {}
        self._listed = _ordered(_flat(snapshot.components))
        everything = (*self._listed, *_ordered(_flat(snapshot.archived)))
        self._views = {view.code: view for view in everything}
        self._places = {view.code: place for place, view in enumerate(_ordered(everything))}
        self._now = {view.code: self._component(view, view.level, _moved_at(view)) for view in everything}

    def time(self, at: datetime | str | None) -> str | None:
        """Milliseconds and the offset of the page's zone at that instant; `Z` only where the zone is UTC. Text: ISO."""
        if at is None:
            return None
        found = self._times.get(at)  # the same instants stand in many documents
        if found is None:
            moment = datetime.fromisoformat(at) if isinstance(at, str) else at
            found = self._times[at] = in_zone(moment, self._zone)
        return found

    def page(self, updated_at: datetime | None = None) -> Body:
        """The page, as of its last public change or as of `updated_at`."""
        page = self.snapshot.page
        return {
            "id": page.code,
            "name": page.name,
            "url": page.url,
            "time_zone": page.time_zone,
            "updated_at": self.time(updated_at or page.updated_at),
        }

    def status(self) -> Body:
        """The one sentence for the whole page."""
        return {"indicator": self.snapshot.top.indicator, "description": self.snapshot.top.description}

    def components(self) -> list[Body]:
        """All components and groups of the page as they are now, by position; archived ones are not among them."""
        return [self._now[view.code] for view in self._listed]

    def component_document(self, view: ComponentView) -> Body:
        """The document of one component. Its page is as old as the component, so that nothing else changes it."""
        return {"page": self.page(_moved_at(view)), "component": self._now[view.code]}

    @property
    def listed(self) -> tuple[ComponentView, ...]:
        """What `components` lists."""
        return self._listed

    def impact(self, view: IncidentView) -> str:
        """The word for how bad it was; as imported while nothing was written since."""
        return str(_kept_of(view).get("impact") or view.impact.value)

    def incident(self, view: IncidentView) -> Body:
        """An incident or a maintenance with its components as they are now."""
        if view.code not in self._incidents:
            shown = [self._now[each.code] for each in self._affected(view)]
            self._incidents[view.code] = self._incident(view, shown)
        return self._incidents[view.code]

    def incident_document(self, view: IncidentView, as_of: datetime | None = None) -> Body:
        """The document of one incident. Its page is as old as what the document shows, so that nothing else changes it.

        `as_of` (UTC): its components are shown as they stood then; None: as they are now.
        """
        rows = self._affected(view)
        moved = [_moved_at(each, as_of) for each in rows]
        if as_of is None:
            said = self.incident(view)
        else:
            then = [self._component(each, _level_at(each, as_of), at) for each, at in zip(rows, moved, strict=True)]
            said = self._incident(view, then)
        return {"page": self.page(max([view.updated_at, *moved])), "incident": said}

    def _affected(self, view: IncidentView) -> list[ComponentView]:
        """Its components by position, archived ones too. Those that an import kept were attached, be it at no level."""
        codes, kept = {row.code for row in view.affected}, view.wire.get("components")
        if kept is not None:
            codes = set(kept) | (set() if view.is_as_imported else codes)
        codes &= self._views.keys()
        return [self._views[code] for code in sorted(codes, key=self._places.__getitem__)]

    def _component(self, view: ComponentView, level: Level, updated_at: datetime) -> Body:
        said: Body = {
            "id": view.code,
            "name": view.name,
            "status": level.value,
            "created_at": self.time(view.created_at),
            "updated_at": self.time(updated_at),
            "position": view.position,
            "description": view.description or None,
            "showcase": view.is_showcased and not view.is_group,
            "start_date": None if view.is_group else _start_date(view),
            "group_id": view.group_code or None,
            "page_id": self.snapshot.page.code,
            "group": view.is_group,
            "only_show_if_degraded": view.is_hidden_unless_degraded,
        }
        return {**said, "components": [child.code for child in view.children]} if view.is_group else said

    def _incident(self, view: IncidentView, components: list[Body]) -> Body:
        always, kept = view.wire, _kept_of(view)
        own = {
            "updated_at": view.updated_at,
            "monitoring_at": _monitoring_at(view),
            "resolved_at": _resolved_at(view),
        }
        times = {name: self.time(kept.get(name, at)) for name, at in own.items()}
        return {
            "id": view.code,
            "name": view.title,
            "status": view.stage.value,
            "created_at": self.time(always.get("created_at") or view.updates[-1].posted_at),
            **times,
            "impact": self.impact(view),
            "shortlink": f"{self.snapshot.page.url}{SHORT_PATH}{view.code}",
            "started_at": self.time(always.get("started_at") or view.created_at),
            "page_id": self.snapshot.page.code,
            "incident_updates": self._updates(view),
            "components": components,
            **self._last_keys(view, kept),
        }

    def _last_keys(self, view: IncidentView, kept: Mapping[str, Any]) -> Body:
        """The keys in which incidents and maintenance differ."""
        if view.window is None:
            return {"reminder_intervals": view.wire.get("reminder_intervals")}
        return {
            "scheduled_for": self.time(kept.get("scheduled_for") or view.window.scheduled_for),
            "scheduled_until": self.time(kept.get("scheduled_until") or view.window.scheduled_until),
        }

    def _updates(self, view: IncidentView) -> list[Body]:
        """Newest first; the publication of a review has no place in time and stands before all others."""
        told = _told(view, self._views)
        rows = sorted(view.updates, key=lambda update: update.stage != Stage.POSTMORTEM)
        return [self._update(view, update, told[update.sequence]) for update in rows]

    def _update(self, view: IncidentView, update: UpdateView, told: list[Body]) -> Body:
        wire = update.wire
        created_at = update.created_at or update.posted_at
        changed_at = update.amended_at or wire.get("updated_at") or created_at
        return {
            "id": update.code,
            "status": update.stage.value,
            "body": update.body,
            "incident_id": view.code,
            "created_at": self.time(wire.get("created_at") or created_at),
            "updated_at": self.time(changed_at),
            "display_at": None if update.stage == Stage.POSTMORTEM else self.time(update.posted_at),
            "affected_components": wire.get("affected_components", told or None),
            "deliver_notifications": update.is_notifying,
            "custom_tweet": wire.get("custom_tweet"),
            "tweet_id": wire.get("tweet_id"),
        }


def _start_date(view: ComponentView) -> str | None:
    """As an import kept it: its first day here may be later, where what was before is not on record."""
    own = view.start_date.isoformat() if view.start_date else None
    kept: str | None = view.wire.get("start_date", own)
    return kept


def _kept_of(view: IncidentView) -> Mapping[str, Any]:
    """What an import kept, while nobody has written anything since."""
    return view.wire if view.is_as_imported else {}


def _monitoring_at(view: IncidentView) -> datetime | None:
    """When it last came to be watched: further updates of that stage do not move it."""
    return next((row.posted_at for row in view.updates if row.stage in _MONITORING and not row.is_repeat), None)


def _resolved_at(view: IncidentView) -> datetime | None:
    if view.is_open:
        return None
    return next((row.posted_at for row in view.updates if row.stage in _RESOLVED), view.resolved_at)


def _moved_at(view: ComponentView, as_of: datetime | None = None) -> datetime:
    """When a component last changed, until `as_of` (None: now). A group does not move with its components."""
    edited_at = view.edited_at or view.created_at
    if view.is_group:
        return edited_at
    if as_of is None:
        return view.updated_at
    edges = [at for row in view.intervals for at in (row.started_at, row.ended_at) if at and at <= as_of]
    return max([edited_at, *edges])


def _level_at(view: ComponentView, at: datetime) -> Level:
    """The level of a component, or of the worst of a group, at an instant."""
    standing = (row for row in view.intervals if row.started_at <= at and (row.ended_at is None or row.ended_at > at))
    return worst_of(row.level for row in standing)


def _flat(views: Iterable[ComponentView]) -> list[ComponentView]:
    return [row for view in views for row in (view, *view.children)]


def _ordered(views: Iterable[ComponentView]) -> tuple[ComponentView, ...]:
    """By position, of any parent; among equals those of the first group, then the older."""
    rows = list(views)
    parents = {row.code: row.position for row in rows if row.is_group}
    return tuple(sorted(rows, key=lambda row: (row.position, parents.get(row.group_code, 0), row.number)))


def _told(view: IncidentView, components: Mapping[str, ComponentView]) -> dict[int, list[Body]]:
    """What each update said of components, by its sequence: one line a component, the worst of its regions each time.

    The dialect knows no regions. What earlier updates of the incident said of the other regions still stands.
    """
    found: dict[int, list[Body]] = {}
    levels: dict[str, dict[str, Level]] = {}
    for update in reversed(view.updates):
        said: dict[str, list[ChangeView]] = {}
        for change in update.changes:
            said.setdefault(change.code, []).append(change)
        found[update.sequence] = [
            _line(changes, levels.setdefault(code, {}), components.get(code)) for code, changes in said.items()
        ]
    return found


def _line(changes: list[ChangeView], regions: dict[str, Level], component: ComponentView | None) -> Body:
    """What one update said of one component; `regions` is what stood before, and then what stands after it."""
    untouched = {} if any(not change.region for change in changes) else regions
    before = worst_of((*untouched.values(), *(change.old_level for change in changes)))
    for change in changes:
        _move(regions, change, component)
    return {
        "code": changes[-1].code,
        "name": changes[-1].name,
        "old_status": before.value,
        "new_status": worst_of(regions.values()).value,
    }


def _move(regions: dict[str, Level], change: ChangeView, component: ComponentView | None) -> None:
    if change.region:
        regions[change.region] = change.new_level
        return
    names = [name for name, _level in component.levels_by_region] if component else []
    regions.clear()
    regions.update(dict.fromkeys(names or [""], change.new_level))

"""The allow-list: the values of which the public truth is made. A field that is not here cannot be published.

`wire` holds values of the Statuspage dialect that an import kept as they were.
All times are aware and in UTC; texts are as authored, `*_html` is safe HTML made when the text was saved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from incidents.domain.status import HEAVINESS, RUNNING_STAGES, Impact, Kind, Level, Stage, TopStatus
from incidents.domain.uptime import DayBar
from incidents.publishing.advice import AdviceView
from incidents.publishing.agreements import AgreementView
from incidents.publishing.branding import PLAIN, Brand
from incidents.publishing.promises import PromiseView
from incidents.publishing.remediations import RemediationView
from incidents.publishing.reviews import ReviewView
from incidents.publishing.tree import Page
from incidents.publishing.upstreams import UpstreamView
from incidents.reviewing.milestones import Duration, Milestone


@dataclass(frozen=True)
class PageView:
    """The page: `url` is the base address without a slash at the end; `updated_at` moves with every public change.

    `revision` counts those changes; it is how the store knows what it has published, and is not printed anywhere.
    `record_number` and `record_hash` are of the newest entry of the public record; only hot pages print them.
    """

    name: str
    time_zone: str
    url: str
    updated_at: datetime
    revision: int = 0
    record_number: int = 0
    record_hash: str = ""
    code: str = ""
    brand: Brand = PLAIN


@dataclass(frozen=True)
class RegionView:
    """A place where components run."""

    key: str
    name: str


@dataclass(frozen=True)
class IntervalView:
    """One standing interval of the ledger. `region` (its name) and `region_key` "" mean all; `ended_at` None means
    still open; `number` names it in the downloads."""

    component_code: str
    component_name: str
    region: str
    level: Level
    is_quality: bool
    started_at: datetime
    ended_at: datetime | None
    incident_code: str
    incident_title: str
    source: str
    number: int = 0
    region_key: str = ""


@dataclass(frozen=True)
class SupersededView:
    """An interval that no longer counts: when it was corrected, why, and the number of what took its place (None:
    nothing did)."""

    interval: IntervalView
    superseded_at: datetime
    reason: str
    superseded_by: int | None


@dataclass(frozen=True)
class ComponentView:
    """A component or a group with its status now and its last 90 days.

    `level` of a group is that of its worst child; `since` is None while operational; `levels_by_region` is empty unless
    the component runs in several regions; `uptime_percent` is text, floored to two digits ("" for no data); `children`
    only for groups; `intervals` newest first.

    Bars of a group hold the mean over its components, at each level, and the worst level of any. `region_bars` (name,
    bars, percent) is empty unless a day of the window was not the same in all regions. `months` (first day, percent or
    None for no data) newest first since it began, the running one up to the end of today; `month_days` the days with
    trouble of its whole history.

    `updated_at` moves with the level too, `edited_at` only when somebody edits the component.
    """

    number: int
    code: str
    slug: str
    name: str
    full_name: str
    description: str
    group_code: str
    is_group: bool
    position: int
    start_date: date | None
    is_hidden_unless_degraded: bool
    is_archived: bool
    created_at: datetime
    updated_at: datetime
    level: Level
    since: datetime | None
    levels_by_region: tuple[tuple[str, Level], ...]
    bars: tuple[DayBar, ...]
    uptime_percent: str
    intervals: tuple[IntervalView, ...]
    children: tuple[ComponentView, ...]
    region_keys: tuple[str, ...] = ()
    region_bars: tuple[tuple[str, tuple[DayBar, ...], str], ...] = ()
    months: tuple[tuple[date, Decimal | None], ...] = ()
    month_days: tuple[DayBar, ...] = ()
    is_showcased: bool = True
    wire: Mapping[str, Any] = field(default_factory=dict)
    edited_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the front page lists it now."""
        return not self.is_archived and not (self.is_hidden_unless_degraded and self.level == Level.OPERATIONAL)

    @property
    def has_regions_that_differ(self) -> bool:
        """Whether a row for each region says more than one row."""
        return len({level for _region, level in self.levels_by_region}) > 1


@dataclass(frozen=True)
class ChangeView:
    """What an update said of one component: levels before and after, `region` "" for all, and since when."""

    code: str
    slug: str
    name: str
    region: str
    old_level: Level
    new_level: Level
    since: datetime


@dataclass(frozen=True)
class FormerText:
    """A text that an update had until `replaced_at`."""

    html: str
    text: str
    reason: str
    replaced_at: datetime


@dataclass(frozen=True)
class UpdateView:
    """One update. `is_repeat`: its stage is that of the update before. `time_note` says when its time was chosen."""

    code: str
    sequence: int
    stage: Stage
    is_repeat: bool
    is_reopening: bool
    body: str
    html: str
    posted_at: datetime
    amended_at: datetime | None
    next_update_due_at: datetime | None
    is_notifying: bool
    time_note: str
    changes: tuple[ChangeView, ...]
    former: tuple[FormerText, ...]
    is_reminder: bool = False
    created_at: datetime | None = None
    wire: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WindowView:
    """When a maintenance is to begin and to end."""

    scheduled_for: datetime
    scheduled_until: datetime


@dataclass(frozen=True)
class AffectedView:
    """A component in an incident: its level now by this incident, and its worst level in it.

    `regions` names those that a maintenance is planned for; empty means all.
    """

    code: str
    slug: str
    name: str
    level: Level
    worst_level: Level
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class IncidentView:
    """An incident with everything that is public about it. `updates` newest first; `number` is the stable feed id.

    A maintenance has a `window`, and `started_at` is its planned start (the work's, where that came before); `begun_at`
    and `resolved_at` are when the work began and ended. It has neither milestones nor durations. A cancelled one is not
    open. `is_as_imported`: nothing was written since it was imported, so that all of `wire` still holds.
    """

    number: int
    code: str
    title: str
    stage: Stage
    impact: Impact
    is_open: bool
    is_example: bool
    advice: str
    advice_html: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime
    monitoring_at: datetime | None
    resolved_at: datetime | None
    next_update_due_at: datetime | None
    updates: tuple[UpdateView, ...]
    affected: tuple[AffectedView, ...]
    intervals: tuple[IntervalView, ...]
    milestones: tuple[Milestone, ...]
    durations: tuple[Duration, ...]
    kind: Kind = Kind.INCIDENT
    window: WindowView | None = None
    is_cancelled: bool = False
    calendar_sequence: int = 0
    begun_at: datetime | None = None
    wire: Mapping[str, Any] = field(default_factory=dict)
    is_as_imported: bool = False
    client_advice: tuple[AdviceView, ...] = ()

    @property
    def is_maintenance(self) -> bool:
        """Whether it was planned."""
        return self.kind == Kind.MAINTENANCE

    @property
    def is_running(self) -> bool:
        """Whether it is a maintenance that is being worked on."""
        return self.is_open and self.stage in RUNNING_STAGES

    @property
    def is_upcoming(self) -> bool:
        """Whether it is a maintenance that has not begun, be it late or not."""
        return self.is_open and self.stage == Stage.SCHEDULED

    def is_future(self, now: datetime) -> bool:
        """Whether it is a maintenance of which neither the work nor the window has begun."""
        return self.window is not None and self.begun_at is None and self.window.scheduled_for > now

    @property
    def newest(self) -> UpdateView:
        """The newest update; every incident has one."""
        return self.updates[0]

    @property
    def displayed_at(self) -> datetime:
        """The time by which the Statuspage dialect puts it in order: of its newest update that has one. The publication
        of a review has none there."""
        told = (row.posted_at for row in self.updates if row.stage != Stage.POSTMORTEM)
        return max(told, default=self.newest.posted_at)

    @property
    def url_path(self) -> str:
        """Its public address on this site."""
        return f"/incidents/{self.code}"


@dataclass(frozen=True)
class FigureView:
    """A figure that a correction moved, as text, and the address at which it stands."""

    name: str
    before: str
    after: str
    path: str


@dataclass(frozen=True)
class CorrectionView:
    """A change of what was public: `changes` as (what, old, new), in words. `path` is the address of what changed."""

    number: int
    at: datetime
    subject: str
    path: str
    reason: str
    changes: tuple[tuple[str, str, str], ...]
    figures: tuple[FigureView, ...]


@dataclass(frozen=True)
class WithdrawnView:
    """An incident that was opened by mistake: nothing is left of it but when and why it was withdrawn."""

    code: str
    at: datetime
    reason: str

    @property
    def url_path(self) -> str:
        """Its public address on this site."""
        return f"/incidents/{self.code}"


@dataclass(frozen=True)
class Snapshot:
    """The whole public truth at one instant: incidents by their newest update, newest first; components in page order.

    `components` holds the top level (groups carry their children); `archived` those that were taken off the page.
    `next_change_at` is the next instant at which a page would say something else though nobody wrote. `redirects` are
    addresses that a former page had, and where each leads.
    """

    page: PageView
    built_at: datetime
    next_change_at: datetime
    top: TopStatus
    components: tuple[ComponentView, ...]
    archived: tuple[ComponentView, ...]
    incidents: tuple[IncidentView, ...]
    regions: tuple[RegionView, ...] = ()
    superseded: tuple[SupersededView, ...] = ()
    corrections: tuple[CorrectionView, ...] = ()
    withdrawn: tuple[WithdrawnView, ...] = ()
    agreements: tuple[AgreementView, ...] = ()
    remediations: tuple[RemediationView, ...] = ()
    reviews: tuple[ReviewView, ...] = ()
    promises: tuple[PromiseView, ...] = ()
    redirects: tuple[tuple[str, str], ...] = ()
    upstreams: tuple[UpstreamView, ...] = ()

    @property
    def open_incidents(self) -> tuple[IncidentView, ...]:
        """Those not resolved, the worst first, then the newest; no maintenance is among them."""
        live = [incident for incident in self.incidents if incident.is_open and not incident.is_maintenance]
        return tuple(
            sorted(live, key=lambda incident: -max((HEAVINESS[row.level] for row in incident.affected), default=0))
        )

    @property
    def maintenances_running(self) -> tuple[IncidentView, ...]:
        """Maintenance that is being worked on, by its planned start."""
        return tuple(sorted((row for row in self.incidents if row.is_running), key=_by_start))

    @property
    def maintenances_upcoming(self) -> tuple[IncidentView, ...]:
        """Maintenance that has not begun, the next one first."""
        return tuple(sorted((row for row in self.incidents if row.is_upcoming), key=_by_start))

    @property
    def leaves(self) -> tuple[ComponentView, ...]:
        """Components that are not groups, in page order, without the archived."""
        return tuple(leaf for row in self.components for leaf in (row.children if row.is_group else (row,)))


@dataclass(frozen=True)
class ColdPage:
    """A page that is written only when what it shows has changed: `key` is a hash of all of it (see `key_of`)."""

    path: str
    key: str
    render: Callable[[], Page]


def key_of(*values: object) -> str:
    """A hash over values of this module (and plain ones), for ColdPage.key. Equal values give equal keys, in any
    process."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _by_start(incident: IncidentView) -> tuple[datetime, int]:
    return incident.started_at, incident.number

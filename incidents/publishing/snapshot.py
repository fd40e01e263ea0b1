"""Read the whole public truth into one frozen value, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django.utils.html import format_html

from incidents import queries
from incidents.counting import days as counting
from incidents.domain.days import NO_DAYS
from incidents.domain.markup import render_text
from incidents.domain.status import Level, Stage, top_status, worst_of
from incidents.models import (
    Component,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    MaintenanceScope,
    MilestoneStatement,
    PublicPage,
    Redirect,
    Region,
    UpdateRevision,
)
from incidents.publishing import corrections, promises, upstreams, windows
from incidents.publishing.advice import AdviceView, advice_by_incident
from incidents.publishing.agreements import agreement_views
from incidents.publishing.branding import brand_of
from incidents.publishing.figures import Counted, Counter
from incidents.publishing.public import (
    AffectedView,
    ChangeView,
    ComponentView,
    FormerText,
    IncidentView,
    IntervalView,
    PageView,
    RegionView,
    Snapshot,
    SupersededView,
    UpdateView,
)
from incidents.publishing.remediations import remediation_views
from incidents.publishing.reviews import review_views
from incidents.reviewing.milestones import durations, milestones

OPEN_IMPACT_REFRESH = timedelta(minutes=5)
Row = TypeVar("Row", bound=Model)


def build(now: datetime | None = None) -> Snapshot:
    """The public truth as of `now` (UTC; default the clock's). Call it in one read transaction, so that it mixes no
    states."""
    now = now or timezone.now()
    page = queries.the_page()
    components = list(Component.objects.select_related("group").prefetch_related("regions"))
    intervals = list(queries.standing_intervals().select_related("component__group", "region", "incident"))
    incidents = _incidents(intervals)
    by_component = _grouped(intervals, "component_id")
    days = counting.figures(now)
    parts = {row.pk: Counted(row, days.get(row.pk, NO_DAYS), list(row.regions.all())) for row in components}
    counter = Counter(now, page.time_zone)
    leaves = {row.pk: _leaf(parts[row.pk], by_component[row.pk], counter) for row in components if not row.is_group}
    top_level, archived = _arranged(components, leaves, by_component, parts, counter)
    promised = promises.promise_views(now)
    followed = upstreams.followed()
    reviewed = review_views()
    standing = {row.slug: row.shown.review for row in reviewed if row.shown and row.shown.review}
    next_change_at = _next_change_at(page.time_zone, incidents, leaves.values(), now)
    return Snapshot(
        page=page_view(page, now),
        built_at=now,
        next_change_at=min([next_change_at, *promises.edges(promised, now), *upstreams.edges(followed, now)]),
        top=top_status(leaf.level for leaf in leaves.values() if not leaf.is_archived),
        components=top_level,
        archived=archived,
        incidents=incidents,
        regions=tuple(RegionView(row.key, row.name) for row in Region.objects.all()),
        superseded=_superseded(),
        corrections=corrections.logged(),
        withdrawn=corrections.withdrawn(),
        agreements=agreement_views(now),
        remediations=remediation_views(now, page.time_zone, standing),
        reviews=reviewed,
        promises=promised,
        redirects=tuple(Redirect.objects.values_list("path", "target")),
        upstreams=upstreams.upstream_views(followed, now),
    )


def page_view(page: PublicPage, now: datetime) -> PageView:
    """The page as the public knows it; `now` (UTC) stands for the last change of one where nothing was written yet."""
    return PageView(
        page.name,
        page.time_zone,
        settings.SITE_URL,
        page.updated_at or now,
        page.revision,
        page.record_number,
        page.record_hash,
        page.code,
        brand_of(page),
    )


def _superseded() -> tuple[SupersededView, ...]:
    rows = ImpactInterval.objects.exclude(superseded_at__isnull=True)
    return tuple(
        SupersededView(_interval(row), row.superseded_at, row.superseded_reason, row.superseded_by_id)
        for row in rows.select_related("component__group", "region", "incident")
        if row.superseded_at
    )


def _incidents(intervals: Sequence[ImpactInterval]) -> tuple[IncidentView, ...]:
    rows = list(Incident.objects.filter(withdrawn_at__isnull=True))
    updates = _grouped(IncidentUpdate.objects.order_by("incident_id", "sequence"), "incident_id")
    revisions = _grouped(UpdateRevision.objects.order_by("update_id", "id"), "update_id")
    statements = _grouped(MilestoneStatement.objects.filter(superseded_at__isnull=True), "incident_id")
    held = _grouped((row for row in intervals if row.incident_id), "incident_id")
    planned = MaintenanceScope.objects.select_related("component__group", "region")
    scope = _grouped(sorted(planned, key=lambda row: (_page_order(row.component), row.pk)), "incident_id")
    advised = advice_by_incident()
    views = [
        incident_view(
            row, updates[row.pk], held[row.pk], statements[row.pk], revisions, scope[row.pk], advised.get(row.pk, ())
        )
        for row in rows
    ]
    return tuple(sorted(views, key=lambda view: (view.newest.posted_at, view.number), reverse=True))


def incident_view(
    incident: Incident,
    updates: list[IncidentUpdate],
    held: list[ImpactInterval],
    statements: list[MilestoneStatement],
    revisions: Mapping[int, list[UpdateRevision]],
    scope: list[MaintenanceScope],
    advised: tuple[AdviceView, ...],
) -> IncidentView:
    """One incident as the public sees it, from its rows; they need not be saved. `revisions` by id of the update."""
    spells = [queries.spell_of(row) for row in held]
    found = milestones(spells, updates, statements)
    at = {milestone.name: milestone.at for milestone in found}
    newest = updates[-1]
    view = IncidentView(
        number=incident.pk,
        code=incident.code,
        title=incident.title,
        stage=Stage(incident.stage),
        impact=queries.impact_of(incident, spells),
        is_open=incident.is_open,
        is_example=incident.is_example,
        advice=incident.advice,
        advice_html=incident.advice_html,
        created_at=incident.created_at,
        updated_at=incident.updated_at,
        started_at=at["impact_started"] or incident.created_at,
        monitoring_at=at["first_recovery"],
        resolved_at=at["resolved"],
        next_update_due_at=newest.next_update_due_at if incident.is_open else None,
        updates=tuple(
            _update(row, updates[index - 1] if index else None, revisions[row.pk]) for index, row in enumerate(updates)
        )[::-1],
        affected=_affected(held),
        intervals=tuple(_interval(row) for row in held),
        milestones=found,
        durations=durations(found),
        wire=incident.wire,
        is_as_imported=bool(incident.wire) and incident.wire.get("until") == incident.version,
        client_advice=advised,
    )
    return windows.as_maintenance(view, incident, scope) if incident.is_maintenance else view


def _update(row: IncidentUpdate, before: IncidentUpdate | None, revisions: list[UpdateRevision]) -> UpdateView:
    return UpdateView(
        code=row.code,
        sequence=row.sequence,
        stage=Stage(row.stage),
        is_repeat=before is not None and before.stage == row.stage,
        is_reopening=row.is_reopening,
        body=row.body if row.withheld_at is None else str(corrections.tombstone(row)),
        html=row.body_html if row.withheld_at is None else format_html("<p>{}</p>", corrections.tombstone(row)),
        posted_at=row.posted_at,
        amended_at=row.withheld_at or row.amended_at,
        next_update_due_at=row.next_update_due_at,
        is_notifying=row.is_notifying,
        time_note=row.time_note,
        changes=tuple(_change(entry) for entry in row.component_changes),
        former=tuple(
            FormerText(old.body_html, render_text(old.body), old.reason, old.replaced_at)
            for old in revisions
            if old.withheld_at is None
        ),
        is_reminder=row.is_reminder,
        created_at=row.created_at,
        wire=row.wire,
    )


def _change(entry: Mapping[str, str]) -> ChangeView:
    return ChangeView(
        code=entry["code"],
        slug=entry["slug"],
        name=entry["name"],
        region=entry["region"],
        old_level=Level(entry["old_level"]),
        new_level=Level(entry["new_level"]),
        since=datetime.fromisoformat(entry["since"]),
    )


def _affected(held: list[ImpactInterval]) -> tuple[AffectedView, ...]:
    rows = _grouped(held, "component_id")
    ordered = sorted((found[0].component for found in rows.values()), key=_page_order)
    return tuple(
        AffectedView(
            code=component.code,
            slug=component.slug,
            name=component.full_name,
            level=worst_of(Level(row.level) for row in rows[component.pk] if row.ended_at is None),
            worst_level=worst_of(Level(row.level) for row in rows[component.pk]),
        )
        for component in ordered
    )


def _interval(row: ImpactInterval) -> IntervalView:
    return IntervalView(
        component_code=row.component.code,
        component_name=row.component.full_name,
        region=row.region.name if row.region else "",
        level=Level(row.level),
        is_quality=row.is_quality,
        started_at=row.started_at,
        ended_at=row.ended_at,
        incident_code=row.incident.code if row.incident else "",
        incident_title=row.incident.title if row.incident else "",
        source=row.source,
        number=row.pk,
        region_key=row.region.key if row.region else "",
    )


def _leaf(part: Counted, intervals: list[ImpactInterval], counter: Counter) -> ComponentView:
    is_open = [found for found in intervals if found.ended_at is None]
    level = worst_of(Level(found.level) for found in is_open)
    by_region = tuple(
        (region.name, worst_of(Level(found.level) for found in is_open if found.region_id in (None, region.pk)))
        for region in part.regions
        if len(part.regions) > 1
    )
    since = min((found.started_at for found in is_open if found.level == level), default=None)
    return _component_view(part.row, level, since, by_region, [part], intervals, counter)


def _group(
    row: Component,
    children: tuple[ComponentView, ...],
    parts: Sequence[Counted],
    intervals: list[ImpactInterval],
    counter: Counter,
) -> ComponentView:
    level = worst_of(child.level for child in children)
    since = min((child.since for child in children if child.since and child.level == level), default=None)
    return _component_view(row, level, since, (), parts, intervals, counter, children)


def _component_view(
    row: Component,
    level: Level,
    since: datetime | None,
    by_region: tuple[tuple[str, Level], ...],
    parts: Sequence[Counted],
    intervals: list[ImpactInterval],
    counter: Counter,
    children: tuple[ComponentView, ...] = (),
) -> ComponentView:
    figures = counter.figures(row, parts)
    return ComponentView(
        number=row.pk,
        code=row.code,
        slug=row.slug,
        name=row.name,
        full_name=row.full_name,
        description=row.description,
        group_code=row.group.code if row.group else "",
        is_group=row.is_group,
        position=row.position,
        start_date=row.start_date,
        is_hidden_unless_degraded=row.is_hidden_unless_degraded,
        is_archived=row.archived_at is not None,
        created_at=row.created_at,
        updated_at=max([row.updated_at, *_moves(intervals)]),
        level=level,
        since=since,
        levels_by_region=by_region,
        bars=figures.bars,
        uptime_percent=figures.uptime_percent,
        intervals=tuple(_interval(found) for found in reversed(intervals)),
        children=children,
        region_keys=tuple(region.key for region in row.regions.all()),
        region_bars=figures.region_bars,
        months=figures.months,
        month_days=figures.month_days,
        is_showcased=row.is_showcased,
        wire=row.wire,
        edited_at=row.updated_at,
    )


def _moves(intervals: Iterable[ImpactInterval]) -> list[datetime]:
    """When the level last moved. Not what an import told of before its day: it says itself when a component changed."""
    ends = ((row, row.ended_at or row.started_at) for row in intervals)
    return [at for row, at in ends if row.source != "import" or at >= row.recorded_at]


def _arranged(
    components: list[Component],
    leaves: Mapping[int, ComponentView],
    by_component: Mapping[int, list[ImpactInterval]],
    parts: Mapping[int, Counted],
    counter: Counter,
) -> tuple[tuple[ComponentView, ...], tuple[ComponentView, ...]]:
    top, archived = [], []
    for row in sorted(components, key=_page_order):
        if row.is_group:
            inside = [child for child in components if child.group_id == row.pk and child.archived_at is None]
            children = tuple(leaves[child.pk] for child in sorted(inside, key=_page_order))
            intervals = [found for child in inside for found in by_component[child.pk]]
            view = _group(row, children, [parts[child.pk] for child in inside], intervals, counter)
        else:
            view = leaves[row.pk]
        if view.is_archived:
            archived.append(view)
        elif row.group_id is None:
            top.append(view)
    return tuple(top), tuple(archived)


def _next_change_at(
    zone: str, incidents: Iterable[IncidentView], leaves: Iterable[ComponentView], now: datetime
) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(zone))
    edges = [midnight.astimezone(now.tzinfo)]
    edges += [row.next_update_due_at for row in incidents if row.next_update_due_at and row.next_update_due_at > now]
    edges += [edge for row in incidents if row.window for edge in windows.edges(row, row.window, now)]
    if any(leaf.level != Level.OPERATIONAL for leaf in leaves):
        edges.append(now + OPEN_IMPACT_REFRESH)
    return min(edges)


def _page_order(row: Component) -> tuple[int, int, int]:
    """Top level by its position, then the children of a group inside it."""
    return (row.group.position if row.group else row.position, row.position if row.group else 0, row.pk)


def _grouped(rows: Iterable[Row], key: str) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found

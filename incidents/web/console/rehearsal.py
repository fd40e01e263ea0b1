"""An update that is not written yet, carried out on copies of the rows, in memory: what the page and the mails will say
follows from the same functions that make them. Nothing is saved and no lock is taken, for it is done with each letter.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import facts, moves, texts
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level, Stage, worst_of
from incidents.models import Component, ImpactInterval, Incident, IncidentUpdate, MilestoneStatement, Region
from incidents.publishing import snapshot
from incidents.publishing.advice import advice_of
from incidents.publishing.public import IncidentView
from incidents.web.console.composer_form import ComposerForm

CODE = "preview"
SOURCES = ("incident", "import")


@dataclass(frozen=True)
class Rehearsal:
    """The incident as the public would see it, and the facts as they would be frozen for the mails."""

    view: IncidentView
    facts: dict[str, Any]


def rehearse(form: ComposerForm, body: str, html: str) -> Rehearsal:
    """Carry out what a checked form says (wrong fields left out), with its text cleaned already. Raises Refused for an
    advice that cannot be."""
    now = _now(form)
    incident = _incident(form)
    stage = Stage(form.cleaned_data.get("stage") or Stage.INVESTIGATING)
    stand = _Stand(incident, _rows(form.incident), now)
    told = [entry for change in _changes(form) for entry in stand.apply(change)]
    if stage == Stage.RESOLVED:
        told += stand.close_all()
    update = IncidentUpdate(
        code=CODE, incident=incident, sequence=(_newest_of(form) or 0) + 1, stage=stage, body=body, body_html=html,
        posted_at=now, next_update_due_at=form.next_update_due_at(),
        is_notifying=bool(form.cleaned_data.get("is_notifying")), is_reopening=form.mode == "reopen",
        component_changes=told, created_at=now,
    )  # fmt: skip
    incident.stage = stage
    updates = [*(form.incident.updates.all() if form.incident else ()), update]
    revisions = {row.pk: list(row.revisions.all()) for row in updates[:-1]} | {None: []}
    view = snapshot.incident_view(
        incident, updates, stand.rows, _statements(form, stand), revisions, [],
        tuple(advice_of(form.incident)) if form.incident else (),
    )  # fmt: skip
    spells = [queries.spell_of(row) for row in stand.rows]
    standing = facts.Standing(spells, view.started_at, _in_order(stand.rows))
    return Rehearsal(view, facts.of_update(queries.the_page(), incident, update, standing))


class _Stand:
    """The ledger of one incident in memory; moves as `actions.moves` does, on copies."""

    def __init__(self, incident: Incident, rows: list[ImpactInterval], now: datetime) -> None:
        self.incident, self.rows, self.now = incident, rows, now

    def apply(self, change: tuple[Component, ComponentChange]) -> list[dict[str, Any]]:
        component, said = change
        since = said.since or self.now
        regions = _regions(component, said.region_ids)
        before = [worst_of(Level(row.level) for row in self._touched(component, region)) for region in regions]
        return [
            moves.as_told(component, region, old, said.level, since)
            for region, old in zip(regions, before, strict=True)
            if self._move(component, region, regions, said, since) or old != said.level
        ]

    def close_all(self) -> list[dict[str, Any]]:
        told = []
        for row in sorted((row for row in self.rows if row.ended_at is None), key=lambda row: row.started_at):
            end = max(self.now, row.started_at)
            told.append(moves.as_told(row.component, row.region, Level(row.level), Level.OPERATIONAL, end))
            row.ended_at = end
        return told

    def _touched(self, component: Component, region: Region | None) -> list[ImpactInterval]:
        return [
            row
            for row in self.rows
            if row.ended_at is None and row.component_id == component.pk and row.source in SOURCES
            and (region is None or row.region_id in (None, region.pk))
        ]  # fmt: skip

    def _move(
        self, component: Component, region: Region | None, named: Sequence[Region | None], said: ComponentChange,
        since: datetime,
    ) -> bool:  # fmt: skip
        touched = self._touched(component, region)
        if touched and all(
            (row.level, row.is_quality) == (said.level, said.is_quality) and (region or row.region_id is None)
            for row in touched
        ):
            return False
        for row in touched:
            row.ended_at = since
            if region and row.region_id is None:
                for other in component.regions.all():
                    if other.pk not in [each.pk for each in named if each]:
                        self._open(component, other, Level(row.level), row.is_quality, since)
        if said.level != Level.OPERATIONAL:
            self._open(component, region, said.level, said.is_quality, since)
        return bool(touched) or said.level != Level.OPERATIONAL

    def _open(
        self, component: Component, region: Region | None, level: Level, is_quality: bool, since: datetime
    ) -> None:
        self.rows.append(
            ImpactInterval(
                component=component, region=region, level=level, is_quality=is_quality, started_at=since,
                incident=self.incident, source="incident", recorded_at=self.now,
            )
        )  # fmt: skip


def _now(form: ComposerForm) -> datetime:
    newest = form.incident.updates.last() if form.incident else None
    return max(form.now, newest.posted_at) if newest else form.now


def _newest_of(form: ComposerForm) -> int | None:
    newest = form.incident.updates.last() if form.incident else None
    return newest.sequence if newest else None


def _incident(form: ComposerForm) -> Incident:
    data = form.cleaned_data
    if form.incident:
        incident = copy.copy(form.incident)
        if form.mode == "update" and "advice" in data:
            incident.advice, incident.advice_html = texts.body(data["advice"], field="advice", is_required=False)
        return incident
    advice, advice_html = texts.body(data.get("advice", ""), field="advice", is_required=False)
    return Incident(
        code=CODE, title=str(data.get("title") or "").strip() or _("Title"), advice=advice, advice_html=advice_html,
        impact_override=data.get("impact_override") or "", created_at=form.now, updated_at=form.now,
    )  # fmt: skip


def _rows(incident: Incident | None) -> list[ImpactInterval]:
    if incident is None:
        return []
    rows = queries.standing_intervals().filter(incident=incident)
    return list(rows.select_related("component__group", "region", "incident").prefetch_related("component__regions"))


def _changes(form: ComposerForm) -> list[tuple[Component, ComponentChange]]:
    rows = {row.component.pk: row.component for row in form.rows()}
    started_at = form.cleaned_data.get("started_at")
    return [(rows[said.component_id], _since(said, started_at)) for said in form.changes() if said.component_id in rows]


def _since(said: ComponentChange, started_at: datetime | None) -> ComponentChange:
    since = said.since or started_at
    return ComponentChange(said.component_id, said.level, since, said.region_ids, said.is_quality)


def _regions(component: Component, region_ids: tuple[int, ...]) -> list[Region | None]:
    known = {region.pk: region for region in component.regions.all()}
    named = [known[pk] for pk in region_ids if pk in known]
    return [*named] if named and len(named) < len(known) else [None]


def _statements(form: ComposerForm, stand: _Stand) -> list[MilestoneStatement]:
    if form.incident:
        rows = form.incident.milestone_statements.filter(superseded_at__isnull=True)
        return [row for row in rows if form.mode != "reopen" or row.milestone != "resolved"]
    began = form.cleaned_data.get("started_at")
    in_ledger = min((row.started_at for row in stand.rows), default=form.now)
    stated = {
        "detected": form.cleaned_data.get("detected_at"),
        "impact_started": began if began and (began < in_ledger or began > form.now) else None,
    }
    return [
        MilestoneStatement(incident=stand.incident, milestone=name, at=at, stated_at=form.now)
        for name, at in stated.items()
        if at
    ]


def _in_order(rows: Sequence[ImpactInterval]) -> list[Component]:
    """As `queries.components_of` puts them."""
    found = {row.component.pk: row.component for row in rows}
    return sorted(
        found.values(),
        key=lambda row: (row.group.position if row.group else row.position, row.group_id or 0, row.position, row.pk),
    )

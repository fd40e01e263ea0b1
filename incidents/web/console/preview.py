"""An update as the public page will show it, from a form that is still being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level, Stage, worst_of
from incidents.models import ImpactInterval
from incidents.publishing import cards
from incidents.publishing.public import ChangeView, UpdateView
from incidents.web.console.composer_form import ComposerForm, Row


@dataclass(frozen=True)
class Preview:
    """`update` is what the page would show, with what it tells of components; `problem` says why there is none."""

    update: UpdateView | None
    problem: str = ""

    @property
    def told(self) -> list[cards.Told]:
        """The component changes as the page lists them."""
        return cards.told(self.update) if self.update else []


def preview_of(form: ComposerForm) -> Preview:
    """The preview of what was typed so far. Wrong fields are left out; the text is cleaned as the action will do it."""
    form.is_valid()
    try:
        body, html = texts.body(str(form.data.get("body", "")), is_required=False)
    except Refused as refused:
        return Preview(None, refused.sentence)
    stage = form.cleaned_data.get("stage") or Stage.INVESTIGATING
    return Preview(
        UpdateView(
            code="preview",
            sequence=0,
            stage=Stage(stage),
            is_repeat=bool(form.incident and form.incident.stage == stage),
            is_reopening=form.mode == "reopen",
            body=body,
            html=html,
            posted_at=form.now,
            amended_at=None,
            next_update_due_at=form.next_update_due_at(),
            is_notifying=bool(form.cleaned_data.get("is_notifying")),
            time_note="",
            changes=_changes(form),
            former=(),
        )
    )


def _changes(form: ComposerForm) -> tuple[ChangeView, ...]:
    """What the action would tell: by component, and by region where not all are meant."""
    started_at = form.cleaned_data.get("started_at")
    rows = {row.component.pk: row for row in form.rows()}
    found: list[ChangeView] = []
    ended: set[int] = set()
    for change in form.changes():
        if (row := rows.get(change.component_id)) is None:
            continue
        known = {region.pk: region.name for region in row.component.regions.all()}
        named = [pk for pk in change.region_ids if pk in known]
        for pk in named if named and len(named) < len(known) else [None]:
            held = [held for held in row.held if pk is None or held.region_id in (None, pk)]
            old = worst_of(Level(each.level) for each in held)
            if _is_so_already(held, pk, change):
                continue
            ended.update(each.pk for each in held)
            found.append(_view(row, known.get(pk or 0, ""), old, change.level, change.since or started_at or form.now))
    if form.cleaned_data.get("stage") == Stage.RESOLVED:
        left = [(each, row) for row in rows.values() for each in row.held if each.pk not in ended]
        for each, row in sorted(left, key=lambda pair: (pair[0].started_at, pair[0].pk)):
            region = each.region.name if each.region else ""
            found.append(_view(row, region, Level(each.level), Level.OPERATIONAL, form.now))
    return tuple(found)


def _is_so_already(held: list[ImpactInterval], region_id: int | None, change: ComponentChange) -> bool:
    if not held:
        return change.level == Level.OPERATIONAL
    return all(
        (each.level, each.is_quality) == (change.level, change.is_quality) and (region_id or each.region_id is None)
        for each in held
    )


def _view(row: Row, region: str, old: Level, new: Level, since: datetime) -> ChangeView:
    return ChangeView(row.component.code, row.component.slug, row.component.full_name, region, old, new, since)

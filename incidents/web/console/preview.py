"""An update as the public page will show it, from a form that is still being written."""

from __future__ import annotations

from dataclasses import dataclass

from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.domain.status import Level, Stage
from incidents.publishing import cards
from incidents.publishing.public import ChangeView, UpdateView
from incidents.web.console.composer_form import ComposerForm


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
    started_at = form.cleaned_data.get("started_at")
    names = {row.component.pk: row for row in form.rows()}
    found = []
    for change in form.changes():
        row = names.get(change.component_id)
        if row is None:
            continue
        old = Level(row.held[0].level) if row.held else Level.OPERATIONAL
        regions = {region.pk: region.name for region in row.component.regions.all()}
        named = [regions[pk] for pk in change.region_ids]
        since = change.since or started_at or form.now
        for region in named if named and len(named) < len(regions) else [""]:
            found.append(
                ChangeView(
                    row.component.code, row.component.slug, row.component.full_name, region, old, change.level, since
                )
            )
    return tuple(found)

"""An update as the public page and the mails will show it, from a form that is still being written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from incidents.actions import texts
from incidents.actions.refusals import Refused
from incidents.models import Component
from incidents.notifying.announcement import announcement_of
from incidents.notifying.channels import email
from incidents.publishing import cards
from incidents.publishing.public import ComponentView, UpdateView
from incidents.web.console.composer_form import ComposerForm
from incidents.web.console.rehearsal import rehearse


@dataclass(frozen=True)
class Preview:
    """`update` is what the incident's page would show, `card` what the front page would (None: it is not open),
    `subject` and `letter` what a mail would say; `problem` says why there is none of it."""

    update: UpdateView | None
    card: cards.Card | None = None
    subject: str = ""
    letter: str = ""
    problem: str = ""

    @property
    def told(self) -> list[cards.Told]:
        """The component changes as the page lists them."""
        return cards.told(self.update) if self.update else []


def preview_of(form: ComposerForm, components: Iterable[Component] = ()) -> Preview:
    """The preview of what was typed so far. Wrong fields are left out; the text is cleaned as the action will do it.

    `components`: all that are not archived, groups too, as the front page names a group that is hit whole.
    """
    form.is_valid()
    try:
        body, html = texts.body(str(form.data.get("body", "")), is_required=False)
        rehearsal = rehearse(form, body, html)
    except Refused as refused:
        return Preview(None, problem=refused.sentence)
    view = rehearsal.view
    card = cards.card(view, _groups(components), view.newest.posted_at) if view.is_open else None
    announcement = announcement_of([rehearsal.facts], is_first=form.incident is None)
    return Preview(view.newest, card, *email.shown(announcement))


@dataclass(frozen=True)
class _Part:
    """What the card reads of a component: its name, and of a group what is inside."""

    code: str
    name: str
    children: Sequence[_Part] = ()


def _groups(components: Iterable[Component]) -> Sequence[ComponentView]:
    rows = list(components)
    found: list[Any] = [
        _Part(row.code, row.name, [_Part(each.code, each.name) for each in rows if each.group_id == row.pk])
        for row in rows
        if row.is_group
    ]
    return cast(Sequence[ComponentView], found)

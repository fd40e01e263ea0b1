"""Offer a draft for publication, take it back, send it back; and whether the page asks for a second person at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import authority, guards, texts
from incidents.actions.codes import new_code
from incidents.actions.four_eyes import refuse_ended
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Forbidden, Refused
from incidents.domain.actor import Actor
from incidents.domain.drafts import DraftState
from incidents.domain.review import PersonRole
from incidents.domain.verbs import Verb
from incidents.models import Draft, IdempotencyKey, Incident, PublicPage


def offer(
    *,
    actor: Actor,
    path: str,
    fields: Mapping[str, Sequence[str]],
    key: str,
    incident_id: int | None = None,
    now: datetime | None = None,
) -> Draft:
    """Offer what was typed into a form (`path`: its address) to be published by somebody else. A repeat under the same
    `key` is the same offer; with other words it is offered anew. Raises Refused; Conflict for what was posted already.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if actor.user_id is None:
            raise Refused(_("Only people offer drafts."))
        if IdempotencyKey.objects.filter(key=key).exists():
            raise Conflict(_("This text was published already."))
        mine = Draft.objects.select_for_update().filter(user_id=actor.user_id, path=path)
        draft = mine.filter(state=DraftState.OFFERED, key=key).first() or mine.filter(state=DraftState.WRITING).first()
        typed = {name: list(values) for name, values in fields.items()}
        if draft and draft.state == DraftState.OFFERED and draft.fields == typed:
            return draft
        incident = Incident.objects.filter(pk=incident_id).first() if incident_id else None
        draft = draft or Draft(code=new_code(), user_id=actor.user_id, path=path, incident=incident, version=0)
        draft.fields, draft.key, draft.version = typed, key, draft.version + 1
        draft.state, draft.updated_at, draft.offered_at = DraftState.OFFERED, now, now
        draft.note = draft.answered_by_label = ""
        draft.save()
        record(
            actor=actor, verb=Verb.DRAFT_OFFERED, subject=draft, now=now, incident=incident,
            changes={"version": ["", draft.version]},
        )  # fmt: skip
    return draft


def take_back_draft(*, actor: Actor, draft_id: int, now: datetime | None = None) -> Draft:
    """Take one's own offer back, to change it. What else was being written at its address gives way to it. Raises
    Refused, Forbidden for that of somebody else, Conflict if it is not offered any more."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        draft = _lock(draft_id)
        if draft.user_id != actor.user_id:
            raise Forbidden(_("Only its author takes a draft back. You can send it back with a word."))
        refuse_ended(draft)
        _back_to_writing(draft, now)
        record(actor=actor, verb=Verb.DRAFT_TAKEN_BACK, subject=draft, now=now, incident=draft.incident)
    return draft


def return_draft(*, actor: Actor, draft_id: int, seen_version: int, reason: str, now: datetime | None = None) -> Draft:
    """Send an offered draft back to its author with a word on what is wrong. Raises Refused without one; Conflict if it
    is not offered any more or reads otherwise by now."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        authority.require(actor, PersonRole.PUBLISHER)
        draft = _lock(draft_id)
        refuse_ended(draft)
        if draft.version != seen_version:
            raise Conflict(_("It was changed while you were reading. Read what is new first."))
        why = texts.line(reason, field="reason", limit=300)
        draft.note, draft.answered_by_label = why, actor.label
        _back_to_writing(draft, now)
        record(
            actor=actor, verb=Verb.DRAFT_RETURNED, subject=draft, now=now, incident=draft.incident,
            changes={"reason": ["", why]},
        )  # fmt: skip
    return draft


def set_four_eyes(*, actor: Actor, is_on: bool, now: datetime | None = None) -> PublicPage:
    """Say whether a second person publishes what is posted of incidents. Raises Forbidden: no administrator."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        authority.require(actor, PersonRole.ADMINISTRATOR)
        before, page.is_four_eyes = page.is_four_eyes, is_on
        page.save(update_fields=["is_four_eyes"])
        if before != is_on:
            record(
                actor=actor, verb=Verb.FOUR_EYES_SET, subject=page, now=now,
                changes={"second_person": [_word(before), _word(is_on)]},
            )  # fmt: skip
    return page


def _word(is_on: bool) -> str:
    return "yes" if is_on else "no"


def _lock(draft_id: int) -> Draft:
    draft = Draft.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None:
        raise Refused(_("There is no such draft."))
    return draft


def _back_to_writing(draft: Draft, now: datetime) -> None:
    others = Draft.objects.filter(user_id=draft.user_id, path=draft.path, state=DraftState.WRITING)
    others.update(state=DraftState.DROPPED, ended_at=now)
    draft.state, draft.offered_at, draft.updated_at, draft.version = DraftState.WRITING, None, now, draft.version + 1
    draft.save()

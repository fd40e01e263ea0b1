"""Save what somebody writes in a section: often, by several people at once, without losing a word of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, review_guards, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.markup import MAX_BODY_CHARACTERS
from incidents.domain.merging import merged
from incidents.domain.verbs import Verb
from incidents.models import Review, ReviewSection, SectionRevision
from incidents.reviewing.sections import BY_KEY

SITTING = timedelta(minutes=10)
Outcome = Literal["saved", "merged", "unchanged", "conflict"]


@dataclass(frozen=True)
class Saved:
    """A section as it stands now, and what became of the save. `theirs`: at a conflict the body that stands, which the
    one that was sent could not be put together with; what was sent is kept as a revision."""

    section: ReviewSection
    outcome: Outcome
    theirs: str = ""


def save_section(
    *,
    actor: Actor,
    review_id: int,
    key: str,
    body: str | None = None,
    note: str | None = None,
    seen_version: int,
    now: datetime | None = None,
) -> Saved:
    """Save body, note or both (None: as it stands), written from version `seen_version` of the section (0: there was
    nothing yet). What somebody else saved meanwhile is merged.

    Raises Refused: no role, no such section, a text over 25,000 characters.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        if key not in BY_KEY:
            raise Refused(_("There is no section “%(key)s”.") % {"key": key}, "key")
        section = _section(review, key, now)
        base = _base(section, seen_version)
        mine = (
            base[0] if body is None else texts.body(body, is_required=False)[0],
            base[1] if note is None else texts.body(note, field="note", is_required=False)[0],
        )
        stands = (section.body, section.note)
        found = (merged(base[0], mine[0], stands[0]), merged(base[1], mine[1], stands[1]))
        if found[0] is None or found[1] is None or max(map(len, (found[0], found[1]))) > MAX_BODY_CHARACTERS:
            return _keep_apart(actor, section, seen_version, mine, now)
        result = (found[0], found[1])
        if result != stands:
            section.body, section.note = result
            _write(actor, review, section, now)
        if result != mine:
            return Saved(section, "merged")
        return Saved(section, "unchanged" if result == stands else "saved")


def _section(review: Review, key: str, now: datetime) -> ReviewSection:
    """The section, or the one that the first save makes: version 0, not stored yet."""
    known = review.sections.filter(key=key).first()
    return known or ReviewSection(review=review, key=key, version=0, saved_at=now)


def _base(section: ReviewSection, seen_version: int) -> tuple[str, str]:
    """Body and note that the writer had begun from; nothing where that is not known."""
    if section.version == seen_version:
        return section.body, section.note
    if not section.version:
        return "", ""
    revision = section.revisions.filter(number=seen_version, is_conflicting=False).first()
    return (revision.body, revision.note) if revision else ("", "")


def _write(actor: Actor, review: Review, section: ReviewSection, now: datetime) -> None:
    is_first = not section.version
    before = None if is_first else section.revisions.filter(is_conflicting=False).last()
    section.version += 1
    section.saved_by_label, section.saved_at = actor.label, now
    section.save()
    _revise(actor, section, section.version, (section.body, section.note), now)
    review_guards.touch(review, now)
    # One sitting is one entry of the log, however often it was saved by itself; its revisions are all there.
    if before is None or before.actor_label != actor.label or now - before.saved_at > SITTING:
        record(
            actor=actor, verb=Verb.SECTION_SAVED, subject=review, now=now,
            changes={"section": ["", section.key], "version": [str(section.version - 1), str(section.version)]},
        )  # fmt: skip


def _keep_apart(actor: Actor, section: ReviewSection, seen_version: int, mine: tuple[str, str], now: datetime) -> Saved:
    newest = section.revisions.filter(is_conflicting=True, actor_label=actor.label, number=seen_version).last()
    if newest and (newest.body, newest.note) == mine:
        return Saved(section, "conflict", section.body)  # sent again: it is kept already
    _revise(actor, section, seen_version, mine, now, is_conflicting=True)
    record(
        actor=actor, verb=Verb.SECTION_SAVED, subject=section.review, now=now,
        changes={"section": ["", section.key], "conflict": [str(section.version), str(seen_version)]},
    )  # fmt: skip
    return Saved(section, "conflict", section.body)


def _revise(
    actor: Actor, section: ReviewSection, number: int, text: tuple[str, str], now: datetime,
    is_conflicting: bool = False,
) -> None:  # fmt: skip
    SectionRevision.objects.create(
        section=section,
        number=number,
        body=text[0],
        note=text[1],
        is_conflicting=is_conflicting,
        actor_label=actor.label,
        saved_at=now,
    )

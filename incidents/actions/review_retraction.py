"""Take a published review back: its texts go from every place where they are kept, and a tombstone says why.

What was promised stays promised: remediations and promises go on.
"""

from __future__ import annotations

import json
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import chain
from incidents.actions import guards, review_guards, roles, texts, withholding
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.review_telling import updates_about
from incidents.actions.review_versions import Render, correction_of, envelope_of, path_of, store
from incidents.domain.actor import Actor
from incidents.domain.canonical import sha256_of
from incidents.domain.review import PersonRole, ReviewState, VersionKind
from incidents.domain.verbs import Reach, Verb
from incidents.models import Correction, OutboxEvent, Review, ReviewVersion


def retract_review(
    *, actor: Actor, review_id: int, reason: str, render: Render, now: datetime | None = None
) -> ReviewVersion:
    """Retract all that was published of the review, by a version that says nothing but when and why.

    Raises Refused: no administrator, no reason, nothing published, retracted before.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        review = review_guards.lock_for(review_id)
        earlier = list(review.versions.order_by("number"))
        if not earlier:
            raise Refused(_("Nothing of this review was published. There is nothing to retract."))
        why = texts.line(reason, field="reason", limit=300)
        envelope = envelope_of(
            number=earlier[-1].number + 1,
            kind=VersionKind.RETRACTION,
            standing=VersionKind(json.loads(earlier[-1].document)["version"]["standing"]),
            now=now,
            sha256=sha256_of(None),
            reason=why,
            is_material=True,
            content=None,
        )
        version = store(actor, review, envelope, render, now)
        withheld = [*_blank_versions(earlier, now), *_blank_corrections(review), *_blank_updates(review, why, now)]
        _silence(review)
        review.state = ReviewState.RETRACTED
        review.scheduled_for, review.scheduled_kind, review.scheduled_reason = None, "", ""
        review.version += 1
        review.updated_at = max(now, review.updated_at)
        review.save()
        correction = correction_of(actor, review, version, (), Verb.REVIEW_RETRACTED, now)
        record(
            actor=actor, verb=Verb.REVIEW_RETRACTED, subject=review, now=now, reach=Reach.PAGE,
            changes={"version": [str(earlier[-1].number), str(version.number)], "reason": ["", why]},
            published=[version, *withheld, correction],
        )  # fmt: skip
    return version


def _blank_versions(versions: list[ReviewVersion], now: datetime) -> list[Model]:
    for version in versions:
        version.document = version.page = ""
        version.withheld_at = now
        version.save(update_fields=["document", "page", "withheld_at"])
        for part in ("document", "page"):
            chain.withhold(version, part)
    return list(versions)


def _blank_corrections(review: Review) -> list[Model]:
    """What the list of corrections quotes of it."""
    rows = list(Correction.objects.filter(path__startswith=f"{path_of(review)}/changes/"))
    for row in rows:
        row.changes = [change | {"old": "", "new": "", "is_withheld": True} for change in row.changes]
        row.save(update_fields=["changes"])
        chain.withhold(row, "changes")
    return list(rows)


def _blank_updates(review: Review, why: str, now: datetime) -> list[Model]:
    """What the updates of the incidents quote of it."""
    rows: list[Model] = []
    for incident in review.incidents.all():
        for update in updates_about(review, incident):
            rows += withholding.take_away(incident, update, why, now)
    return rows


def _silence(review: Review) -> None:
    """Let no mail say it any more, and keep no words of it for one."""
    events = list(OutboxEvent.objects.filter(verb__in=[Verb.REVIEW_PUBLISHED, Verb.REVIEW_CORRECTED]))
    mine = [event for event in events if event.facts.get("review", {}).get("slug") == review.slug]
    for event in mine:
        event.facts["review"] |= {"text": "", "html": "", "changes": [], "is_withheld": True}
        event.save(update_fields=["facts"])
    withholding.stop(mine)

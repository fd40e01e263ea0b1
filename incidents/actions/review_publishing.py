"""Publish a review, at once or when it is due. A version, once written, never changes; what is wrong in it is corrected
by the next one, in public. Taking everything back is `review_retraction`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import facts as frozen
from incidents.actions import guards, promise_keeping, remediation, review_guards, review_telling, roles
from incidents.actions.codes import new_code
from incidents.actions.promise_reminders import subscriber_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.actions.review_retraction import retract_review
from incidents.actions.review_versions import (
    Plan,
    Render,
    correction_of,
    path_of,
    plan_of,
    refuse_unready,
    write_version,
)
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.promises import Deliverable, PromiseSource
from incidents.domain.review import PersonRole, ReviewState, VersionKind
from incidents.domain.verbs import Reach, Verb
from incidents.models import OperatorReminder, Promise, PublicPage, Review, ReviewVersion

__all__ = [
    "Render",
    "publish_due_reviews",
    "publish_review",
    "retract_review",
    "schedule_publication",
    "unschedule_publication",
]
log = logging.getLogger(__name__)
FOLLOW_UP = timedelta(days=7)
REMINDER_EXPIRY = timedelta(hours=24)


def publish_review(
    *,
    actor: Actor,
    review_id: int,
    kind: str,
    render: Render,
    reason: str = "",
    is_break_glass: bool = False,
    is_notifying: bool = True,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> ReviewVersion:
    """Publish what the review is now as preliminary, as final, or as a correction (which stays what it corrects).

    `reason` is public and needed from the second version on. `is_break_glass`: an administrator publishes past checks,
    remarks and approvals, with a reason; the version says so, and a public promise to make it good begins. Raises
    Refused for whatever stands in the way, Conflict for a stale `seen_version`.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR if is_break_glass else PersonRole.PUBLISHER)
        review = review_guards.lock_for(review_id, seen_version)
        plan = plan_of(review, kind, reason)
        if is_break_glass and not plan.reason:
            raise Refused(_("Say why it cannot wait for checks and approvals; readers will see it."), "reason")
        if not is_break_glass:
            refuse_unready(review, plan, now)
        return _publish(actor, page, review, plan, render, is_break_glass, is_notifying, now)


def schedule_publication(
    *, actor: Actor, review_id: int, at: datetime, kind: str, reason: str = "", now: datetime | None = None
) -> Review:
    """Let it be published by itself at `at` (UTC), if it may be published now and nothing public of it changes without
    a new approval. A second schedule takes the place of the first. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.PUBLISHER)
        review = review_guards.lock_for(review_id)
        if at <= now:
            raise Refused(_("This time has passed. Choose a later one, or publish now."), "at")
        plan = plan_of(review, kind, reason)
        refuse_unready(review, plan, now)
        before = review.scheduled_for
        review.scheduled_for, review.scheduled_kind, review.scheduled_reason = at, plan.kind, plan.reason
        review.scheduled_by_id, review.scheduled_by_label = actor.user_id, actor.label
        _save(review, now)
        record(
            actor=actor, verb=Verb.REVIEW_SCHEDULED, subject=review, now=now,
            changes={"at": [before.isoformat() if before else "", at.isoformat()], "kind": ["", plan.kind]},
        )  # fmt: skip
    return review


def unschedule_publication(*, actor: Actor, review_id: int, now: datetime | None = None) -> Review:
    """Call a schedule off. Raises Refused if there is none."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.PUBLISHER)
        review = review_guards.lock_for(review_id)
        if review.scheduled_for is None:
            raise Refused(_("No publication is scheduled."))
        _call_off(actor, review, "", now)
    return review


def publish_due_reviews(now: datetime | None, render: Render) -> int:
    """Publish what is due; returns how many. One that may not be published any more is called off, and its people are
    told once. A fault of one holds up no other, and is logged."""
    now = now or timezone.now()
    due = Review.objects.filter(scheduled_for__lte=now).order_by("scheduled_for", "id").values_list("pk", flat=True)
    return sum(_publish_due(review_id, now, render) for review_id in list(due))


def _publish_due(review_id: int, now: datetime, render: Render) -> bool:
    try:
        with transaction.atomic(durable=True):
            page = guards.lock_page(now)
            review = _due(review_id, now)
            if review is None:
                return False
            by = Actor(SYSTEM.kind, _("Candor, as %(name)s scheduled") % {"name": review.scheduled_by_label})
            plan = plan_of(review, review.scheduled_kind, review.scheduled_reason)
            refuse_unready(review, plan, now)
            _publish(by, page, review, plan, render, False, True, now)
        return True
    except Refused as refusal:
        with transaction.atomic(durable=True):
            guards.lock_page(now)
            review = _due(review_id, now)
            if review is not None:
                _tell_of_refusal(review, refusal.sentence, now)
                _call_off(SYSTEM, review, refusal.sentence, now)
    except DatabaseError:
        raise
    except Exception:
        log.exception("The review %s could not be published; the next sweep tries again.", review_id)
    return False


def _due(review_id: int, now: datetime) -> Review | None:
    """The review, locked, if its schedule still stands."""
    return Review.objects.select_for_update().filter(pk=review_id, scheduled_for__lte=now).first()


def _call_off(actor: Actor, review: Review, why: str, now: datetime) -> None:
    before = review.scheduled_for
    review.scheduled_for, review.scheduled_kind, review.scheduled_reason = None, "", ""
    _save(review, now)
    record(
        actor=actor, verb=Verb.REVIEW_UNSCHEDULED, subject=review, now=now,
        changes={"at": [before.isoformat() if before else "", ""]} | ({"reason": ["", why[:300]]} if why else {}),
    )  # fmt: skip


def _tell_of_refusal(review: Review, why: str, now: datetime) -> None:
    """As a remark on the review, and by mail to its owner and the operators."""
    sentence = _("“%(title)s” was not published as scheduled: %(why)s") % {"title": review.title, "why": why}
    review.comments.create(body=sentence, author_label=SYSTEM.label, created_at=now)
    reminder = OperatorReminder.objects.create(
        kind="review_not_published", subject=review.code, since=review.scheduled_for or now, reminded_at=now
    )
    facts = {
        "page": frozen.of_page(queries.the_page()),
        "reminder": {"sentence": sentence, "act": _("Open the review"), "path": f"/console/reviews/{review.code}"},
    }
    owner = review.owner if review.owner and review.owner.is_active else None
    person = subscriber_of(owner, now) if owner else None
    are_operators_told = queries.told_operators().exists()
    if are_operators_told:
        record(
            actor=SYSTEM, verb=Verb.OPERATORS_REMINDED, subject=reminder, now=now, reach=Reach.SUBSCRIBERS,
            audience={"operators": True}, expires_at=now + REMINDER_EXPIRY, facts=facts,
        )  # fmt: skip
    if person and (person.is_personal or not are_operators_told):
        record(
            actor=SYSTEM, verb=Verb.PERSON_REMINDED, subject=reminder, now=now, reach=Reach.SUBSCRIBERS,
            audience={"subscriber_id": person.pk}, expires_at=now + REMINDER_EXPIRY, facts=facts,
        )  # fmt: skip


def _publish(
    actor: Actor,
    page: PublicPage,
    review: Review,
    plan: Plan,
    render: Render,
    is_break_glass: bool,
    is_notifying: bool,
    now: datetime,
) -> ReviewVersion:
    """Write the version and all that follows from it, as one entry of the record."""
    version = write_version(actor, review, plan, render, is_break_glass=is_break_glass, now=now)
    review.state = ReviewState.PUBLISHED
    review.scheduled_for, review.scheduled_kind, review.scheduled_reason = None, "", ""
    _save(review, now)
    verb = Verb.REVIEW_CORRECTED if plan.kind == VersionKind.CORRECTION else Verb.REVIEW_PUBLISHED
    published: list[Model] = [version, *remediation.publish_remediations(review, now)]
    published += _promises(actor, review, plan, is_break_glass, now)
    published += review_telling.post_to_incidents(actor, review, plan, now)
    if plan.previous:
        published.append(correction_of(actor, review, version, plan.changes, Verb.REVIEW_CORRECTED, now))
    record(
        actor=actor, verb=verb, subject=review, now=now,
        reach=Reach.SUBSCRIBERS if plan.is_material and is_notifying else Reach.PAGE,
        changes={
            "version": [str(plan.previous.number) if plan.previous else "", str(version.number)],
            "kind": ["", plan.kind], "reason": ["", plan.reason], "content": ["", plan.sha256],
        } | ({"break_glass": ["", "yes"]} if is_break_glass else {}),
        facts=review_telling.facts_of(page, review, plan, version), audience=review_telling.audience_of(review),
        expires_at=now + review_telling.EXPIRY, published=published,
    )  # fmt: skip
    return version


def _promises(actor: Actor, review: Review, plan: Plan, is_break_glass: bool, now: datetime) -> Sequence[Promise]:
    """The promises that the publication keeps and those that begin with it."""
    rows = promise_keeping.fulfil_promises(review.incidents.all(), plan.kind, path_of(review), now)
    if plan.previous is None:
        rows += promise_keeping.start_promises_of_publication(actor, review, now)
    return [*rows, *([_follow_up(actor, review, now)] if is_break_glass else _followed_up(review, now))]


def _follow_up(actor: Actor, review: Review, now: datetime) -> Promise:
    """That what was published past them goes through checks and approvals after all."""
    promise = Promise.objects.create(
        code=new_code(),
        deliverable=Deliverable.OTHER,
        sentence=_("The checks and approvals that “%(title)s” was published without are completed.")
        % {"title": review.title[:200]},
        source=PromiseSource.REVIEW,
        review=review,
        anchor_at=now,
        first_due_at=now + FOLLOW_UP,
        due_at=now + FOLLOW_UP,
        owner=review.owner,
        owner_label=review.owner_label,
        made_at=now,
    )
    record(
        actor=actor, verb=Verb.PROMISE_MADE, subject=promise, now=now,
        changes={"sentence": ["", promise.sentence], "due_at": ["", promise.due_at.isoformat()]},
    )  # fmt: skip
    return promise


def _followed_up(review: Review, now: datetime) -> list[Promise]:
    """Those promises, kept by a version that went through checks and approvals."""
    hurried = review.versions.filter(is_break_glass=True).values("published_at")
    waiting = review.promises.filter(
        source=PromiseSource.REVIEW, made_at__in=hurried, fulfilled_at__isnull=True, waived_at__isnull=True
    )
    kept = list(waiting)
    for promise in kept:
        promise.fulfilled_at, promise.fulfilled_by = now, path_of(review)
        promise.version += 1
        promise.save(update_fields=["fulfilled_at", "fulfilled_by", "version"])
    return kept


def _save(review: Review, now: datetime) -> None:
    review.version += 1
    review.updated_at = max(now, review.updated_at)
    review.save()

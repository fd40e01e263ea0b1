"""The remediations of a review: written as drafts, and once public changed only with a reason that is public too.

How they go on after that (dates, states, verification) is `follow_through`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, review_guards, roles, texts
from incidents.actions.codes import new_code
from incidents.actions.corrections import correct
from incidents.actions.follow_through import (
    day_of,
    decline_remediation,
    lock_remediation,
    move_remediation,
    path_of,
    slip_remediation,
    supersede_remediation,
    verify_remediation,
)
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.review import PersonRole, Priority, RemediationKind, RemediationState, Strength
from incidents.domain.verbs import Reach, Verb
from incidents.models import ContributingFactor, Remediation, RemediationSlip, Review
from incidents.models.review_words import word_of

__all__ = [
    "decline_remediation",
    "move_remediation",
    "publish_remediations",
    "remove_remediation",
    "save_remediation",
    "slip_remediation",
    "supersede_remediation",
    "verify_remediation",
]
INTERNAL = ("note", "tracker_url", "owner", "owner_label")
# What the correction of a public remediation calls its fields.
TOLD = {
    "title": "title", "body": "text", "kind": "kind", "strength": "strength", "priority": "priority",
    "owner_team": "owner team", "public_url": "public address",
}  # fmt: skip


def save_remediation(
    *,
    actor: Actor,
    review_id: int,
    remediation_id: int | None = None,
    seen_version: int | None = None,
    title: str,
    body: str = "",
    note: str = "",
    kind: str = RemediationKind.PREVENT,
    strength: str = Strength.TOOLING,
    priority: str = Priority.P2,
    factor_ids: Sequence[int] = (),
    owner_team: str = "",
    owner_id: int | None = None,
    due_on: date | None = None,
    tracker_url: str = "",
    public_url: str = "",
    is_public: bool = True,
    reason: str = "",
    now: datetime | None = None,
) -> Remediation:
    """Add a remediation to a review, or change one. `owner_id` None: the actor for a new one, else as it is.

    `due_on` is a day in the zone of the page. Of a published one, note, tracker and owner change freely; another text,
    team, kind or factor is a public correction and needs `reason`; its date moves by `slip_remediation` only.
    Raises Refused, and Conflict for a stale `seen_version` (the remediation's).
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        review = review_guards.lock_review(actor, review_id)
        row = _row(review, remediation_id, seen_version, actor, now)
        wanted = _texts(title, body, note, owner_team, tracker_url, public_url)
        wanted |= _words(kind, strength, priority) | {"due_on": due_on, "is_public": is_public}
        if owner_id is not None:
            owner = roles.active_person(owner_id, "owner_id")
            if row.state == RemediationState.DELIVERED and owner.pk != row.owner_id:
                raise Refused(_("It is delivered: whose it is stays until somebody else has verified it."), "owner_id")
            wanted |= {"owner": owner, "owner_label": owner.get_username()}
        factors = _factors(review, factor_ids)
        _refuse_date(row, due_on, day_of(now, page.time_zone))
        changes = {
            name: [_plain(getattr(row, name)), _plain(value)]
            for name, value in wanted.items()
            if getattr(row, name) != value
        }
        codes = _codes(list(row.factors.all())) if row.pk else ""
        if codes != _codes(factors) or not row.pk and factors:
            changes["factors"] = [codes, _codes(factors)]
        if row.pk and not changes:
            return row
        published = _corrected(actor, row, changes, reason, now) if row.published_at else []
        _write(row, wanted, factors, now, is_told=bool(published) or not row.published_at)
        review_guards.touch(review, now)
        record(
            actor=actor, verb=Verb.REMEDIATION_SAVED, subject=row, now=now,
            changes=changes | ({"reason": ["", reason]} if published else {}),
            reach=Reach.PAGE if published else Reach.PRIVATE, published=[row, *published] if published else [],
        )  # fmt: skip
    return row


def remove_remediation(*, actor: Actor, remediation_id: int, now: datetime | None = None) -> None:
    """Take away one that was never public. Raises Refused for a published one: that is declined or superseded."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.AUTHOR)
        row = lock_remediation(remediation_id)
        review = review_guards.lock_for(row.review_id)
        if row.published_at:
            raise Refused(_("The public follows this remediation already. Decline it with a reason instead."))
        if row.supersedes.exists():
            raise Refused(_("Another remediation was superseded by this one."))
        record(
            actor=actor, verb=Verb.REMEDIATION_REMOVED, subject=row, now=now,
            changes={"title": [row.title, ""], "body": [row.body, ""], "note": [row.note, ""]},
        )  # fmt: skip
        row.delete()
        review_guards.touch(review, now)


def publish_remediations(review: Review, now: datetime) -> list[Model]:
    """Let the public follow the review's public remediations from now on; inside the caller's transaction.

    Returns every row that became public (remediations and the slips they had), for the caller's `published=`.
    """
    rows = list(review.remediations.select_for_update().filter(is_public=True, published_at__isnull=True))
    for row in rows:
        row.published_at = row.updated_at = now
        row.save(update_fields=["published_at", "updated_at"])
    slips = RemediationSlip.objects.filter(remediation__in=rows).select_related("remediation")
    return [*rows, *slips]


def _row(
    review: Review, remediation_id: int | None, seen_version: int | None, actor: Actor, now: datetime
) -> Remediation:
    """The one to change, locked, or a new one that is not saved yet and belongs to the actor."""
    if remediation_id is None:
        owner = User.objects.filter(pk=actor.user_id or 0).first()
        return Remediation(
            review=review, code=new_code(), owner=owner, owner_label=owner.get_username() if owner else actor.label,
            created_at=now, updated_at=now, version=0,
        )  # fmt: skip
    row = lock_remediation(remediation_id)
    if row.review_id != review.pk:
        raise Refused(_("There is no such remediation in this review."))
    if seen_version is not None and seen_version != row.version:
        raise Conflict(
            _("Somebody else changed this remediation while you were writing. Read what is new, then save again.")
        )
    return row


def _texts(title: str, body: str, note: str, owner_team: str, tracker_url: str, public_url: str) -> dict[str, object]:
    return {
        "title": texts.line(title, field="title", limit=255),
        "body": texts.body(body, field="body", is_required=False)[0],
        "note": texts.body(note, field="note", is_required=False)[0],
        "owner_team": texts.line(owner_team, field="owner_team", limit=120, is_required=False),
        "tracker_url": _address(tracker_url, "tracker_url"),
        "public_url": _address(public_url, "public_url"),
    }


def _address(raw: str, field: str) -> str:
    text = texts.line(raw, field=field, limit=500, is_required=False)
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:  # brackets that do not close, as of an IPv6 address
        is_web = False
    if text and not is_web:
        raise Refused(_("An address begins with https:// or http://."), field)
    return text


def _words(kind: str, strength: str, priority: str) -> dict[str, object]:
    if kind not in list(RemediationKind):
        raise Refused(_("Say what it is for."), "kind")
    if strength not in list(Strength):
        raise Refused(_("Say how strong it is."), "strength")
    if priority not in list(Priority):
        raise Refused(_("Choose a priority."), "priority")
    return {"kind": str(kind), "strength": str(strength), "priority": str(priority)}


def _factors(review: Review, factor_ids: Sequence[int]) -> list[ContributingFactor]:
    rows = list(review.factors.filter(pk__in=factor_ids))
    if len(rows) != len(set(factor_ids)):
        raise Refused(_("Choose factors of this review."), "factor_ids")
    return rows


def _codes(factors: Sequence[ContributingFactor]) -> str:
    return ", ".join(sorted(f"{row.code} {row.title}" for row in factors))


def _refuse_date(row: Remediation, due_on: date | None, today: date) -> None:
    if due_on == row.due_on:
        return
    if row.published_at:
        raise Refused(_("The date is public. Move it with a reason instead."), "due_on")
    if due_on is None and row.pk and row.slips.exists():
        raise Refused(_("The date was moved before. Move it with a reason instead."), "due_on")
    if due_on is not None and due_on < today:
        raise Refused(_("The due date has passed already."), "due_on")


def _corrected(
    actor: Actor, row: Remediation, changes: dict[str, list[str]], reason: str, now: datetime
) -> list[Model]:
    """The correction of what was public, or nothing where only internal fields change."""
    if "is_public" in changes:
        raise Refused(_("The public follows this remediation already. Decline it with a reason instead."), "is_public")
    told = {name: pair for name, pair in changes.items() if name not in INTERNAL}
    if not told:
        return []
    return [
        correct(
            actor=actor, verb=Verb.REMEDIATION_SAVED, subject=_("Remediation: %(title)s") % {"title": row.title},
            path=path_of(row), reason=texts.line(reason, field="reason", limit=300),
            changes={TOLD.get(name, name): (_told(name, pair[0]), _told(name, pair[1])) for name, pair in told.items()},
            before={}, after={}, now=now,
        )
    ]  # fmt: skip


def _told(name: str, value: str) -> str:
    """A value as the corrections log says it."""
    kind = {"kind": RemediationKind, "strength": Strength}.get(name)
    return word_of(kind, value) if kind else value


def _write(
    row: Remediation, wanted: dict[str, object], factors: list[ContributingFactor], now: datetime, *, is_told: bool
) -> None:
    """Save. `updated_at` follows what the public reads: feeds print it, and an internal note is no news."""
    for name, value in wanted.items():
        setattr(row, name, value)
    if not row.published_at and not (row.pk and row.slips.exists()):
        row.original_due_on = row.due_on
    row.version += 1
    if is_told:
        row.updated_at = max(now, row.updated_at)
    row.save()
    row.factors.set(factors)


def _plain(value: object) -> str:
    return "" if value is None else str(value)

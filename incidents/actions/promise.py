"""Policies that make promises, and promises themselves: make, put off, waive, keep, give to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, roles, texts
from incidents.actions.codes import new_code
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import Actor
from incidents.domain.due import MOST
from incidents.domain.promises import Anchor, CutOff, Deliverable, PromiseSource, StartRule, Unit
from incidents.domain.review import PersonRole
from incidents.domain.status import Impact, Kind
from incidents.domain.verbs import Reach, Verb
from incidents.models import (
    BusinessCalendar,
    Incident,
    IncidentUpdate,
    Promise,
    PromiseExtension,
    PromisePolicy,
    Review,
)

FURTHEST = timedelta(days=366 * 3)
# Promises of the next update stand on the updates, those of remediations on the remediations.
PROMISED = (Deliverable.FINAL_REVIEW, Deliverable.PRELIMINARY_REVIEW, Deliverable.OTHER)


def save_policy(
    *,
    actor: Actor,
    name: str,
    calendar_id: int,
    policy_id: int | None = None,
    seen_version: int | None = None,
    deliverable: str = Deliverable.FINAL_REVIEW,
    minimum_impact: str = Impact.MAJOR,
    quantity: int = 5,
    unit: str = Unit.BUSINESS_DAYS,
    anchor: str = Anchor.RESOLVED,
    cut_off: str = CutOff.END_OF_DAY,
    start_rule: str = StartRule.EXCLUDE_ANCHOR_DAY,
    is_met_by_preliminary: bool = False,
    is_public: bool = True,
    escalation_group: str = "",
    now: datetime | None = None,
) -> PromisePolicy:
    """Add a policy, or change one (`policy_id`). It makes promises from now on; those that run keep their terms.

    Raises Refused: no administrator, a quantity out of bounds, a word that is none of the given, no such calendar or
    group, a close of business that the calendar does not know; Conflict if somebody wrote in between.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        policy = _policy(policy_id, seen_version) if policy_id is not None else PromisePolicy(created_at=now)
        values = {
            "name": _policy_name(name, policy),
            "deliverable": _choice(PROMISED, deliverable, "deliverable"),
            "minimum_impact": _choice(_IMPACTS, minimum_impact, "minimum_impact"),
            "unit": _choice(Unit, unit, "unit"),
            "quantity": _quantity(quantity, unit),
            "anchor": _choice(Anchor, anchor, "anchor"),
            "cut_off": _choice(CutOff, cut_off, "cut_off"),
            "start_rule": _choice(StartRule, start_rule, "start_rule"),
            "calendar": _calendar(calendar_id, cut_off),
            "is_met_by_preliminary": is_met_by_preliminary,
            "is_public": is_public,
            "escalation_group": _group(escalation_group),
        }
        changes = _set(policy, values)
        if policy.pk is not None:
            policy.version += 1
        policy.save()
        record(actor=actor, verb=Verb.POLICY_SAVED, subject=policy, now=now, changes=changes)
    return policy


def archive_policy(*, actor: Actor, policy_id: int, now: datetime | None = None) -> PromisePolicy:
    """End a policy: it makes no promise any more; those that it made stand. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        policy = _policy(policy_id, None)
        policy.archived_at = now
        policy.version += 1
        policy.save()
        record(actor=actor, verb=Verb.POLICY_ARCHIVED, subject=policy, now=now)
    return policy


def make_promise(
    *,
    actor: Actor,
    sentence: str,
    due_at: datetime,
    deliverable: str = Deliverable.OTHER,
    incident_id: int | None = None,
    review_id: int | None = None,
    update_id: int | None = None,
    source: str = PromiseSource.UPDATE,
    owner_id: int | None = None,
    is_public: bool = True,
    now: datetime | None = None,
) -> Promise:
    """Promise something by an instant (aware UTC): public unless told otherwise, and from then on followed.

    Of an update the incident follows. The owner is the actor unless named. Raises Refused: a time that has passed or
    lies more than three years ahead, an empty sentence, no such incident, review, update or person, maintenance.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        _check_due(due_at, now)
        update = _found(IncidentUpdate, update_id, _("There is no such update."))
        incident = _incident(update.incident_id if update else incident_id)
        owner = _owner(owner_id if owner_id is not None else actor.user_id)
        promise = Promise.objects.create(
            code=new_code(),
            deliverable=_choice(PROMISED, deliverable, "deliverable"),
            sentence=texts.line(sentence, field="sentence", limit=300),
            source=_choice(PromiseSource, source, "source"),
            incident=incident,
            review=_found(Review, review_id, _("There is no such review.")),
            update=update,
            anchor_at=now,
            first_due_at=due_at,
            due_at=due_at,
            is_public=is_public,
            owner=owner,
            owner_label=owner.get_username() if owner else "",
            made_at=now,
        )
        changes = {"sentence": ["", promise.sentence], "due_at": ["", _plain(due_at)]}
        _tell(actor, Verb.PROMISE_MADE, promise, now, changes)
    return promise


def extend_promise(
    *, actor: Actor, promise_id: int, due_at: datetime, reason: str, now: datetime | None = None
) -> Promise:
    """Put a promise off, for a public reason. By when it was first due stays, and what is kept after that is late.

    Raises Refused: no publisher, no reason, a time that has passed or is no later, a promise that is over.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.PUBLISHER)
        promise = _running(promise_id)
        why = texts.line(reason, field="reason", limit=300)
        _check_due(due_at, now)
        if due_at <= promise.due_at:
            raise Refused(_("It is due by then already. Choose a later time."), "due_at")
        extension = PromiseExtension.objects.create(
            promise=promise, old_due_at=promise.due_at, new_due_at=due_at, reason=why, actor_label=actor.label, at=now
        )
        changes = {"due_at": [_plain(promise.due_at), _plain(due_at)], "reason": ["", why]}
        promise.due_at = due_at
        _save(promise)
        _tell(actor, Verb.PROMISE_EXTENDED, promise, now, changes, [extension])
    return promise


def waive_promise(*, actor: Actor, promise_id: int, reason: str, now: datetime | None = None) -> Promise:
    """Take a promise back, for a public reason; it stays in the ledger. Raises Refused as `extend_promise`."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.PUBLISHER)
        promise = _running(promise_id)
        promise.waived_at, promise.waived_reason = now, texts.line(reason, field="reason", limit=300)
        _save(promise)
        _tell(actor, Verb.PROMISE_WAIVED, promise, now, {"reason": ["", promise.waived_reason]})
    return promise


def meet_promise(*, actor: Actor, promise_id: int, fulfilled_by: str, now: datetime | None = None) -> Promise:
    """Say that a promise was kept now, and by what: a public address, here (`/…`) or elsewhere (`https://…`).

    Reviews keep theirs by being published. Raises Refused: no such address, a promise that is over.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        promise = _running(promise_id)
        address = texts.line(fulfilled_by, field="fulfilled_by", limit=200)
        is_here = address.startswith("/") and not address.startswith("//")
        if " " in address or not (is_here or address.startswith(("https://", "http://"))):
            raise Refused(_("Give the address of what kept it, as /incidents/… or https://…."), "fulfilled_by")
        promise.fulfilled_at, promise.fulfilled_by = max(now, promise.anchor_at), address
        _save(promise)
        _tell(actor, Verb.PROMISE_MET, promise, now, {"fulfilled_by": ["", address]})
    return promise


def assign_promise(
    *, actor: Actor, promise_id: int, owner_id: int | None, now: datetime | None = None
) -> Promise:  # fmt: skip
    """Say who is reminded of a promise; None: the operators. Not public. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        promise = _running(promise_id)
        owner, before = _owner(owner_id), promise.owner_label
        promise.owner, promise.owner_label = owner, owner.get_username() if owner else ""
        _save(promise)
        record(
            actor=actor, verb=Verb.PROMISE_ASSIGNED, subject=promise, now=now, incident=promise.incident,
            changes={"owner": [before, promise.owner_label]},
        )  # fmt: skip
    return promise


_IMPACTS = (Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)


def _tell(
    actor: Actor,
    verb: Verb,
    promise: Promise,
    now: datetime,
    changes: dict[str, Any],
    others: Sequence[Model] = (),
) -> None:
    record(
        actor=actor, verb=verb, subject=promise, now=now, incident=promise.incident, changes=changes,
        reach=Reach.PAGE if promise.is_public else Reach.PRIVATE,
        published=[promise, *others] if promise.is_public else (),
    )  # fmt: skip


def _save(promise: Promise) -> None:
    promise.version += 1
    promise.save()


def _running(promise_id: int) -> Promise:
    promise = Promise.objects.select_for_update().filter(pk=promise_id).first()
    if promise is None:
        raise Refused(_("There is no such promise."))
    if promise.fulfilled_at:
        raise Refused(_("This promise was kept already."))
    if promise.waived_at:
        raise Refused(_("This promise was waived already."))
    return promise


def _check_due(due_at: datetime, now: datetime) -> None:
    if due_at <= now:
        raise Refused(_("That time has passed. A promise is about a time to come."), "due_at")
    if due_at > now + FURTHEST:
        raise Refused(_("That is more than three years ahead."), "due_at")


def _incident(incident_id: int | None) -> Incident | None:
    incident: Incident | None = _found(Incident, incident_id, _("There is no such incident."))
    if incident and (incident.withdrawn_at or incident.kind != Kind.INCIDENT):
        raise Refused(_("A promise belongs to an incident that was not withdrawn."))
    return incident


def _found(table: type[Model], key: int | None, sentence: str) -> Any:
    if key is None:
        return None
    row = table._default_manager.filter(pk=key).first()
    if row is None:
        raise Refused(sentence)
    return row


def _owner(owner_id: int | None) -> User | None:
    return None if owner_id is None else roles.active_person(owner_id, "owner_id")


def _policy(policy_id: int, seen_version: int | None) -> PromisePolicy:
    policy = PromisePolicy.objects.select_for_update().filter(pk=policy_id).first()
    if policy is None:
        raise Refused(_("There is no such policy."))
    if policy.archived_at:
        raise Refused(_("This policy has ended. Add another one."))
    if seen_version is not None and seen_version != policy.version:
        raise Conflict(_("Somebody else changed this policy while you were writing. Read what is new, then save."))
    return policy


def _policy_name(raw: str, policy: PromisePolicy) -> str:
    name = texts.line(raw, field="name", limit=120)
    if PromisePolicy.objects.filter(name=name).exclude(pk=policy.pk).exists():
        raise Refused(_("There is a policy of that name already."), "name")
    return name


def _quantity(quantity: int, unit: str) -> int:
    most = MOST.get(unit, 0)  # type: ignore[call-overload]
    if not 1 <= quantity <= most:
        raise Refused(_("Choose at least 1 and at most %(most)s.") % {"most": most}, "quantity")
    return quantity


def _calendar(calendar_id: int, cut_off: str) -> BusinessCalendar:
    calendar = BusinessCalendar.objects.filter(pk=calendar_id).first()
    if calendar is None:
        raise Refused(_("There is no such calendar."), "calendar_id")
    if cut_off == CutOff.BUSINESS_CLOSE and calendar.closes_at is None:
        raise Refused(_("The calendar does not say when business closes."), "cut_off")
    return calendar


def _group(name: str) -> str:
    clean = texts.line(name, field="escalation_group", limit=80, is_required=False)
    if clean and not Group.objects.filter(name=clean).exists():
        raise Refused(_("There is no group “%(name)s”.") % {"name": clean}, "escalation_group")
    return clean


def _choice(allowed: Any, raw: str, field: str) -> str:
    if raw not in list(allowed):
        raise Refused(_("Choose one of the given."), field)
    return str(raw)


def _set(policy: PromisePolicy, values: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for field, value in values.items():
        before = getattr(policy, field, None)  # a new one has no calendar to ask for
        if policy.pk is None or before != value:
            changes[field] = ["" if policy.pk is None else _plain(before), _plain(value)]
        setattr(policy, field, value)
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, bool | int) else str(value)

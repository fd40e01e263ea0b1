"""Agreements on uptime: add, edit, archive and restore them; grant and withdraw what they do not count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts, verdicts
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.actions.verdicts import issue_due_verdicts as issue_due_verdicts
from incidents.domain.actor import Actor
from incidents.domain.uptime import Clock, Rule
from incidents.domain.verbs import Reach, Verb
from incidents.models import Agreement, AgreementExclusion, Component

MOST_TIERS = 10
MOST_NOTICE_HOURS = 24 * 365
Number = Decimal | int | str


@dataclass(frozen=True)
class Terms:
    """What an agreement says. Weights are shares of a full outage; `first_month` any day of it; see the model."""

    name: str
    component_ids: Sequence[int]
    target_percent: Number
    first_month: date
    audience: str = ""
    zone: str = "UTC"
    clock: str = Clock.IMPACT
    weight_major: Number = 1
    weight_partial: Number = "0.3"
    weight_degraded: Number = 0
    weight_after_monitoring: Number | None = None
    is_quality_counted: bool = False
    is_maintenance_excluded: bool = True
    maintenance_notice_hours: int = 0
    component_rule: str = Rule.WORST
    region_rule: str = Rule.WORST
    credit_tiers: Sequence[dict[str, Any]] = ()
    note: str = ""


def add_agreement(*, actor: Actor, slug: str, terms: Terms, now: datetime | None = None) -> Agreement:
    """Publish an agreement under `/agreements/<slug>` (`[a-z0-9-]+`). Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        values = _values(terms)
        components = _components(terms.component_ids)
        agreement = Agreement.objects.create(slug=_slug(slug), created_at=now, updated_at=now, **values)
        agreement.components.set(components)
        record(
            actor=actor, verb=Verb.AGREEMENT_ADDED, subject=agreement, now=now, reach=Reach.PAGE, published=[agreement]
        )
    return agreement


def edit_agreement(
    *,
    actor: Actor,
    agreement_id: int,
    terms: Terms,
    reason: str,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> Agreement:
    """Change what an agreement says, for a public reason; issued months that come out otherwise get a next number.

    Raises Refused, and Conflict if somebody wrote in between.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        agreement = _agreement(agreement_id, seen_version)
        public_reason = texts.line(reason, field="reason", limit=300)
        before = sorted(agreement.components.values_list("pk", flat=True))
        components = _components(terms.component_ids, known=before)
        changes: dict[str, Any] = {}
        for field, value in _values(terms).items():
            if getattr(agreement, field) != value:
                changes[field] = [_plain(getattr(agreement, field)), _plain(value)]
            setattr(agreement, field, value)
        if sorted(row.pk for row in components) != before:
            changes["components"] = [before, sorted(row.pk for row in components)]
        _touch(agreement, now)
        agreement.components.set(components)
        record(
            actor=actor, verb=Verb.AGREEMENT_EDITED, subject=agreement, now=now, reach=Reach.PAGE,
            changes={**changes, "reason": ["", public_reason]}, published=[agreement],
        )  # fmt: skip
        verdicts.reissue_changed(actor=actor, agreement_ids=[agreement.pk], reason=public_reason, now=now)
    return agreement


def archive_agreement(*, actor: Actor, agreement_id: int, now: datetime | None = None) -> Agreement:
    """End an agreement: no month that ends later gets a verdict; what was issued stays public."""
    return _archive(actor, agreement_id, Verb.AGREEMENT_ARCHIVED, now or timezone.now())


def restore_agreement(*, actor: Actor, agreement_id: int, now: datetime | None = None) -> Agreement:
    """Take up an archived agreement again; the months in between get their verdicts."""
    return _archive(actor, agreement_id, Verb.AGREEMENT_RESTORED, now or timezone.now())


def grant_exclusion(
    *,
    actor: Actor,
    agreement_id: int,
    started_at: datetime,
    ended_at: datetime,
    reason: str,
    component_id: int | None = None,
    now: datetime | None = None,
) -> AgreementExclusion:
    """Leave a stretch (UTC) of one component, or of all, out of the count, for a public reason. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        agreement = _agreement(agreement_id)
        if ended_at <= started_at:
            raise Refused(_("An exclusion ends after it starts."), "ended_at")
        component = agreement.components.filter(pk=component_id).first() if component_id is not None else None
        if component_id is not None and component is None:
            raise Refused(_("The agreement does not cover this component."), "component")
        exclusion = AgreementExclusion.objects.create(
            agreement=agreement,
            component=component,
            started_at=started_at,
            ended_at=ended_at,
            reason=texts.line(reason, field="reason", limit=300),
            recorded_at=now,
            actor_label=actor.label,
        )
        _tell_exclusion(actor, exclusion, Verb.EXCLUSION_GRANTED, exclusion.reason, now)
    return exclusion


def withdraw_exclusion(
    *, actor: Actor, exclusion_id: int, reason: str, now: datetime | None = None
) -> AgreementExclusion:
    """Count again what an exclusion left out, for a public reason. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        exclusion = AgreementExclusion.objects.select_related("agreement").filter(pk=exclusion_id).first()
        if exclusion is None:
            raise Refused(_("There is no such exclusion."))
        if exclusion.withdrawn_at:
            raise Refused(_("This exclusion was withdrawn already."))
        exclusion.withdrawn_at = now
        exclusion.withdrawn_reason = texts.line(reason, field="reason", limit=300)
        exclusion.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        _tell_exclusion(actor, exclusion, Verb.EXCLUSION_WITHDRAWN, exclusion.withdrawn_reason, now)
    return exclusion


def _tell_exclusion(actor: Actor, exclusion: AgreementExclusion, verb: Verb, reason: str, now: datetime) -> None:
    record(
        actor=actor, verb=verb, subject=exclusion, now=now, reach=Reach.PAGE, published=[exclusion],
        changes={"stretch": ["", [_plain(exclusion.started_at), _plain(exclusion.ended_at)]], "reason": ["", reason]},
    )  # fmt: skip
    verdicts.reissue_changed(actor=actor, agreement_ids=[exclusion.agreement_id], reason=reason, now=now)


def _archive(actor: Actor, agreement_id: int, verb: Verb, now: datetime) -> Agreement:
    is_ending = verb == Verb.AGREEMENT_ARCHIVED
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        agreement = _agreement(agreement_id)
        if bool(agreement.archived_at) == is_ending:
            raise Refused(_("It is archived already.") if is_ending else _("It is not archived."))
        agreement.archived_at = now if is_ending else None
        _touch(agreement, now)
        record(actor=actor, verb=verb, subject=agreement, now=now, reach=Reach.PAGE, published=[agreement])
    return agreement


def _agreement(agreement_id: int, seen_version: int | None = None) -> Agreement:
    agreement = Agreement.objects.select_for_update().filter(pk=agreement_id).first()
    if agreement is None:
        raise Refused(_("There is no such agreement."))
    if seen_version is not None and seen_version != agreement.version:
        raise Conflict(_("Somebody else changed this agreement while you were writing. Read what is new, then save."))
    return agreement


def _touch(agreement: Agreement, now: datetime) -> None:
    agreement.version += 1
    agreement.updated_at = now
    agreement.save()


def _values(terms: Terms) -> dict[str, Any]:
    """The columns of the terms, each checked."""
    audience, audience_html = texts.body(terms.audience, field="audience", is_required=False)
    after = terms.weight_after_monitoring
    return {
        "name": texts.line(terms.name, field="name", limit=120),
        "audience": audience,
        "audience_html": audience_html,
        "target_percent": _target(terms.target_percent),
        "first_month": _month(terms.first_month),
        "zone": _zone(terms.zone),
        "clock": _choice(Clock, terms.clock, "clock"),
        "weight_major": _weight(terms.weight_major, "weight_major"),
        "weight_partial": _weight(terms.weight_partial, "weight_partial"),
        "weight_degraded": _weight(terms.weight_degraded, "weight_degraded"),
        "weight_after_monitoring": None if after is None else _weight(after, "weight_after_monitoring"),
        "is_quality_counted": bool(terms.is_quality_counted),
        "is_maintenance_excluded": bool(terms.is_maintenance_excluded),
        "maintenance_notice_hours": _notice(terms.maintenance_notice_hours),
        "component_rule": _choice(Rule, terms.component_rule, "component_rule"),
        "region_rule": _choice(Rule, terms.region_rule, "region_rule"),
        "credit_tiers": _tiers(terms.credit_tiers),
        "note": texts.line(terms.note, field="note", limit=300, is_required=False),
    }


def _slug(raw: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", raw) or len(raw) > 80:
        raise Refused(_("An address is made of small letters, digits and hyphens, at most 80."), "slug")
    if Agreement.objects.filter(slug=raw).exists():
        raise Refused(_("There is an agreement at this address already."), "slug")
    return raw


def _components(component_ids: Sequence[int], known: Sequence[int] = ()) -> list[Component]:
    """The components; one that was archived since (`known`) may stay, a new one must be on the page."""
    rows = list(Component.objects.filter(pk__in=component_ids))
    if not component_ids:
        raise Refused(_("Choose at least one component."), "components")
    if len(rows) != len(set(component_ids)) or any(row.archived_at and row.pk not in known for row in rows):
        raise Refused(_("There is no such component."), "components")
    if any(row.is_group for row in rows):
        raise Refused(_("Choose the components of a group, not the group."), "components")
    return rows


def _number(raw: Any, field: str) -> Decimal:
    """A number with at most four decimals, as the columns hold it."""
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise Refused(_("Enter a number."), field) from None
    if not number.is_finite() or abs(number) > 1000 or number != round(number, 4):
        raise Refused(_("Enter a number with at most four decimals."), field)
    return number


def _target(raw: Number) -> Decimal:
    number = _number(raw, "target_percent")
    if not 0 < number <= 100:
        raise Refused(_("The target is more than 0 and at most 100 percent."), "target_percent")
    return number


def _weight(raw: Number, field: str) -> Decimal:
    number = _number(raw, field)
    if not 0 <= number <= 1:
        raise Refused(_("A weight lies between 0 and 1."), field)
    return number


def _notice(hours: int) -> int:
    if not 0 <= hours <= MOST_NOTICE_HOURS:
        raise Refused(_("Notice is between 0 hours and a year."), "maintenance_notice_hours")
    return hours


def _month(day: date) -> date:
    return date(day.year, day.month, 1)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(_("There is no time zone of that name."), "zone") from None


def _choice(kind: Any, raw: str, field: str) -> str:
    if raw not in list(kind):
        raise Refused(_("Choose one of the given."), field)
    return str(kind(raw))


def _tiers(raw: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Credit by percent: thresholds and credits between 0 and 100, the thresholds rising."""
    found = [[_number(row.get(key), "credit_tiers") for key in ("below_percent", "credit_percent")] for row in raw]
    if any(not 0 <= number <= 100 for row in found for number in row):
        raise Refused(_("Percentages lie between 0 and 100."), "credit_tiers")
    below = [row[0] for row in found]
    if below != sorted(set(below)) or len(found) > MOST_TIERS:
        raise Refused(_("Give at most ten tiers, from the lowest percentage to the highest."), "credit_tiers")
    return [{"below_percent": f"{low.normalize():f}", "credit_percent": f"{credit.normalize():f}"}
            for low, credit in found]  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)

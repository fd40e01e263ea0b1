"""Verdicts as they are issued and corrected. What was issued is never changed: a correction is the next number.

Called by other actions inside their transaction, under the lock of the page; and by the sweep for months that are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards
from incidents.actions.record import record
from incidents.counting.signing import public_key, signature_of
from incidents.counting.verdicts import document_of, window_of
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.verbs import Reach, Verb
from incidents.models import Agreement, Correction, Verdict

# And a day, for months begin in a zone.
LONGEST_MONTH = timedelta(days=32)
AT_ONCE = 24
# Of a document: what a new number is issued for, beside the policy.
FIGURES = ("counted_seconds", "allowed_seconds", "percent", "verdict", "tier")
_TOLD = ("counted_minutes", "allowed_minutes", "percent", "verdict")


def issue_due_verdicts(now: datetime | None = None) -> int:
    """Issue verdict number 1 of every whole past month that has none, at most 24 a call; returns how many.

    The sweep calls it. `now` is UTC, default the clock's.
    """
    now = now or timezone.now()
    due = [(agreement.pk, month) for agreement in Agreement.objects.order_by("id") for month in _due(agreement, now)]
    return sum(_issue(agreement_id, month, now) for agreement_id, month in due[:AT_ONCE])


def reissue_changed(
    *, actor: Actor, reason: str, now: datetime, agreement_ids: Iterable[int] | None = None
) -> list[tuple[Verdict, Verdict]]:
    """Recompute the issued months of these agreements (None: of all) and issue the next number where figures differ.

    Returns (before, after) of each. Inside the transaction of the action that changed what they were computed from.
    """
    known = Verdict.objects.select_related("agreement").order_by("agreement_id", "month", "number")
    if agreement_ids is not None:
        known = known.filter(agreement_id__in=list(agreement_ids))
    newest = {(row.agreement_id, row.month): row for row in known}
    changed = []
    for before in newest.values():
        document = document_of(before.agreement, before.month, now)
        if _essence(document) != _essence(before.document):
            changed.append((before, _correct(actor, before, document, reason, now)))
    return changed


def reissue_since(*, actor: Actor, since: datetime | None, reason: str, now: datetime) -> None:
    """As `reissue_changed`, where the ledger changed from `since` (UTC; None: not at all) on.

    Costs one small query while no issued month reaches so far.
    """
    if since and Verdict.objects.filter(month__gt=(since - LONGEST_MONTH).date()).exists():
        reissue_changed(actor=actor, reason=reason, now=now)


def path_of(verdict: Verdict) -> str:
    """The public address of the month."""
    return f"/agreements/{verdict.agreement.slug}/{verdict.month:%Y-%m}"


def _due(agreement: Agreement, now: datetime) -> Iterator[date]:
    issued = set(Verdict.objects.filter(agreement=agreement).values_list("month", flat=True))
    until = min(now, agreement.archived_at or now)
    month = agreement.first_month.replace(day=1)
    while window_of(agreement, month).end <= until:
        if month not in issued:
            yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _issue(agreement_id: int, month: date, now: datetime) -> int:
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        agreement = Agreement.objects.get(pk=agreement_id)
        if Verdict.objects.filter(agreement=agreement, month=month).exists():
            return 0
        verdict = _add(agreement, month, 1, document_of(agreement, month, now), "", now)
        record(actor=SYSTEM, verb=Verb.VERDICT_ISSUED, subject=verdict, now=now, reach=Reach.PAGE, published=[verdict])
    return 1


def _add(
    agreement: Agreement, month: date, number: int, document: dict[str, Any], reason: str, now: datetime
) -> Verdict:
    return Verdict.objects.create(
        agreement=agreement,
        month=month,
        number=number,
        document=document,
        signature=signature_of(document),
        public_key=public_key(),
        reason=reason,
        issued_at=now,
    )


def _essence(document: dict[str, Any]) -> list[Any]:
    agreed = document["agreement"]
    return [document[figure] for figure in FIGURES] + [
        {"is_quality_counted": False, **agreed["policy"]},  # which documents of schema 1 may lack
        agreed["target_percent"],
        agreed["zone"],
    ]


def _correct(actor: Actor, before: Verdict, document: dict[str, Any], reason: str, now: datetime) -> Verdict:
    after = _add(before.agreement, before.month, before.number + 1, document, reason, now)
    path = path_of(after)
    old, new = _told(before.document), _told(document)
    moved = [name for name in new if old.get(name) != new[name]]
    correction = Correction.objects.create(
        at=now,
        verb=Verb.VERDICT_CORRECTED,
        subject=_("%(agreement)s, verdict of %(month)s")
        % {"agreement": before.agreement.name, "month": f"{before.month:%Y-%m}"},
        path=path,
        reason=reason,
        changes=[{"field": name, "old": old.get(name, ""), "new": new[name]} for name in moved],
        figures=[
            {"figure": name, "before": old[name], "after": new[name], "path": path} for name in _TOLD if name in moved
        ],
        actor_label=actor.label,
    )
    record(
        actor=actor, verb=Verb.VERDICT_CORRECTED, subject=after, now=now, reach=Reach.PAGE,
        changes={name: [old.get(name, ""), new[name]] for name in moved}, published=[after, correction],
    )  # fmt: skip
    return after


def _told(document: dict[str, Any]) -> dict[str, str]:
    """What a correction shows of a document, as text."""
    agreed = document["agreement"]
    values = {name: document[name] for name in _TOLD}
    tier = document["tier"]
    values["credit_percent"] = tier["credit_percent"] if tier else "0"
    values |= {"target_percent": agreed["target_percent"], "zone": agreed["zone"], **agreed["policy"]}
    return {name: "" if value is None else str(value) for name, value in values.items()}

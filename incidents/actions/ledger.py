"""Corrections of the ledger: a row is never overwritten but superseded, with who, when and a public reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.status import Level
from incidents.domain.verbs import Reach, Verb
from incidents.models import ImpactInterval


def correct_interval(
    *,
    actor: Actor,
    interval_id: int,
    level: str,
    started_at: datetime,
    ended_at: datetime | None,
    reason: str,
    now: datetime | None = None,
) -> ImpactInterval | None:
    """Put another interval in the place of one that was wrong, or nothing (`operational`: it was never broken).

    Times are UTC; `ended_at` None keeps it open, which is possible only for one that is open. Returns the new row, or
    None. Raises Refused for times that cannot be, for a superseded row, and without a reason.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        wrong = ImpactInterval.objects.select_related("component", "incident").filter(pk=interval_id).first()
        if wrong is None or wrong.superseded_at:
            raise Refused(_("This interval is not in the ledger any more. Reload the page."))
        why = texts.line(reason, field="reason", limit=300)
        _refuse_times(wrong, started_at, ended_at, now)
        right = None if level == Level.OPERATIONAL else _replacement(wrong, level, started_at, ended_at, now)
        wrong.superseded_at, wrong.superseded_by = now, right
        wrong.superseded_reason, wrong.superseded_by_label = why, actor.label
        wrong.save(update_fields=["superseded_at", "superseded_by", "superseded_reason", "superseded_by_label"])
        if wrong.incident:
            wrong.incident.version += 1
            wrong.incident.updated_at = now
            wrong.incident.save(update_fields=["version", "updated_at"])
        record(
            actor=actor, verb=Verb.INTERVAL_CORRECTED, subject=wrong.component, now=now, incident=wrong.incident,
            reach=Reach.PAGE, changes={"interval": [_as_text(wrong), _as_text(right)], "reason": ["", why]},
            published=[wrong, *([right] if right else [])],
        )  # fmt: skip
    return right


def _refuse_times(wrong: ImpactInterval, started_at: datetime, ended_at: datetime | None, now: datetime) -> None:
    if started_at > now or (ended_at and ended_at > now):
        raise Refused(_("The time is in the future."), "started_at")
    if ended_at and ended_at < started_at:
        raise Refused(_("The end is before the beginning."), "ended_at")
    if ended_at is None and wrong.ended_at is not None:
        raise Refused(
            _("This interval has ended; give its end. To break the component again, post an update."), "ended_at"
        )


def _replacement(
    wrong: ImpactInterval, level: str, started_at: datetime, ended_at: datetime | None, now: datetime
) -> ImpactInterval:
    if level not in list(Level):
        raise Refused(_("Choose a status."), "level")
    return ImpactInterval.objects.create(
        component=wrong.component,
        region=wrong.region,
        level=level,
        is_quality=wrong.is_quality,
        started_at=started_at,
        ended_at=ended_at,
        incident=wrong.incident,
        source=wrong.source,
        note=wrong.note,
        recorded_at=now,
    )


def _as_text(interval: ImpactInterval | None) -> str:
    if interval is None:
        return ""
    end = interval.ended_at.isoformat() if interval.ended_at else ""
    return f"{interval.level} {interval.started_at.isoformat()}/{end}"

"""Maintenance that comes again: add, edit and end a series, and announce its occurrences as they come near."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts, windows
from incidents.actions.record import record
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.recurrence import NotARule, has_occurrence, occurrences, parse_rule
from incidents.domain.verbs import Verb
from incidents.models import Incident, MaintenanceSeries, PublicPage

log = logging.getLogger(__name__)
MOST_AT_ONCE = 20
# Looked at again when the horizon has moved by this much: often enough for days of notice, and seldom.
LOOKED_AT_EVERY = timedelta(hours=1)
MAX_ANNOUNCE_DAYS = 366
MAX_DURATION_MINUTES = 31 * 24 * 60


def add_series(
    *,
    actor: Actor,
    title: str,
    body: str,
    rrule: str,
    first_day: date,
    starts_at: time,
    zone: str,
    duration_minutes: int,
    scope: windows.Scope,
    announce_days: int = 14,
    is_notifying: bool = True,
    reminder_lead_minutes: Sequence[int] = (),
    is_auto_starting: bool = True,
    is_auto_finishing: bool = True,
    now: datetime | None = None,
) -> MaintenanceSeries:
    """Plan a window that comes again: by an RRULE from `first_day` on, at a wall time of `zone`. Raises Refused.

    Occurrences are announced by `announce_due`, each `announce_days` ahead, as ordinary maintenance.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        values = _values(
            title=title, body=body, rrule=rrule, first_day=first_day, starts_at=starts_at, zone=zone,
            duration_minutes=duration_minutes, scope=scope, announce_days=announce_days, is_notifying=is_notifying,
            reminder_lead_minutes=reminder_lead_minutes, is_auto_starting=is_auto_starting,
            is_auto_finishing=is_auto_finishing, now=now,
        )  # fmt: skip
        series = MaintenanceSeries.objects.create(**values, created_at=now)
        record(actor=actor, verb=Verb.SERIES_ADDED, subject=series, now=now, changes={"rrule": ["", series.rrule]})
    return series


def edit_series(
    *,
    actor: Actor,
    series_id: int,
    title: str,
    body: str,
    rrule: str,
    first_day: date,
    starts_at: time,
    zone: str,
    duration_minutes: int,
    scope: windows.Scope,
    announce_days: int = 14,
    is_notifying: bool = True,
    reminder_lead_minutes: Sequence[int] = (),
    is_auto_starting: bool = True,
    is_auto_finishing: bool = True,
    seen_version: int | None = None,
    now: datetime | None = None,
) -> MaintenanceSeries:
    """Change what comes from now on; what was announced already stays as it is. Raises Refused, Conflict."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        series = _lock(series_id, seen_version)
        values = _values(
            title=title, body=body, rrule=rrule, first_day=first_day, starts_at=starts_at, zone=zone,
            duration_minutes=duration_minutes, scope=scope, announce_days=announce_days, is_notifying=is_notifying,
            reminder_lead_minutes=reminder_lead_minutes, is_auto_starting=is_auto_starting,
            is_auto_finishing=is_auto_finishing, now=now,
        )  # fmt: skip
        changes = {name: [_plain(getattr(series, name)), _plain(value)] for name, value in values.items()
                   if getattr(series, name) != value}  # fmt: skip
        if changes:
            for name, value in values.items():
                setattr(series, name, value)
            series.version += 1
            series.save(update_fields=[*values, "version"])
            record(actor=actor, verb=Verb.SERIES_EDITED, subject=series, now=now, changes=changes)
    return series


def end_series(*, actor: Actor, series_id: int, now: datetime | None = None) -> MaintenanceSeries:
    """Announce no more of it; what was announced already stays. Raises Refused if it has ended."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        series = _lock(series_id, None)
        series.ended_at = now
        series.version += 1
        series.save(update_fields=["ended_at", "version"])
        record(actor=actor, verb=Verb.SERIES_ENDED, subject=series, now=now)
    return series


def announce_due(now: datetime | None = None) -> int:
    """Make the occurrences that are near enough (now in UTC) into maintenance; returns how many, at most 20.

    A series that cannot be read holds up no other.
    """
    now = now or timezone.now()
    made = 0
    for series in MaintenanceSeries.objects.filter(ended_at__isnull=True):
        if made < MOST_AT_ONCE and _is_due(series, now):
            made += _announce_or_leave(series.pk, now, MOST_AT_ONCE - made)
    return made


def _announce_or_leave(series_id: int, now: datetime, limit: int) -> int:
    try:
        return _announce(series_id, now, limit)
    except DatabaseError:
        raise
    except Exception:
        log.exception("Series %s could not be announced; the others go on, and the next sweep tries again.", series_id)
        return 0


def _announce(series_id: int, now: datetime, limit: int) -> int:
    made = 0
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        series = MaintenanceSeries.objects.select_for_update().get(pk=series_id)
        if series.ended_at or not _is_due(series, now):
            return 0  # another sweep was quicker
        horizon = now + timedelta(days=series.announce_days)
        starts = occurrences(
            parse_rule(series.rrule), series.first_day, series.starts_at, ZoneInfo(series.zone),
            max(now, series.announced_until or now), horizon, limit,
        )  # fmt: skip
        for start in starts:
            made += _announce_one(page, series, start, now)
        series.announced_until = starts[-1] if len(starts) == limit else horizon
        series.save(update_fields=["announced_until"])
    return made


def _announce_one(page: PublicPage, series: MaintenanceSeries, start: datetime, now: datetime) -> int:
    scope = windows.known_scope([(pk, tuple(regions)) for pk, regions in series.scope])
    if not scope or Incident.objects.filter(series=series, occurrence_at=start).exists():
        return 0
    windows.announce(
        actor=SYSTEM, page=page, title=series.title, body=series.body, scheduled_for=start,
        scheduled_until=start + timedelta(minutes=series.duration_minutes), scope=scope,
        reminder_lead_minutes=series.reminder_lead_minutes, is_notifying=series.is_notifying, now=now, series=series,
        flags={"is_auto_starting": series.is_auto_starting, "is_auto_finishing": series.is_auto_finishing},
    )  # fmt: skip
    return 1


def _is_due(series: MaintenanceSeries, now: datetime) -> bool:
    horizon = now + timedelta(days=series.announce_days)
    return series.announced_until is None or horizon - series.announced_until >= LOOKED_AT_EVERY


def _lock(series_id: int, seen_version: int | None) -> MaintenanceSeries:
    series = MaintenanceSeries.objects.select_for_update().filter(pk=series_id).first()
    if series is None:
        raise Refused(_("There is no such recurring maintenance."))
    if series.ended_at:
        raise Refused(_("This recurring maintenance has ended. Add another one."))
    if seen_version is not None and seen_version != series.version:
        raise Conflict(_("Somebody else changed this while you were writing. Read what is new, then save again."))
    return series


def _values(
    *,
    title: str,
    body: str,
    rrule: str,
    first_day: date,
    starts_at: time,
    zone: str,
    duration_minutes: int,
    scope: windows.Scope,
    announce_days: int,
    is_notifying: bool,
    reminder_lead_minutes: Sequence[int],
    is_auto_starting: bool,
    is_auto_finishing: bool,
    now: datetime,
) -> dict[str, Any]:
    """The columns of a series, looked over. Raises Refused."""
    text, _html = texts.body(body)
    windows.scope_rows(scope)
    _refuse_beyond(duration_minutes, MAX_DURATION_MINUTES, "duration_minutes", _("A window lasts 1 minute to 31 days."))
    _refuse_beyond(announce_days, MAX_ANNOUNCE_DAYS, "announce_days", _("Announce it 1 to 366 days ahead."))
    _refuse_rule(rrule, first_day, starts_at, zone, now)
    return {
        "title": texts.line(title, field="title", limit=255),
        "body": text,
        "rrule": rrule.strip(),
        "first_day": first_day,
        "starts_at": starts_at,
        "zone": zone,
        "duration_minutes": duration_minutes,
        "scope": [[component_id, list(region_ids)] for component_id, region_ids in scope],
        "announce_days": announce_days,
        "is_notifying": is_notifying,
        "reminder_lead_minutes": windows.leads(reminder_lead_minutes),
        "is_auto_starting": is_auto_starting,
        "is_auto_finishing": is_auto_finishing,
    }


def _refuse_beyond(number: int, most: int, field: str, sentence: str) -> None:
    if not 1 <= number <= most:
        raise Refused(sentence, field)


def _refuse_rule(rrule: str, first_day: date, starts_at: time, zone: str, now: datetime) -> None:
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Refused(_("There is no such time zone."), "zone") from None
    if not 2000 <= first_day.year <= 2200:
        raise Refused(_("Choose a first day from 2000 to 2200."), "first_day")
    try:
        rule = parse_rule(rrule)
    except NotARule as fault:
        raise Refused(_(fault.sentence) % fault.values, "rrule") from None
    if not has_occurrence(rule, first_day, starts_at, place, now):
        raise Refused(_("This rule does not come true within the next five years."), "rrule")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | time) else value

"""What alerts hold by rule: the intervals of source `monitor`, within the transaction of whoever moves them.

The rows of `MonitorHold` are what alerts say; the ledger follows: a component is at the worst level of the alerts that
hold it, and recovers when the last is over. Intervals of incidents, of maintenance and of the hand are never touched.
An alert that flaps, thrice or more within minutes, is held until it has been quiet for `QUIET`: one interval, not a
hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from incidents.actions import moves, verdicts
from incidents.actions.record import record
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.inbound import Alert
from incidents.domain.status import Level, worst_of
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ImpactInterval, InboundRule, MonitorHold

FLAPS_KNOWN = 3
QUIET = timedelta(minutes=10)
# A start is believed no further back: an old alert must not rewrite months that were reported.
EARLIEST = timedelta(hours=24)


def repeat(rule: InboundRule, key: str, times: int, now: datetime) -> bool:
    """Count an alert that goes on holding, without the lock on the page; whether that was all there is to do."""
    still = MonitorHold.objects.filter(rule=rule, fingerprint=key, resolved_at__isnull=True)
    return still.update(count=F("count") + times, last_seen_at=now) > 0


def fire(actor: Actor, rule: InboundRule, key: str, alert: Alert, times: int, now: datetime) -> None:
    """Hold the component of a rule, from when the alert says that it began. Raises Refused as `moves.apply`."""
    hold = MonitorHold.objects.filter(rule=rule, fingerprint=key).first()
    if hold is None:
        hold = MonitorHold(rule=rule, fingerprint=key, count=0)
    elif hold.resolved_at:
        hold.flaps = hold.flaps + 1 if now - hold.last_seen_at <= QUIET else 0
    hold.fired_at = min(alert.started_at or now, now)
    hold.resolved_at, hold.is_holding, hold.last_seen_at = None, True, now
    hold.count += times
    hold.save()
    settle(actor, rule.component, hold.fired_at, now)


def standing(source_id: int, key: str) -> QuerySet[MonitorHold]:
    """What an alert of a source holds and has not ended."""
    return MonitorHold.objects.filter(rule__source=source_id, fingerprint=key, resolved_at__isnull=True)


def resolve(actor: Actor, holds: Iterable[MonitorHold], ended_at: datetime | None, now: datetime) -> None:
    """End what an alert holds; one that flaps stays until it has been quiet."""
    for hold in holds:
        hold.resolved_at, hold.last_seen_at = max(hold.fired_at, min(ended_at or now, now)), now
        hold.is_holding = hold.flaps >= FLAPS_KNOWN
        hold.save(update_fields=["resolved_at", "last_seen_at", "is_holding"])
        if not hold.is_holding:
            settle(actor, hold.rule.component, hold.resolved_at, now)


def quiet(now: datetime) -> QuerySet[MonitorHold]:
    """Flapping alerts that have been over long enough."""
    return MonitorHold.objects.filter(is_holding=True, resolved_at__isnull=False, last_seen_at__lte=now - QUIET)


def release(actor: Actor, holds: QuerySet[MonitorHold], now: datetime) -> None:
    """Let go, now, of what these hold: their rule or source is no more, or they have been quiet."""
    rows = list(holds.select_related("rule__component__group"))
    MonitorHold.objects.filter(pk__in=[row.pk for row in rows]).update(is_holding=False)
    MonitorHold.objects.filter(pk__in=[row.pk for row in rows], resolved_at__isnull=True).update(resolved_at=now)
    for component in {row.rule.component_id: row.rule.component for row in rows}.values():
        ends = [row.resolved_at or now for row in rows if row.rule.component_id == component.pk]
        settle(actor, component, max(ends), now)


def settle(actor: Actor, component: Component, at: datetime, now: datetime) -> None:
    """Move the monitor's intervals of a component to what the holds say. `at` (UTC): when that began to be so, as far
    as the ledger can take it. Raises Refused as `moves.apply`."""
    holder = moves.Holder(None, "monitor")
    told = [
        line
        for regions, level in _wanted(component, holder)
        if (change := _change(component, holder, regions, level, at, now))
        for line in moves.apply(holder, change, now)
    ]
    if not holder.touched:
        return
    Component.objects.filter(pk=component.pk).update(updated_at=now)
    verb = Verb.MONITOR_OPENED if holder.open_intervals(component).exists() else Verb.MONITOR_CLOSED
    record(
        actor=actor, verb=verb, subject=component, now=now, reach=Reach.PAGE, changes={"levels": ["", told]},
        published=holder.touched,
    )  # fmt: skip
    late = _("Recorded after the verdict: %(title)s") % {"title": component.full_name}
    verdicts.reissue_since(actor=actor, since=min(row.started_at for row in holder.touched), reason=late, now=now)


def _wanted(component: Component, holder: moves.Holder) -> list[tuple[tuple[int, ...], Level]]:
    """The level for each set of regions: one entry for all of them, unless they differ."""
    rules = [
        hold.rule
        for hold in MonitorHold.objects.filter(rule__component=component, is_holding=True).select_related("rule")
    ]
    everywhere = worst_of(Level(rule.level) for rule in rules if rule.region_id is None)
    regions = sorted(component.regions.values_list("pk", flat=True))
    is_apart = any(rule.region_id for rule in rules) or (
        holder.open_intervals(component).filter(region__isnull=False).exists()
    )
    if not regions or not is_apart:
        return [((), everywhere)]
    return [
        ((pk,), worst_of([everywhere, *(Level(rule.level) for rule in rules if rule.region_id == pk)]))
        for pk in regions
    ]


def _change(
    component: Component, holder: moves.Holder, regions: tuple[int, ...], level: Level, at: datetime, now: datetime
) -> ComponentChange | None:
    rows = [
        row
        for row in holder.open_intervals(component)
        if not regions or row.region_id is None or row.region_id in regions
    ]
    if not rows and level == Level.OPERATIONAL:
        return None
    since: datetime | None = None
    if not rows:
        since = min(max(at, now - EARLIEST, _last_end(component) or at), now)
    elif level == Level.OPERATIONAL:
        since = max(min(at, now), *(row.started_at for row in rows))
    return ComponentChange(component.pk, level, since, regions)


def _last_end(component: Component) -> datetime | None:
    rows = ImpactInterval.objects.filter(component=component, source="monitor", superseded_at__isnull=True)
    newest: datetime | None = rows.aggregate(at=Max("ended_at"))["at"]
    return newest

"""Say what the status of a component is now, whoever holds it: as the write API does, where nobody looks at incidents.

The console's way is `component.set_component_status`, which leaves an incident its own to say.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, moves, texts, updates, verdicts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.status import HEAVINESS, Level, Stage, worst_of
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ImpactInterval, Incident, PublicPage


def put_component_status(
    *, actor: Actor, component_id: int, level: str, now: datetime | None = None
) -> tuple[Component, list[Incident]]:
    """Make this the status of the component in all regions from now on: whatever is heavier ends or is brought down to
    it, in the incidents too, each of which says so by an update that notifies nobody; what is lighter stays.

    Returns the component and the incidents that said so. Raises Refused for an unknown level, an archived component and
    a group.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        component = moves.component_of(component_id)
        wanted = _level(level)
        touched: list[ImpactInterval] = []
        told: list[Incident] = []
        for incident, source, heaviest in _holders(component):
            if HEAVINESS[heaviest] <= HEAVINESS[wanted]:
                continue
            holder = moves.Holder(incident, source)
            said = moves.apply(holder, ComponentChange(component.pk, wanted), now)
            if incident is None:
                touched += holder.touched
            else:
                _say(actor, page, incident, component, wanted, said, holder, now)
                told.append(incident)
        if worst_of([heaviest for _incident, _source, heaviest in _holders(component)]) != wanted:
            hand = moves.Holder(None, "manual")
            moves.apply(hand, ComponentChange(component.pk, wanted), now)
            touched += hand.touched
        if touched or told:
            _record(actor, component, wanted, touched, now)
    return component, told


def _holders(component: Component) -> list[tuple[Incident | None, str, Level]]:
    """Who holds the component now, each with its heaviest level."""
    found: dict[tuple[int | None, str], tuple[Incident | None, str, Level]] = {}
    rows = queries.standing_intervals().filter(component=component, ended_at__isnull=True).select_related("incident")
    for row in rows:
        key = (row.incident_id, row.source)
        before = found[key][2] if key in found else Level.OPERATIONAL
        found[key] = (row.incident, row.source, worst_of((Level(row.level), before)))
    return list(found.values())


def _say(
    actor: Actor, page: PublicPage, incident: Incident, component: Component, level: Level,
    said: list[dict[str, object]], holder: moves.Holder, now: datetime,
) -> None:  # fmt: skip
    sentence = (
        _("%(name)s is operational again.")
        if level == Level.OPERATIONAL
        else _("The status of %(name)s is now: %(level)s.")
    )
    words = {"name": component.full_name, "level": level.value.replace("_", " ")}
    text, html = texts.body(sentence % words)
    newest = incident.updates.last()
    due = newest.next_update_due_at if newest else None
    update = updates.append(
        actor=actor, incident=incident, stage=Stage(incident.stage), text=text, html=html,
        now=updates.not_before_newest(incident, now), is_notifying=False, told=said,
        next_update_due_at=due if due and due > now else None,  # nobody meant this to be the promised word
    )  # fmt: skip
    verb = Verb.MAINTENANCE_UPDATED if incident.is_maintenance else Verb.INCIDENT_UPDATED
    updates.tell(actor, verb, page, incident, update, changes={}, published=holder.touched)


def _record(
    actor: Actor, component: Component, level: Level, touched: list[ImpactInterval], now: datetime
) -> None:  # fmt: skip
    Component.objects.filter(pk=component.pk).update(updated_at=now)
    component.updated_at = now
    record(
        actor=actor, verb=Verb.COMPONENT_STATUS_SET, subject=component, now=now, reach=Reach.PAGE,
        changes={"level": ["", level.value]}, published=touched,
    )  # fmt: skip
    moved = min((row.started_at for row in touched), default=None)
    late = _("Recorded after the verdict: %(title)s") % {"title": component.full_name}
    verdicts.reissue_since(actor=actor, since=moved, reason=late, now=now)


def _level(raw: str) -> Level:
    try:
        return Level(raw)
    except ValueError:
        raise Refused(_("Choose a status."), "status") from None

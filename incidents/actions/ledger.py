"""Corrections of the ledger: a row is never overwritten but superseded, with who, when and a public reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts, verdicts
from incidents.actions.corrections import Changes, correct, instant, path_of
from incidents.actions.figures import figures_of, months_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.status import Level
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, Correction, ImpactInterval, Region

UNCHANGED = -1


def correct_interval(
    *,
    actor: Actor,
    interval_id: int,
    level: str,
    started_at: datetime,
    ended_at: datetime | None,
    reason: str,
    component_id: int | None = None,
    region_id: int | None = UNCHANGED,
    is_quality: bool | None = None,
    now: datetime | None = None,
) -> ImpactInterval | None:
    """Put another interval in the place of one that was wrong, or nothing (`operational`: it was never broken).

    Times are UTC; `ended_at` None keeps it open, which is possible only for one that is open. `component_id` None keeps
    the component; `region_id` None means all regions, UNCHANGED (the default) the region that it had, or all if the
    other component does not run there; `is_quality` (served, but wrong) None keeps it. Returns the new row, or None.
    Raises Refused for times that cannot be, for a superseded row, and without a reason.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        wrong = _standing(interval_id)
        why = texts.line(reason, field="reason", limit=300)
        _refuse_times(wrong, started_at, ended_at, now)
        component = _component(wrong, component_id)
        region = _region(wrong, component, region_id)
        touched = {wrong.component_id, component.pk}
        months = months_of([(wrong.started_at, wrong.ended_at), (started_at, ended_at)], now)
        before = figures_of(wrong.incident, touched, months, now)
        right = None
        if level != Level.OPERATIONAL:
            served_wrong = wrong.is_quality if is_quality is None else is_quality
            right = replacement(wrong, component, region, level, served_wrong, started_at, ended_at, now)
        supersede(wrong, right, why, actor, now)
        correction = correct(
            actor=actor, verb=Verb.INTERVAL_CORRECTED, subject=subject_of(wrong), path=address_of(wrong), reason=why,
            changes=changes_of(wrong, right), before=before, after=figures_of(wrong.incident, touched, months, now),
            incident=wrong.incident, now=now,
        )  # fmt: skip
        _record(actor, wrong, right, correction, why, now)
        verdicts.reissue_since(actor=actor, since=min(wrong.started_at, started_at), reason=why, now=now)
    return right


def _standing(interval_id: int) -> ImpactInterval:
    related = ("component__group", "incident", "region")
    found = ImpactInterval.objects.select_related(*related).filter(pk=interval_id).first()
    if found is None or found.superseded_at:
        raise Refused(_("This interval is not in the ledger any more. Reload the page."))
    return found


def _refuse_times(wrong: ImpactInterval, started_at: datetime, ended_at: datetime | None, now: datetime) -> None:
    if started_at > now or (ended_at and ended_at > now):
        raise Refused(_("The time is in the future."), "started_at")
    if ended_at and ended_at < started_at:
        raise Refused(_("The end is before the beginning."), "ended_at")
    if ended_at is None and wrong.ended_at is not None:
        raise Refused(
            _("This interval has ended; give its end. To break the component again, post an update."), "ended_at"
        )


def _component(wrong: ImpactInterval, component_id: int | None) -> Component:
    if component_id is None or component_id == wrong.component_id:
        return wrong.component
    found = Component.objects.select_related("group").filter(pk=component_id, is_group=False).first()
    if found is None:
        raise Refused(_("There is no such component."), "component_id")
    if found.archived_at and wrong.ended_at is None:
        raise Refused(_("%(name)s is archived; nothing can be open on it.") % {"name": found.name}, "component_id")
    return found


def _region(wrong: ImpactInterval, component: Component, region_id: int | None) -> Region | None:
    if region_id == UNCHANGED:
        is_at_home = component.pk == wrong.component_id or wrong.region in component.regions.all()
        return wrong.region if is_at_home else None
    if region_id is None:
        return None
    if wrong.region and (region_id, component.pk) == (wrong.region_id, wrong.component_id):
        return wrong.region
    found = component.regions.filter(pk=region_id).first()
    if found is None:
        raise Refused(_("%(name)s does not run in that region.") % {"name": component.name}, "region_id")
    return found


def replacement(
    wrong: ImpactInterval,
    component: Component,
    region: Region | None,
    level: str,
    is_quality: bool,
    started_at: datetime,
    ended_at: datetime | None,
    now: datetime,
) -> ImpactInterval:
    """Write, within a correction, the interval that takes the place of a wrong one."""
    if level not in list(Level):
        raise Refused(_("Choose a status."), "level")
    return ImpactInterval.objects.create(
        component=component,
        region=region,
        level=level,
        is_quality=is_quality,
        started_at=started_at,
        ended_at=ended_at,
        incident=wrong.incident,
        source=wrong.source,
        note=wrong.note,
        recorded_at=now,
    )


def supersede(wrong: ImpactInterval, right: ImpactInterval | None, why: str, actor: Actor, now: datetime) -> None:
    """Let an interval count no more, within a correction; `right` (None: nothing) stands in its place."""
    wrong.superseded_at, wrong.superseded_by = now, right
    wrong.superseded_reason, wrong.superseded_by_label = why, actor.label
    wrong.save(update_fields=["superseded_at", "superseded_by", "superseded_reason", "superseded_by_label"])
    if wrong.incident:
        wrong.incident.version += 1
        wrong.incident.updated_at = now
        wrong.incident.save(update_fields=["version", "updated_at"])


def _record(
    actor: Actor,
    wrong: ImpactInterval,
    right: ImpactInterval | None,
    correction: Correction,
    why: str,
    now: datetime,
) -> None:
    record(
        actor=actor, verb=Verb.INTERVAL_CORRECTED, subject=wrong.component, now=now, incident=wrong.incident,
        reach=Reach.PAGE, changes={"interval": [_as_text(wrong), _as_text(right)], "reason": ["", why]},
        published=[wrong, *([right] if right else []), correction],
    )  # fmt: skip


def subject_of(wrong: ImpactInterval) -> str:
    """What the correction of an interval is about, in words."""
    name = wrong.component.full_name
    return f"{wrong.incident.title}: {name}" if wrong.incident else name


def address_of(wrong: ImpactInterval) -> str:
    """The public address of it."""
    return path_of(wrong.incident) or f"/components/{wrong.component.slug}"


def changes_of(wrong: ImpactInterval, right: ImpactInterval | None) -> Changes:
    """What a correction changes of an interval, by field, as the public reads it."""
    if right is None:
        return {"interval": (_in_words(wrong), _("none: it was never broken"))}
    everywhere, still = _("all regions"), _("still")
    return {
        "component": (wrong.component.full_name, right.component.full_name),
        "region": (
            wrong.region.name if wrong.region else everywhere,
            right.region.name if right.region else everywhere,
        ),
        "level": (wrong.level, str(right.level)),
        "served wrong": (_yes_or_no(wrong), _yes_or_no(right)),
        "began": (instant(wrong.started_at), instant(right.started_at)),
        "ended": (instant(wrong.ended_at, still), instant(right.ended_at, still)),
    }


def _yes_or_no(row: ImpactInterval) -> str:
    return _("yes") if row.is_quality else _("no")


def _in_words(row: ImpactInterval) -> str:
    return f"{row.level}, {instant(row.started_at)} – {instant(row.ended_at, _('still'))}"


def _as_text(interval: ImpactInterval | None) -> str:
    if interval is None:
        return ""
    end = interval.ended_at.isoformat() if interval.ended_at else ""
    wrong = " wrong" if interval.is_quality else ""
    return f"{interval.level}{wrong} {interval.started_at.isoformat()}/{end}"

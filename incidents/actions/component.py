"""Add, edit, arrange, archive and restore components; set a status by hand; add regions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import queries
from incidents.actions import guards, moves, slugs, texts, verdicts
from incidents.actions.component_row import first_day, group_of, new_row, refuse_same_name
from incidents.actions.corrections import correct
from incidents.actions.figures import figures_of, months_of
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component, ImpactInterval, Region


def add_region(*, actor: Actor, key: str, name: str, now: datetime | None = None) -> Region:
    """Add a region. `key` is `[a-z0-9-]+`. Raises Refused if the key is taken."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        slug = slugs.slug_of(key or name)
        if Region.objects.filter(key=slug).exists():
            raise Refused(_("There is a region with this key already."), "key")
        region = Region.objects.create(
            key=slug, name=texts.line(name, field="name", limit=100), position=Region.objects.count() + 1
        )
        record(actor=actor, verb=Verb.REGION_ADDED, subject=region, now=now, reach=Reach.PAGE, published=[region])
    return region


def add_component(
    *,
    actor: Actor,
    name: str,
    slug: str = "",
    description: str = "",
    is_group: bool = False,
    group_id: int | None = None,
    region_ids: Sequence[int] = (),
    start_date: date | None = None,
    is_hidden_unless_degraded: bool = False,
    is_showcased: bool = True,
    key: str = "",
    now: datetime | None = None,
) -> Component:
    """Add a component or a group, last in its place. `start_date` is a day in the page's zone. A repeat under the same
    `key` returns what was made first. Raises Refused, Conflict."""
    now = now or timezone.now()
    content = guards.fingerprint(actor=actor.label, component=name, group=group_id, is_group=is_group)
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return Component.objects.get(pk=earlier)
        component = new_row(
            name=name, slug=slug, description=description, is_group=is_group, group_id=group_id, start_date=start_date,
            is_hidden_unless_degraded=is_hidden_unless_degraded, is_showcased=is_showcased, now=now,
        )  # fmt: skip
        component.regions.set(region_ids)
        record(
            actor=actor, verb=Verb.COMPONENT_ADDED, subject=component, now=now, reach=Reach.PAGE, published=[component]
        )
        guards.keep_result(key, content, component.pk, now)
    return component


def edit_component(
    *,
    actor: Actor,
    component_id: int,
    name: str,
    description: str,
    group_id: int | None,
    region_ids: Sequence[int],
    start_date: date | None,
    is_hidden_unless_degraded: bool,
    is_showcased: bool | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Component:
    """Change what a component is called and where it stands; its address stays. `is_showcased` None: as it is. Another
    first day, once one was set, is a correction of its figures and needs a reason. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        component = _component(component_id)
        clean_name = texts.line(name, field="name", limit=120)
        refuse_same_name(clean_name, group_id, component.pk)
        _refuse_region_in_use(component, region_ids)
        new = {
            "name": clean_name,
            "description": texts.line(description, field="description", limit=300, is_required=False),
            "group_id": group_id,
            "start_date": first_day(start_date),
            "is_hidden_unless_degraded": is_hidden_unless_degraded,
            "is_showcased": component.is_showcased if is_showcased is None else is_showcased,
        }
        group_of(group_id, component.is_group)
        changes = {field: [_plain(getattr(component, field)), _plain(value)] for field, value in new.items()
                   if getattr(component, field) != value}  # fmt: skip
        regions_before = sorted(component.regions.values_list("pk", flat=True))
        if sorted(region_ids) != regions_before:
            changes["regions"] = [regions_before, sorted(region_ids)]
        was, months = component.start_date, _months(component, start_date, now)
        before = figures_of(None, [component.pk], months, now)
        for field, value in new.items():
            setattr(component, field, value)
        component.updated_at = now
        component.save(update_fields=[*new, "updated_at"])
        component.regions.set(region_ids)
        corrections = []
        if was and was != start_date:
            why = texts.line(reason, field="reason", limit=300)
            corrections = [
                correct(
                    actor=actor, verb=Verb.COMPONENT_EDITED, subject=component.full_name,
                    path=f"/components/{component.slug}", reason=why, before=before,
                    changes={"first day": (was.isoformat(), start_date.isoformat() if start_date else _("none"))},
                    after=figures_of(None, [component.pk], months, now), now=now,
                )
            ]  # fmt: skip
        record(
            actor=actor, verb=Verb.COMPONENT_EDITED, subject=component, now=now, changes=changes, reach=Reach.PAGE,
            published=[component, *corrections],
        )  # fmt: skip
    return component


def arrange_components(*, actor: Actor, component_ids: Sequence[int], now: datetime | None = None) -> None:
    """Put components of one place (a group, or the top) in this order. Raises Refused for an unknown one."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        page = guards.lock_page(now)
        known = Component.objects.in_bulk(list(component_ids))
        if len(known) != len(set(component_ids)):
            raise Refused(_("There is no such component."), "components")
        for position, component_id in enumerate(component_ids, start=1):
            Component.objects.filter(pk=component_id).update(position=position)
        record(
            actor=actor, verb=Verb.COMPONENTS_ARRANGED, subject=page, now=now, reach=Reach.PAGE,
            changes={"order": ["", [known[pk].name for pk in component_ids]]},
        )  # fmt: skip


def archive_component(*, actor: Actor, component_id: int, now: datetime | None = None) -> Component:
    """Take a component off the page; its history stays. Raises Refused while anything is open on it or in it."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        component = _component(component_id)
        if component.children.filter(archived_at__isnull=True).exists():
            raise Refused(_("Archive or move the components of this group first."))
        if _open_rows(component).exists():
            raise Refused(_("%(name)s is not operational. End what is open on it first.") % {"name": component.name})
        component.archived_at = component.updated_at = now
        component.save(update_fields=["archived_at", "updated_at"])
        record(
            actor=actor, verb=Verb.COMPONENT_ARCHIVED, subject=component, now=now, reach=Reach.PAGE,
            published=[component],
        )  # fmt: skip
    return component


def restore_component(*, actor: Actor, component_id: int, now: datetime | None = None) -> Component:
    """Put an archived component back on the page. Raises Refused if its group is archived."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        component = _component(component_id)
        if component.group and component.group.archived_at:
            raise Refused(_("Its group is archived. Restore the group first."))
        refuse_same_name(component.name, component.group_id, component.pk)
        component.archived_at, component.updated_at = None, now
        component.save(update_fields=["archived_at", "updated_at"])
        record(
            actor=actor, verb=Verb.COMPONENT_RESTORED, subject=component, now=now, reach=Reach.PAGE,
            published=[component],
        )  # fmt: skip
    return component


def set_component_status(
    *,
    actor: Actor,
    component_id: int,
    level: str,
    since: datetime | None = None,
    region_ids: tuple[int, ...] = (),
    now: datetime | None = None,
) -> Component:
    """Set a status by hand, from `since` (UTC; default now), without an incident.

    Raises Refused for `operational` while an incident holds the component: ending that is the incident's to say.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        component = _component(component_id)
        wanted = _level(level)
        holding = _open_rows(component).filter(incident__isnull=False).select_related("incident").first()
        if wanted == Level.OPERATIONAL and holding and holding.incident:
            raise Refused(
                _("The incident “%(title)s” holds %(name)s. Post an update there to say that it has recovered.")
                % {"title": holding.incident.title, "name": component.name},
                "level",
            )
        change = ComponentChange(component.pk, wanted, since, region_ids)
        holder = moves.Holder(None, "manual")
        told = moves.apply(holder, change, now)
        Component.objects.filter(pk=component.pk).update(updated_at=now)
        record(
            actor=actor, verb=Verb.COMPONENT_STATUS_SET, subject=component, now=now, reach=Reach.PAGE,
            changes={"levels": ["", told]}, published=holder.touched,
        )  # fmt: skip
        moved = min((row.started_at for row in holder.touched), default=None)
        late = _("Recorded after the verdict: %(title)s") % {"title": component.full_name}
        verdicts.reissue_since(actor=actor, since=moved, reason=late, now=now)
    return component


def _months(component: Component, start_date: date | None, now: datetime) -> set[date]:
    """The months that another first day can move: those with trouble, and those in which either day lies."""
    spans = queries.standing_intervals().filter(component=component).values_list("started_at", "ended_at")
    days = {day.replace(day=1) for day in (component.start_date, start_date) if day}
    return months_of(spans, now) | days


def _component(component_id: int) -> Component:
    component = Component.objects.select_related("group").filter(pk=component_id).first()
    if component is None:
        raise Refused(_("There is no such component."))
    return component


def _open_rows(component: Component) -> QuerySet[ImpactInterval]:
    return ImpactInterval.objects.filter(component=component, ended_at__isnull=True, superseded_at__isnull=True)


def _refuse_region_in_use(component: Component, region_ids: Sequence[int]) -> None:
    lost = _open_rows(component).filter(region__isnull=False).exclude(region_id__in=region_ids)
    if lost.exists():
        raise Refused(_("One of the regions that you remove is in trouble now. End that first."), "regions")


def _level(raw: str) -> Level:
    try:
        return Level(raw)
    except ValueError:
        raise Refused(_("Choose a status."), "level") from None


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value

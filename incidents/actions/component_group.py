"""Groups with their members, in one act: how the write API makes, changes and dissolves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import guards, texts
from incidents.actions.component_row import new_row, refuse_same_name
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.verbs import Reach, Verb
from incidents.models import Component


def add_group(
    *,
    actor: Actor,
    name: str,
    description: str = "",
    component_ids: Sequence[int] = (),
    key: str = "",
    now: datetime | None = None,
) -> Component:
    """Add a group of these components, in this order. A repeat under the same `key` returns what was made first. Raises
    Refused for an unknown component or a group among them, Conflict."""
    now = now or timezone.now()
    content = guards.fingerprint(actor=actor.label, group=name, description=description, members=list(component_ids))
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        if earlier := guards.earlier_result(key, content):
            return Component.objects.get(pk=earlier)
        group = new_row(name=name, description=description, is_group=True, now=now)
        members = _set_members(group, component_ids, now)
        record(
            actor=actor, verb=Verb.COMPONENT_ADDED, subject=group, now=now, reach=Reach.PAGE,
            changes={"components": ["", [row.name for row in members]]}, published=[group, *members],
        )  # fmt: skip
        guards.keep_result(key, content, group.pk, now)
    return group


def edit_group(
    *,
    actor: Actor,
    group_id: int,
    name: str,
    description: str,
    component_ids: Sequence[int] | None = None,
    now: datetime | None = None,
) -> Component:
    """Change what a group is called and, unless None, which components it has; those that leave it stand at the top.
    Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        group = _group(group_id)
        new = {
            "name": texts.line(name, field="name", limit=120),
            "description": texts.line(description, field="description", limit=300, is_required=False),
        }
        refuse_same_name(new["name"], None, group.pk)
        changes: dict[str, list[object]] = {
            field: [getattr(group, field), value] for field, value in new.items() if getattr(group, field) != value
        }
        before = list(group.children.filter(archived_at__isnull=True))
        moved: list[Component] = []
        if component_ids is not None and [row.pk for row in before] != list(component_ids):
            moved = _let_go([row for row in before if row.pk not in set(component_ids)], now)
            moved += _set_members(group, component_ids, now)
            changes["components"] = [[row.name for row in before], [row.name for row in moved if row.group_id]]
        if changes:
            group.name, group.description, group.updated_at = new["name"], new["description"], now
            group.save(update_fields=["name", "description", "updated_at"])
            record(
                actor=actor, verb=Verb.COMPONENT_EDITED, subject=group, now=now, reach=Reach.PAGE, changes=changes,
                published=[group, *moved],
            )  # fmt: skip
    return group


def dissolve_group(*, actor: Actor, group_id: int, now: datetime | None = None) -> Component:
    """Take a group off the page; its components stand at the top. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        group = _group(group_id)
        moved = _let_go(list(group.children.filter(archived_at__isnull=True)), now)
        group.archived_at = group.updated_at = now
        group.save(update_fields=["archived_at", "updated_at"])
        record(
            actor=actor, verb=Verb.COMPONENT_ARCHIVED, subject=group, now=now, reach=Reach.PAGE,
            changes={"components": [[row.name for row in moved], []]}, published=[group, *moved],
        )  # fmt: skip
    return group


def _group(group_id: int) -> Component:
    group = Component.objects.filter(pk=group_id, is_group=True, archived_at__isnull=True).first()
    if group is None:
        raise Refused(_("There is no such group."))
    return group


def _set_members(group: Component, component_ids: Sequence[int], now: datetime) -> list[Component]:
    known = Component.objects.filter(is_group=False, archived_at__isnull=True).in_bulk(list(component_ids))
    if len(known) != len(component_ids):
        raise Refused(_("A group takes components that are on the page, each once, and no groups."), "components")
    rows = [known[pk] for pk in component_ids]
    for position, row in enumerate(rows, start=1):
        if row.group_id != group.pk:
            refuse_same_name(row.name, group.pk, row.pk)
        row.group, row.position, row.updated_at = group, position, now
        row.save(update_fields=["group", "position", "updated_at"])
    return rows


def _let_go(rows: Sequence[Component], now: datetime) -> list[Component]:
    last = Component.objects.filter(group__isnull=True).count()
    for position, row in enumerate(rows, start=last + 1):
        refuse_same_name(row.name, None, row.pk)
        row.group, row.position, row.updated_at = None, position, now
        row.save(update_fields=["group", "position", "updated_at"])
    return list(rows)

"""The row of a component: its place, its name and its address. Called inside the transactions of other actions."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from incidents.actions import slugs, texts
from incidents.actions.codes import new_code
from incidents.actions.refusals import Refused
from incidents.models import Component

FIRST_DAYS = (date(1990, 1, 1), date(2199, 12, 31))  # the pages of a history are as many as its months


def new_row(
    *,
    name: str,
    now: datetime,
    slug: str = "",
    description: str = "",
    is_group: bool = False,
    group_id: int | None = None,
    start_date: date | None = None,
    is_hidden_unless_degraded: bool = False,
    is_showcased: bool = True,
) -> Component:
    """The row of a new component, last in its place, in the caller's transaction. Raises Refused."""
    clean_name = texts.line(name, field="name", limit=120)
    refuse_same_name(clean_name, group_id, None)
    siblings = Component.objects.filter(group_id=group_id)
    return Component.objects.create(
        code=new_code(),
        slug=slugs.free_slug(slug or clean_name),
        name=clean_name,
        description=texts.line(description, field="description", limit=300, is_required=False),
        is_group=is_group,
        group=group_of(group_id, is_group),
        position=(siblings.aggregate(last=Max("position"))["last"] or 0) + 1,
        start_date=first_day(start_date),
        is_hidden_unless_degraded=is_hidden_unless_degraded,
        is_showcased=is_showcased,
        created_at=now,
        updated_at=now,
    )


def first_day(day: date | None) -> date | None:
    """The first day with data as it may be kept. Raises Refused for a slip of the pen, such as the year 206."""
    if day is not None and not FIRST_DAYS[0] <= day <= FIRST_DAYS[1]:
        raise Refused(_("The first day must lie between 1990 and 2199."), "start_date")
    return day


def group_of(group_id: int | None, is_group: bool) -> Component | None:
    """The group of this id; None for None. Raises Refused."""
    if group_id is None:
        return None
    if is_group:
        raise Refused(_("A group cannot stand in a group."), "group")
    group = Component.objects.filter(pk=group_id, is_group=True, archived_at__isnull=True).first()
    if group is None:
        raise Refused(_("There is no such group."), "group")
    return group


def refuse_same_name(name: str, group_id: int | None, own_id: int | None) -> None:
    """Raise Refused where another component of this place has the name."""
    same = Component.objects.filter(name=name, group_id=group_id, archived_at__isnull=True)
    if same.exclude(pk=own_id or 0).exists():
        raise Refused(_("There is a component with this name in the same place already."), "name")

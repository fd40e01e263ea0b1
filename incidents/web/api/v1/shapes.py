"""From rows to answers: components, and the times and levels that all of them need."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from incidents import queries
from incidents.domain.instants import in_zone
from incidents.domain.status import Level, worst_of
from incidents.models import Component, PublicPage
from incidents.web.api.v1 import answers


def stamp(at: datetime, page: PublicPage) -> str:
    """An instant in the zone of the page, with three digits: `…Z` where that is UTC, else with the offset of then."""
    return in_zone(at, ZoneInfo(page.time_zone))


def stamp_or_none(at: datetime | None, page: PublicPage) -> str | None:
    """As `stamp`, None for None."""
    return stamp(at, page) if at else None


def page_answer(page: PublicPage) -> answers.Page:
    """The page."""
    return answers.Page(
        id=page.code,
        name=page.name,
        url=settings.SITE_URL,
        time_zone=page.time_zone,
        updated_at=stamp(page.updated_at, page),
        domain=urlsplit(settings.SITE_URL).netloc,
    )


class Levels:
    """The level of every component now; of a group, that of its worst child. Two queries, whatever is asked."""

    def __init__(self) -> None:
        open_ones = queries.standing_intervals().filter(ended_at__isnull=True)
        self._own: dict[int, Level] = {}
        for pk, level in open_ones.values_list("component_id", "level"):
            self._own[pk] = worst_of((Level(level), self._own.get(pk, Level.OPERATIONAL)))
        self.children: dict[int, list[Component]] = {}
        for child in Component.objects.filter(group__isnull=False, archived_at__isnull=True):
            self.children.setdefault(child.group_id or 0, []).append(child)

    def of(self, component: Component) -> Level:
        """The level of one."""
        if component.is_group:
            return worst_of(self._own.get(child.pk, Level.OPERATIONAL) for child in self.children.get(component.pk, []))
        return self._own.get(component.pk, Level.OPERATIONAL)


def component_answers(
    components: Iterable[Component], page: PublicPage, levels: Levels | None = None
) -> list[answers.Component]:
    """Components, with their groups read along (`select_related("group")`)."""
    known = levels or Levels()
    return [component_answer(row, page, known) for row in components]


def component_answer(row: Component, page: PublicPage, levels: Levels) -> answers.Component:
    """One component, or a group as one."""
    values = {
        "id": row.code, "name": row.name, "status": levels.of(row).value, "created_at": stamp(row.created_at, page),
        "updated_at": stamp(row.updated_at, page), "position": row.position, "description": row.description or None,
        "showcase": row.is_showcased and not row.is_group, "start_date": _day(row.start_date),
        "group_id": row.group.code if row.group else None, "page_id": page.code, "group": row.is_group,
        "only_show_if_degraded": row.is_hidden_unless_degraded,
    }  # fmt: skip
    if row.is_group:
        children = [child.code for child in levels.children.get(row.pk, [])]
        return answers.GroupAsComponent.model_validate(values | {"components": children})
    return answers.Component.model_validate(values)


def group_answer(row: Component, page: PublicPage, levels: Levels) -> answers.ComponentGroup:
    """A group as a resource of its own."""
    return answers.ComponentGroup(
        id=row.code,
        page_id=page.code,
        name=row.name,
        description=row.description or None,
        components=[child.code for child in levels.children.get(row.pk, [])],
        position=row.position,
        created_at=stamp(row.created_at, page),
        updated_at=stamp(row.updated_at, page),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None

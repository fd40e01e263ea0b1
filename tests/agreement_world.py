"""An agreement on the reference incident and on the second vector, made through the actions."""

from __future__ import annotations

from datetime import date
from typing import Any

from incidents.actions import agreement as actions
from incidents.actions import component as component_actions
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Agreement, Component
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc

FOUNDED = utc("2026-01-01 00:00")
JUNE = date(2026, 6, 1)
JULY = utc("2026-07-01 00:00")


def terms(*components: Component, **overrides: Any) -> actions.Terms:
    """Terms of 99.5 % from June 2026."""
    values = {"name": "Enterprise plan", "target_percent": "99.5", "first_month": JUNE}
    return actions.Terms(**{**values, "component_ids": [row.pk for row in components], **overrides})


def agree(*components: Component, slug: str = "enterprise", **overrides: Any) -> Agreement:
    """An agreement over the components."""
    return actions.add_agreement(actor=MARIA, slug=slug, terms=terms(*components, **overrides), now=FOUNDED)


def reference(count: int = 2) -> list[Component]:
    """The reference incident, 14:30 to 18:15, first post 14:52, monitoring 17:45, on components in two regions."""
    regions = [make_region(key, now=FOUNDED).pk for key in ("region-1", "region-2")]
    rows = [make_component(f"Part {number}", region_ids=regions, now=FOUNDED) for number in range(count)]
    begun = utc("2026-06-23 14:30")
    incident = open_incident(*rows, started_at=begun, now=utc("2026-06-23 14:52"))
    post_update(incident, "monitoring", now=utc("2026-06-23 17:45"))
    post_update(incident, "resolved", now=utc("2026-06-23 18:15"))
    return rows


def second_vector() -> Component:
    """Region 1 major 10:00 to 11:00, both partial 10:30 to 11:30, both in maintenance 11:15 to 12:00, on 1 June."""
    one, two = (make_region(key, now=FOUNDED).pk for key in ("region-1", "region-2"))
    api = make_component("API", region_ids=[one, two], now=FOUNDED)

    def trouble(level: Level, start: str, end: str, regions: tuple[int, ...] = ()) -> None:
        change = ComponentChange(api.pk, level, None, regions)
        at = utc(f"2026-06-01 {start}")
        incident = open_incident(components=[change], started_at=at, now=at)
        post_update(incident, "resolved", now=utc(f"2026-06-01 {end}"))

    trouble(Level.MAJOR_OUTAGE, "10:00", "11:00", (one,))
    trouble(Level.PARTIAL_OUTAGE, "10:30", "11:30")
    trouble(Level.UNDER_MAINTENANCE, "11:15", "12:00")
    return api


def set_status(component: Component, level: str, at: str) -> None:
    """A status by hand."""
    component_actions.set_component_status(actor=MARIA, component_id=component.pk, level=level, now=utc(at))

"""Every address of the API, in the order in which they are tried."""

from __future__ import annotations

from incidents.web.api.v1 import components, groups, incidents, pages, postmortems, subscribers, templates
from incidents.web.api.v1.table import Route

ROUTES: tuple[Route, ...] = (
    *pages.ROUTES,
    *components.ROUTES,
    *groups.ROUTES,
    *incidents.ROUTES,
    *postmortems.ROUTES,
    *subscribers.ROUTES,
    *templates.ROUTES,
)

"""`/api`, the page on all addresses for machines, with the recipes filled in for this page. Pure, like `pages`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from incidents.publishing import pages
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.recipes import RECIPES
from incidents.publishing.tree import Page

PATH = "/api"
NO_COMPONENT = "component"  # of a page that has none yet; the recipes are the same


@dataclass(frozen=True)
class Address:
    """An address and what is there. `href` is "" where the address is a pattern, or takes more than reading."""

    path: str
    what: str
    href: str = ""


@dataclass(frozen=True)
class Group:
    """Addresses of one kind, under one heading."""

    key: str
    title: str
    about: str
    addresses: tuple[Address, ...]


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: it changes with the name of the first component and nothing else."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The page itself, with the first component as the example."""
    slug = next((row.slug for row in snapshot.leaves), NO_COMPONENT)
    key = key_of(pages.site_of(snapshot.page), slug)
    yield ColdPage(PATH, key, partial(_render, snapshot.page, slug))


def _render(page: PageView, slug: str) -> Page:
    context = {
        "slug": slug,
        "groups": groups(slug),
        "recipes": [(recipe, recipe.filled(page.url, slug)) for recipe in RECIPES],
        "embed": f'<script src="{page.url}/embed/script.js" async></script>',
        "description": _("Addresses for scripts, dashboards and monitors, and texts to copy for the usual tools."),
    }
    return pages.page_of(page, PATH, "api", _("For machines"), context)


def groups(slug: str) -> list[Group]:
    """Every address for machines, with `slug` where one of a component stands."""
    return [_gate(slug), _dialect(), _feeds(slug), _record(), _embedded(slug), _writing()]


def _gate(slug: str) -> Group:
    about = _(
        "May a script go ahead? 200 while a component (or the worst of a group) is no worse than a level, else 503; "
        "one line of text: ok or down, status, since, incident, last change."
    )
    levels = _("the same for another level: operational, degraded_performance, under_maintenance, partial_outage")
    rows = (
        Address(f"/gate/{slug}", _("down when worse than degraded_performance"), f"/gate/{slug}"),
        Address(f"/gate/{slug}/operational", levels, f"/gate/{slug}/operational"),
        Address(f"/gate/{slug}@<region>", _("one region")),
        Address(f"/gate/{slug}.json", _("as JSON, with advice to programs"), f"/gate/{slug}.json"),
        Address("/status-gate", _("a client for the command line, one file"), "/status-gate"),
    )
    return Group("gate", _("Gate"), about, rows)


def _dialect() -> Group:
    about = _("The JSON of Statuspage: what reads that reads this, with another host name.")
    named = {
        "summary": _("status, components, open incidents, maintenance"),
        "status": _("one indicator and one sentence"),
        "components": _("components and groups"),
        "incidents": _("the newest fifty incidents"),
        "incidents/unresolved": _("those that are open"),
        "scheduled-maintenances": _("the newest fifty maintenances"),
        "scheduled-maintenances/active": _("those running now"),
        "scheduled-maintenances/upcoming": _("those to come"),
    }
    paths = {f"/api/v2/{name}.json": what for name, what in named.items()}
    paths |= {"/history.json": _("the history by month")}
    return Group("v2", _("Statuspage JSON"), about, _all(paths))


def _feeds(slug: str) -> Group:
    paths = {
        "/history.atom": _("Atom, every incident and maintenance"),
        "/history.rss": "RSS 2.0",
        "/feed.json": "JSON Feed 1.1",
        "/history.ics": _("maintenance as a calendar"),
        f"/components/{slug}.atom": _("one component"),
        "/reviews.atom": _("reviews"),
        "/remediations.atom": _("remediations"),
        "/corrections.atom": _("corrections"),
    }
    one = (
        Address("/incidents/<id>.atom", _("one incident")),
        Address("/incidents/<id>.txt", _("the same as plain text")),
    )
    return Group("feeds", _("Feeds"), "", (*_all(paths), *one))


def _record() -> Group:
    paths = {
        "/uptime/ledger.json": _("every interval that was ever on record"),
        "/uptime/ledger.csv": _("the same as a table"),
        "/heartbeat.json": _("time of the last sign of life, and the newest entry of the record"),
    }
    return Group("record", _("Record"), "", _all(paths))


def _embedded(slug: str) -> Group:
    paths = {
        "/badge.svg": _("the whole page as a badge"),
        f"/badge/{slug}.svg": _("one component as a badge"),
        "/embed/script.js": _("a notice in a corner of your own site, while something is wrong"),
        "/embed/frame": _("what the notice shows"),
    }
    return Group("embed", _("In your own pages"), "", _all(paths))


def _writing() -> Group:
    about = _("With a token that an administrator makes in the console.")
    rows = (
        Address("/v1/…", _("writing, as in the Manage API of Statuspage: Authorization: OAuth <token>")),
        Address("/inbound/<source>/<key>", _("alerts of monitors, which propose incidents")),
        Address("/api/openapi.json", _("description of the write API (OpenAPI 3.1)"), "/api/openapi.json"),
    )
    return Group("write", _("Writing"), about, rows)


def _all(paths: Mapping[str, str]) -> tuple[Address, ...]:
    return tuple(Address(path, what, path) for path, what in paths.items())

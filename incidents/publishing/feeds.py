"""Feeds: everything, per component and per incident, as pure functions of a snapshot.

`/history.rss` and `/history.atom` speak the Statuspage dialect, one entry per incident that moves up with each update;
not with the publication of its review, which has no time there and feeds of its own.
All others announce each update as an entry of its own, under an id that lasts: an amended text keeps its id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from incidents.publishing.feed_markup import Entry, Feed, atom, dialect_html, json_feed, label_of, rss, tag_uri
from incidents.publishing.public import ColdPage, ComponentView, IncidentView, PageView, Snapshot, UpdateView, key_of
from incidents.publishing.tree import OPEN_TO_SCRIPTS, Page

HISTORY_LIMIT = 25  # incidents, as many as the dialect always has
UPDATES_LIMIT = 50


@dataclass(frozen=True)
class Format:
    """A way to write a feed down: what its address ends in, its media type, and `render(feed, own address) -> text`."""

    ending: str
    content_type: str
    render: Callable[[Feed, str], str]

    def page(self, feed: Feed, path: str, site_url: str) -> Page:
        """The bytes for one address. Scripts of other sites may read them."""
        body = self.render(feed, site_url + path).encode()
        return Page(path, body, self.content_type, headers=OPEN_TO_SCRIPTS)


FORMATS: dict[str, Format] = {
    "atom": Format(".atom", "application/atom+xml; charset=utf-8", atom),
    "rss": Format(".rss", "application/rss+xml; charset=utf-8", rss),
    # RFC 8259, section 11: JSON has no charset parameter. `/incidents/<code>.json` belongs to the Statuspage dialect.
    "json": Format("/feed.json", "application/feed+json", json_feed),
}
"""To add a format: write a function of (Feed, its own address) in feed_markup.py that returns the document as text, and
give it an entry here; every component and every incident then has it. Its ending must be one that `tree.SUFFIXES`
knows; the contract test in tests/publishing/test_feeds.py runs over this table.
"""


def hot(snapshot: Snapshot) -> list[Page]:
    """The feeds of everything: `/history.atom`, `/history.rss`, `/feed.json`."""
    page = snapshot.page
    history = _history(snapshot)
    newest = snapshot.incidents[:UPDATES_LIMIT]
    updates = _narrow(page, "/", "/feed", "Updates", newest, _newest_entries(page, newest), page.updated_at)
    return [
        FORMATS["atom"].page(history, "/history.atom", page.url),
        FORMATS["rss"].page(history, "/history.rss", page.url),
        FORMATS["json"].page(updates, "/feed.json", page.url),
    ]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """Each incident and each component (archived ones too; a group covers its components) in every format."""
    page = snapshot.page
    for incident in snapshot.incidents:
        path = incident.url_path
        entries = [_entry(page, incident, update) for update in incident.updates]
        yield from _cold_pages(page, path, _narrow(page, path, path, incident.title, [incident], entries))
    held = _incidents_by_component(snapshot.incidents)
    for component in _components(snapshot):
        path = f"/components/{component.slug}"
        incidents = _covered(component, snapshot, held)
        entries = _newest_entries(page, incidents)
        feed = _narrow(page, path, path, component.full_name, incidents, entries, component.created_at)
        yield from _cold_pages(page, path, feed)


def _history(snapshot: Snapshot) -> Feed:
    page = snapshot.page
    return Feed(
        id=tag_uri(page, "/history"),
        title=f"{_site_title(page)} - Incident History",
        home_url=page.url,
        author=page.name,
        zone=page.time_zone,
        updated_at=page.updated_at,
        entries=tuple(_history_entry(page, incident) for incident in _dialect_order(snapshot)[:HISTORY_LIMIT]),
        is_dialect=True,
    )


def _dialect_order(snapshot: Snapshot) -> list[IncidentView]:
    """By the date of the entry, newest first: maintenance that has not begun comes before all that has happened."""
    return sorted(snapshot.incidents, key=lambda incident: (_dialect_date(incident), incident.number), reverse=True)


def _dialect_date(incident: IncidentView) -> datetime:
    """In the dialect, an entry is as old as its newest update; one of maintenance not yet begun, as its window."""
    if incident.is_upcoming and incident.window:
        return incident.window.scheduled_for
    return incident.displayed_at


def _history_entry(page: PageView, incident: IncidentView) -> Entry:
    return Entry(
        id=tag_uri(page, f"Incident/{incident.number}"),
        url=page.url + incident.url_path,
        title=incident.title,
        html=dialect_html(incident, page),
        published_at=_dialect_date(incident),
        updated_at=incident.updated_at,
        tags=("example",) if incident.is_example else (),
        incident_code=incident.code,
        impact=incident.impact,
        kind=incident.kind,
        window=incident.window,
        is_ahead=incident.is_upcoming,
    )


def _narrow(
    page: PageView,
    home_path: str,
    name: str,
    subject: str,
    incidents: Sequence[IncidentView],
    entries: Sequence[Entry],
    begun_at: datetime | None = None,
) -> Feed:
    """A feed of updates. It is as new as the newest of its incidents, or as `begun_at` (UTC), whichever is later."""
    moments = [incident.updated_at for incident in incidents]
    return Feed(
        id=tag_uri(page, name),
        title=f"{_site_title(page)} - {subject}",
        home_url=page.url + home_path.removesuffix("/"),
        author=page.name,
        # Not the page's zone: thousands of stored feeds would change with it, and say the same.
        zone="UTC",
        updated_at=max([*moments, begun_at] if begun_at else moments),
        entries=tuple(entries),
    )


def _newest_entries(page: PageView, incidents: Iterable[IncidentView]) -> list[Entry]:
    """The newest updates of the incidents, at most UPDATES_LIMIT, newest first."""
    told = [(update.posted_at, incident.number, update.sequence, incident, update)
            for incident in incidents for update in incident.updates]  # fmt: skip
    told.sort(key=lambda row: row[:3], reverse=True)
    return [_entry(page, incident, update) for *_, incident, update in told[:UPDATES_LIMIT]]


def _entry(page: PageView, incident: IncidentView, update: UpdateView) -> Entry:
    is_end = incident.is_cancelled and update.sequence == incident.newest.sequence
    tags = (update.stage.value, incident.impact.value, *(row.slug for row in incident.affected))
    return Entry(
        id=tag_uri(page, f"IncidentUpdate/{incident.number}/{update.sequence}"),
        url=f"{page.url}{incident.url_path}#update-{update.code}",
        title=f"{_('Cancelled') if is_end else _(label_of(update))}: {incident.title}",
        html=update.html,
        published_at=update.posted_at,
        updated_at=update.amended_at or update.posted_at,
        tags=(*tags, "example") if incident.is_example else tags,
        incident_code=incident.code,
        impact=incident.impact,
        update=update,
        kind=incident.kind,
        window=incident.window,
    )


def _cold_pages(page: PageView, path: str, feed: Feed) -> Iterator[ColdPage]:
    key = key_of(page.url, feed)
    for form in FORMATS.values():
        yield ColdPage(path + form.ending, key, partial(form.page, feed, path + form.ending, page.url))


def _components(snapshot: Snapshot) -> Iterator[ComponentView]:
    for row in snapshot.components:
        yield row
        yield from row.children
    yield from snapshot.archived


def _incidents_by_component(incidents: Iterable[IncidentView]) -> defaultdict[str, list[IncidentView]]:
    """By the code of the component, newest first; no more than a feed can have an update of."""
    held: defaultdict[str, list[IncidentView]] = defaultdict(list)
    for incident in incidents:
        for row in incident.affected:
            if len(held[row.code]) < UPDATES_LIMIT:
                held[row.code].append(incident)
    return held


def _covered(
    component: ComponentView, snapshot: Snapshot, held: defaultdict[str, list[IncidentView]]
) -> list[IncidentView]:
    """The incidents of a component, or of all components that the group has or had, newest first."""
    if not component.is_group:
        return held[component.code]
    former = [row for row in snapshot.archived if row.group_code == component.code]
    found = {incident.number: incident for row in (*component.children, *former) for incident in held[row.code]}
    newest = sorted(found.values(), key=lambda incident: (incident.newest.posted_at, incident.number), reverse=True)
    return newest[:UPDATES_LIMIT]


def _site_title(page: PageView) -> str:
    """The dialect's `<name> Status`, without a second `Status` for a page that is called so."""
    return page.name if page.name.casefold().endswith("status") else f"{page.name} Status"

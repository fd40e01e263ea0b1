"""The HTML pages as bytes: pure functions of a snapshot. No query, no clock; a body changes only if what it says does.

To add a page: a template under `templates/public/`, one function here that returns its context, one line in `hot`
(made again with every change) or `cold` (one file each, written when its key changes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from html import unescape
from typing import Any

from django.template.loader import get_template
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from incidents.domain.markup import render_text
from incidents.domain.status import Level
from incidents.publishing import cards, months, periods, planned, promised, regions, words
from incidents.publishing.branding import Brand
from incidents.publishing.csp import csp
from incidents.publishing.months import Account, Book
from incidents.publishing.periods import Month, history_addresses
from incidents.publishing.public import ColdPage, ComponentView, IncidentView, PageView, Snapshot, WithdrawnView, key_of
from incidents.publishing.reviews import ReviewLine, by_incident, line_of
from incidents.publishing.tree import Page

__all__ = ["cold", "csp", "history_addresses", "hot"]

QUIET_DAYS = 14
REVIEWS_SHOWN = 3
DESCRIPTION_LENGTH = 200
OLDEST_FIRST = "/oldest-first"
_TITLE = re.compile(r"<title>\s*(.*?)\s*</title>", re.DOTALL)
# Made again with every write, so these can print the newest entry of the record; a cold page would be outdated.
HOT = ("front", "history", "subscribe", "corrections")
# The script keeps these current in an open tab. Not the form: nothing typed may be lost.
LIVE = ("front", "incident", "component", "history", "history_month", "uptime", "uptime_month")


def hot(snapshot: Snapshot) -> list[Page]:
    """The pages that speak of everything: front page, list of months, subscribe, and that for unknown addresses."""
    return [
        _front(snapshot),
        _history(snapshot),
        _subscribe(snapshot),
        _corrections(snapshot),
        _not_found(snapshot),
    ]


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """One page for each incident (and its oldest-first form), month and component, group or archived."""
    site, reviewed = site_of(snapshot.page), by_incident(snapshot.reviews)
    for incident in snapshot.incidents:
        yield from _incident_pages(snapshot, incident, site, reviewed.get(incident.code, ()))
    for gone in snapshot.withdrawn:
        yield ColdPage(gone.url_path, key_of(site, gone), partial(_withdrawn, snapshot.page, gone))
    listed = periods.months(snapshot)
    for index, month in enumerate(listed):
        later = listed[index - 1] if index else None
        earlier = listed[index + 1] if index + 1 < len(listed) else None
        beside = (later and later.slug, earlier and earlier.slug)
        yield ColdPage(month.path, key_of(site, month, beside), partial(_month, snapshot.page, month, later, earlier))
    yield from _component_pages(snapshot, site)


def _front(snapshot: Snapshot, **more: Any) -> Page:
    banner = cards.banner(snapshot)
    return page_of(
        snapshot.page,
        "/",
        "front",
        site_title(snapshot.page),
        {
            "banner": banner,
            "indicator": snapshot.top.indicator,
            "state": banner.kind,
            "cards": [
                cards.card(incident, snapshot.components, snapshot.built_at) for incident in snapshot.open_incidents
            ],
            "running": planned.plans(snapshot, snapshot.maintenances_running),
            "upcoming": planned.plans(snapshot, snapshot.maintenances_upcoming),
            "sections": cards.sections(snapshot),
            "matrix": regions.matrix(snapshot),
            "upstreams": snapshot.upstreams,
            "built_at": snapshot.built_at,  # of which templates print no more than whether it is the same day
            "days": periods.last_days(snapshot, QUIET_DAYS),
            "reviews": [line_of(view) for view in snapshot.reviews if not view.is_retracted][:REVIEWS_SHOWN],
            "changed_at": snapshot.page.updated_at,
            "issued": int(snapshot.page.updated_at.timestamp()),
            "description": f"{banner.sentence}. {_plain(banner.detail)}".strip(),
            **more,
        },
    )


def in_other_looks(snapshot: Snapshot, brand: Brand) -> Page:
    """The front page as it would be with another brand. It does not refresh itself: what it shows is nowhere yet."""
    return _front(replace(snapshot, page=replace(snapshot.page, brand=brand)), is_live=False)


def _history(snapshot: Snapshot) -> Page:
    listed = periods.months(snapshot)
    page = page_of(snapshot.page, "/history", "history", _("History"), {"months": listed})
    # `/history?page=1` is this page, or the same months as JSON.
    return replace(page, headers=(*page.headers, ("Vary", "Accept, Accept-Encoding")))


def _subscribe(snapshot: Snapshot) -> Page:
    return page_of(snapshot.page, "/subscribe", "subscribe", _("Subscribe"), {"components": snapshot.components})


def _corrections(snapshot: Snapshot) -> Page:
    return page_of(
        snapshot.page,
        "/corrections",
        "corrections",
        _("Corrections"),
        {
            "corrections": snapshot.corrections,
            "feeds": [("application/atom+xml", f"{snapshot.page.url}/corrections.atom", _("Corrections - Atom Feed"))],
        },
    )


def _withdrawn(page: PageView, gone: WithdrawnView) -> Page:
    return page_of(page, gone.url_path, "withdrawn", _("Withdrawn incident"), {"gone": gone})


def _not_found(snapshot: Snapshot) -> Page:
    return page_of(snapshot.page, "/404", "not_found", _("There is no such page"), {}, status=404)


def _incident_pages(
    snapshot: Snapshot, incident: IncidentView, site: Mapping[str, Any], reviews: tuple[ReviewLine, ...]
) -> Iterator[ColdPage]:
    due = cards.due(incident, snapshot.built_at)
    plan = planned.plans(snapshot, [incident] if incident.is_open else [])
    key = key_of(
        site,
        incident,
        reviews,
        bool(due and due.is_overdue),
        [(row.is_late, row.overrun, row.overlaps) for row in plan],
        promised.views_of(snapshot, incident),
    )
    for is_oldest_first in (False, True)[: len(incident.updates)]:
        path = incident.url_path + (OLDEST_FIRST if is_oldest_first else "")
        yield ColdPage(path, key, partial(_incident, snapshot, incident, path, is_oldest_first, reviews))


def _incident(
    snapshot: Snapshot, incident: IncidentView, path: str, is_oldest_first: bool, reviews: tuple[ReviewLine, ...]
) -> Page:
    updates = [(row, cards.told(row)) for row in incident.updates]
    due = cards.due(incident, snapshot.built_at)
    state = words.state(incident.stage, incident.is_cancelled)
    return page_of(
        snapshot.page,
        path,
        "incident",
        incident.title,
        {
            "incident": incident,
            "reviews": reviews,
            "state": _state_of(incident),
            "canonical": snapshot.page.url + incident.url_path,
            "updates": updates[::-1] if is_oldest_first else updates,
            "is_oldest_first": is_oldest_first,
            "other_order": incident.url_path + ("" if is_oldest_first else OLDEST_FIRST),
            "affected": cards.affected_at_worst(incident),
            "promised": promised.lines_of(snapshot, incident),
            **_planned(snapshot, incident),
            "due": cards.Due(due.at, words.time_element(due.at, has_day=True), due.is_overdue) if due else None,
            "changed_at": incident.updated_at,
            "feeds": _feeds(snapshot.page, incident.url_path, incident.title),
            "description": f"{state}: {shortened(render_text(incident.newest.body))}",
        },
    )


def _month(page: PageView, month: Month, later: Month | None, earlier: Month | None) -> Page:
    return page_of(page, month.path, "history_month", month.name, {"month": month, "later": later, "earlier": earlier})


def _component_pages(snapshot: Snapshot, site: Mapping[str, Any]) -> Iterator[ColdPage]:
    book = months.book(snapshot)
    for account in book.accounts:
        component, theirs = account.view, _incidents_of(snapshot, account.view)
        past = [row for row in theirs if not row.is_future(snapshot.built_at)]
        upcoming = planned.plans(snapshot, [row for row in theirs[::-1] if row.is_upcoming])
        told = [(row.code, row.title, row.started_at, row.resolved_at, row.window, row.is_cancelled) for row in past]
        # Of its months only the running one can change while its intervals stay as they are.
        running = months.figure(account, book.months[0], book.zone, book.now).percent
        key = key_of(site, component, told, upcoming, book.months, running)
        render = partial(_component, snapshot.page, account, book, past, upcoming)
        yield ColdPage(f"/components/{component.slug}", key, render)


def _component(
    page: PageView, account: Account, book: Book, incidents: list[IncidentView], upcoming: list[planned.Plan]
) -> Page:
    component = account.view
    path = f"/components/{component.slug}"
    return page_of(
        page,
        path,
        "component",
        component.full_name,
        {
            "component": component,
            "row": cards.row(component, page.time_zone),
            "regions": regions.rows(component, page.time_zone),
            "state": "unknown" if component.is_archived else words.SHORT[component.level],
            "incidents": incidents,
            "upcoming": upcoming,
            "months": months.month_list(account, book),
            "intervals": sorted(component.intervals, key=lambda row: (row.started_at, row.number), reverse=True),
            "changed_at": component.updated_at,
            "feeds": _feeds(page, path, component.full_name),
            "description": f"{component.full_name}: {words.LEVELS[component.level]}",
        },
    )


def page_of(
    page: PageView, path: str, template: str, title: str, context: Mapping[str, Any], *, status: int = 200
) -> Page:
    """The page at an address from its template; `context` comes on top of what every page needs."""
    name, is_front = site_title(page), template == "front"
    whole = {
        "page": page,
        "site_title": name,
        "title": title,
        "full_title": name if title == name else f"{title} · {name}",
        "path": path,
        "canonical": page.url + path,
        "state": "neutral",
        "zone": _zone_words(page),
        "is_live": template in LIVE,
        "is_front": is_front,
        "has_record": template in HOT,
        "feeds": _feeds(page, "/history", ""),
        **context,
    }
    # Finders of status pages read the title with patterns; the layout of a template is not part of it.
    body = _TITLE.sub(r"<title>\1</title>", get_template(f"public/{template}.html").render(whole).strip(), count=1)
    return Page(
        path,
        body.encode(),
        "text/html; charset=utf-8",
        status=status,
        headers=(("Content-Security-Policy", csp(page.brand.style, is_front)),),
    )


def _feeds(page: PageView, path: str, subject: str) -> list[tuple[str, str, str]]:
    """(type, address, title) of the feeds that go with a page, in the words of the Statuspage dialect."""
    about = f"{site_title(page)} - {subject}" if subject else f"{site_title(page)} History"
    as_json = f"{path}/feed.json" if subject else "/feed.json"
    calendar = [] if subject else [("text/calendar", f"{page.url}/history.ics", _("Scheduled maintenance - Calendar"))]
    return [
        ("application/atom+xml", f"{page.url}{path}.atom", f"{about} - Atom Feed"),
        ("application/rss+xml", f"{page.url}{path}.rss", f"{about} - RSS Feed"),
        ("application/feed+json", f"{page.url}{as_json}", f"{about} - JSON Feed"),
        *calendar,
    ]


def site_of(page: PageView) -> dict[str, Any]:
    """What every cold page shows of the site. Not `updated_at`: it moves with every change anywhere."""
    return {"name": page.name, "zone": page.time_zone, "url": page.url, "brand": page.brand}


def site_title(page: PageView) -> str:
    """The dialect's `<name> Status`, without a second `Status` for a page that is called so."""
    return page.name if page.name.casefold().endswith("status") else f"{page.name} Status"


def _zone_words(page: PageView) -> str:
    return "UTC" if page.time_zone in ("UTC", "Etc/UTC") else page.time_zone.replace("_", " ")


def _planned(snapshot: Snapshot, incident: IncidentView) -> dict[str, Any]:
    """What the page of a maintenance says besides."""
    if not incident.window:
        return {}
    return {
        "plan": next(iter(planned.plans(snapshot, [incident] if incident.is_open else [])), None),
        "window": planned.window(incident.window),
        "components": planned.components(incident),
        "overrun": planned.overrun_in_the_end(incident),
    }


def _state_of(incident: IncidentView) -> str:
    if incident.is_cancelled:
        return "notice"
    if not incident.is_open:
        return "ok"
    if incident.is_maintenance:
        return "maintenance"
    now = cards.affected_now(incident)
    return words.SHORT[now[0].level] if now and now[0].level != Level.OPERATIONAL else "notice"


def all_components(snapshot: Snapshot) -> Iterator[ComponentView]:
    """Components and groups in page order, each group before its children; then the archived."""
    for view in (*snapshot.components, *snapshot.archived):
        yield view
        yield from view.children


def _incidents_of(snapshot: Snapshot, component: ComponentView) -> list[IncidentView]:
    inside = (*component.children, *(row for row in snapshot.archived if row.group_code == component.code))
    codes = {component.code, *(child.code for child in inside)}
    theirs = (row for row in snapshot.incidents if codes & {view.code for view in row.affected})
    return periods.newest_first(theirs)


def shortened(text: str) -> str:
    """A text on one line, cut to what a description may hold."""
    line = " ".join(text.split())
    return line if len(line) <= DESCRIPTION_LENGTH else line[: DESCRIPTION_LENGTH - 1].rstrip() + "…"


def _plain(markup: str) -> str:
    return unescape(strip_tags(markup))

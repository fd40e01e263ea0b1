"""A small public truth built by hand, without a database, and readers for the feeds that are made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser

from incidents.domain.markup import render_html
from incidents.domain.status import Impact, Level, Stage, TopStatus
from incidents.publishing import feeds
from incidents.publishing.public import AffectedView, ComponentView, IncidentView, PageView, Snapshot, UpdateView
from incidents.publishing.tree import Page

START = datetime(2026, 6, 23, 14, 52, 7, tzinfo=UTC)
URL = "https://status.example.com"
ATOM = "{http://www.w3.org/2005/Atom}"


def update(sequence: int, stage: Stage = Stage.INVESTIGATING, body: str = "We look.", **given: Any) -> UpdateView:
    told = UpdateView(
        code=f"u{sequence}",
        sequence=sequence,
        stage=stage,
        is_repeat=False,
        is_reopening=False,
        body=body,
        html=given.pop("html", None) or render_html(body),
        posted_at=START + timedelta(minutes=10 * sequence),
        amended_at=None,
        next_update_due_at=None,
        is_notifying=True,
        time_note="",
        changes=(),
        former=(),
    )
    return replace(told, **given)


def incident(number: int, *updates: UpdateView, slugs: tuple[str, ...] = ("api",), **given: Any) -> IncidentView:
    """`updates` oldest first; the update codes are made unique."""
    told = tuple(replace(row, code=f"i{number}u{row.sequence}") for row in updates or (update(1),))[::-1]
    view = IncidentView(
        number=number,
        code=f"code{number:08}",
        title=f"Trouble {number}",
        stage=told[0].stage,
        impact=Impact.MAJOR,
        is_open=told[0].stage != Stage.RESOLVED,
        is_example=False,
        advice="",
        advice_html="",
        created_at=told[-1].posted_at,
        updated_at=told[0].posted_at,
        started_at=START,
        monitoring_at=None,
        resolved_at=None,
        next_update_due_at=None,
        updates=told,
        affected=tuple(AffectedView(s, s, s.upper(), Level.MAJOR_OUTAGE, Level.MAJOR_OUTAGE) for s in slugs),
        intervals=(),
        milestones=(),
        durations=(),
    )
    return replace(view, **given)


def component(slug: str, *children: ComponentView, **given: Any) -> ComponentView:
    view = ComponentView(
        number=1,
        code=slug,
        slug=slug,
        name=slug.upper(),
        full_name=slug.upper(),
        description="",
        group_code="",
        is_group=bool(children),
        position=0,
        start_date=None,
        is_hidden_unless_degraded=False,
        is_archived=False,
        created_at=START - timedelta(days=400),
        updated_at=START,
        level=Level.OPERATIONAL,
        since=None,
        levels_by_region=(),
        bars=(),
        uptime_percent="",
        intervals=(),
        children=children,
    )
    return replace(view, **given)


def truth(*incidents: IncidentView, components: tuple[ComponentView, ...] = (), **page: Any) -> Snapshot:
    newest_first = sorted(incidents, key=lambda row: (row.newest.posted_at, row.number), reverse=True)
    moved_at = max((row.updated_at for row in incidents), default=START)
    return Snapshot(
        page=replace(PageView("Example", "Etc/UTC", URL, moved_at), **page),
        built_at=START,
        next_change_at=START + timedelta(hours=1),
        top=TopStatus("none", "All Systems Operational"),
        components=components or (component("api"),),
        archived=(),
        incidents=tuple(newest_first),
    )


def pages(given: Snapshot) -> dict[str, Page]:
    cold = [page.render() for page in feeds.cold(given)]
    return {page.path: page for page in [*feeds.hot(given), *cold]}


def parsed(page: Page) -> Any:
    found = feedparser.parse(page.body, response_headers={"content-type": page.content_type}, sanitize_html=False)
    assert not found.bozo, (page.path, found.get("bozo_exception"))
    return found


def links(page: Page) -> list[str]:
    """The addresses of the entries, whatever the format."""
    if page.content_type.endswith("json"):
        document = json.loads(page.body)
        check_json_feed(document)
        return [item["url"] for item in document["items"]]
    return [entry.link for entry in parsed(page).entries]


def titles(page: Page) -> list[str]:
    """The titles of the entries, by a strict XML parser."""
    root = ElementTree.fromstring(page.body)
    found = root.iter("item") if root.tag == "rss" else root.iter(f"{ATOM}entry")
    return [row.findtext("title") or row.findtext(f"{ATOM}title") or "" for row in found]


def check_json_feed(document: Any) -> None:
    """What JSON Feed 1.1 requires, and the types of what it only allows (jsonfeed.org/version/1.1)."""
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(document["title"], str)
    assert all(document[name].startswith("https://") for name in ("home_page_url", "feed_url"))
    assert all(set(author) & {"name", "url", "avatar"} for author in document["authors"])
    ids = [item["id"] for item in document["items"]]
    assert len(ids) == len(set(ids))
    known = {"id", "url", "title", "content_html", "content_text", "date_published", "date_modified", "tags"}
    for item in document["items"]:
        assert all(isinstance(item[name], str) for name in ("id", "url", "title", "content_html", "content_text"))
        assert all(datetime.fromisoformat(item[name]).tzinfo for name in item if name.startswith("date_"))
        assert all(isinstance(tag, str) for tag in item["tags"])
        assert all(name in known or (name.startswith("_") and isinstance(item[name], dict)) for name in item)

"""The reference incident on a page with ten components and a past, made through the actions; a strict reader."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from incidents.actions import component as component_actions
from incidents.actions import incident as incident_actions
from incidents.actions import page as page_actions
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import Component, Incident
from incidents.publishing import affected, pages, snapshot, uptime_pages
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page
from tests.factories import MARIA, make_component, make_region, utc

STORY = json.loads((Path(__file__).parent.parent / "data" / "scenario.json").read_text())
FOUNDED = utc("2025-12-01 09:00")
ADVICE = "Requests that fail with HTTP 500 can be retried; use **exponential back-off**."
VOID = {"meta", "link", "input", "br", "hr", "img", "path", "rect", "circle", "use", "wbr", "col"}


def ten_components() -> list[Component]:
    """The components of the story and three more, all in two regions."""
    page_actions.edit_page(actor=MARIA, name=STORY["page"]["name"], time_zone="Etc/UTC", now=FOUNDED)
    regions = [make_region(row["key"], name=row["name"], now=FOUNDED).pk for row in STORY["regions"]]
    leaves = []
    for row in [*STORY["components"], {"name": "Console"}, {"name": "Files API"}, {"name": "Batch API"}]:
        made = make_component(
            row["name"],
            description=row.get("description", ""),
            is_group=row.get("group", False),
            region_ids=[] if row.get("group") else regions,
            start_date=date(2025, 12, 1),
            now=FOUNDED,
        )
        leaves += [] if made.is_group else [made]
        for child in row.get("children", []):
            leaves.append(make_component(child["name"], group_id=made.pk, region_ids=regions, now=FOUNDED))
    return leaves


def add_past(leaves: list[Component]) -> None:
    """Thirty troubles of ninety days, three for each component, told in ten incidents."""
    levels = [Level.MAJOR_OUTAGE, Level.PARTIAL_OUTAGE, Level.DEGRADED_PERFORMANCE]
    for number, leaf in enumerate(leaves):
        begun = utc("2026-04-02 08:13") + timedelta(days=8 * number, minutes=37 * number)
        hit = [leaf, leaves[number - 1], leaves[number - 2]]
        past = incident_actions.open_incident(
            actor=MARIA,
            title=f"{leaf.name}: elevated latency and failed requests",
            body="Part of the requests are slow or fail. We are looking into it.",
            components=[ComponentChange(row.pk, level) for row, level in zip(hit, levels, strict=True)],
            started_at=begun,
            is_example=number % 2 == 0,
            now=begun + timedelta(minutes=7),
        )
        incident_actions.post_update(
            actor=MARIA,
            incident_id=past.pk,
            stage="resolved",
            body="A full disk on one host was the cause. It was replaced.",
            now=begun + timedelta(minutes=31 + 17 * number),
        )


def open_the_incident(leaves: list[Component], **given: Any) -> Incident:
    """The first post of the story, at 14:52, with a next update promised for 15:30."""
    first = STORY["incident"]["updates"][0]
    return incident_actions.open_incident(
        **{
            "actor": MARIA,
            "title": STORY["incident"]["title"],
            "body": first["body"],
            "components": [ComponentChange(row.pk, Level.MAJOR_OUTAGE) for row in leaves],
            "started_at": utc("2026-06-23 14:30"),
            "next_update_due_at": utc("2026-06-23 15:30"),
            "advice": ADVICE,
            "now": utc("2026-06-23 14:52"),
            **given,
        }
    )


def resolve(incident: Incident, at: datetime) -> None:
    """The last post of the story."""
    incident_actions.post_update(
        actor=MARIA, incident_id=incident.pk, stage="resolved", body="All endpoints are operational again.", now=at
    )


def set_status(component: Component, level: Level, at: datetime) -> None:
    """A status by hand."""
    component_actions.set_component_status(actor=MARIA, component_id=component.pk, level=level, now=at)


def truth_at(text: str) -> Snapshot:
    """The snapshot at a time of the story's day."""
    return snapshot.build(now=utc(f"2026-06-23 {text}"))


def all_pages(truth: Snapshot) -> dict[str, Page]:
    """Every page that people read, by its address."""
    made = (pages, uptime_pages, affected)
    found = [*(page for each in made for page in each.hot(truth))]
    found += [cold.render() for each in made for cold in each.cold(truth)]
    return {page.path: page for page in found if page.content_type.startswith("text/html")}


def text_of(page: Page) -> str:
    """What a person reads in `<main>` and the footer, on one line."""
    return " ".join(Reading(page).text.split())


class Reading(HTMLParser):
    """A page read strictly: every element closed in order, each id once; keeps text, attributes and headings."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.headings: list[int] = []
        self.parts: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(page.body.decode())
        self.close()
        assert self.open == [], f"{page.path}: never closed: {self.open}"

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        elif "title" not in self.open or "svg" in self.open:
            self.parts.append(data)

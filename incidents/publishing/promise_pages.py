"""The public ledger of promises: what is promised now and until when, and what became of each before.

A pure function of a snapshot, as `pages` is. `/promises` holds what runs and the newest of the rest; every year has a
page that holds all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _

from incidents.domain.promises import Deliverable, PromiseState
from incidents.publishing import pages, promised
from incidents.publishing.promised import Line
from incidents.publishing.promises import PromiseView
from incidents.publishing.public import ColdPage, PageView, Snapshot, key_of
from incidents.publishing.tree import Page

PATH = "/promises"
NEWEST = 30  # of each kind that are shown where a page of the year shows all
OVER = (PromiseState.MET, PromiseState.MET_LATE, PromiseState.MISSED, PromiseState.WAIVED)


@dataclass(frozen=True)
class Tally:
    """How promises of one sort turned out. `number`: those that were kept or not, without the waived and the running;
    `percent` of them in time, floored; None for none."""

    name: str
    running: int
    met: int
    late: int
    missed: int
    waived: int

    @property
    def number(self) -> int:
        """How many were kept or missed."""
        return self.met + self.late + self.missed

    @property
    def percent(self) -> int | None:
        """The share that was kept in time, floored to whole percent."""
        return self.met * 100 // self.number if self.number else None


@dataclass(frozen=True)
class Chapter:
    """The promises that turned out alike; `more` are not shown."""

    state: str
    name: str
    lines: list[Line]
    number: int

    @property
    def more(self) -> int:
        """How many are left out."""
        return self.number - len(self.lines)


def hot(_snapshot: Snapshot) -> list[Page]:
    """Nothing: these pages change only with a promise."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The ledger, and a page for each year in which promises fell due."""
    site = pages.site_of(snapshot.page)
    by_year: dict[int, list[PromiseView]] = defaultdict(list)
    for view in snapshot.promises:
        by_year[view.due_at.year].append(view)
    years = sorted(by_year, reverse=True)
    yield ColdPage(
        PATH, key_of(site, snapshot.promises), partial(_ledger, snapshot.page, snapshot.promises, years)
    )  # fmt: skip
    for year in years:
        views = by_year[year]
        yield ColdPage(f"{PATH}/{year}", key_of(site, views, years), partial(_year, snapshot.page, year, views, years))


def _ledger(page: PageView, views: Sequence[PromiseView], years: Sequence[int]) -> Page:
    return _page(page, PATH, _("Promises"), views, years, most=NEWEST)


def _year(page: PageView, year: int, views: Sequence[PromiseView], years: Sequence[int]) -> Page:
    return _page(page, f"{PATH}/{year}", _("Promises of %(year)s") % {"year": year}, views, years, most=len(views))


def _page(
    page: PageView, path: str, title: str, views: Sequence[PromiseView], years: Sequence[int], *, most: int
) -> Page:
    running = sorted((view for view in views if view.is_running), key=lambda view: (view.due_at, view.key))
    context = {
        "tallies": _tallies(views),
        "running": promised.lines(running),
        "chapters": [chapter for state in OVER if (chapter := _chapter(state, views, most)).number],
        "years": years,
        "calendar": f"{page.url}/history.ics",
    }
    return pages.page_of(page, path, "promises", title, context)


def _chapter(state: PromiseState, views: Sequence[PromiseView], most: int) -> Chapter:
    alike = [view for view in views if view.state == state]
    # The many next updates must not push out the few that readers look for.
    of_updates = [view for view in alike if view.deliverable == Deliverable.UPDATE][:most]
    others = [view for view in alike if view.deliverable != Deliverable.UPDATE][:most]
    shown = set(map(id, (*others, *of_updates)))
    names = {
        PromiseState.MET: _("Kept"),
        PromiseState.MET_LATE: _("Kept late"),
        PromiseState.MISSED: _("Missed"),
        PromiseState.WAIVED: _("Waived"),
    }
    kept = promised.lines(view for view in alike if id(view) in shown)
    return Chapter(state, names[state], kept, len(alike))


def _tallies(views: Sequence[PromiseView]) -> list[Tally]:
    sorts = (
        (_("Reviews"), (Deliverable.PRELIMINARY_REVIEW, Deliverable.FINAL_REVIEW)),
        (_("Next updates"), (Deliverable.UPDATE,)),
        (_("Remediations"), (Deliverable.REMEDIATION,)),
        (_("Other promises"), (Deliverable.OTHER,)),
    )
    found = []
    for name, deliverables in sorts:
        states = [view.state for view in views if view.deliverable in deliverables]
        if states:
            running = states.count(PromiseState.RUNNING) + states.count(PromiseState.DUE_SOON)
            found.append(Tally(name, running, *(states.count(state) for state in OVER)))
    return found

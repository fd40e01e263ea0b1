"""The pages of uptime: `/uptime` and one for each month. Pure functions of a snapshot, like `pages`.

The past is settled: a month's page is keyed by the intervals that touch it and counted only when it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from incidents.domain.intervals import Span
from incidents.publishing import bars, calendars, months, pages, words
from incidents.publishing.bars import TroubledDay
from incidents.publishing.months import Account, Book, MonthLink, anchor_of
from incidents.publishing.periods import local_day
from incidents.publishing.public import ColdPage, ComponentView, IntervalView, PageView, Snapshot, key_of
from incidents.publishing.tree import Page

RECENT_MONTHS = 6


@dataclass(frozen=True)
class Row:
    """A component with (month, percent or "") of some months, the oldest first."""

    view: ComponentView
    anchor: str
    cells: list[tuple[MonthLink, str]]


@dataclass(frozen=True)
class Calendar:
    """A component that had trouble in a month: percent, weighed minutes, the drawing and its days as a table."""

    view: ComponentView
    anchor: str
    percent: str
    minutes: str
    svg: SafeString
    troubled: list[TroubledDay]


@dataclass(frozen=True)
class Line:
    """A component without a calendar in a month: a group, or one without trouble. `percent` "" for no data."""

    view: ComponentView
    anchor: str
    percent: str


@dataclass(frozen=True)
class Listed:
    """An interval as a month lists it: `length` is that of its part inside the month, "" while that still grows."""

    row: IntervalView
    slug: str
    length: str


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: `/uptime` is as long as the list of components, and most changes do not touch it."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """`/uptime`, and a page for each month from the first component on."""
    book = months.book(snapshot)
    site = pages.site_of(snapshot.page)
    yield _overview(snapshot, book, site)
    roster = key_of(
        [(row.begun, row.view.is_archived, row.view.group_code, *_named(row.view)) for row in book.accounts]
    )
    for index, month in enumerate(book.months):
        later = book.months[index - 1] if index else None
        earlier = book.months[index + 1] if index + 1 < len(book.months) else None
        held = [row.by_month[month] for row in book.accounts if month in row.by_month]
        passing = _passing(book, held) if later is None else None
        key = key_of(site, roster, held, later, earlier, passing)
        link = MonthLink(month)
        yield ColdPage(link.path, key, partial(_month, snapshot.page, book, link, later, earlier))


def agreement_links(snapshot: Snapshot) -> list[words.Named]:
    """The agreements that `/uptime` links to, by name and address."""
    return [words.Named(view.name, view.path) for view in snapshot.agreements if not view.is_archived]


def _overview(snapshot: Snapshot, book: Book, site: Mapping[str, Any]) -> ColdPage:
    """The last months of every component, and what to recompute them from."""
    recent = [MonthLink(month) for month in book.months[:RECENT_MONTHS]][::-1]
    rows = [_row(account, recent, book) for account in book.accounts]
    context = {
        "recent": recent,
        "rows": [row for row in rows if not row.view.is_archived or any(percent for _month, percent in row.cells)],
        "months": [MonthLink(month, sum(month in row.by_month for row in book.accounts)) for month in book.months],
        "has_regions": any(len(row.view.region_keys) > 1 for row in book.accounts),
        "agreements": agreement_links(snapshot),
        "description": _("Uptime of every component by month, with the intervals to recompute it."),
    }
    shown = [(*_named(row.view), row.view.group_code, row.view.is_archived, row.cells) for row in rows]
    key = key_of(site, shown, context["months"], context["has_regions"], context["agreements"])
    return ColdPage("/uptime", key, partial(pages.page_of, snapshot.page, "/uptime", "uptime", _("Uptime"), context))


def _named(view: ComponentView) -> tuple[str, str, str, bool]:
    return view.slug, view.name, view.full_name, view.is_group


def _passing(book: Book, held: Sequence[Sequence[IntervalView]]) -> date | datetime:
    """What the page of the running month follows: the clock while an interval is open, else the calendar."""
    is_open = any(row.ended_at is None or row.ended_at > book.now for rows in held for row in rows)
    return book.now if is_open else local_day(book.now, book.zone)


def _row(account: Account, recent: Sequence[MonthLink], book: Book) -> Row:
    percents = [months.figure(account, link.first, book.zone, book.now).percent for link in recent]
    return Row(account.view, anchor_of(account.view), list(zip(recent, percents, strict=True)))


def _month(page: PageView, book: Book, link: MonthLink, later: date | None, earlier: date | None) -> Page:
    troubled = [row for row in book.accounts if link.first in row.by_month]
    quiet = [row for row in book.accounts if link.first not in row.by_month]
    counted = [(row, months.figure(row, link.first, book.zone, book.now)) for row in quiet]
    lines = [Line(row.view, anchor_of(row.view), found.percent) for row, found in counted]
    is_running = months.span_of(link.first, book.zone).end > book.now
    context: dict[str, Any] = {
        "month": link,
        "is_running": is_running,
        "later": later and MonthLink(later),
        "earlier": earlier and MonthLink(earlier),
        "calendars": [_calendar(row, link.first, book) for row in troubled],
        "groups": [line for line in lines if line.view.is_group],
        # Of the archived, only those that had data then.
        "quiet": [line for line in lines if not line.view.is_group and (line.percent or not line.view.is_archived)],
        "intervals": _listed(troubled, link.first, book),
        "description": _("Uptime of every component in %(month)s.") % {"month": link.name},
    }
    return pages.page_of(page, link.path, "uptime_month", link.name, context)


def _calendar(account: Account, month: date, book: Book) -> Calendar:
    found = months.figure(account, month, book.zone, book.now)
    whole = months.days(account, month, book.zone, book.now)
    troubled = bars.told_days(whole, account.by_month[month], book.zone)
    return Calendar(
        view=account.view,
        anchor=anchor_of(account.view),
        percent=found.percent,
        minutes=_minutes(found.weighed),
        svg=calendars.drawing(whole, troubled, account.view.full_name),
        troubled=troubled,
    )


def _listed(troubled: Sequence[Account], month: date, book: Book) -> list[Listed]:
    """The intervals of the month by the time when they began; of an interval, the part inside the month is measured."""
    window = months.span_of(month, book.zone)
    rows = [(row, account.view.slug) for account in troubled for row in account.by_month[month]]
    rows.sort(key=lambda pair: (pair[0].started_at, pair[0].number))
    return [Listed(row, slug, _length_inside(row, window, book.now)) for row, slug in rows]


def _length_inside(row: IntervalView, window: Span, now: datetime) -> str:
    end = window.end if row.ended_at is None else min(row.ended_at, window.end)
    if row.ended_at is None and end > now:
        return ""
    return words.duration(int((end - max(row.started_at, window.start)).total_seconds()))


def _minutes(seconds: Fraction) -> str:
    """Weighed seconds as minutes with at most one decimal, rounded up: downtime is never made smaller."""
    tenths = ceil(seconds / 6)
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"

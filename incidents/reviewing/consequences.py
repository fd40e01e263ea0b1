"""What an incident means for the agreements whose components it hit: the verdicts of its months, as they were issued.

A review may be due before a month ends: one whose verdict was not issued yet is counted as it stands, and named as
pending; while something is still broken it is not counted at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from incidents.counting.facts import facts_of
from incidents.counting.verdicts import account_of, window_of
from incidents.domain.intervals import Span
from incidents.models import Agreement, Verdict
from incidents.reviewing.gathering import Facts


@dataclass(frozen=True)
class Consequence:
    """One agreement and one month (`2026-06`). `document` is the newest verdict; where none was issued (`number` 0),
    the same account of the month as it is known, None while an interval of it is open."""

    slug: str
    name: str
    month: str
    number: int
    document: dict[str, Any] | None

    @property
    def path(self) -> str:
        """The public page of the month."""
        return f"/agreements/{self.slug}/{self.month}"

    @property
    def is_issued(self) -> bool:
        """Whether the verdict was issued."""
        return self.number > 0


def consequences_of(facts: Facts) -> tuple[Consequence, ...]:
    """By agreement and month, in the order of their names. A constant number of queries."""
    held = set(facts.components)
    agreements = list(Agreement.objects.filter(components__in=held).distinct().prefetch_related("components"))
    newest: dict[tuple[int, date], Verdict] = {}
    for row in Verdict.objects.filter(agreement__in=[each.pk for each in agreements]).order_by("number"):
        newest[row.agreement_id, row.month.replace(day=1)] = row
    pairs = [(agreement, month) for agreement in agreements for month in sorted(set(_months(agreement, facts)))]
    running = [pair for pair in pairs if (pair[0].pk, pair[1]) not in newest and pair[0].archived_at is None]
    accounts = _accounts(running)
    found = []
    for agreement, month in pairs:
        key = (agreement.pk, month)
        if key in newest or key in accounts:
            issued = newest.get(key)
            found.append(
                Consequence(
                    slug=agreement.slug,
                    name=agreement.name,
                    month=f"{month:%Y-%m}",
                    number=issued.number if issued else 0,
                    document=issued.document if issued else accounts[key],
                )
            )
    return tuple(found)


def _accounts(running: Sequence[tuple[Agreement, date]]) -> dict[tuple[int, date], dict[str, Any] | None]:
    """The months that were not issued yet, counted to their ends as if nothing more happened."""
    if not running:
        return {}
    windows = {(row.pk, month): window_of(row, month) for row, month in running}
    span = Span(min(each.start for each in windows.values()), max(each.end for each in windows.values()))
    known = facts_of(list({row.pk: row for row, _month in running}.values()), span)
    found: dict[tuple[int, date], dict[str, Any] | None] = {}
    for row, month in running:
        own, window = known[row.pk], windows[row.pk, month]
        # An open interval grows with every second: two builds of one review would differ.
        is_open = any(fact.entry.end is None and fact.entry.start < window.end for fact in own)
        found[row.pk, month] = None if is_open else account_of(row, month, window.end, own)
    return found


def minutes_of(exact: str) -> str:
    """Exact seconds of a verdict (`13500`, `1/3`) as minutes to at most two decimals: `225`."""
    return f"{float(round(Fraction(exact) / 60, 2)):.2f}".rstrip("0").rstrip(".")


def seconds_of(exact: str) -> int:
    """Exact seconds of a verdict, rounded half up to whole ones."""
    return int(Fraction(exact) + Fraction(1, 2))


def _months(agreement: Agreement, facts: Facts) -> Iterator[date]:
    """The months of the agreement that the incidents touch on its components, by their first days."""
    zone = ZoneInfo(agreement.zone)
    own = {row.pk for row in agreement.components.all()}
    for row in facts.intervals:
        if row.component_id in own:
            month = _first(row.started_at, zone)
            last = _first(row.ended_at or row.started_at, zone)
            while month <= last:
                if month >= agreement.first_month.replace(day=1):
                    yield month
                month = (month + timedelta(days=32)).replace(day=1)


def _first(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date().replace(day=1)

"""What an incident means for the agreements whose components it hit: the verdict of each of its months, as issued.

A month that still runs is counted as far as the ledger goes, because a review is due before the month ends: what is
over counts, whole months are the measure, and a day without trouble changes nothing. Where trouble is still open
nothing is said yet: the month is named as pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from incidents.counting.facts import Fact, facts_of
from incidents.counting.verdicts import account_of, window_of
from incidents.domain.intervals import Span
from incidents.models import Agreement, Verdict
from incidents.reviewing.gathering import Facts


@dataclass(frozen=True)
class Consequence:
    """One agreement and one month (`2026-06`); `document` is the newest verdict. While none was issued it is what was
    counted so far (as the evidence has it, without the record), or None: pending."""

    slug: str
    name: str
    month: str
    document: dict[str, Any] | None

    @property
    def path(self) -> str:
        """The public page of the month."""
        return f"/agreements/{self.slug}/{self.month}"


def consequences_of(facts: Facts) -> tuple[Consequence, ...]:
    """By agreement and month, in the order of their names. A constant number of queries."""
    held = set(facts.components)
    agreements = list(Agreement.objects.filter(components__in=held).distinct().prefetch_related("components"))
    newest: dict[tuple[int, date], Verdict] = {}
    for row in Verdict.objects.filter(agreement__in=[each.pk for each in agreements]).order_by("number"):
        newest[row.agreement_id, row.month.replace(day=1)] = row
    ledger = _ledger(agreements, facts)
    found = []
    for agreement in agreements:
        for month in sorted(set(_months(agreement, facts))):
            issued = newest.get((agreement.pk, month))
            if issued is None and agreement.archived_at is not None:
                continue
            found.append(
                Consequence(
                    slug=agreement.slug,
                    name=agreement.name,
                    month=f"{month:%Y-%m}",
                    document=issued.document if issued else _so_far(agreement, month, ledger[agreement.pk]),
                )
            )
    return tuple(found)


def _ledger(agreements: list[Agreement], facts: Facts) -> dict[int, list[Fact]]:
    windows = [window_of(row, month) for row in agreements for month in set(_months(row, facts))]
    if not windows:
        return {row.pk: [] for row in agreements}
    return facts_of(agreements, Span(min(each.start for each in windows), max(each.end for each in windows)))


def _so_far(agreement: Agreement, month: date, ledger: list[Fact]) -> dict[str, Any] | None:
    """The count up to the end of the last trouble that is over; by the ledger alone, so that no clock moves it."""
    window = window_of(agreement, month)
    ends = [fact.entry.end for fact in ledger if fact.entry.start < window.end]
    if None in ends:
        return None
    until = max((end for end in ends if end), default=window.start)
    return account_of(agreement, month, min(until, window.end), ledger)


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

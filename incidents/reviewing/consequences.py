"""What an incident means for the agreements whose components it hit: the verdicts of its months, as they were issued.

Nothing is counted here; a month whose verdict was not issued yet is named as pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from incidents.models import Agreement, Verdict
from incidents.reviewing.gathering import Facts


@dataclass(frozen=True)
class Consequence:
    """One agreement and one month (`2026-06`); `document` is the newest verdict, None while none was issued."""

    slug: str
    name: str
    month: str
    number: int
    document: dict[str, Any] | None

    @property
    def path(self) -> str:
        """The public page of the month."""
        return f"/agreements/{self.slug}/{self.month}"


def consequences_of(facts: Facts) -> tuple[Consequence, ...]:
    """By agreement and month, in the order of their names. Three queries."""
    held = set(facts.components)
    agreements = list(Agreement.objects.filter(components__in=held).distinct().prefetch_related("components"))
    newest: dict[tuple[int, date], Verdict] = {}
    for row in Verdict.objects.filter(agreement__in=[each.pk for each in agreements]).order_by("number"):
        newest[row.agreement_id, row.month.replace(day=1)] = row
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
                    number=issued.number if issued else 0,
                    document=issued.document if issued else None,
                )
            )
    return tuple(found)


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

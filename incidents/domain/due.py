"""When a promise falls due, and how it stands: pure arithmetic over frozen terms.

Days are counted in the local dates of the calendar's zone and only then turned into an instant, so that neither a
change of the clocks nor the zone of the server moves a due date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incidents.domain.promises import CutOff, PromiseState, StartRule, Unit

# The most that can be promised, by unit: a year and a day.
MOST: Mapping[Unit, int] = {Unit.HOURS: 8784, Unit.CALENDAR_DAYS: 366, Unit.BUSINESS_DAYS: 366, Unit.WEEKS: 53}
SOON = 0.8
_END_OF_DAY = time(23, 59, 59)
_SEARCHED_DAYS = 366 * 12
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """What a promise is counted by. `weekend`: weekdays from Monday, 0; `zone`: an IANA name. Opening hours are local
    and may be missing: then no time of a business day is after hours, and nothing falls due at their close."""

    quantity: int
    unit: Unit
    cut_off: CutOff = CutOff.END_OF_DAY
    start_rule: StartRule = StartRule.EXCLUDE_ANCHOR_DAY
    zone: str = "UTC"
    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    opens_at: time | None = None
    closes_at: time | None = None

    def is_business_day(self, day: date) -> bool:
        """Whether a local date counts."""
        return day.weekday() not in self.weekend and day not in self.holidays


def terms_from(document: Mapping[str, Any]) -> Terms:
    """Terms from the JSON that a promise keeps (`Promise.terms`). Raises KeyError or ValueError for anything else."""

    def clock(key: str) -> time | None:
        return time.fromisoformat(document[key]) if document.get(key) else None

    return Terms(
        quantity=document["quantity"],
        unit=Unit(document["unit"]),
        cut_off=CutOff(document["cut_off"]),
        start_rule=StartRule(document["start_rule"]),
        zone=document["zone"],
        weekend=frozenset(document["weekend"]),
        holidays=frozenset(date.fromisoformat(row["date"]) for row in document["holidays"]),
        opens_at=clock("opens_at"),
        closes_at=clock("closes_at"),
    )


def due_at(terms: Terms, anchor: datetime) -> datetime:
    """The instant, aware UTC, by which a promise that runs from `anchor` (aware) must be kept; always after it.

    Hours pass on the clock, nights and weekends too (after hours, by that rule, from when the next business day opens).
    Days: the anchor's local day is not counted, unless the start rule says so; a week is seven days. At the same time
    of day a day is over one day later, so that the anchor's own day never makes a difference there.

    Raises ValueError for a quantity out of bounds, a week of seven free days, no closing time where it falls due at the
    close, or no business day in twelve years; ZoneInfoNotFoundError for an unknown zone.
    """
    _check(terms)
    anchor = anchor.astimezone(UTC)  # adding hours to a local time would pass over a change of its clocks
    if terms.unit == Unit.HOURS:
        return _hours_from(terms, anchor) + timedelta(hours=terms.quantity)
    local = anchor.astimezone(ZoneInfo(terms.zone))
    day = _day_before_the_first(terms, local)
    remaining = terms.quantity * (7 if terms.unit == Unit.WEEKS else 1)
    is_any_day = terms.unit != Unit.BUSINESS_DAYS
    for _ in range(_SEARCHED_DAYS):
        day += _DAY
        if not (is_any_day or terms.is_business_day(day)):
            continue
        remaining -= 1
        if remaining <= 0:
            due = _instant(terms, day, local)
            if due > anchor:  # noon may have passed on the day itself
                return due
    raise ValueError("There is no business day in twelve years.")


def state_of(
    *,
    now: datetime,
    anchor_at: datetime,
    first_due_at: datetime,
    due_at: datetime,
    fulfilled_at: datetime | None = None,
    waived_at: datetime | None = None,
    is_missed: bool = False,
) -> PromiseState:
    """How a promise stands at `now`. All times are aware.

    What is kept after it was first due is kept late, put off or not. `is_missed`: it was put off only when the time
    had run out already, which does not undo that. Due soon: at least 80 % of the time from the anchor has passed.
    """
    if waived_at is not None:
        return PromiseState.WAIVED
    if fulfilled_at is not None:
        return PromiseState.MET if fulfilled_at <= first_due_at else PromiseState.MET_LATE
    if now > due_at or is_missed:
        return PromiseState.MISSED
    return PromiseState.DUE_SOON if now >= soon_at(anchor_at, due_at) else PromiseState.RUNNING


def soon_at(anchor_at: datetime, due_at: datetime, share: float = SOON) -> datetime:
    """The instant at which this share of the time has passed."""
    return anchor_at + share * (due_at - anchor_at)


def _check(terms: Terms) -> None:
    if not 1 <= terms.quantity <= MOST[terms.unit]:
        raise ValueError(f"The quantity lies between 1 and {MOST[terms.unit]}.")
    if terms.weekend >= frozenset(range(7)):
        raise ValueError("A week needs at least one business day.")
    if terms.cut_off == CutOff.BUSINESS_CLOSE and terms.closes_at is None:
        raise ValueError("The calendar does not say when business closes.")
    try:
        ZoneInfo(terms.zone)
    except (ValueError, OSError) as error:  # a path or a folder is no zone either
        raise ZoneInfoNotFoundError(f"There is no time zone {terms.zone!r}.") from error


def _hours_from(terms: Terms, anchor: datetime) -> datetime:
    if terms.start_rule != StartRule.NEXT_BUSINESS_DAY_IF_AFTER_HOURS:
        return anchor
    local = anchor.astimezone(ZoneInfo(terms.zone))
    first = _day_before_the_first(terms, local) + _DAY
    opens = datetime.combine(first, terms.opens_at or time.min, tzinfo=ZoneInfo(terms.zone))
    return max(anchor, opens.astimezone(UTC))


def _day_before_the_first(terms: Terms, local: datetime) -> date:
    """The local date after which counting begins."""
    day = local.date()
    if terms.start_rule == StartRule.EXCLUDE_ANCHOR_DAY:
        return day
    if terms.start_rule == StartRule.NEXT_BUSINESS_DAY_IF_AFTER_HOURS:
        is_after = terms.closes_at is not None and local.time() >= terms.closes_at
        if is_after or not terms.is_business_day(day):
            for _ in range(_SEARCHED_DAYS):
                day += _DAY
                if terms.is_business_day(day):
                    break
            else:
                raise ValueError("There is no business day in twelve years.")
    is_whole = terms.cut_off == CutOff.SAME_TIME and day == local.date()
    return day if is_whole else day - _DAY


def _instant(terms: Terms, day: date, local: datetime) -> datetime:
    clock = {
        CutOff.END_OF_DAY: _END_OF_DAY,
        CutOff.SAME_TIME: local.timetz().replace(tzinfo=None, fold=0),
        CutOff.NOON: time(12),
        CutOff.BUSINESS_CLOSE: terms.closes_at or _END_OF_DAY,
    }[terms.cut_off]
    # A time that the clocks skip is the one that they show instead; one that they show twice is the first.
    return datetime.combine(day, clock, tzinfo=ZoneInfo(terms.zone)).astimezone(UTC)

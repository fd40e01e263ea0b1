"""Promises as the public sees them: of each the fields that are listed here, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from incidents.domain.due import soon_at
from incidents.domain.promises import Anchor, CutOff, Deliverable, PromiseSource, PromiseState, StartRule, Unit
from incidents.models.review_words import word_of
from incidents.reviewing.promises import PromiseValue, promises

RUNNING = (PromiseState.RUNNING, PromiseState.DUE_SOON)
REVIEWS = (Deliverable.FINAL_REVIEW, Deliverable.PRELIMINARY_REVIEW)
_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True)
class PutOff:
    """One time that a promise was put off."""

    old_due_at: datetime
    new_due_at: datetime
    reason: str
    at: datetime


@dataclass(frozen=True)
class PromiseView:
    """A public promise as of the snapshot. `soon_at` is when four fifths of its time have passed; `counted_by` says in
    words by what its time was counted ("" where it was said outright). `number` and `code` name it in the calendar."""

    key: str
    code: str
    deliverable: Deliverable
    sentence: str
    source: PromiseSource
    state: PromiseState
    place: str
    incident_code: str
    incident_title: str
    is_example: bool
    anchor_at: datetime
    made_at: datetime
    first_due_at: datetime
    due_at: datetime
    soon_at: datetime
    fulfilled_at: datetime | None
    fulfilled_by: str
    waived_at: datetime | None
    waived_reason: str
    put_off: tuple[PutOff, ...]
    counted_by: tuple[str, ...]

    @property
    def is_running(self) -> bool:
        """Whether there is time left for it."""
        return self.state in RUNNING

    @property
    def is_of_review(self) -> bool:
        """Whether a review was promised."""
        return self.deliverable in REVIEWS

    @property
    def is_row(self) -> bool:
        """Whether it is a promise of its own, and not one of a next update or a remediation."""
        return self.deliverable not in (Deliverable.UPDATE, Deliverable.REMEDIATION)

    @property
    def changed_at(self) -> datetime:
        """When anything about it was written last."""
        said = (self.fulfilled_at, self.waived_at, *(row.at for row in self.put_off))
        return max(self.made_at, *(at for at in said if at)) if any(said) else self.made_at


def promise_views(now: datetime) -> tuple[PromiseView, ...]:
    """Every public promise as it stands at `now` (UTC), the one due last first. A constant number of queries."""
    return tuple(_view(row, now) for row in promises(now) if row.is_public)


def edges(views: Iterable[PromiseView], now: datetime) -> Iterator[datetime]:
    """The instants after `now` at which a promise comes to stand otherwise though nobody wrote."""
    for view in views:
        if view.is_running:
            soon = () if view.deliverable == Deliverable.UPDATE else (view.soon_at,)
            yield from (edge for edge in (*soon, view.due_at + _INSTANT) if edge > now)


def _view(row: PromiseValue, now: datetime) -> PromiseView:
    return PromiseView(
        key=row.key,
        code=row.code,
        deliverable=row.deliverable,
        sentence=row.sentence or _("Next update"),
        source=row.source,
        state=_state(row, now),
        place=row.place,
        incident_code=row.incident.code if row.incident else "",
        incident_title=row.incident.title if row.incident else "",
        is_example=bool(row.incident and row.incident.is_example),
        anchor_at=row.anchor_at,
        made_at=row.made_at,
        first_due_at=row.first_due_at,
        due_at=row.due_at,
        soon_at=soon_at(row.anchor_at, row.due_at),
        fulfilled_at=row.fulfilled_at,
        fulfilled_by=row.fulfilled_by,
        waived_at=row.waived_at,
        waived_reason=row.waived_reason,
        put_off=tuple(PutOff(each.old_due_at, each.new_due_at, each.reason, each.at) for each in row.extensions),
        counted_by=tuple(counted_by(row.terms, row.anchor_at, row.first_due_at)) if row.terms else (),
    )


def _state(row: PromiseValue, now: datetime) -> PromiseState:
    """Of a next update, which is promised for minutes, nobody needs to be told that it is due soon."""
    state = row.state(now)
    is_update = row.deliverable == Deliverable.UPDATE
    return PromiseState.RUNNING if is_update and state == PromiseState.DUE_SOON else state


def counted_by(terms: dict[str, Any], anchor_at: datetime, first_due_at: datetime) -> Iterator[str]:
    """The frozen terms of a promise as short sentences: what counted, what did not, and until when."""
    zone = "UTC" if terms["zone"] in ("UTC", "Etc/UTC") else terms["zone"].replace("_", " ")
    yield _("%(quantity)s %(unit)s from %(anchor)s") % {
        "quantity": terms["quantity"],
        "unit": word_of(Unit, terms["unit"]).lower(),
        "anchor": word_of(Anchor, terms.get("anchor", Anchor.RESOLVED)),
    }
    if terms["unit"] == Unit.HOURS:
        return
    yield {
        StartRule.EXCLUDE_ANCHOR_DAY: _("the day itself is not counted"),
        StartRule.IMMEDIATE: _("the day itself is the first"),
        StartRule.NEXT_BUSINESS_DAY_IF_AFTER_HOURS: _("after hours, the next business day is the first"),
    }[StartRule(terms["start_rule"])]
    if terms["unit"] == Unit.BUSINESS_DAYS:
        yield from _days_off(terms, anchor_at, first_due_at)
    yield {
        CutOff.END_OF_DAY: _("to the end of the day, %(zone)s"),
        CutOff.SAME_TIME: _("to the same time of day, %(zone)s"),
        CutOff.NOON: _("to noon, %(zone)s"),
        CutOff.BUSINESS_CLOSE: _("to the close of business, %(zone)s"),
    }[CutOff(terms["cut_off"])] % {"zone": zone}


def _days_off(terms: dict[str, Any], anchor_at: datetime, first_due_at: datetime) -> Iterator[str]:
    names = [str(WEEKDAYS[day]) for day in terms["weekend"]]
    if names:
        yield _("without %(days)s") % {"days": ", ".join(names)}
    zone = ZoneInfo(terms["zone"])
    first, last = (at.astimezone(zone).date().isoformat() for at in (anchor_at, first_due_at))
    for row in terms["holidays"]:
        if first <= row["date"] <= last and date.fromisoformat(row["date"]).weekday() not in terms["weekend"]:
            yield _("without %(date)s (%(name)s)") % row if row["name"] else _("without %(date)s") % row
    hours = [terms.get("opens_at"), terms.get("closes_at")]
    is_by_hours = terms["start_rule"] == StartRule.NEXT_BUSINESS_DAY_IF_AFTER_HOURS
    if all(hours) and (is_by_hours or terms["cut_off"] == CutOff.BUSINESS_CLOSE):
        opens, closes = (time.fromisoformat(each) for each in hours if each)
        yield _("business from %(opens)s to %(closes)s") % {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}

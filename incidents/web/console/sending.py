"""What is being sent now, and what stands in its way: a read of the deliveries, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from incidents.models import ChannelPause, Delivery, OutboxEvent, PublicPage

UNFINISHED = ("pending", "sending", "held")
FAILED = ("dead", "expired")
SHOWN_AFTER = timedelta(minutes=15)
MOST_EVENTS = 5


@dataclass(frozen=True)
class Progress:
    """One event on its way: numbers of deliveries. `done` need nothing more, whichever way they ended."""

    event: OutboxEvent
    total: int
    sent: int
    waiting: int
    failed: int

    @property
    def done(self) -> int:
        """How many are finished."""
        return self.total - self.waiting


@dataclass(frozen=True)
class Trouble:
    """What stands in the way of one channel: a `pause` when nothing gets out, else deliveries refused for now.

    `count` deliveries wait for it, the oldest for so many seconds; class and error are those of the newest failure.
    """

    channel: str
    count: int
    waiting_seconds: int
    answer_class: str
    error: str
    pause: ChannelPause | None = None


@dataclass(frozen=True)
class Sending:
    """`progress` newest first; `unrelayed`: happenings that no worker has taken up yet, and the age of the oldest."""

    progress: list[Progress]
    troubles: list[Trouble]
    is_held: bool
    unrelayed: int
    unrelayed_seconds: int

    @property
    def is_busy(self) -> bool:
        """Whether anything still waits."""
        return bool(self.unrelayed or any(item.waiting for item in self.progress))


def sending_now(now: datetime, page: PublicPage) -> Sending:
    """What is on its way at this instant, with the updates that went out within the last quarter of an hour."""
    waits = Q(held_until__gt=now)  # for its author, and as it should
    unrelayed = OutboxEvent.objects.filter(~waits, relayed_at__isnull=True).aggregate(
        count=Count("id"), oldest=Min("occurred_at")
    )
    return Sending(
        progress=_progress(now),
        troubles=_troubles(now),
        is_held=page.is_sending_held,
        unrelayed=unrelayed["count"],
        unrelayed_seconds=_age(unrelayed["oldest"], now),
    )


def progress_of(events: list[OutboxEvent]) -> list[Progress]:
    """The numbers for some events, in their order; those without deliveries are left out."""
    counts = {
        row["event"]: row
        for row in Delivery.objects.filter(event__in=events)
        .values("event")
        .annotate(
            total=Count("id"),
            sent=Count("id", filter=Q(state="sent")),
            waiting=Count("id", filter=Q(state__in=UNFINISHED)),
            failed=Count("id", filter=Q(state__in=FAILED)),
        )
    }
    return [
        Progress(event, row["total"], row["sent"], row["waiting"], row["failed"])
        for event in events
        if (row := counts.get(event.pk))
    ]


def _progress(now: datetime) -> list[Progress]:
    unfinished = Delivery.objects.filter(state__in=UNFINISHED).values("event")
    events = OutboxEvent.objects.filter(
        Q(pk__in=unfinished) | Q(occurred_at__gt=now - SHOWN_AFTER, incident__isnull=False), reach="subscribers"
    )
    return progress_of(list(events.select_related("incident").order_by("-id")[:MOST_EVENTS]))


def _troubles(now: datetime) -> list[Trouble]:
    pauses = {pause.channel: pause for pause in ChannelPause.objects.order_by("channel")}
    waiting = Delivery.objects.filter(state__in=("pending", "sending"))
    refused = ~Q(last_class="")
    counts = {
        row["channel"]: row
        for row in waiting.order_by("channel")
        .values("channel")
        .annotate(
            count=Count("id"),
            oldest=Min("created_at"),
            refused=Count("id", filter=refused),
            oldest_refused=Min("created_at", filter=refused),
        )
    }
    found = [_pause_trouble(pause, counts.get(channel, {}), now) for channel, pause in pauses.items()]
    rest = [row for channel, row in counts.items() if row["refused"] and channel not in pauses]
    newest: dict[str, tuple[str, str]] = {}
    if rest:
        # The newest failure was tried last; a handful of rows is enough to name it for every channel.
        rows = waiting.filter(refused).order_by("-due_at").values_list("channel", "last_class", "last_error")
        for channel, answer_class, error in rows[:50]:
            newest.setdefault(channel, (answer_class, error))
    return found + [
        Trouble(row["channel"], row["refused"], _age(row["oldest_refused"], now), *newest.get(row["channel"], ("", "")))
        for row in rest
    ]


def _pause_trouble(pause: ChannelPause, row: Mapping[str, Any], now: datetime) -> Trouble:
    return Trouble(pause.channel, row.get("count", 0), _age(row.get("oldest"), now), "lane", pause.reason, pause)


def _age(moment: datetime | None, now: datetime) -> int:
    return int((now - moment).total_seconds()) if moment else 0

"""Which updates a delivery's message holds, read for a whole batch at once, and each such message rendered once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.models import Delivery, OutboxEvent
from incidents.notifying.announcement import announcement_of
from incidents.notifying.protocol import Channel, Parcel, Recipient

# Ended without being accepted: what they would have said goes into the next message. Not what an operator cancelled.
_UNTOLD = (Delivery.State.SUPERSEDED, Delivery.State.EXPIRED, Delivery.State.DEAD)


@dataclass(frozen=True)
class Content:
    """The events of a message, oldest first, and whether the subscriber hears of the incident for the first time."""

    event_ids: tuple[int, ...]
    is_first: bool


class Composer:
    """Makes the messages of one pass over a channel; keeps what is the same for many."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._events: dict[int, OutboxEvent] = {}
        self._letters: dict[Content, Callable[[Recipient], Parcel]] = {}
        self._contents: dict[int, Content] = {}

    def prepare(self, batch: Sequence[Delivery]) -> None:
        """Read what the messages of a batch need, in two queries."""
        self._contents = _contents(batch)
        wanted = {each for content in self._contents.values() for each in content.event_ids} - self._events.keys()
        self._events |= OutboxEvent.objects.in_bulk(wanted)

    def event_of(self, delivery: Delivery) -> OutboxEvent:
        """The event of a delivery of the prepared batch."""
        return self._events[delivery.event_id]

    def compose(self, delivery: Delivery, now: datetime) -> Parcel:
        """The message for a delivery of the prepared batch; `now` is when its attempt begins."""
        content = self._contents[delivery.pk]
        if content not in self._letters:
            facts = [self._events[event_id].facts for event_id in content.event_ids]
            self._letters[content] = self._channel.render(announcement_of(facts, is_first=content.is_first))
        subscriber = delivery.subscriber
        recipient = Recipient(
            subscriber_id=subscriber.pk,
            address=subscriber.address,
            generation=subscriber.generation,
            event_id=delivery.event_id,
            occurred_at=self.event_of(delivery).occurred_at,
            now=now,
        )
        return self._letters[content](recipient)


def _contents(batch: Sequence[Delivery]) -> dict[int, Content]:
    history: dict[tuple[int, int], list[tuple[int, str, int]]] = defaultdict(list)
    rows = Delivery.objects.filter(
        subscriber_id__in={delivery.subscriber_id for delivery in batch},
        incident_id__in={delivery.incident_id for delivery in batch if delivery.incident_id},
    )
    for subscriber_id, incident_id, *rest in rows.order_by("sequence").values_list(
        "subscriber_id", "incident_id", "sequence", "state", "event_id"
    ):
        history[subscriber_id, incident_id].append(tuple(rest))  # type: ignore[arg-type]
    return {delivery.pk: _content(delivery, history) for delivery in batch}


def _content(delivery: Delivery, history: dict[tuple[int, int], list[tuple[int, str, int]]]) -> Content:
    if delivery.incident_id is None:
        return Content((delivery.event_id,), is_first=True)
    before = [row for row in history[delivery.subscriber_id, delivery.incident_id] if row[0] < delivery.sequence]
    told = max((sequence for sequence, state, _event in before if state == Delivery.State.SENT), default=0)
    untold = tuple(event for sequence, state, event in before if sequence > told and state in _UNTOLD)
    return Content((*untold, delivery.event_id), is_first=told == 0)

"""Works off the deliveries that are due: claim, check, send outside any transaction, write the answer under the fence.

`pending → sending → sent | pending (retry) | dead`, and from pending `superseded suppressed expired`. What each class
of answer leads to stands in `_settle`. At least once: a message may go twice if a connection or a process dies at the
moment of acceptance, with the same id; never an older state after a newer one.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from incidents.actions.subscriber import suspend_subscriber
from incidents.models import Attempt, Delivery, PublicPage
from incidents.notifying import claim, fanout, pause, retry
from incidents.notifying.channels import REGISTRY
from incidents.notifying.composing import Composer
from incidents.notifying.protocol import Answer, AnswerClass, Channel, Parcel
from incidents.notifying.senders import Senders

log = logging.getLogger(__name__)
BATCH = 40
State = Delivery.State


@dataclass
class Counts:
    """What one call came to. `void`: sent or answered after another process had taken the delivery over."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    superseded: int = 0
    suppressed: int = 0
    expired: int = 0
    ambiguous: int = 0
    void: int = 0
    is_held: bool = False
    is_paused: bool = False


def deliver_due(now: datetime | None = None, limit: int | None = None, until: datetime | None = None) -> Counts:
    """Attempt every delivery that is due, at most `limit`; no batch is claimed after `until`. Times are aware UTC.

    `now` stops the clock at an instant (seeds and tests); otherwise the database's clock counts. Raises what the
    database raises; what a receiver does is an answer and raises nothing.
    """
    counts = Counts()
    clock: Callable[[], datetime] = (lambda: now) if now is not None else claim.database_now
    counts.expired += claim.expire_waiting(clock())
    for channel in REGISTRY.values():
        _Pass(channel, clock, counts).run(limit, until)
    return counts


class _Pass:
    """One pass over a channel. The database is touched only by the thread that runs it."""

    def __init__(self, channel: Channel, clock: Callable[[], datetime], counts: Counts) -> None:
        self._channel = channel
        self._clock = clock
        self._counts = counts
        self._composer = Composer(channel)
        self._is_probe = False
        self._is_stopped = False

    def run(self, limit: int | None, until: datetime | None) -> None:
        left = limit
        with Senders(self._channel) as senders:
            while not self._is_stopped and (left is None or left > 0):
                size = self._room(until)
                batch = self._claim(min(size, left or size))
                if not batch:
                    return
                left = None if left is None else left - len(batch)
                self._send_batch(senders, batch)

    def _claim(self, size: int) -> list[Delivery]:
        # A third of an attempt is time enough to begin with all of them; who dies before leaves them to others soon.
        seconds = self._channel.deadline_seconds / 3
        return claim.claim_due(self._channel.key, self._clock(), size, seconds) if size else []

    def _room(self, until: datetime | None) -> int:
        """How many may be claimed now: none under the kill switch or in a pause, one as the probe after it."""
        now = self._clock()
        if PublicPage.objects.filter(is_sending_held=True).exists():
            self._counts.is_held = True
            return 0
        if until is not None and now >= until:
            return 0
        standing = pause.standing_pause(self._channel.key)
        self._is_probe = standing is not None
        if standing is None:
            return BATCH
        self._counts.is_paused = standing.until > now
        return 0 if self._counts.is_paused else 1

    def _send_batch(self, senders: Senders, batch: list[Delivery]) -> None:
        self._composer.prepare(batch)
        senders.expect(len(batch))
        for delivery in batch:
            while not senders.has_room:
                self._settle(*senders.next_answer())
            if self._is_stopped:
                claim.let_go(delivery)
                continue
            parcel = self._begin(delivery)
            if parcel is not None:
                senders.hand_over(delivery, parcel)
        while senders.is_flying:
            self._settle(*senders.next_answer())

    def _begin(self, delivery: Delivery) -> Parcel | None:
        """Compose the message and begin the attempt, unless something speaks against it right now."""
        now = self._clock()
        if self._is_out_of_question(delivery, now):
            return None
        try:
            parcel = self._composer.compose(delivery, now)
        except Exception as error:
            # A fault of ours in one message must not stop the others; it is counted, and set aside the third time.
            log.exception("Delivery %s could not be composed.", delivery.pk)
            self._settle(delivery, Answer(AnswerClass.CRASH, f"{type(error).__name__}: {error}"))
            return None
        if not claim.begin(delivery, parcel.message_id, now, 2 * self._channel.deadline_seconds):
            self._counts.void += 1
            return None
        return parcel

    def _is_out_of_question(self, delivery: Delivery, now: datetime) -> bool:
        if delivery.crashes >= retry.CRASHES_ALLOWED:
            self._end(delivery, State.DEAD, last_error="Three attempts ended in a crash.", last_class=AnswerClass.CRASH)
            return True
        seen = claim.as_of_now(delivery)
        if seen is None:
            self._counts.void += 1
            return True
        if seen.is_held:
            self._counts.is_held = self._is_stopped = True
            return claim.let_go(delivery) or True
        if delivery.expires_at is not None and delivery.expires_at <= now:
            return self._end(delivery, State.EXPIRED)
        if not _is_wanted(self._composer.event_of(delivery).facts, seen):
            return self._end(delivery, State.SUPPRESSED)
        if seen.has_newer and self._channel.is_newest_enough:
            return self._end(delivery, State.SUPERSEDED)
        return False

    def _settle(self, delivery: Delivery, answer: Answer, is_spare: bool = False) -> None:
        """What an answer leads to. `is_spare`: another session still works, so the relay only wants fewer of them."""
        now, detail = self._clock(), answer.detail[:500]
        note = {"last_class": answer.kind, "last_error": detail}
        if answer.kind == AnswerClass.ACCEPTED:
            note["last_error"] = ""
            self._end(delivery, State.SENT, sent_at=now, attempts=claim.one_more_attempt(), **note)
            if self._is_probe:
                pause.end_pause(self._channel.key)
            return
        if answer.kind == AnswerClass.LANE:
            if not is_spare:
                pause.begin_pause(self._channel.key, detail, now)
                self._counts.is_paused = self._is_stopped = True
            if claim.let_go(delivery, **note):
                fanout.superseded_by_newer(delivery)
            return
        Attempt.objects.create(delivery_id=delivery.pk, at=now, answer_class=answer.kind, detail=detail)
        if answer.kind in (AnswerClass.PERMANENT, AnswerClass.BLOCKED):
            self._end(delivery, State.DEAD, attempts=claim.one_more_attempt(), **note)
            if answer.is_address_dead:
                suspend_subscriber(subscriber_id=delivery.subscriber_id, reason=detail, now=now)
            return
        self._try_again(delivery, answer, now, note)

    def _try_again(self, delivery: Delivery, answer: Answer, now: datetime, note: dict[str, str]) -> None:
        is_crash, is_ambiguous = answer.kind == AnswerClass.CRASH, answer.kind == AnswerClass.AMBIGUOUS
        result = {
            **note,
            "attempts": claim.one_more_attempt(),
            "crashes": F("crashes") + int(is_crash),
            "ambiguous": F("ambiguous") + int(is_ambiguous),
        }
        self._counts.ambiguous += int(is_ambiguous)
        due_at = retry.next_attempt_at(
            self._channel.schedule_seconds,
            delivery.attempts + 1,
            now,
            random.uniform(-1, 1),
            answer.retry_after_seconds,
        )
        if due_at is None or (is_crash and delivery.crashes + 1 >= retry.CRASHES_ALLOWED):
            self._end(delivery, State.DEAD, **result)
        elif retry.is_too_late(due_at, delivery.expires_at):
            self._end(delivery, State.EXPIRED, **result)
        elif claim.finish(delivery, state=State.PENDING, due_at=due_at, **result):
            if fanout.superseded_by_newer(delivery):
                self._counts.superseded += 1
            else:
                self._counts.retried += 1

    def _end(self, delivery: Delivery, state: Delivery.State, **result: object) -> bool:
        """Write a state that is final; always True, so that a check may end with it."""
        if claim.finish(delivery, state=state, **result):
            setattr(self._counts, state.value, getattr(self._counts, state.value) + 1)
        else:
            self._counts.void += 1
            log.warning("Delivery %s was taken over by another process; its answer %s is void.", delivery.pk, state)
        return True


def _is_wanted(facts: dict[str, Any], seen: claim.Seen) -> bool:
    """Whether the subscriber is still told; a confirmation goes out only while its link is the newest one."""
    asked = facts.get("subscriber")
    if asked and not asked["is_known"]:
        return bool(asked["generation"] == seen.generation)
    return seen.is_told

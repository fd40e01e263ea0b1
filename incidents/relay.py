"""After commit: republish once, then fan out what waits, then deliver what is due.

The Celery task, the sweep in the worker and `manage.py deliver` are all this module. Nothing here needs a broker: the
rows say what is to be done, and doing it twice changes nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Min
from django.utils import timezone

from incidents import outbox
from incidents.actions import (
    inbound,
    maintenance_schedule,
    operators,
    promise_reminders,
    proposal,
    review_publishing,
    series,
    upstream,
    verdicts,
)
from incidents.actions.refusals import Refused
from incidents.domain.actor import SYSTEM
from incidents.domain.verbs import Reach
from incidents.importing import upstreams
from incidents.models import OutboxEvent
from incidents.notifying import attempt, fanout
from incidents.publishing import review_pages, store

log = logging.getLogger(__name__)
UPSTREAMS_A_ROUND = 4
HEARTBEAT_EVERY = timedelta(seconds=10)

# One delivery pass at a time in a process: the sweep and a task that was rung for would only wait for each other's
# rows.
_delivering = threading.Lock()


def relay(now: datetime | None = None) -> int:
    """Publish and fan out every waiting event; returns how many. `now` (UTC) only for seeds and tests.

    The page comes before the mails, so that a link shows the new state. A page that cannot be rendered is logged and
    tried again by the next sweep; it does not hold up those who must be told. What can still be taken back
    (`held_until`) is on the page at once and is fanned out after that; what follows it in its incident waits with it.
    """
    rows = OutboxEvent.objects.filter(relayed_at__isnull=True).order_by("id")
    waiting = list(rows.values_list("id", "incident_id", "held_until"))
    if not waiting:
        return 0
    try:
        store.republish(now)
    except Exception:
        log.exception("The public pages could not be rendered; deliveries go on, and the next sweep tries again.")
    return sum(_relay_or_leave(waiting, now or timezone.now()))


def pause_at_most(seconds: float) -> float:
    """How long to pause between two rounds of `keep_current`: less than `seconds` if the time in which an update can
    be taken back ends sooner."""
    at = OutboxEvent.objects.filter(relayed_at__isnull=True).aggregate(at=Min("held_until"))["at"]
    return min(seconds, max(0.05, (at - timezone.now()).total_seconds())) if at else seconds


def keep_current(now: datetime | None = None) -> None:
    """One round of what readers see: schedules, waiting events, clock edges of the page, the heartbeat. Sends nothing.

    Raises what the database or the disk raises; the caller logs it and calls again.
    """
    keep_schedules(now)
    relay(now)
    if store.is_stale(now):  # looked at without the lock, for it is so on few of the rounds
        store.republish(now)
    store.beat(HEARTBEAT_EVERY)


def keep_schedules(now: datetime | None = None) -> None:
    """Announce what recurs, advance maintenance that is due, issue verdicts of months that are over, remind operators
    and owners of promises, publish reviews that are due, end what flapping alerts held, post what nobody answered.

    A fault is logged and holds up nothing else. A database that does not answer is no fault of one schedule: it is
    raised, so that the caller says it once and not eight times every round.
    """
    for keep in (
        series.announce_due,
        maintenance_schedule.advance_due,
        verdicts.issue_due_verdicts,
        operators.remind_operators,
        _publish_due_reviews,
        promise_reminders.remind_owners,
        inbound.settle_quiet,
        proposal.post_unanswered,
    ):
        try:
            keep(now)
        except OperationalError:
            raise
        except Exception:
            log.exception("%s failed; the next sweep tries again.", keep.__name__)


def _publish_due_reviews(now: datetime | None) -> None:
    review_publishing.publish_due_reviews(now, review_pages.version_page)


def sweep(now: datetime | None = None) -> None:
    """One round of everything that is due. A page that cannot be written holds up no delivery. Raises as above.

    Where it goes on for ever, the two halves run side by side: thousands of mails, or a mail server that hangs, must
    not keep an update from the page nor let the heartbeat grow old.
    """
    try:
        keep_current(now)
    finally:
        deliver(now)


def deliver(now: datetime | None = None) -> None:
    """Work off the deliveries that are due, unless this process is at it already."""
    if _delivering.acquire(blocking=False):
        try:
            attempt.deliver_due(now=now)
        finally:
            _delivering.release()


def follow_upstreams(now: datetime | None = None) -> int:
    """Ask the upstreams that are due what they say, a few in one round, and note it; returns how many were asked.

    Has a thread of its own wherever it goes on for ever: one that drips or hangs delays the other upstreams by 10 s and
    nothing else. Raises what the database raises.
    """
    asked = 0
    while asked < UPSTREAMS_A_ROUND and (row := upstream.claim_upstream(now)):
        outcome = upstreams.read(row, now or timezone.now())
        upstream.note_upstream(actor=SYSTEM, upstream_id=row.pk, asked_url=row.url, outcome=outcome, now=now)
        asked += 1
    _propose_for_upstreams(now)
    return asked


def _propose_for_upstreams(now: datetime | None) -> None:
    """Where an administrator lets an upstream's trouble propose an incident: propose it once, and its end."""
    for row in upstream.upstreams_to_propose():
        try:
            proposal.propose(**upstream.proposal_of(row), actor=SYSTEM, now=now)
        except Refused as refused:
            log.warning("The trouble of %s could not be proposed: %s", row.name, refused.sentence)
        upstream.note_proposed(upstream_id=row.pk, troubled_at=row.troubled_at)
    for row in upstream.upstreams_to_end():
        origin, fingerprint = upstream.trouble_of(row)
        proposal.propose_end(actor=SYSTEM, origin=origin, fingerprint=fingerprint, now=now)
        upstream.note_proposed(upstream_id=row.pk, troubled_at=None)


def _relay_or_leave(
    waiting: Sequence[tuple[int, int | None, datetime | None]], now: datetime
) -> Iterator[int]:  # fmt: skip
    stuck: set[int | None] = set()
    for event_id, incident_id, held_until in waiting:
        if held_until and held_until > now:
            stuck.add(incident_id)
        if incident_id in stuck:
            continue  # the older one first, whenever that is
        try:
            yield _relay_one(event_id, now)
        except DatabaseError:
            raise
        except Exception:
            log.exception(
                "Event %s could not be fanned out; the others go on, and the next sweep tries again.", event_id
            )
            stuck |= {incident_id} - {None}


def _relay_one(event_id: int, now: datetime) -> int:
    with transaction.atomic():
        # Not SKIP LOCKED: a second relay waits here, so that the events of an incident are fanned out in their order.
        event = OutboxEvent.objects.select_for_update().filter(pk=event_id, relayed_at__isnull=True).first()
        if event is None or (event.held_until and event.held_until > now):
            return 0
        if event.reach == Reach.SUBSCRIBERS:
            fanout.fan_out(event)
        event.relayed_at, event.before = now, {}
        event.save(update_fields=["relayed_at", "before"])
        if event.held_until:
            # No write rang for it just now: let a worker begin at once.
            transaction.on_commit(outbox.ring, robust=True)
    return 1

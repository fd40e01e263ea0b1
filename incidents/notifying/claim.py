"""Who may attempt a delivery now: a claim with a lease and a fence, in the order of each (subscriber, incident).

A claim is short (time to begin); beginning turns it into a lease of twice the longest attempt. A process that dies
leaves its claims to the next one after that. Only a delivery that had begun counts as a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import CombinedExpression

from incidents.models import Delivery, PublicPage, Subscriber

BEGUN = "begun"

# The states stand in the text, not in parameters: only so does SQLite use the partial index.
_DUE = """
    SELECT d.id FROM {table} d
    WHERE d.state IN ('pending', 'sending') AND d.channel = %s AND d.due_at <= %s
      AND (d.lease_until IS NULL OR d.lease_until <= %s)
      AND NOT EXISTS (
        SELECT 1 FROM {table} older
        WHERE older.subscriber_id = d.subscriber_id AND older.incident_id = d.incident_id
          AND older.sequence < d.sequence AND older.state IN ('pending', 'sending'))
    ORDER BY d.lane, d.due_at, d.id LIMIT %s
"""
_CLAIM = """
    UPDATE {table} SET state = 'sending', lease_until = %s, fence = fence + 1,
      crashes = crashes + CASE WHEN state = 'sending' AND last_class = 'begun' THEN 1 ELSE 0 END,
      last_class = CASE WHEN state = 'sending' AND last_class = 'begun' THEN 'crash' ELSE last_class END
    WHERE id IN ({due}) RETURNING id
"""

# Asked once for each message, right before it goes: as plain SQL it costs a tenth of what the ORM makes of it.
_SEEN = """
    SELECT s.generation,
      CASE WHEN s.confirmed_at IS NOT NULL AND s.unsubscribed_at IS NULL AND s.suspended_at IS NULL THEN 1 ELSE 0 END,
      CASE WHEN EXISTS (SELECT 1 FROM {page} WHERE is_sending_held) THEN 1 ELSE 0 END,
      CASE WHEN EXISTS (
        SELECT 1 FROM {table} newer
        WHERE newer.subscriber_id = d.subscriber_id AND newer.incident_id = d.incident_id
          AND newer.sequence > d.sequence AND newer.state IN ('pending', 'sending', 'sent')) THEN 1 ELSE 0 END
    FROM {table} d JOIN {subscriber} s ON s.id = d.subscriber_id
    WHERE d.id = %s AND d.fence = %s AND d.state = 'sending'
"""


@dataclass(frozen=True)
class Seen:
    """What may have changed since the claim: subscriber, kill switch, newer deliveries of the incident."""

    generation: int
    is_told: bool
    is_held: bool
    has_newer: bool


def database_now() -> datetime:
    """The clock that leases are compared with (UTC): the database's where several hosts may share it."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def claim_due(channel_key: str, now: datetime, limit: int, claim_seconds: float = 30) -> list[Delivery]:
    """Claim up to `limit` due deliveries of a channel, the most urgent first, with their subscribers. Commits at once.

    A delivery waits while an older one of the same (subscriber, incident) is open.
    """
    table = Delivery._meta.db_table
    moment = connection.ops.adapt_datetimefield_value
    due = _DUE.format(table=table)
    if connection.vendor == "postgresql":
        # MATERIALIZED: the planner must not run the locking part once for each row.
        due = f"WITH due AS MATERIALIZED ({due} FOR UPDATE OF d SKIP LOCKED) SELECT id FROM due"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM.format(table=table, due=due),
            (moment(now + timedelta(seconds=claim_seconds)), channel_key, moment(now), moment(now), limit),
        )
        ids = [row[0] for row in cursor.fetchall()]
    claimed = Delivery.objects.filter(pk__in=ids).select_related("subscriber")
    return sorted(claimed, key=lambda delivery: (delivery.lane, delivery.due_at, delivery.pk))


def as_of_now(delivery: Delivery) -> Seen | None:
    """How things stand for a claimed delivery; None if the claim is lost."""
    tables = {
        "table": Delivery._meta.db_table,
        "subscriber": Subscriber._meta.db_table,
        "page": PublicPage._meta.db_table,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEEN.format(**tables), (delivery.pk, delivery.fence))
        row = cursor.fetchone()
    return Seen(row[0], bool(row[1]), bool(row[2]), bool(row[3])) if row else None


def begin(delivery: Delivery, message_id: str, now: datetime, lease_seconds: float) -> bool:
    """Turn a claim into an attempt; False if another process holds the fence by now. Nothing may be sent then."""
    return bool(
        _held(delivery).update(
            lease_until=now + timedelta(seconds=lease_seconds), last_class=BEGUN, message_id=message_id
        )
    )


def finish(delivery: Delivery, **result: object) -> bool:
    """Write a result (`state` and the rest) and end the lease; False if the fence is lost: the result is void."""
    return bool(_held(delivery).update(lease_until=None, **result))


def let_go(delivery: Delivery, **note: object) -> bool:
    """Give a claim back as if it had not been made."""
    return finish(delivery, state=Delivery.State.PENDING, **note)


def expire_waiting(now: datetime) -> int:
    """End what nobody has begun in time; returns how many."""
    late = Delivery.objects.filter(state=Delivery.State.PENDING, expires_at__lte=now)
    return late.update(state=Delivery.State.EXPIRED)


def one_more_attempt() -> CombinedExpression:
    """For `finish`: counts the attempt in the database, not from a copy."""
    return F("attempts") + 1


def _held(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence, state=Delivery.State.SENDING)

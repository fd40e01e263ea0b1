"""From an event to its deliveries: one row for each subscriber whom the audience rule names, made in one statement."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from incidents import queries
from incidents.domain.verbs import Verb
from incidents.models import Delivery, OutboxEvent, Subscriber
from incidents.notifying.channels import REGISTRY

OPERATOR_LANE = 0
INCIDENT_LANE = 1
CONFIRMATION_LANE = 2
REVIEW_LANE = 3

_COLUMNS = (
    "event_id", "subscriber_id", "channel", "incident_id", "sequence", "lane", "state", "due_at", "expires_at", "fence",
    "attempts", "crashes", "ambiguous", "last_class", "last_error", "message_id", "created_at",
)  # fmt: skip


def fan_out(event: OutboxEvent, now: datetime | None = None) -> int:
    """Make the deliveries of an event and supersede those that it makes superfluous; returns how many are new.

    Idempotent: a second call adds nothing. Whom it reaches follows from the event alone: its rule, and who had
    confirmed by its instant (of those, who is still told now).
    """
    with transaction.atomic():
        made = _insert(event, _recipients(event), now or timezone.now())
        _supersede(event)
    return made


def _recipients(event: OutboxEvent) -> QuerySet[Subscriber]:
    if "subscriber_id" in event.audience:
        return Subscriber.objects.filter(pk=event.audience["subscriber_id"])
    if "operators" in event.audience:
        return queries.told_operators().filter(confirmed_at__lte=event.occurred_at)
    told = queries.audience(event.audience["component_ids"], event.incident_id, _is_of_review(event))
    return told.filter(confirmed_at__lte=event.occurred_at)


def _insert(event: OutboxEvent, recipients: QuerySet[Subscriber], now: datetime) -> int:
    select, select_params = recipients.order_by().values("id", "channel").query.sql_with_params()
    moment = connection.ops.adapt_datetimefield_value
    after = (
        event.incident_id, event.sequence, _lane(event), Delivery.State.PENDING.value, moment(event.occurred_at),
        moment(event.expires_at) if event.expires_at else None, 0, 0, 0, 0, "", "", "", moment(now),
    )  # fmt: skip
    # WHERE TRUE: without it SQLite reads ON as the beginning of a join.
    sql = (
        f"INSERT INTO {Delivery._meta.db_table} ({', '.join(_COLUMNS)}) "
        f"SELECT %s, told.id, told.channel, {', '.join(['%s'] * len(after))} "
        f"FROM ({select}) told WHERE TRUE ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, (event.pk, *after, *select_params))
        made: int = cursor.rowcount
        return made


def _is_reminder(event: OutboxEvent) -> bool:
    """Whether it is to the operators, or to one of them."""
    return "operators" in event.audience or event.verb == Verb.PERSON_REMINDED


def _lane(event: OutboxEvent) -> int:
    if _is_reminder(event):
        return OPERATOR_LANE
    if _is_of_review(event):
        return REVIEW_LANE
    return CONFIRMATION_LANE if "subscriber_id" in event.audience else INCIDENT_LANE


def _is_of_review(event: OutboxEvent) -> bool:
    return bool(event.audience.get("reviews"))


def _supersede(event: OutboxEvent) -> None:
    """What waits and is older than this event, for the same people: the new message will contain it."""
    if _is_reminder(event) or _is_of_review(event):
        return  # each reminder is of another thing, and so is each version of a review
    older = Delivery.objects.filter(
        state=Delivery.State.PENDING,
        channel__in=[channel.key for channel in REGISTRY.values() if channel.is_newest_enough],
        subscriber_id__in=Delivery.objects.filter(event=event).values("subscriber_id"),
    )
    if event.incident_id:
        older = older.filter(incident_id=event.incident_id, sequence__lt=event.sequence)
    else:
        older = older.filter(incident__isnull=True, event__verb=event.verb, event_id__lt=event.pk)
    older.update(state=Delivery.State.SUPERSEDED)


def superseded_by_newer(delivery: Delivery) -> bool:
    """Mark a delivery that went back to waiting as superseded if a newer one of its incident waits; whether it was."""
    newer = Delivery.objects.filter(
        subscriber_id=OuterRef("subscriber_id"),
        incident_id=OuterRef("incident_id"),
        sequence__gt=OuterRef("sequence"),
        state__in=[Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.SENT],
    )
    waiting = Delivery.objects.filter(Exists(newer), pk=delivery.pk, state=Delivery.State.PENDING)
    return bool(waiting.update(state=Delivery.State.SUPERSEDED))

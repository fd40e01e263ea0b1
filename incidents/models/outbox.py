"""What must leave the building: events with their facts frozen, one delivery for each subscriber, and failed
attempts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """One happening that reaches the page or the subscribers, with the facts as they were when it was recorded.

    Claimed by state (`relayed_at`), never by id: ids are handed out before commit, and a late committer would be
    skipped. `audience` is the rule, `occurred_at` the instant: the deliveries follow from exactly those.
    """

    verb = models.CharField(max_length=60)
    reach = models.CharField(max_length=20)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField(default=0, help_text="Order within the incident; 0 without one.")
    facts = models.JSONField(default=dict)
    audience = models.JSONField(default=dict, help_text='{"component_ids": [...]} or {"subscriber_id": n}')
    occurred_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="Old status is noise: no attempt begins after it.")
    held_until = models.DateTimeField(
        null=True, help_text="Until then nobody is told, and the update can be taken back; null: at once."
    )
    before = models.JSONField(
        default=dict, help_text="How things stood before a happening that can be taken back; emptied with the relay."
    )
    relayed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["id"], name="event_waiting", condition=Q(relayed_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.verb} {self.id}"


class Delivery(models.Model):
    """One event for one subscriber, and how it ended.

    `pending → sending → sent | pending (retry) | dead`; from pending also `held superseded suppressed expired
    cancelled`. A claim carries a lease and raises the fence; a result is written only by the holder of the fence.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        DEAD = "dead"
        HELD = "held"
        SUPERSEDED = "superseded"
        SUPPRESSED = "suppressed"
        EXPIRED = "expired"
        CANCELLED = "cancelled"

    event = models.ForeignKey(OutboxEvent, on_delete=models.PROTECT, related_name="deliveries")
    subscriber = models.ForeignKey("incidents.Subscriber", on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="deliveries")
    sequence = models.PositiveIntegerField(default=0)
    lane = models.PositiveSmallIntegerField(
        default=1, help_text="0 operators, 1 incidents, 2 confirmations, 3 the rest"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    ambiguous = models.PositiveIntegerField(default=0)
    last_class = models.CharField(max_length=20, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="delivery_is_unique")]
        indexes = [
            models.Index(fields=["lane", "due_at"], name="delivery_due", condition=Q(state__in=["pending", "sending"])),
            models.Index(fields=["subscriber", "incident", "sequence"], name="delivery_order"),
            models.Index(fields=["incident", "subscriber"], name="delivery_told", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}→{self.subscriber_id} {self.state}"


class Attempt(models.Model):
    """One attempt that was not accepted at once: when, which class of answer, what was said."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempt_log")
    at = models.DateTimeField()
    answer_class = models.CharField(max_length=20)
    detail = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.answer_class} {self.detail[:60]}"


class ChannelPause(models.Model):
    """A channel whose relay fails for everybody: nothing is attempted before `until`, then one probe. Gone when it
    works again."""

    channel = models.CharField(max_length=20, unique=True)
    until = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0, help_text="In a row; the pause doubles with each.")
    reason = models.CharField(max_length=500)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel} until {self.until:%H:%M:%S}: {self.reason}"


class OperatorReminder(models.Model):
    """One reminder that the operators were sent, so that it is sent once: of what, since when, and which step."""

    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=60)
    since = models.DateTimeField()
    step = models.PositiveIntegerField(default=0)
    reminded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "since", "step"], name="reminder_is_sent_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.step}"

"""Who asked to be told, and of what."""

from __future__ import annotations

from django.db import models


class Subscriber(models.Model):
    """One address on one channel. Told only while confirmed, not unsubscribed and not suspended.

    Tokens in mails are HMACs of (id, purpose, generation) and are not stored; raising `generation` voids the old ones.
    """

    channel = models.CharField(max_length=20, default="email")
    address = models.CharField(max_length=320)
    address_key = models.CharField(max_length=320, help_text="The address as compared: case folded.")
    is_operator = models.BooleanField(default=False, help_text="Gets the reminders of the operators, nothing else.")
    is_personal = models.BooleanField(
        default=False, help_text="Of the operators' kind, of one person: gets the reminders that concern that person."
    )
    has_reviews = models.BooleanField(default=True, help_text="Wants to be told of reviews.")
    has_all_components = models.BooleanField(default=True)
    components = models.ManyToManyField("incidents.Component", related_name="subscribers")
    generation = models.PositiveIntegerField(default=1)
    confirmed_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)
    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address_key", "is_operator"], name="subscriber_is_unique")
        ]
        indexes = [
            models.Index(
                fields=["channel", "id"],
                name="subscriber_told",
                condition=models.Q(confirmed_at__isnull=False, unsubscribed_at__isnull=True, suspended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_told(self) -> bool:
        """Whether deliveries may go to this address now."""
        return bool(self.confirmed_at and not self.unsubscribed_at and not self.suspended_at)


class SignUp(models.Model):
    """One request to subscribe, kept seven days, by which floods are limited. No raw address or IP is kept."""

    at = models.DateTimeField(db_index=True)
    client_key = models.CharField(max_length=64, help_text="Keyed hash of the /32 or /64 network.")
    address_hash = models.CharField(max_length=64)
    domain = models.CharField(max_length=255)
    is_mailed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["client_key", "at"], name="sign_up_client"),
            models.Index(fields=["address_hash", "at"], name="sign_up_address"),
            models.Index(fields=["domain", "at"], name="sign_up_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} {self.at:%Y-%m-%d %H:%M}"

"""The keys by which programs write."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """A key of the write API. The key itself is shown once, when it is made, and kept nowhere: only its SHA-256 is.

    `scopes`: keys of `domain.scopes`. A token acts under its own name, whoever made it, until it is revoked or expires.
    """

    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    first_characters = models.CharField(max_length=16, help_text="To tell tokens apart; too few to guess the rest.")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at this instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

"""Who is at which page of the console right now, and what somebody set for their own hands."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Presence(models.Model):
    """Somebody who has an incident in front of them. `seen_at` and `typed_at` (UTC) grow old by themselves: nobody has
    to say goodbye."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(db_index=True)
    typed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "incident"], name="one_presence_at_an_incident")]

    def __str__(self) -> str:
        return f"{self.user} at {self.incident}"


class Preference(models.Model):
    """What somebody set for themselves in the console. Without a row everything is as it comes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preference")
    has_single_keys = models.BooleanField(default=True, help_text="Keys that act without Ctrl or Alt (WCAG 2.1.4).")

    def __str__(self) -> str:
        return str(self.user)

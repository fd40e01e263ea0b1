"""What was done, by whom, when. Written by `actions.record` only, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """One happening. `changes` maps a field to [old, new]; `subject` is what it was done to, as printed."""

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=20)
    actor_label = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=300)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.PROTECT, related_name="audit_entries"
    )
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_label} {self.verb} {self.subject_label}"

"""What was done, by whom, when. Written by `actions.record` only; the database itself refuses to change or delete it
(`chain.lasting`), and each entry hashes the one before (`chain.log`)."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """One happening. `changes` maps a field to [old, new]; `subject` is what it was done to, as printed.

    The hash covers the words (`subject_label`, `changes`) by their salted digest, so that a text that is withheld can
    be taken out: `withheld_at` is set then, and the entry of the withholding has the digest of what is left.
    """

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=20)
    actor_label = models.CharField(max_length=200)
    # No constraint, and nothing to do on deletion: the log outlives an account without being written to.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    verb = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=300)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.PROTECT, related_name="audit_entries"
    )
    changes = models.JSONField(default=dict)
    salt = models.CharField(max_length=32)
    words_digest = models.CharField(max_length=64)
    withheld_at = models.DateTimeField(null=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_label} {self.verb} {self.subject_label}"

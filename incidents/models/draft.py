"""What somebody is writing and has not posted: kept on the server, so that no letter is lost with a browser."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from incidents.domain.drafts import DraftState


class Draft(models.Model):
    """The fields of one form as they were last typed, by whom, at which address. Nothing of it is public.

    At most one is being written for each person and address. `key` is the idempotency key that goes with the text: a
    post whose answer got lost is not made twice.
    """

    code = models.CharField(max_length=12, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200, help_text="The address of the form.")
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    fields = models.JSONField(default=dict, help_text="Name of each field to the list of what was typed.")
    key = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=12, default=DraftState.WRITING)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    answered_by_label = models.CharField(max_length=200, blank=True, help_text="Who published it, or sent it back.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was sent back.")

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "path"], condition=models.Q(state=DraftState.WRITING), name="one_draft_is_being_written"
            )
        ]

    def __str__(self) -> str:
        typed = (self.fields.get("title") or [""])[0]
        return typed or (self.incident.title if self.incident else self.path)

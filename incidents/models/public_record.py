"""The public record: a chain of entries over what was published, and the corrections of it."""

from __future__ import annotations

from django.db import models


class RecordEntry(models.Model):
    """One happening that the public could see. `hash` is over number, time, verb, digests and the hash before.

    `rows`: [{"row": "update:abc", "digests": {"facts": hex, "body": hex}}, …]; `contents` and `salts` run beside it:
    what each digest was made of, null once it is withheld.
    """

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    rows = models.JSONField(default=list)
    contents = models.JSONField(default=list)
    salts = models.JSONField(default=list)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        verbose_name_plural = "record entries"

    def __str__(self) -> str:
        return f"{self.number} {self.verb}"


class Correction(models.Model):
    """A public change of what was public already, with old and new and the figures that moved.

    `changes`: [{"field", "old", "new"}, …] as text; `figures`: [{"figure", "before", "after", "path"}, …].
    """

    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=300, help_text="What was corrected, as the page names it.")
    path = models.CharField(max_length=200, blank=True, help_text="Its public address.")
    reason = models.CharField(max_length=300)
    changes = models.JSONField(default=list)
    figures = models.JSONField(default=list)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="corrections")
    actor_label = models.CharField(max_length=200, help_text="Internal.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"

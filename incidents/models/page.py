"""The one page of this installation, and the keys that make repeated writes harmless."""

from __future__ import annotations

from django.db import models

from incidents.models.picture import Picture


class PublicPage(models.Model):
    """Name, zone and looks of the public page: exactly one row (id 1)."""

    code = models.CharField(
        max_length=12, blank=True, help_text="The public id of the page; given with the first write."
    )
    name = models.CharField(max_length=200, default="Status")
    time_zone = models.CharField(max_length=64, default="Etc/UTC")
    is_sending_held = models.BooleanField(default=False, help_text="The kill switch: nothing is sent while it is set.")
    undo_seconds = models.PositiveSmallIntegerField(
        default=10, help_text="For so long the mails of an update wait and its author can take it back; 0: at once."
    )
    version = models.PositiveIntegerField(default=1, help_text="Rises with every change of the looks.")
    logo = models.ForeignKey(Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    logo_dark = models.ForeignKey(Picture, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accent = models.CharField(max_length=7, blank=True, help_text="#rrggbb; empty: the colour of the style sheet.")
    accent_dark = models.CharField(max_length=7, blank=True, help_text="Of the dark theme; empty: made from the other.")
    footer_links = models.JSONField(default=list, blank=True, help_text="Objects of label and url, in their order.")
    style_values = models.JSONField(default=dict, blank=True, help_text="By name, such as --radius.")
    updated_at = models.DateTimeField()
    revision = models.PositiveBigIntegerField(default=0, help_text="Rises with every write that the public can see.")
    record_number = models.PositiveBigIntegerField(default=0, help_text="Of the newest entry of the public record.")
    record_hash = models.CharField(max_length=64, blank=True, help_text="Its hash; empty before the first.")
    log_number = models.PositiveBigIntegerField(default=0, help_text="Of the newest entry of the audit log.")
    log_hash = models.CharField(max_length=64, blank=True, help_text="Its hash; empty before the first.")
    is_four_eyes = models.BooleanField(
        default=False, help_text="Whether a second person publishes what is posted of an incident."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="page_is_one_row")]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """One accepted write: a door that repeats it with the same key gets the first result, with other content a
    refusal."""

    key = models.CharField(max_length=100, unique=True)
    fingerprint = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key

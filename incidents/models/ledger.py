"""The ledger: the one record of what was broken and when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from incidents.domain.status import Level


class ImpactInterval(models.Model):
    """One component at one level, from `started_at` to `ended_at` (null: still), in one region or in all (null).

    A correction never overwrites: it supersedes the row, with who, when and a public reason, and points to what took
    its place.
    """

    component = models.ForeignKey("incidents.Component", on_delete=models.PROTECT, related_name="intervals")
    region = models.ForeignKey("incidents.Region", null=True, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=30)
    is_quality = models.BooleanField(default=False, help_text="Served, but wrong.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="intervals")
    source = models.CharField(max_length=20, help_text="incident, manual, maintenance, monitor or import")
    note = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    superseded_reason = models.CharField(max_length=300, blank=True)
    superseded_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        indexes = [
            models.Index(
                fields=["component"],
                name="interval_open",
                condition=Q(ended_at__isnull=True, superseded_at__isnull=True),
            ),
            models.Index(fields=["ended_at", "started_at"], name="interval_window"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="interval_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(level__in=[level for level in Level if level != Level.OPERATIONAL]),
                name="interval_level_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.level} {self.started_at:%Y-%m-%d %H:%M}"


class ComponentDay(models.Model):
    """What one day (of the page's zone) of one component came to: microseconds by level, each instant at its heaviest.

    Kept beside the ledger so that bars and months are read, not computed; only days with trouble have rows. `region`
    null: the heaviest anywhere; rows of regions stand only on days on which they differ from it. Not truth: made anew
    from the ledger by `rebuild_days`. A component with an open interval is computed, not read.
    """

    component = models.ForeignKey("incidents.Component", on_delete=models.CASCADE, related_name="days")
    region = models.ForeignKey("incidents.Region", null=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    major_us = models.BigIntegerField(default=0)
    partial_us = models.BigIntegerField(default=0)
    degraded_us = models.BigIntegerField(default=0)
    maintenance_us = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component", "region", "day"], name="region_day_is_unique"),
            models.UniqueConstraint(
                fields=["component", "day"], condition=Q(region__isnull=True), name="component_day_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.region_id or 'all'} {self.day}"

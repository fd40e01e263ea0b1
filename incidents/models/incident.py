"""Incidents and maintenance, their updates, and what was stated about their milestones."""

from __future__ import annotations

from django.db import models

from incidents.domain.status import CLOSED_STAGES, Impact, Kind, Stage


class Incident(models.Model):
    """One trouble, or one maintenance, that is told about. `stage` is that of the newest update; impact and times come
    from ledger and updates.

    The window and what follows it belong to maintenance alone.
    """

    code = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=12, default=Kind.INCIDENT)
    title = models.CharField(max_length=255)
    stage = models.CharField(max_length=20, default=Stage.INVESTIGATING)
    impact_override = models.CharField(max_length=20, blank=True, help_text="Set by hand; empty means derived.")
    advice = models.TextField(blank=True, help_text="Workaround or client advice, Markdown.")
    advice_html = models.TextField(blank=True)
    is_example = models.BooleanField(default=False, help_text="Invented for a demonstration; the page says so.")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every write; a stale form is refused.")
    withdrawn_at = models.DateTimeField(
        null=True, help_text="Opened by mistake; a public tombstone stands in its place."
    )
    withdrawn_reason = models.CharField(max_length=300, blank=True)
    scheduled_for = models.DateTimeField(null=True)
    scheduled_until = models.DateTimeField(null=True)
    is_auto_starting = models.BooleanField(default=True, help_text="Begins by the schedule.")
    is_auto_finishing = models.BooleanField(default=True, help_text="Ends by the schedule.")
    is_start_notifying = models.BooleanField(default=True)
    is_finish_notifying = models.BooleanField(default=True)
    reminder_lead_minutes = models.JSONField(default=list, help_text="Minutes before the window: [1440, 60].")
    next_step_at = models.DateTimeField(null=True, db_index=True, help_text="When the schedule has something to do.")
    cancelled_at = models.DateTimeField(null=True)
    calendar_sequence = models.PositiveIntegerField(
        default=0, help_text="SEQUENCE of RFC 5545: rises with each change."
    )
    series = models.ForeignKey(
        "incidents.MaintenanceSeries", null=True, on_delete=models.PROTECT, related_name="occurrences"
    )
    occurrence_at = models.DateTimeField(null=True, help_text="When the series planned it; survives a reschedule.")
    wire = models.JSONField(
        default=dict,
        help_text="Values of the Statuspage dialect that an import kept as they were; see `publishing.statuspage_v2`.",
    )
    metadata = models.JSONField(default=dict, help_text="What a client of the write API keeps with it; never public.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["stage"],
                name="incident_open",
                condition=~models.Q(stage__in=["resolved", "postmortem", "completed"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=list(Kind)), name="incident_kind_is_known"),
            models.CheckConstraint(
                condition=models.Q(kind=Kind.INCIDENT, scheduled_for__isnull=True, scheduled_until__isnull=True)
                | models.Q(kind=Kind.MAINTENANCE, scheduled_until__gt=models.F("scheduled_for")),
                name="maintenance_has_a_window",
            ),
            models.UniqueConstraint(fields=["series", "occurrence_at"], name="occurrence_is_unique"),
            models.CheckConstraint(condition=models.Q(stage__in=list(Stage)), name="incident_stage_is_known"),
            models.CheckConstraint(
                condition=models.Q(impact_override__in=["", *Impact]), name="incident_impact_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved; maintenance is open from its announcement until it is completed."""
        return self.stage not in CLOSED_STAGES

    @property
    def is_maintenance(self) -> bool:
        """Whether it was planned."""
        return self.kind == Kind.MAINTENANCE


class MaintenanceScope(models.Model):
    """A component that a maintenance is going to take, in one region or in all (null)."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="scope")
    component = models.ForeignKey("incidents.Component", on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey("incidents.Region", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "component", "region"], name="scope_of_region_is_unique"),
            models.UniqueConstraint(
                fields=["incident", "component"], condition=models.Q(region__isnull=True), name="scope_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.region_id or 'all'}"


class MaintenanceSeries(models.Model):
    """A window that comes again by an RRULE (RFC 5545, section 3.3.10), in local time of `zone`.

    Occurrences become maintenance of their own `announce_days` ahead. `scope`: [[component id, [region ids]], …].
    """

    title = models.CharField(max_length=255)
    body = models.TextField()
    rrule = models.CharField(max_length=300)
    first_day = models.DateField()
    starts_at = models.TimeField()
    zone = models.CharField(max_length=64)
    duration_minutes = models.PositiveIntegerField()
    scope = models.JSONField(default=list)
    announce_days = models.PositiveIntegerField(default=14)
    is_notifying = models.BooleanField(default=True)
    reminder_lead_minutes = models.JSONField(default=list)
    is_auto_starting = models.BooleanField(default=True)
    is_auto_finishing = models.BooleanField(default=True)
    announced_until = models.DateTimeField(null=True, help_text="Occurrences up to here exist.")
    version = models.PositiveIntegerField(default=1)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "maintenance series"

    def __str__(self) -> str:
        return self.title


class IncidentUpdate(models.Model):
    """One public text about an incident, in order of `sequence`. The HTML is rendered once, when the text is saved."""

    code = models.CharField(max_length=12, unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="updates")
    sequence = models.PositiveIntegerField()
    stage = models.CharField(max_length=20)
    body = models.TextField()
    body_html = models.TextField()
    posted_at = models.DateTimeField(help_text="The public time of the update.")
    next_update_due_at = models.DateTimeField(null=True)
    is_notifying = models.BooleanField(default=True)
    is_reopening = models.BooleanField(default=False)
    time_note = models.CharField(max_length=200, blank=True, help_text="Public; says when the time is not on record.")
    component_changes = models.JSONField(
        default=list, help_text="As told that day: component, name, region, old level, new level, since."
    )
    author_label = models.CharField(max_length=200, help_text="Internal.")
    amended_at = models.DateTimeField(null=True)
    is_reminder = models.BooleanField(default=False, help_text="Posted by the schedule before a maintenance.")
    withheld_at = models.DateTimeField(null=True, help_text="The text was taken away; a public tombstone says so.")
    withheld_reason = models.CharField(max_length=300, blank=True)
    wire = models.JSONField(
        default=dict,
        help_text="Values of the Statuspage dialect that an import kept as they were; see `publishing.statuspage_v2`.",
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["incident", "sequence"], name="update_sequence_is_unique")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.body[:60]}"


class UpdateRevision(models.Model):
    """A text and a time that an update had before they were changed; stays readable in public unless withheld."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.PROTECT, related_name="revisions")
    body = models.TextField()
    body_html = models.TextField()
    posted_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    replaced_at = models.DateTimeField()
    withheld_at = models.DateTimeField(null=True)
    actor_label = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.update_id} until {self.replaced_at:%Y-%m-%d %H:%M}"


class MilestoneStatement(models.Model):
    """A milestone that a person stated or corrected; the newest one that is not superseded counts, above what is
    derived."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="milestone_statements")
    milestone = models.CharField(max_length=30)
    at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=200)
    stated_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "milestone"],
                condition=models.Q(superseded_at__isnull=True),
                name="milestone_has_one_statement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.milestone} {self.at:%Y-%m-%d %H:%M}"


class UpdateTemplate(models.Model):
    """A text to begin an update with. `{components}`, `{title}` are filled in; no template language touches it."""

    name = models.CharField(max_length=100, unique=True)
    stage = models.CharField(max_length=20)
    title = models.CharField(max_length=255, blank=True)
    body = models.TextField()

    class Meta:
        ordering = ["stage", "name"]

    def __str__(self) -> str:
        return self.name

"""Incidents, their updates, and what was stated about their milestones."""

from __future__ import annotations

from django.db import models

from incidents.domain.status import Impact, Stage


class Incident(models.Model):
    """One trouble that is told about. `stage` is that of the newest update; impact and times come from ledger and
    updates."""

    code = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=255)
    stage = models.CharField(max_length=20, default=Stage.INVESTIGATING)
    impact_override = models.CharField(max_length=20, blank=True, help_text="Set by hand; empty means derived.")
    advice = models.TextField(blank=True, help_text="Workaround or client advice, Markdown.")
    advice_html = models.TextField(blank=True)
    is_example = models.BooleanField(default=False, help_text="Invented for a demonstration; the page says so.")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every write; a stale form is refused.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["stage"], name="incident_open", condition=~models.Q(stage="resolved")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(stage__in=list(Stage)), name="incident_stage_is_known"),
            models.CheckConstraint(
                condition=models.Q(impact_override__in=["", *Impact]), name="incident_impact_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.stage != Stage.RESOLVED


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
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["incident", "sequence"], name="update_sequence_is_unique")]

    def __str__(self) -> str:
        return f"{self.stage}: {self.body[:60]}"


class UpdateRevision(models.Model):
    """A text that an update had before it was amended; stays readable in public."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.PROTECT, related_name="revisions")
    body = models.TextField()
    body_html = models.TextField()
    reason = models.CharField(max_length=300)
    replaced_at = models.DateTimeField()
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

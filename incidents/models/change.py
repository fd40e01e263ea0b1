"""Changes to systems, what part they had in incidents, and the factors that contributed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from incidents.domain.review import (
    Certainty,
    ChangeKind,
    Disposition,
    Effect,
    Initiator,
    Precision,
    Role,
    RollbackOutcome,
    RollbackPossible,
    Rollout,
)


class ChangeEvent(models.Model):
    """Something that was changed: a configuration push, a release, a command. It may play a part in several reviews.

    `stages`: [{"name", "regions", "percent", "started_at", "ended_at", "gate", "gate_result"}, …], all text.
    `guard_rails`: {GuardRail: Answer}; what is not named is unknown. `regions` is public text, because "not disclosed"
    is an answer. By which process it was made is public, by whom is not kept.
    """

    code = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=255)
    kind = models.CharField(max_length=30, default=ChangeKind.CONFIGURATION_PUSH)
    system = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True, help_text="Public Markdown: what was changed.")
    intent = models.TextField(blank=True, help_text="Public Markdown: why it was made.")
    initiator = models.CharField(max_length=20, default=Initiator.UNKNOWN)
    process = models.CharField(max_length=300, blank=True, help_text="Public: by which process, not by whom.")
    started_at = models.DateTimeField(null=True, help_text="Null: not known.")
    completed_at = models.DateTimeField(null=True)
    precision = models.CharField(max_length=12, default=Precision.MINUTE)
    certainty = models.CharField(max_length=12, default=Certainty.CONFIRMED)
    time_note = models.CharField(max_length=200, blank=True, help_text="Public: what is not known of the time.")
    rollout = models.CharField(max_length=20, default=Rollout.UNKNOWN)
    stages = models.JSONField(default=list)
    regions = models.CharField(max_length=300, blank=True)
    guard_rails = models.JSONField(default=dict)
    rollback_possible = models.CharField(max_length=10, default=RollbackPossible.UNKNOWN)
    rollback_method = models.CharField(max_length=200, blank=True)
    rollback_started_at = models.DateTimeField(null=True)
    rollback_completed_at = models.DateTimeField(null=True)
    rollback_outcome = models.CharField(max_length=12, default=RollbackOutcome.UNKNOWN)
    rollback_note = models.TextField(blank=True, help_text="Public Markdown: what stood in the way.")
    source = models.CharField(max_length=200, blank=True, help_text="Public: what says so.")
    source_url = models.CharField(max_length=500, blank=True)
    external_ref = models.CharField(max_length=300, blank=True, help_text="Internal: commit, ticket, CDEvents id.")
    note = models.TextField(blank=True, help_text="Internal.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = [F("started_at").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(ChangeKind)), name="change_kind_is_known"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True)
                | Q(started_at__isnull=True)
                | Q(completed_at__gte=F("started_at")),
                name="change_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ChangeRole(models.Model):
    """What a change was in what a review is about; a change may have several roles, unknown ones are said by none."""

    review = models.ForeignKey("incidents.Review", on_delete=models.CASCADE, related_name="change_roles")
    change = models.ForeignKey(ChangeEvent, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=24)
    certainty = models.CharField(max_length=12, default=Certainty.CONFIRMED)
    phase = models.ForeignKey("incidents.ReviewPhase", null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=300, blank=True, help_text="Public.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=list(Role)), name="change_role_is_known"),
            models.UniqueConstraint(fields=["review", "change", "role"], name="change_role_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.change_id} {self.role}"


class FactorCode(models.Model):
    """A code that an administrator added to the taxonomy of `domain.factors`; retired, it stays for what used it."""

    code = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=120)
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ContributingFactor(models.Model):
    """One thing that contributed. `entry_refs` names entries of the merged timeline (`Entry.ref`): at least one."""

    review = models.ForeignKey("incidents.Review", on_delete=models.CASCADE, related_name="factors")
    code = models.CharField(max_length=12)
    title = models.CharField(max_length=255)
    body = models.TextField(blank=True, help_text="Public Markdown.")
    note = models.TextField(blank=True, help_text="Internal.")
    effect = models.CharField(max_length=24, default=Effect.CREATED_CONDITION)
    certainty = models.CharField(max_length=12, default=Certainty.CONFIRMED)
    entry_refs = models.JSONField(default=list)
    changes = models.ManyToManyField(ChangeEvent, related_name="factors")
    disposition = models.CharField(max_length=12, default=Disposition.OPEN)
    disposition_reason = models.CharField(max_length=300, blank=True, help_text="Public: why it is accepted.")
    revisit_on = models.DateField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(effect__in=list(Effect)), name="factor_effect_is_known"),
            models.CheckConstraint(condition=Q(disposition__in=list(Disposition)), name="factor_disposition_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

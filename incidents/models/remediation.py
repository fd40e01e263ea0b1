"""What is to be done after an incident, in public until somebody else has seen that it works."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.domain.review import Priority, RemediationKind, RemediationState, Strength


class Remediation(models.Model):
    """One commitment of a review. `published_at`: since when the public follows it (null: not published yet).

    Overdue is computed from `due_on` and the state. `original_due_on` never changes; every slip is a row.
    """

    code = models.CharField(max_length=12, unique=True)
    review = models.ForeignKey("incidents.Review", on_delete=models.PROTECT, related_name="remediations")
    title = models.CharField(max_length=255, help_text="Public; a verb first.")
    body = models.TextField(blank=True, help_text="Public Markdown.")
    note = models.TextField(blank=True, help_text="Internal.")
    kind = models.CharField(max_length=20, default=RemediationKind.PREVENT)
    strength = models.CharField(max_length=20, default=Strength.TOOLING)
    priority = models.CharField(max_length=2, default=Priority.P2)
    factors = models.ManyToManyField("incidents.ContributingFactor", related_name="remediations")
    owner_team = models.CharField(max_length=120, blank=True, help_text="Public.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=200, blank=True, help_text="Internal.")
    due_on = models.DateField(null=True)
    original_due_on = models.DateField(null=True)
    state = models.CharField(max_length=12, default=RemediationState.PROPOSED)
    status_note = models.CharField(max_length=300, blank=True, help_text="Public: how it stands.")
    tracker_url = models.CharField(max_length=500, blank=True, help_text="Internal.")
    public_url = models.CharField(max_length=500, blank=True)
    is_public = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verified_by_label = models.CharField(max_length=200, blank=True, help_text="Internal.")
    verification_method = models.CharField(max_length=10, blank=True)
    evidence = models.TextField(blank=True, help_text="Public: what was seen.")
    declined_reason = models.CharField(max_length=300, blank=True, help_text="Public.")
    settled_at = models.DateTimeField(null=True, help_text="When it was verified, declined or superseded.")
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="supersedes")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(RemediationState)), name="remediation_state_is_known"),
            models.CheckConstraint(condition=Q(priority__in=list(Priority)), name="remediation_priority_is_known"),
            models.CheckConstraint(
                condition=~Q(state=RemediationState.VERIFIED)
                | (Q(verified_at__isnull=False) & ~Q(verification_method="") & ~Q(evidence="")),
                name="verified_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class RemediationSlip(models.Model):
    """A due date that was moved, and the public reason."""

    remediation = models.ForeignKey(Remediation, on_delete=models.CASCADE, related_name="slips")
    old_due_on = models.DateField()
    new_due_on = models.DateField()
    reason = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=200, help_text="Internal.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.remediation_id}: {self.old_due_on} → {self.new_due_on}"

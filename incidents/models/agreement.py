"""Agreements on uptime, what they exclude, and the verdict of each month as it was issued."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from incidents.domain.uptime import Clock, Rule


class Agreement(models.Model):
    """A promise of uptime for calendar months, with the policy by which it is counted (see `domain.uptime.Policy`).

    `credit_tiers`: [{"below_percent": "99.5", "credit_percent": "10"}, …], the lowest that holds counts.
    """

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    audience = models.TextField(blank=True, help_text="For whom it is and what it says, Markdown.")
    audience_html = models.TextField(blank=True)
    components = models.ManyToManyField("incidents.Component", related_name="agreements")
    target_percent = models.DecimalField(max_digits=7, decimal_places=4)
    first_month = models.DateField(help_text="The first day of the first month that it covers.")
    zone = models.CharField(max_length=64, default="UTC", help_text="Where its months begin.")
    clock = models.CharField(max_length=12, default=Clock.IMPACT)
    weight_major = models.DecimalField(max_digits=5, decimal_places=4, default=1)
    weight_partial = models.DecimalField(max_digits=5, decimal_places=4, default="0.3")
    weight_degraded = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    weight_after_monitoring = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    is_quality_counted = models.BooleanField(default=False, help_text="Served, but wrong: counts as its level does.")
    is_maintenance_excluded = models.BooleanField(default=True)
    maintenance_notice_hours = models.PositiveIntegerField(default=0, help_text="Announced later, it counts.")
    component_rule = models.CharField(max_length=8, default=Rule.WORST)
    region_rule = models.CharField(max_length=8, default=Rule.WORST)
    credit_tiers = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True, help_text="Public; says what was chosen for a demonstration.")
    version = models.PositiveIntegerField(default=1)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(target_percent__gt=0, target_percent__lte=100), name="target_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(weight_major__gte=0, weight_major__lte=1)
                & Q(weight_partial__gte=0, weight_partial__lte=1)
                & Q(weight_degraded__gte=0, weight_degraded__lte=1),
                name="weights_are_shares",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgreementExclusion(models.Model):
    """A stretch that an agreement does not count, with a public reason; of one component or of all (null)."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="exclusions")
    component = models.ForeignKey("incidents.Component", null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    actor_label = models.CharField(max_length=200, help_text="Internal.")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gt=F("started_at")), name="exclusion_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.started_at:%Y-%m-%d %H:%M}"


class Verdict(models.Model):
    """The verdict on one month as it was issued, whole and signed; never changed. A later number corrects it."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="verdicts")
    month = models.DateField(help_text="Its first day.")
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="The evidence: formula, intervals, exclusions, figures, hash of the record.")
    signature = models.CharField(max_length=200)
    public_key = models.CharField(max_length=60, help_text="With which it verifies, as it was when this was issued.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was issued again.")
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["month", "number"]
        constraints = [models.UniqueConstraint(fields=["agreement", "month", "number"], name="verdict_is_unique")]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.month:%Y-%m} #{self.number}"

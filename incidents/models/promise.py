"""What was promised by when: policies, the calendars that they count by, and each promise with its terms frozen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from incidents.domain.promises import Anchor, CutOff, Deliverable, PromiseSource, StartRule, Unit
from incidents.domain.status import Impact


class BusinessCalendar(models.Model):
    """Which days are business days, and where. `holidays`: [{"date": "2026-07-03", "name": "…"}, …], as loaded from
    `country` (ISO 3166, with `subdivision`) by the `holidays` package, from iCalendar, or typed. Weekend days count
    from Monday, 0. Promises keep their own copy: a change here moves none that is running."""

    name = models.CharField(max_length=120, unique=True)
    zone = models.CharField(max_length=64, default="UTC")
    weekend = models.JSONField(default=list, help_text="[5, 6] is Saturday and Sunday.")
    opens_at = models.TimeField(null=True)
    closes_at = models.TimeField(null=True)
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=10, blank=True)
    holidays = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PromisePolicy(models.Model):
    """A rule that makes a promise by itself, such as a final review within five business days of resolution for every
    incident of major impact or worse."""

    name = models.CharField(max_length=120, unique=True)
    deliverable = models.CharField(max_length=20, default=Deliverable.FINAL_REVIEW)
    minimum_impact = models.CharField(max_length=20, default=Impact.MAJOR)
    quantity = models.PositiveIntegerField(default=5)
    unit = models.CharField(max_length=16, default=Unit.BUSINESS_DAYS)
    anchor = models.CharField(max_length=16, default=Anchor.RESOLVED)
    cut_off = models.CharField(max_length=16, default=CutOff.END_OF_DAY)
    start_rule = models.CharField(max_length=40, default=StartRule.EXCLUDE_ANCHOR_DAY)
    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.PROTECT, related_name="policies")
    is_met_by_preliminary = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    escalation_group = models.CharField(max_length=80, blank=True, help_text="A Django group; reminded once it is due.")
    archived_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Promise(models.Model):
    """One promise: its terms as they were when it began, when it falls due, and whether it was kept.

    How it stands (`PromiseState`) follows from these times and the clock and is not stored. `first_due_at` never
    changes; an extension moves `due_at` and is a row. Promises of the next update stay on the updates, and those of
    remediations on the remediations: `reviewing.promises` reads all three as one.
    """

    code = models.CharField(max_length=12, unique=True)
    deliverable = models.CharField(max_length=20)
    sentence = models.CharField(max_length=300, help_text="Public: what is promised.")
    source = models.CharField(max_length=10, default=PromiseSource.POLICY)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="promises")
    review = models.ForeignKey("incidents.Review", null=True, on_delete=models.PROTECT, related_name="promises")
    update = models.ForeignKey("incidents.IncidentUpdate", null=True, on_delete=models.PROTECT, related_name="promises")
    policy = models.ForeignKey(PromisePolicy, null=True, on_delete=models.PROTECT, related_name="promises")
    terms = models.JSONField(default=dict, help_text="Quantity, unit, zone, weekend, holidays, cut-off, start rule.")
    anchor_at = models.DateTimeField()
    first_due_at = models.DateTimeField()
    due_at = models.DateTimeField()
    is_met_by_preliminary = models.BooleanField(default=False)
    is_public = models.BooleanField(default=True)
    escalation_group = models.CharField(max_length=80, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    owner_label = models.CharField(max_length=200, blank=True, help_text="Internal.")
    fulfilled_at = models.DateTimeField(null=True)
    fulfilled_by = models.CharField(max_length=200, blank=True, help_text="Public address of what fulfilled it.")
    waived_at = models.DateTimeField(null=True)
    waived_reason = models.CharField(max_length=300, blank=True, help_text="Public.")
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-due_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gte=F("anchor_at")), name="promise_is_due_after_anchor"),
        ]

    def __str__(self) -> str:
        return self.sentence


class PromiseExtension(models.Model):
    """A promise that was put off, and the public reason."""

    promise = models.ForeignKey(Promise, on_delete=models.CASCADE, related_name="extensions")
    old_due_at = models.DateTimeField()
    new_due_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    actor_label = models.CharField(max_length=200, help_text="Internal.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.promise_id}: {self.new_due_at:%Y-%m-%d %H:%M}"

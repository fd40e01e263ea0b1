"""Advice to client programs, as data."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from incidents.domain.advice import AdviceKind


class ClientAdvice(models.Model):
    """What programs that use a component are told to do while an incident is open, all of it public.

    `component` null: all that the incident touches; a group covers its components. `region` null: all regions. It ends
    with its incident or when it is withdrawn; results since an instant stay to be discarded.
    """

    incident = models.ForeignKey("incidents.Incident", on_delete=models.PROTECT, related_name="client_advice")
    kind = models.CharField(max_length=20)
    seconds = models.PositiveIntegerField(null=True, help_text="Of retry_after: how long to wait.")
    target = models.CharField(max_length=500, blank=True, help_text="Of fail_over: an address or a text.")
    discard_since = models.DateTimeField(
        null=True, help_text="Of discard_since: results since then are not to be used."
    )
    note = models.CharField(max_length=300, blank=True)
    component = models.ForeignKey("incidents.Component", null=True, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey("incidents.Region", null=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "client advice"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=AdviceKind.RETRY_AFTER, seconds__isnull=False, target="", discard_since__isnull=True)
                | (Q(kind=AdviceKind.FAIL_OVER, seconds__isnull=True, discard_since__isnull=True) & ~Q(target=""))
                | Q(kind=AdviceKind.HOLD, seconds__isnull=True, target="", discard_since__isnull=True)
                | Q(kind=AdviceKind.DISCARD_SINCE, seconds__isnull=True, target="", discard_since__isnull=False),
                name="advice_says_what_its_kind_needs",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seconds or self.target or self.discard_since or ''}".strip()

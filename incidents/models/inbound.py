"""What comes from outside and waits for a person: sources, their rules, proposals; and what monitors hold."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from incidents.domain.inbound import ProposalState, RuleAct, SourceKind


class InboundSource(models.Model):
    """A monitor that may report at `/inbound/<kind>/<key>`. Only the hash of the key is kept."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100, unique=True)
    key_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, hexadecimal.")
    key_prefix = models.CharField(max_length=8, help_text="The first characters, to tell keys apart.")
    is_enabled = models.BooleanField(default=True)
    last_received_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, help_text="Why the newest delivery was not understood.")
    dead_man_minutes = models.PositiveIntegerField(
        null=True, help_text="A proposal that nobody answers in this time is posted neutrally; null is off."
    )
    dead_man_template = models.ForeignKey(
        "incidents.UpdateTemplate", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(SourceKind)), name="source_kind_is_known")]

    def __str__(self) -> str:
        return self.name


class InboundRule(models.Model):
    """What an alert with these labels means for a component. `match`: {label: value}, all of them; empty: every alert.

    Of the rules for one component that an alert meets, the first by position counts, apart for each act.
    """

    source = models.ForeignKey(InboundSource, on_delete=models.CASCADE, related_name="rules")
    match = models.JSONField(default=dict)
    component = models.ForeignKey("incidents.Component", on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey("incidents.Region", null=True, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=30)
    act = models.CharField(max_length=10)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=Q(act__in=list(RuleAct)), name="rule_act_is_known")]

    def __str__(self) -> str:
        labels = ", ".join(f"{name}={value}" for name, value in sorted(self.match.items()))
        return f"{labels or '*'}: {self.act} {self.level}"


class MonitorHold(models.Model):
    """A component that an alert holds by a rule, while it fires. The intervals of `source` monitor follow from these
    rows: a component stays in trouble until the last alert that holds it is over.

    `flaps` counts how often it fired again within minutes of its end.
    """

    rule = models.ForeignKey(InboundRule, on_delete=models.CASCADE, related_name="holds")
    fingerprint = models.CharField(max_length=200)
    fired_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, help_text="Over; the row stays so that a flapping alert is known.")
    is_holding = models.BooleanField(default=True, help_text="Whether the ledger still counts it.")
    flaps = models.PositiveIntegerField(default=0)
    count = models.PositiveIntegerField(default=1)
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["rule", "fingerprint"], name="hold_is_unique")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.fingerprint}"


class Proposal(models.Model):
    """An incident that a machine proposes and a person answers. Nothing of it is public before that.

    `origin` says who: `inbound:<source id>` or `upstream:<id>`. `components`: [{"component_id", "level",
    "region_ids", "is_by_rule"}].
    """

    origin = models.CharField(max_length=60)
    fingerprint = models.CharField(max_length=200)
    title = models.CharField(max_length=255)
    body = models.TextField(blank=True)
    components = models.JSONField(default=list)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="The end that the machine proposes; null while it goes on.")
    ceased_at = models.DateTimeField(null=True, help_text="When we were told of the end.")
    count = models.PositiveIntegerField(default=1)
    flaps = models.PositiveIntegerField(default=0, help_text="How often it fired again soon after its end.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    state = models.CharField(max_length=10, default=ProposalState.OPEN)
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="proposals")
    source = models.ForeignKey(InboundSource, null=True, on_delete=models.PROTECT, related_name="proposals")
    version = models.PositiveIntegerField(default=1, help_text="Rises with every change but a mere repeat.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["origin", "fingerprint"], name="proposal_of_alert")]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "fingerprint"], condition=Q(state="open"), name="open_proposal_is_unique"
            ),
            models.CheckConstraint(condition=Q(state__in=list(ProposalState)), name="proposal_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.title

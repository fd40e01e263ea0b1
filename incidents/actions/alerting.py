"""From alerts to jobs: what the rules of a source make of each, before anything is written.

Rules are read in order. For a component (in a region) the first rule that an alert meets counts, apart for proposing
and for holding. An alert that meets no rule is proposed: with the component, region and level that its own labels name
where they are ours, else without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.actions import holding, suggesting
from incidents.domain.actor import Actor
from incidents.domain.inbound import TROUBLE, Alert, RuleAct, is_met
from incidents.domain.status import Level
from incidents.models import Component, InboundRule, InboundSource, Proposal, UpdateTemplate

PLACEHOLDER = re.compile(r"\{\w+\}", re.ASCII)


@dataclass(frozen=True)
class Suggestion:
    """An alert that proposes an incident, or goes on to."""

    source: InboundSource
    key: str
    alert: Alert
    times: int
    entries: list[dict[str, Any]]

    def is_counted(self, now: datetime) -> bool:
        """Count a mere repeat; whether that was all."""
        return suggesting.repeat(origin_of(self.source), self.key, self.times, now) is not None

    def carry_out(self, actor: Actor, now: datetime) -> None:
        """Propose, under the lock on the page. Raises Refused."""
        suggesting.suggest(
            actor, origin=origin_of(self.source), fingerprint=self.key, title=self.alert.title, body=self.alert.body,
            components=self.entries, started_at=self.alert.started_at, source=self.source, now=now, times=self.times,
        )  # fmt: skip


@dataclass(frozen=True)
class Holding:
    """An alert that holds a component by a rule."""

    rule: InboundRule
    key: str
    alert: Alert
    times: int

    def is_counted(self, now: datetime) -> bool:
        """Count a mere repeat; whether that was all."""
        return holding.repeat(self.rule, self.key, self.times, now)

    def carry_out(self, actor: Actor, now: datetime) -> None:
        """Hold the component, under the lock on the page. Raises Refused."""
        holding.fire(actor, self.rule, self.key, self.alert, self.times, now)


@dataclass(frozen=True)
class Resolution:
    """An alert that is over: what it holds ends, for what it proposed an end is proposed."""

    source: InboundSource
    key: str
    alert: Alert

    def is_counted(self, _now: datetime) -> bool:
        """Whether nothing of it goes on."""
        going_on = Proposal.objects.filter(origin=origin_of(self.source), fingerprint=self.key, ceased_at__isnull=True)
        return not (going_on.exists() or holding.standing(self.source.pk, self.key).exists())

    def carry_out(self, actor: Actor, now: datetime) -> None:
        """End it, under the lock on the page. Raises Refused."""
        end = self.alert.ended_at
        held = holding.standing(self.source.pk, self.key).select_related("rule__component__group")
        holding.resolve(actor, list(held), end, now)
        suggesting.suggest_end(actor, origin=origin_of(self.source), key=self.key, ended_at=end, now=now)


Job = Suggestion | Holding | Resolution


def origin_of(source: InboundSource) -> str:
    """What the proposals of a source are known by."""
    return f"inbound:{source.pk}"


def jobs_of(source: InboundSource, alerts: Sequence[Alert]) -> Iterator[Job]:
    """What is to be done for these alerts. An alert that comes twice is done once, as it was told last."""
    rules = list(source.rules.select_related("component__group", "region"))
    newest: dict[str, tuple[Alert, int]] = {}
    for alert in alerts:
        key = suggesting.key_of(alert.fingerprint)
        newest[key] = (alert, newest.get(key, (alert, 0))[1] + 1)
    for key, (alert, times) in newest.items():
        if alert.is_resolved:
            yield Resolution(source, key, alert)
        else:
            yield from _jobs_of_firing(source, rules, key, alert, times)


def has_gaps(template: UpdateTemplate) -> bool:
    """Whether a template cannot be posted by itself: it has no title, or a gap that only a person can fill."""
    return not template.title or bool(
        PLACEHOLDER.search(f"{template.title} {template.body}".replace("{components}", ""))
    )


def _jobs_of_firing(
    source: InboundSource, rules: Sequence[InboundRule], key: str, alert: Alert, times: int
) -> Iterator[Job]:
    met = [rule for rule in rules if is_met(rule.match, alert.labels)]
    counting = {act: _first_of_each(rule for rule in met if rule.act == act) for act in RuleAct}
    for rule in counting[RuleAct.HOLD]:
        yield Holding(rule, key, alert, times)
    if counting[RuleAct.PROPOSE]:
        yield Suggestion(source, key, alert, times, [_entry(rule) for rule in counting[RuleAct.PROPOSE]])
    elif not met:
        yield Suggestion(source, key, alert, times, _named_by(alert.labels))


def _first_of_each(rules: Iterator[InboundRule]) -> list[InboundRule]:
    first: dict[tuple[int, int | None], InboundRule] = {}
    for rule in rules:
        first.setdefault((rule.component_id, rule.region_id), rule)
    return list(first.values())


def _entry(rule: InboundRule) -> dict[str, Any]:
    return {
        "component_id": rule.component_id,
        "level": rule.level,
        "region_ids": [rule.region_id] if rule.region_id else [],
        "is_by_rule": True,
    }


def _named_by(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    slug = labels.get("component", "")
    component = slug and Component.objects.filter(slug=slug, is_group=False, archived_at__isnull=True).first()
    if not component:
        return []
    region = component.regions.filter(key=labels.get("region", "")).first()
    level = labels.get("level", "")
    return [
        {
            "component_id": component.pk,
            "level": level if level in TROUBLE else Level.DEGRADED_PERFORMANCE.value,
            "region_ids": [region.pk] if region else [],
            "is_by_rule": False,
        }
    ]

"""Sources of alerts and their rules, and what is done with an alert that comes in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import alerting, guards, holding, moves, roles, texts
from incidents.actions.record import record
from incidents.actions.refusals import Refused
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.inbound import TROUBLE, Alert, RuleAct, SourceKind
from incidents.domain.review import PersonRole
from incidents.domain.text import clean_line
from incidents.domain.verbs import Verb
from incidents.models import Component, InboundRule, InboundSource, MonitorHold, Region, UpdateTemplate

HEARD_EVERY = timedelta(seconds=30)
MOST_LABELS = 20
LONGEST_WAIT = 7 * 24 * 60


@dataclass(frozen=True)
class Received:
    """What became of a delivery: how many alerts it had and how many of them were news; what was refused, and why."""

    alerts: int
    changed: int
    proposals: int
    refused: tuple[str, ...] = ()


def hash_of(key: str) -> str:
    """The hash under which a key is known."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def source_of(kind: str, key: str) -> InboundSource | None:
    """The enabled source that this key opens, or None."""
    return InboundSource.objects.filter(key_hash=hash_of(key), kind=kind, is_enabled=True).first()


def save_source(
    *,
    actor: Actor,
    name: str,
    kind: str = "",
    source_id: int | None = None,
    is_enabled: bool = True,
    dead_man_minutes: int | None = None,
    dead_man_template_id: int | None = None,
    now: datetime | None = None,
) -> tuple[InboundSource, str]:
    """Add a source, or change one; a new one comes with its key, which is shown once and not kept ("" otherwise).

    Disabling a source ends what its alerts hold. Raises Refused, also for somebody who is no administrator.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        source = _source(source_id) if source_id else InboundSource(kind=_kind(kind), created_at=now)
        key = "" if source_id else _give_key(source)
        source.name = _free_name(name, source.pk)
        source.is_enabled = is_enabled
        source.dead_man_minutes = _minutes(dead_man_minutes)
        source.dead_man_template = _template(dead_man_template_id)
        source.save()
        record(
            actor=actor, verb=Verb.SOURCE_SAVED, subject=source, now=now,
            changes={
                "kind": ["", source.kind],
                "is_enabled": ["", is_enabled],
                "dead_man_minutes": ["", source.dead_man_minutes],
            },
        )  # fmt: skip
        if not is_enabled:
            holding.release(actor, MonitorHold.objects.filter(rule__source=source, is_holding=True), now)
    return source, key


def renew_key(*, actor: Actor, source_id: int, now: datetime | None = None) -> tuple[InboundSource, str]:
    """Give a source another key, shown once; the former opens nothing any more. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        source = _source(source_id)
        former = source.key_prefix
        key = _give_key(source)
        source.save(update_fields=["key_hash", "key_prefix"])
        record(
            actor=actor, verb=Verb.SOURCE_SAVED, subject=source, now=now, changes={"key": [former, source.key_prefix]}
        )
    return source, key


def save_rule(
    *,
    actor: Actor,
    source_id: int,
    component_id: int,
    level: str,
    act: str,
    match: Mapping[str, str] | None = None,
    region_id: int | None = None,
    position: int | None = None,
    rule_id: int | None = None,
    now: datetime | None = None,
) -> InboundRule:
    """Add a rule, last, or change one: what it held is let go, and held anew when its alert is repeated.

    Raises Refused, also for a component that cannot be in trouble and for somebody who is no administrator.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        source = _source(source_id)
        rule = _rule(rule_id) if rule_id else InboundRule(source=source)
        if rule_id:
            _let_go(actor, rule, now)
        rule.component = moves.component_of(component_id)
        rule.region = _region(rule.component, region_id)
        rule.level, rule.act, rule.match = _level(level), _act(act), _match(match or {})
        last = source.rules.aggregate(last=Max("position"))["last"] or 0
        rule.position = position or rule.position or last + 1
        rule.save()
        record(
            actor=actor, verb=Verb.RULE_SAVED, subject=rule, now=now,
            changes={"source": ["", source.name], "component": ["", rule.component.name], "rule": ["", str(rule)]},
        )  # fmt: skip
    return rule


def remove_rule(*, actor: Actor, rule_id: int, now: datetime | None = None) -> None:
    """Remove a rule and end what it holds. Raises Refused."""
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        roles.require(actor, PersonRole.ADMINISTRATOR)
        rule = _rule(rule_id)
        record(actor=actor, verb=Verb.RULE_REMOVED, subject=rule, now=now, changes={"rule": [str(rule), ""]})
        _let_go(actor, rule, now)
        rule.delete()


def receive(*, source: InboundSource, alerts: Sequence[Alert], now: datetime | None = None) -> Received:
    """Do what the rules of a source make of its alerts. Repeats are counted without the lock on the page; what is news
    is written in one transaction, where an alert that is refused holds up no other."""
    now = now or timezone.now()
    actor = Actor("monitor", source.name)
    jobs = list(alerting.jobs_of(source, alerts))
    news = [job for job in jobs if not job.is_counted(now)]
    refused: list[str] = []
    if news:
        with transaction.atomic(durable=True):
            guards.lock_page(now)
            for job in news:
                try:
                    with transaction.atomic():
                        job.carry_out(actor, now)
                except Refused as refusal:
                    refused.append(refusal.sentence)
    heard(source, refused[0] if refused else "", now)
    proposals = sum(isinstance(job, alerting.Suggestion) for job in jobs)
    return Received(len(alerts), len(news) - len(refused), proposals, tuple(dict.fromkeys(refused)))


def heard(source: InboundSource, error: str, now: datetime | None = None) -> None:
    """Note that a source reported, and what was wrong with it ("" for nothing); at most one write in half a minute
    while nothing changes."""
    now = now or timezone.now()
    is_news = source.last_received_at is None or now - source.last_received_at > HEARD_EVERY
    if is_news or error[:300] != source.last_error:
        InboundSource.objects.filter(pk=source.pk).update(last_received_at=now, last_error=error[:300])


def settle_quiet(now: datetime | None = None) -> int:
    """Let go of what flapping alerts held once they have been quiet; returns how many were."""
    now = now or timezone.now()
    if not holding.quiet(now).exists():
        return 0
    with transaction.atomic(durable=True):
        guards.lock_page(now)
        count = holding.quiet(now).count()
        holding.release(SYSTEM, holding.quiet(now), now)
    return count


def _let_go(actor: Actor, rule: InboundRule, now: datetime) -> None:
    holding.release(actor, rule.holds.filter(is_holding=True), now)
    rule.holds.all().delete()


def _give_key(source: InboundSource) -> str:
    key = secrets.token_urlsafe(24)
    source.key_hash, source.key_prefix = hash_of(key), key[:6]
    return key


def _source(source_id: int) -> InboundSource:
    source = InboundSource.objects.filter(pk=source_id).first()
    if source is None:
        raise Refused(_("There is no such source."))
    return source


def _rule(rule_id: int) -> InboundRule:
    rule = InboundRule.objects.select_related("component__group", "source").filter(pk=rule_id).first()
    if rule is None:
        raise Refused(_("There is no such rule."))
    return rule


def _kind(raw: str) -> SourceKind:
    if raw not in list(SourceKind):
        raise Refused(_("Choose what sends the alerts."), "kind")
    return SourceKind(raw)


def _free_name(raw: str, own_id: int | None) -> str:
    name = texts.line(raw, field="name", limit=100)
    if InboundSource.objects.filter(name=name).exclude(pk=own_id or 0).exists():
        raise Refused(_("There is a source of that name already."), "name")
    return name


def _minutes(raw: int | None) -> int | None:
    if raw is not None and not 1 <= raw <= LONGEST_WAIT:
        raise Refused(_("Give between 1 minute and 7 days (10,080), or leave it empty."), "dead_man_minutes")
    return raw


def _template(template_id: int | None) -> UpdateTemplate | None:
    if template_id is None:
        return None
    template = UpdateTemplate.objects.filter(pk=template_id).first()
    if template is None:
        raise Refused(_("There is no such template."), "dead_man_template_id")
    if alerting.has_gaps(template):
        raise Refused(
            _("Nobody fills this template in: it needs a title, and of {…} only {components}. Choose another."),
            "dead_man_template_id",
        )
    return template


def _region(component: Component, region_id: int | None) -> Region | None:
    if region_id is None:
        return None
    if not component.regions.filter(pk=region_id).exists():
        raise Refused(_("%(name)s does not run in that region.") % {"name": component.name}, "region_id")
    return Region.objects.get(pk=region_id)


def _level(raw: str) -> str:
    if raw not in TROUBLE:
        raise Refused(_("Choose the level that the alert means."), "level")
    return raw


def _act(raw: str) -> str:
    if raw not in list(RuleAct):
        raise Refused(_("Choose what the rule does."), "act")
    return raw


def _match(raw: Mapping[str, str]) -> dict[str, str]:
    found = {clean_line(str(name)): clean_line(str(value)) for name, value in raw.items()}
    if "" in found:
        raise Refused(_("A label needs a name."), "match")
    if len(found) > MOST_LABELS or any(len(name) > 100 or len(value) > 300 for name, value in found.items()):
        raise Refused(_("At most 20 labels, names of 100 and values of 300 characters are possible."), "match")
    return found

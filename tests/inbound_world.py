"""A source of alerts with rules, an administrator, and ways to report to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from incidents.actions import inbound, proposal
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.inbound import Alert, SourceKind
from incidents.models import Component, InboundRule, InboundSource, Proposal

MONITOR = Actor("monitor", "Prometheus")


def make_source(
    kind: str = SourceKind.GENERIC, name: str = "Prometheus", **overrides: Any
) -> tuple[InboundSource, str]:
    """A source and its key."""
    return inbound.save_source(**{"actor": SYSTEM, "name": name, "kind": kind, **overrides})


def make_rule(source: InboundSource, component: Component, **overrides: Any) -> InboundRule:
    """A rule that proposes a major outage of the component for every alert."""
    values = {"actor": SYSTEM, "source_id": source.pk, "component_id": component.pk, "level": "major_outage"}
    return inbound.save_rule(**{**values, "act": "propose", **overrides})


def alert(fingerprint: str = "a1", **overrides: Any) -> Alert:
    """A firing alert."""
    return Alert(**{"fingerprint": fingerprint, "title": "High error rate", **overrides})


def over(fingerprint: str = "a1", ended_at: datetime | None = None) -> Alert:
    """The same alert, resolved."""
    return alert(fingerprint, is_resolved=True, ended_at=ended_at)


def report(source: InboundSource | None, *alerts: Alert, now: datetime | None = None) -> inbound.Received:
    """What a delivery does."""
    assert source
    source.refresh_from_db()
    return inbound.receive(source=source, alerts=alerts, now=now)


def make_proposal(*components: Component, **overrides: Any) -> Proposal:
    """An open proposal of a source, made by a rule for each component."""
    source = InboundSource.objects.first() or make_source()[0]
    for component in components:
        make_rule(source, component)
    report(source, alert(**overrides))
    return Proposal.objects.latest("pk")


def propose(**overrides: Any) -> Proposal:
    """A proposal as another part of the program makes it."""
    values = {"actor": SYSTEM, "origin": "upstream:1", "fingerprint": "x", "title": "Errors upstream"}
    return proposal.propose(**{**values, **overrides})


def post(kind: str, key: str, payload: Any, **options: Any) -> Any:
    """A delivery by HTTP."""
    return Client().post(f"/inbound/{kind}/{key}", payload, content_type="application/json", **options)


def minutes_later(count: float, since: datetime | None = None) -> datetime:
    """So many minutes after now, or after another time."""
    return (since or timezone.now()) + timedelta(minutes=count)

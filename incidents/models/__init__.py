"""Memory: tables and constraints. No behaviour that crosses tables; only `incidents.actions` writes the domain
tables."""

from __future__ import annotations

from incidents.models.audit import AuditEntry
from incidents.models.component import Component, Region
from incidents.models.incident import Incident, IncidentUpdate, MilestoneStatement, UpdateRevision, UpdateTemplate
from incidents.models.ledger import ImpactInterval
from incidents.models.outbox import Attempt, ChannelPause, Delivery, OutboxEvent
from incidents.models.page import IdempotencyKey, PublicPage
from incidents.models.subscriber import SignUp, Subscriber

__all__ = [
    "Attempt",
    "AuditEntry",
    "ChannelPause",
    "Component",
    "Delivery",
    "IdempotencyKey",
    "ImpactInterval",
    "Incident",
    "IncidentUpdate",
    "MilestoneStatement",
    "OutboxEvent",
    "PublicPage",
    "Region",
    "SignUp",
    "Subscriber",
    "UpdateRevision",
    "UpdateTemplate",
]

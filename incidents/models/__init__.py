"""Memory: tables and constraints. No behaviour that crosses tables; only `incidents.actions` writes the domain
tables."""

from __future__ import annotations

from incidents.models.agreement import Agreement, AgreementExclusion, Verdict
from incidents.models.audit import AuditEntry
from incidents.models.component import Component, Region
from incidents.models.incident import (
    Incident,
    IncidentUpdate,
    MaintenanceScope,
    MaintenanceSeries,
    MilestoneStatement,
    UpdateRevision,
    UpdateTemplate,
)
from incidents.models.ledger import ComponentDay, ImpactInterval
from incidents.models.outbox import Attempt, ChannelPause, Delivery, OperatorReminder, OutboxEvent
from incidents.models.page import IdempotencyKey, PublicPage
from incidents.models.public_record import Correction, RecordEntry
from incidents.models.subscriber import SignUp, Subscriber

__all__ = [
    "Agreement",
    "AgreementExclusion",
    "Attempt",
    "AuditEntry",
    "ChannelPause",
    "Component",
    "ComponentDay",
    "Correction",
    "Delivery",
    "IdempotencyKey",
    "ImpactInterval",
    "Incident",
    "IncidentUpdate",
    "MaintenanceScope",
    "MaintenanceSeries",
    "MilestoneStatement",
    "OperatorReminder",
    "OutboxEvent",
    "PublicPage",
    "RecordEntry",
    "Region",
    "SignUp",
    "Subscriber",
    "UpdateRevision",
    "UpdateTemplate",
    "Verdict",
]

"""Memory: tables and constraints. No behaviour that crosses tables; only `incidents.actions` writes the domain
tables."""

from __future__ import annotations

from incidents.models.advice import ClientAdvice
from incidents.models.agreement import Agreement, AgreementExclusion, Verdict
from incidents.models.audit import AuditEntry
from incidents.models.change import ChangeEvent, ChangeRole, ContributingFactor, FactorCode
from incidents.models.component import Component, Region
from incidents.models.draft import Draft
from incidents.models.imported import ImportedRow, Redirect
from incidents.models.inbound import InboundRule, InboundSource, MonitorHold, Proposal
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
from incidents.models.picture import Picture
from incidents.models.presence import Preference, Presence
from incidents.models.promise import BusinessCalendar, Promise, PromiseExtension, PromisePolicy
from incidents.models.public_record import Correction, RecordEntry
from incidents.models.remediation import Remediation, RemediationSlip
from incidents.models.review import (
    Review,
    ReviewApproval,
    ReviewComment,
    ReviewPhase,
    ReviewRedaction,
    ReviewSection,
    ReviewVersion,
    ReviewWaiver,
    SectionRevision,
    TimelineEntry,
)
from incidents.models.subscriber import SignUp, Subscriber
from incidents.models.token import ApiToken
from incidents.models.upstream import Upstream

__all__ = [
    "Agreement",
    "AgreementExclusion",
    "ApiToken",
    "Attempt",
    "AuditEntry",
    "BusinessCalendar",
    "ChangeEvent",
    "ChangeRole",
    "ChannelPause",
    "ClientAdvice",
    "Component",
    "ComponentDay",
    "ContributingFactor",
    "Correction",
    "Delivery",
    "Draft",
    "FactorCode",
    "IdempotencyKey",
    "ImpactInterval",
    "ImportedRow",
    "InboundRule",
    "InboundSource",
    "Incident",
    "IncidentUpdate",
    "MaintenanceScope",
    "MaintenanceSeries",
    "MilestoneStatement",
    "MonitorHold",
    "OperatorReminder",
    "OutboxEvent",
    "Picture",
    "Preference",
    "Presence",
    "Promise",
    "PromiseExtension",
    "PromisePolicy",
    "Proposal",
    "PublicPage",
    "RecordEntry",
    "Redirect",
    "Region",
    "Remediation",
    "RemediationSlip",
    "Review",
    "ReviewApproval",
    "ReviewComment",
    "ReviewPhase",
    "ReviewRedaction",
    "ReviewSection",
    "ReviewVersion",
    "ReviewWaiver",
    "SectionRevision",
    "SignUp",
    "Subscriber",
    "TimelineEntry",
    "UpdateRevision",
    "UpdateTemplate",
    "Upstream",
    "Verdict",
]

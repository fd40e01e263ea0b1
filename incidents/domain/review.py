"""The words of reviews: states, kinds, roles and dispositions, as they stand in tables and in published documents.

The sets follow the structured reviews that large operators publish and the guides of those who teach writing them; an
enumeration here is closed, the taxonomy of factors (`domain.factors`) is open.
"""

from __future__ import annotations

from enum import StrEnum


class ReviewState(StrEnum):
    """Where the working copy of a review stands. What was published stays published whatever this says."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETRACTED = "retracted"


class VersionKind(StrEnum):
    """What a published version is."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    CORRECTION = "correction"
    RETRACTION = "retraction"


class Precision(StrEnum):
    """How exactly a time is known: the time stands at the beginning of what it names."""

    SECOND = "second"
    MINUTE = "minute"
    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Certainty(StrEnum):
    """How sure a time, a role or a factor is."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    ESTIMATED = "estimated"
    DISPUTED = "disputed"


class EntryKind(StrEnum):
    """What an entry of the timeline tells of."""

    BACKGROUND = "background"
    CHANGE = "change"
    SYMPTOM = "symptom"
    ALERT = "alert"
    DETECTION = "detection"
    ACKNOWLEDGEMENT = "acknowledgement"
    ESCALATION = "escalation"
    HYPOTHESIS = "hypothesis"
    DECISION = "decision"
    ACTION = "action"
    PUBLIC_WORD = "public_word"
    TARGETED_WORD = "targeted_word"
    MITIGATION = "mitigation"
    RECOVERY = "recovery"
    ALL_CLEAR = "all_clear"
    MAINTENANCE = "maintenance"
    AFTERWARDS = "afterwards"


class ChangeKind(StrEnum):
    """What was changed."""

    CONFIGURATION_PUSH = "configuration_push"
    DATA_UPDATE = "data_update"
    FEATURE_FLAG = "feature_flag"
    RELEASE = "release"
    INFRASTRUCTURE = "infrastructure"
    SCHEMA_OR_PERMISSION = "schema_or_permission"
    SCALING = "scaling"
    DEPENDENCY = "dependency"
    CERTIFICATE_OR_SECRET = "certificate_or_secret"
    DEFAULT = "default"
    CUSTOMER_CONFIGURATION = "customer_configuration"
    MANUAL_COMMAND = "manual_command"
    EMERGENCY_FIX = "emergency_fix"
    ROLLBACK = "rollback"
    EXPERIMENT = "experiment"


class Initiator(StrEnum):
    """What kind of hand made a change; never who."""

    PERSON = "person"
    AUTOMATION = "automation"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    UNKNOWN = "unknown"


class Rollout(StrEnum):
    """How a change was spread."""

    INSTANT_GLOBAL = "instant_global"
    STAGED_REGIONS = "staged_regions"
    PERCENTAGE = "percentage"
    CANARY_THEN_GLOBAL = "canary_then_global"
    PER_TENANT = "per_tenant"
    SINGLE_TARGET = "single_target"
    UNKNOWN = "unknown"


class Gate(StrEnum):
    """What a stage of a rollout had to pass before the next one."""

    NONE = "none"
    TIMER = "timer"
    HEALTH = "health"
    MANUAL = "manual"


class GateResult(StrEnum):
    """What a gate did. `blind`: it could not see the fault that came later."""

    PASS = "pass"
    FAIL = "fail"
    BYPASSED = "bypassed"
    BLIND = "blind"


class Answer(StrEnum):
    """Yes, no, or not known: unknown is an answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class GuardRail(StrEnum):
    """What could have caught a change."""

    VALIDATED = "validated"
    PEER_REVIEWED = "peer_reviewed"
    TESTED_AT_SCALE = "tested_at_scale"
    FLAGGED = "flagged"
    CANARIED = "canaried"
    HEALTH_GATED = "health_gated"
    KILL_SWITCH_EXISTS = "kill_switch_exists"
    KILL_SWITCH_USED = "kill_switch_used"
    DRY_RUN = "dry_run"
    SIZE_LIMITED = "size_limited"


class RollbackPossible(StrEnum):
    """Whether a change could be taken back."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"


class RollbackOutcome(StrEnum):
    """What taking it back did."""

    WORKED = "worked"
    PARTLY = "partly"
    FAILED = "failed"
    MADE_WORSE = "made_worse"
    NOT_TRIED = "not_tried"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a change was in an incident; one change can be several."""

    LATENT_DEFECT = "latent_defect"
    TRIGGER = "trigger"
    AMPLIFIER = "amplifier"
    MASKING = "masking"
    FAILED_MITIGATION = "failed_mitigation"
    HARMFUL_MITIGATION = "harmful_mitigation"
    EFFECTIVE_MITIGATION = "effective_mitigation"
    PERMANENT_FIX = "permanent_fix"
    RULED_OUT = "ruled_out"


class Effect(StrEnum):
    """What a factor did."""

    CREATED_CONDITION = "created_condition"
    TRIGGERED = "triggered"
    WIDENED = "widened"
    DELAYED_DETECTION = "delayed_detection"
    DELAYED_DIAGNOSIS = "delayed_diagnosis"
    DELAYED_RECOVERY = "delayed_recovery"
    HAMPERED_COMMUNICATION = "hampered_communication"
    LIMITED_HARM = "limited_harm"


class Disposition(StrEnum):
    """What is done about a factor. `open` is no answer yet; `kept` is for what limited the harm."""

    OPEN = "open"
    REMEDIATED = "remediated"
    ACCEPTED = "accepted"
    EXTERNAL = "external"
    KEPT = "kept"


class RemediationKind(StrEnum):
    """What a remediation is for."""

    PREVENT = "prevent"
    DETECT = "detect"
    MITIGATE = "mitigate"
    RECOVER = "recover"
    PROCESS = "process"
    COMMUNICATE = "communicate"
    INVESTIGATE = "investigate"
    REPAIR_CUSTOMER = "repair_customer"


class Strength(StrEnum):
    """How much a remediation leans on people remembering it, from not at all to wholly."""

    REMOVE_HAZARD = "remove_hazard"
    AUTOMATIC_GUARD = "automatic_guard"
    AUTOMATIC_DETECTION = "automatic_detection"
    TOOLING = "tooling"
    DOCUMENTATION = "documentation"
    TRAINING = "training"


WEAK_STRENGTHS = (Strength.DOCUMENTATION, Strength.TRAINING)


class Priority(StrEnum):
    """How soon a remediation must come."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class RemediationState(StrEnum):
    """How far a remediation is. Delivered is not the end: verified is, by somebody else and with evidence."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    VERIFIED = "verified"
    DECLINED = "declined"
    SUPERSEDED = "superseded"


SETTLED_STATES = (RemediationState.VERIFIED, RemediationState.DECLINED, RemediationState.SUPERSEDED)
# From a state to those that a person may set; verifying, declining and superseding are acts of their own.
REMEDIATION_MOVES: dict[RemediationState, tuple[RemediationState, ...]] = {
    RemediationState.PROPOSED: (RemediationState.ACCEPTED, RemediationState.IN_PROGRESS, RemediationState.DELIVERED),
    RemediationState.ACCEPTED: (RemediationState.IN_PROGRESS, RemediationState.DELIVERED),
    RemediationState.IN_PROGRESS: (RemediationState.ACCEPTED, RemediationState.DELIVERED),
    RemediationState.DELIVERED: (RemediationState.IN_PROGRESS,),
    RemediationState.VERIFIED: (),
    RemediationState.DECLINED: (RemediationState.ACCEPTED,),
    RemediationState.SUPERSEDED: (),
}


class VerificationMethod(StrEnum):
    """How it was seen that a remediation does what it should."""

    TEST = "test"
    DRILL = "drill"
    METRIC = "metric"
    AUDIT = "audit"
    REVIEW = "review"


class ApprovalKind(StrEnum):
    """Whose eye an approval lends."""

    TECHNICAL = "technical"
    SERVICE_OWNER = "service_owner"
    COMMUNICATION = "communication"
    LEGAL = "legal"
    SECURITY = "security"
    PRIVACY = "privacy"
    EXECUTIVE = "executive"


class RedactionKind(StrEnum):
    """Why something is withheld from the public review."""

    SECURITY = "security"
    PRIVACY = "privacy"
    LEGAL = "legal"
    THIRD_PARTY = "third_party"
    COMMERCIAL = "commercial"


class Assistance(StrEnum):
    """Whether a machine had a part in the writing."""

    NONE = "none"
    FACTS_GATHERING = "facts_gathering"
    DRAFTING = "drafting"


class PersonRole(StrEnum):
    """What people may do with reviews: the names of Django's groups."""

    VIEWER = "viewer"
    AUTHOR = "author"
    PUBLISHER = "publisher"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"

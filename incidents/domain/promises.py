"""The words of promises: what is promised, from when it is counted, in which unit, and how it turned out."""

from __future__ import annotations

from enum import StrEnum


class Deliverable(StrEnum):
    """What is promised. `update` promises live on the updates themselves, `remediation` ones on the remediations."""

    PRELIMINARY_REVIEW = "preliminary_review"
    FINAL_REVIEW = "final_review"
    UPDATE = "update"
    REMEDIATION = "remediation"
    OTHER = "other"


class Unit(StrEnum):
    """In what the time is counted."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    WEEKS = "weeks"


class Anchor(StrEnum):
    """From what instant it is counted."""

    RESOLVED = "resolved"
    IMPACT_STARTED = "impact_started"
    ACKNOWLEDGED = "acknowledged"
    PUBLISHED = "published"


class CutOff(StrEnum):
    """At what time of the last day it falls due."""

    END_OF_DAY = "end_of_day"
    SAME_TIME = "same_time"
    NOON = "noon"
    BUSINESS_CLOSE = "business_close"


class StartRule(StrEnum):
    """Which day is the first that counts."""

    EXCLUDE_ANCHOR_DAY = "exclude_anchor_day"
    NEXT_BUSINESS_DAY_IF_AFTER_HOURS = "next_business_day_if_after_hours"
    IMMEDIATE = "immediate"


class PromiseSource(StrEnum):
    """Where a promise was made."""

    POLICY = "policy"
    UPDATE = "update"
    REVIEW = "review"
    CONTRACT = "contract"


class PromiseState(StrEnum):
    """How a promise stands at an instant; an extension never changes by when it was first due."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    MET = "met"
    MET_LATE = "met_late"
    MISSED = "missed"
    WAIVED = "waived"

"""What levels, stages and milestones are called, wherever people read them: on pages, in the console, in messages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from incidents.domain.status import Level, Stage

Word = str | Promise

LEVELS: Mapping[Level, Word] = {
    Level.OPERATIONAL: gettext_lazy("Operational"),
    Level.UNDER_MAINTENANCE: gettext_lazy("Under maintenance"),
    Level.DEGRADED_PERFORMANCE: gettext_lazy("Degraded performance"),
    Level.PARTIAL_OUTAGE: gettext_lazy("Partial outage"),
    Level.MAJOR_OUTAGE: gettext_lazy("Major outage"),
}
STAGES: Mapping[Stage, Word] = {
    Stage.INVESTIGATING: gettext_lazy("Investigating"),
    Stage.IDENTIFIED: gettext_lazy("Identified"),
    Stage.MONITORING: gettext_lazy("Monitoring"),
    Stage.RESOLVED: gettext_lazy("Resolved"),
    Stage.POSTMORTEM: gettext_lazy("Review published"),
    Stage.SCHEDULED: gettext_lazy("Scheduled"),
    Stage.IN_PROGRESS: gettext_lazy("In progress"),
    Stage.VERIFYING: gettext_lazy("Verifying"),
    Stage.COMPLETED: gettext_lazy("Completed"),
}
MILESTONES: Mapping[str, Word] = {
    "impact_started": gettext_lazy("Trouble began"),
    "detected": gettext_lazy("Detected"),
    "acknowledged": gettext_lazy("Acknowledged"),
    "identified": gettext_lazy("Identified"),
    "first_recovery": gettext_lazy("First recovery"),
    "resolved": pgettext_lazy("milestone", "Resolved"),
}

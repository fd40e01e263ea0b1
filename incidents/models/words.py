"""What levels, stages and milestones are called, wherever people read them: on pages, in the console, in messages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy

from incidents.domain.factors import CODES, family_of
from incidents.domain.status import Level, Stage
from incidents.domain.verbs import SENTENCES, Verb

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


def happening(verb: str) -> str:
    """What was done, as the middle of a sentence: `posted an update`. A verb that is not known here, as it is."""
    return gettext(SENTENCES[Verb(verb)]) if verb in list(Verb) else verb


def factor_codes() -> dict[str, str]:
    """The taxonomy of factors, without what an installation added: what each code stands for."""
    return {code: gettext(title) for code, title in CODES.items()}


def factor_family(code: str) -> str:
    """What the family of a code is called; its prefix where that is an installation's own."""
    return gettext(family_of(code))


def number(value: int) -> str:
    """`12,483`; a language may have another separator."""
    return f"{value:,}".replace(",", pgettext("separator of thousands", ","))

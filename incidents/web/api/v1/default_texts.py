"""The texts of updates that come without one: those that Statuspage's own form begins with."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from incidents.domain.status import Stage

_FIRST = {
    Stage.INVESTIGATING: _("We are currently investigating this issue."),
    Stage.IDENTIFIED: _("The issue has been identified and a fix is being implemented."),
    Stage.MONITORING: _("A fix has been implemented and we are monitoring the results."),
    Stage.RESOLVED: _("This incident has been resolved."),
    Stage.IN_PROGRESS: _("Scheduled maintenance is currently in progress. We will provide updates as necessary."),
    Stage.VERIFYING: _("Verification is currently underway for the maintenance items."),
    Stage.COMPLETED: _("The scheduled maintenance has been completed."),
}
_REPEATED = {
    Stage.INVESTIGATING: _("We are continuing to investigate this issue."),
    Stage.IDENTIFIED: _("We are continuing to work on a fix for this issue."),
    Stage.MONITORING: _("We are continuing to monitor for any further issues."),
}


def text_of(stage: str, *, is_repeat: bool = False) -> str:
    """The text for a stage; "" where there is none, as for a maintenance that is announced."""
    known = Stage(stage)
    return str((_REPEATED.get(known) if is_repeat else None) or _FIRST.get(known) or "")

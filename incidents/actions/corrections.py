"""A change of what was public already: one row with old and new, the reason, and the figures that moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.actions.figures import Figures, moved
from incidents.domain.actor import Actor
from incidents.domain.verbs import Verb
from incidents.models import Correction, Incident, IncidentUpdate

Changes = Mapping[str, tuple[str, str]]


def correct(
    *,
    actor: Actor,
    verb: Verb,
    subject: str,
    path: str,
    reason: str,
    changes: Changes,
    before: Figures,
    after: Figures,
    now: datetime,
    incident: Incident | None = None,
) -> Correction:
    """Write the correction, inside the caller's transaction. Pass the row to `record` as published.

    `changes`: (old, new) as the public reads it, by the name of the field; `before` and `after`: see `figures_of`.
    """
    return Correction.objects.create(
        at=now,
        verb=verb,
        subject=subject[:300],
        path=path,
        reason=reason,
        changes=[{"field": name, "old": old, "new": new} for name, (old, new) in changes.items() if old != new],
        figures=moved(before, after),
        incident=incident,
        actor_label=actor.label,
    )


def path_of(incident: Incident | None, update: IncidentUpdate | None = None) -> str:
    """The public address of what was corrected."""
    if incident is None:
        return ""
    return f"/incidents/{incident.code}" + (f"#update-{update.code}" if update else "")


def instant(at: datetime | None, missing: str = "") -> str:
    """`2026-06-23 14:30:00 UTC`; `missing` for None."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else missing


def name_of_update(incident: Incident, update: IncidentUpdate) -> str:
    """What the public reads as the subject of a corrected update."""
    return _("%(title)s, update %(number)s") % {"title": incident.title, "number": update.sequence}

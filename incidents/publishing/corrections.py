"""What the public is told of corrections, in words, and what stands where a text or an incident was taken away."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Correction, Incident, IncidentUpdate
from incidents.publishing import review_words, words
from incidents.publishing.public import CorrectionView, FigureView, WithdrawnView

FIELDS: Mapping[str, str | Promise] = {
    "text": gettext_lazy("Text"),
    "time": gettext_lazy("Time"),
    "title": gettext_lazy("Title"),
    "impact": gettext_lazy("Impact"),
    "component": gettext_lazy("Component"),
    "region": gettext_lazy("Region"),
    "level": gettext_lazy("Level"),
    "served wrong": gettext_lazy("Served, but wrong"),
    "began": gettext_lazy("Began"),
    "ended": gettext_lazy("Ended"),
    "interval": gettext_lazy("Interval"),
    "incident": gettext_lazy("Incident"),
    "update": gettext_lazy("Update"),
    "stage": gettext_lazy("Stage"),
    "advice": gettext_lazy("Workaround or advice"),
    "first day": gettext_lazy("First day"),
    "time zone": gettext_lazy("Time zone"),
    "kind": gettext_lazy("Kind"),
    "strength": gettext_lazy("Strength"),
    "priority": gettext_lazy("Priority"),
    "owner team": gettext_lazy("Owner team"),
    "public address": gettext_lazy("Public address"),
    "factors": gettext_lazy("Factors"),
    **words.MILESTONES,
    # of verdicts
    "counted_minutes": gettext_lazy("Counted minutes"),
    "allowed_minutes": gettext_lazy("Allowed minutes"),
    "percent": gettext_lazy("Uptime in percent"),
    "verdict": gettext_lazy("Verdict"),
    "credit_percent": gettext_lazy("Credit in percent"),
    "target_percent": gettext_lazy("Target in percent"),
    "zone": gettext_lazy("Time zone"),
    "clock": gettext_lazy("Beginning of the clock"),
    "weight_major": gettext_lazy("Weight of a major outage"),
    "weight_partial": gettext_lazy("Weight of a partial outage"),
    "weight_degraded": gettext_lazy("Weight of degraded performance"),
    "weight_after_monitoring": gettext_lazy("Weight after Monitoring"),
    "is_quality_counted": gettext_lazy("What was served but wrong counts"),
    "is_maintenance_excluded": gettext_lazy("Maintenance is left out"),
    "maintenance_notice_hours": gettext_lazy("Hours of notice for maintenance"),
    "component_rule": gettext_lazy("Rule for components"),
    "region_rule": gettext_lazy("Rule for regions"),
}
# Of an incident that was withdrawn, nothing that named it stays.
NAMING = ("text", "title")


def logged() -> tuple[CorrectionView, ...]:
    """Every correction, newest first."""
    return tuple(_view(row) for row in Correction.objects.select_related("incident"))


def withdrawn() -> tuple[WithdrawnView, ...]:
    """The incidents that were withdrawn, newest first."""
    rows = Incident.objects.filter(withdrawn_at__isnull=False).order_by("-id")
    return tuple(WithdrawnView(row.code, row.withdrawn_at, row.withdrawn_reason) for row in rows if row.withdrawn_at)


def tombstone(update: IncidentUpdate) -> str:
    """The sentence in the place of a withheld text."""
    if update.withheld_at is None:
        return ""
    told = {"day": words.day(update.withheld_at.date()), "reason": update.withheld_reason}
    return _("This text was withheld on %(day)s. Reason: %(reason)s") % told


def _view(row: Correction) -> CorrectionView:
    is_withdrawn = bool(row.incident and row.incident.withdrawn_at)
    return CorrectionView(
        number=row.pk,
        at=row.at,
        subject=_("A withdrawn incident") if is_withdrawn else row.subject,
        path=row.path.partition("#")[0] if is_withdrawn else row.path,
        reason=row.reason,
        changes=tuple(_change(entry) for entry in row.changes if not (is_withdrawn and entry["field"] in NAMING)),
        figures=tuple(_figure(each) for each in row.figures),
    )


def _change(entry: Mapping[str, str]) -> tuple[str, str, str]:
    field = entry["field"]
    name = str(FIELDS.get(field, field))
    if entry.get("is_withheld"):
        return name, _("withheld"), _("withheld")
    return name, _shown(field, entry["old"]), _shown(field, entry["new"])


def _figure(entry: Mapping[str, str]) -> FigureView:
    field = entry["figure"]
    name = str(FIELDS.get(field, field))
    return FigureView(name, _shown(field, entry["before"]), _shown(field, entry["after"]), entry["path"])


def _shown(field: str, text: str) -> str:
    names: Mapping[str, Mapping[str, str | Promise]] = {
        "level": {key.value: name for key, name in words.LEVELS.items()},
        "impact": {key.value: name for key, name in words.IMPACTS.items()},
        "stage": {key.value: name for key, name in words.STAGES.items()},
        "verdict": review_words.VERDICTS,
    }
    return str(names.get(field, {}).get(text, text))

"""The forms of agreements on uptime: terms, exclusions, and credit tiers as one line each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.actions.agreement import Terms
from incidents.domain.uptime import Clock, Rule
from incidents.models import Agreement
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.times import CLOCK, UtcField, parse_coming, parse_past

TIER = re.compile(r"(?:below )?(\d{1,3}(?:\.\d{1,4})?) ?%?: ?(\d{1,3}(?:\.\d{1,4})?) ?%?", re.ASCII | re.IGNORECASE)
CLOCKS = [(Clock.IMPACT, _("The start of the impact")), (Clock.FIRST_POST, _("The first public post"))]
RULES = [(Rule.WORST, _("The worst of them")), (Rule.MEAN, _("Their mean"))]
# Where a refusal of the action is shown on these forms.
PLACES = {"components": "component_ids", "component": "component_id"}


class MomentField(UtcField):
    """A time in UTC, past or to come; a clock time is its last occurrence."""

    def clean(self, value: Any) -> Any:
        """The instant in UTC. Raises ValidationError."""
        raw = forms.CharField.clean(self, value).strip()
        if not raw:
            return None
        if CLOCK.fullmatch(raw):
            return parse_past(raw, datetime.now(UTC))
        return parse_coming(raw, datetime.min.replace(tzinfo=UTC))


class AgreementForm(forms.Form):
    """A promise of uptime for calendar months, and how it is counted."""

    name = TextField(label=_("Name"))
    slug = TextField(label=_("Address"), help_text=_("As in /agreements/address; a-z, 0-9 and -. It cannot change."))
    audience = BodyField(label=_("For whom, and what it says"), rows=4, required=False, help_text=_("Markdown."))
    component_ids = forms.TypedMultipleChoiceField(
        label=_("Components"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one component.")},
    )  # fmt: skip
    target_percent = TextField(label=_("Target, %"), help_text=_("More than 0 and at most 100, as 99.9."))
    first_month = forms.DateField(
        label=_("First month"), input_formats=["%Y-%m", "%Y-%m-%d"], help_text=_("As 2026-06."),
        widget=forms.DateInput(attrs={"size": 12, "autocomplete": "off"}, format="%Y-%m"),
        error_messages={"invalid": _("That is not a month. Write it as 2026-06.")},
    )  # fmt: skip
    zone = TextField(label=_("Time zone of its months"), help_text=_("An IANA name such as Europe/Berlin."))
    clock = forms.ChoiceField(label=_("Counts from"), choices=CLOCKS)
    weight_major = TextField(label=_("Weight of a major outage"), help_text=_("0 to 1: the share that counts."))
    weight_partial = TextField(label=_("Weight of a partial outage"), help_text=_("0 to 1."))
    weight_degraded = TextField(label=_("Weight of degraded performance"), help_text=_("0 to 1."))
    weight_after_monitoring = TextField(
        label=_("Weight after the first “Monitoring”"), required=False, help_text=_("0 to 1; empty: as before it.")
    )
    is_quality_counted = forms.BooleanField(
        label=_("What is served but wrong counts as its level does"), required=False
    )
    is_maintenance_excluded = forms.BooleanField(label=_("Maintenance does not count"), required=False)
    maintenance_notice_hours = forms.IntegerField(
        label=_("Notice of maintenance, h"), min_value=0, help_text=_("Announced later than this, it counts.")
    )
    component_rule = forms.ChoiceField(label=_("Of several components"), choices=RULES)
    region_rule = forms.ChoiceField(label=_("Of several regions"), choices=RULES)
    credit_tiers = BodyField(
        label=_("Credit"), rows=3, required=False, help_text=_("A tier on each line, as “below 99.5: 10 %”.")
    )
    note = TextField(label=_("Note"), required=False, help_text=_("Public; one line."))
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands with every verdict that changes."))
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, components: Sequence[tuple[int, str]], is_new: bool = True, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["component_ids"].choices = components  # type: ignore[attr-defined]
        for name in ("reason", "seen_version") if is_new else ("slug",):
            del self.fields[name]

    def clean_credit_tiers(self) -> list[dict[str, str]]:
        """The tiers, lowest percentage first."""
        lines = [line.strip() for line in self.cleaned_data["credit_tiers"].splitlines() if line.strip()]
        found = [TIER.fullmatch(line) for line in lines]
        if not all(found):
            raise forms.ValidationError(_now("Write a tier on each line, as “below 99.5: 10 %”."))
        tiers = [{"below_percent": each[1], "credit_percent": each[2]} for each in found if each]
        return sorted(tiers, key=lambda tier: float(tier["below_percent"]))

    def terms(self) -> Terms:
        """What was typed, for the action to judge."""
        data = dict(self.cleaned_data)
        for name in ("slug", "reason", "seen_version"):
            data.pop(name, None)
        return Terms(**data | {"weight_after_monitoring": data["weight_after_monitoring"].strip() or None})


class ExclusionForm(forms.Form):
    """A stretch that an agreement does not count."""

    component_id = forms.TypedChoiceField(label=_("Component"), required=False, coerce=int, empty_value=None)
    started_at = MomentField(label=_("From (UTC)"))
    ended_at = MomentField(label=_("To (UTC)"))
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands in the verdict."))

    def __init__(self, data: Any = None, *, components: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["component_id"].choices = [("", _("All of the agreement")), *components]  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    """Why an exclusion counts no more."""

    reason = TextField(label=_("Reason"), help_text=_("Public: it stands with every verdict that changes."))


def tier_lines(tiers: Sequence[Mapping[str, str]]) -> str:
    """Tiers as they are typed."""
    return "\n".join(f"below {tier['below_percent']}: {tier['credit_percent']} %" for tier in tiers)


def standing_terms(row: Agreement) -> dict[str, Any]:
    """What an agreement says now, by field of the form."""
    names = (
        "name", "audience", "first_month", "zone", "clock", "is_quality_counted", "is_maintenance_excluded",
        "maintenance_notice_hours",
        "component_rule", "region_rule", "note",
    )  # fmt: skip
    numbers = ("target_percent", "weight_major", "weight_partial", "weight_degraded", "weight_after_monitoring")
    return {
        **{name: getattr(row, name) for name in names},
        **{name: "" if getattr(row, name) is None else f"{getattr(row, name).normalize():f}" for name in numbers},
        "component_ids": [component.pk for component in row.components.all()],
        "credit_tiers": tier_lines(row.credit_tiers),
        "seen_version": row.version,
    }

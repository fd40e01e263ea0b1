"""The forms of sources and their rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.domain.inbound import TROUBLE, RuleAct, SourceKind
from incidents.models import InboundRule, Region, UpdateTemplate
from incidents.publishing import words
from incidents.web.console.forms import TextField, choices_of, component_choices

KINDS: dict[str, str | Promise] = {
    SourceKind.ALERTMANAGER: "Prometheus Alertmanager",
    SourceKind.GRAFANA: "Grafana",
    SourceKind.PAGERDUTY: "PagerDuty",
    SourceKind.GENERIC: _("A script, or anything that sends JSON"),
}
ACTS: dict[str, str | Promise] = {
    RuleAct.PROPOSE: _("Propose an incident, which a person publishes"),
    RuleAct.HOLD: _("Set the component by itself while the alert fires"),
}
LABEL = re.compile(r"\s*([^=:]+?)\s*[=:]\s*(\"(?:[^\"\\]|\\.)*\"|.*?)\s*", re.DOTALL)


class SourceForm(forms.Form):
    """A monitor that reports here."""

    kind = forms.ChoiceField(label=_("What sends the alerts"), choices=choices_of(KINDS))
    name = TextField(label=_("Name"), help_text=_("As your people know it; never public."))
    is_enabled = forms.BooleanField(
        label=_("Alerts are taken"), required=False, initial=True,
        help_text=_("Off, its address answers as if it did not exist, and what its alerts hold ends."),
    )  # fmt: skip
    dead_man_minutes = forms.IntegerField(
        label=_("Post neutrally after (minutes)"), required=False, widget=forms.NumberInput(attrs={"size": 6}),
        help_text=_("If nobody answers a proposal in this time, a first post goes out by itself. Empty: never."),
    )  # fmt: skip
    dead_man_template_id = forms.TypedChoiceField(
        label=_("Its words"), coerce=int, required=False, empty_value=None,
        help_text=_("A template with a title. No word of the monitor is posted."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, is_new: bool = True, **options: Any) -> None:
        super().__init__(*arguments, **options)
        templates = UpdateTemplate.objects.exclude(title="").values_list("pk", "name")
        choices = [("", _now("Candor’s own: a problem is being looked into")), *templates]
        self.fields["dead_man_template_id"].choices = choices  # type: ignore[attr-defined]
        if not is_new:
            del self.fields["kind"]


class MatchField(forms.CharField):
    """Labels as lines of `name=value`; the clean value is a dict. Quotes as Alertmanager writes them may stand."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3, "placeholder": "severity=critical"}), **options)
        self.validators = []

    def prepare_value(self, value: Any) -> Any:
        """A dict as lines; text as it was typed."""
        return (
            "\n".join(f"{name}={text}" for name, text in sorted(value.items())) if isinstance(value, Mapping) else value
        )

    def clean(self, value: Any) -> Any:
        """The labels by name. Raises ValidationError for a line that is none."""
        found = {}
        for line in str(super().clean(value)).splitlines():
            if not line.strip():
                continue
            pair = LABEL.fullmatch(line)
            if pair is None:
                raise forms.ValidationError(_now("Write one label in a line, as severity=critical."))
            found[pair[1]] = pair[2][1:-1] if len(pair[2]) > 1 and pair[2][0] == pair[2][-1] == '"' else pair[2]
        return found


class RuleForm(forms.Form):
    """What an alert with certain labels means."""

    match = MatchField(
        label=_("Labels of the alert"), required=False,
        help_text=_("One in a line, as severity=critical; all of them must be so. Empty: every alert of this source."),
    )  # fmt: skip
    act = forms.ChoiceField(label=_("Then"), choices=choices_of(ACTS), widget=forms.RadioSelect)
    component_id = forms.TypedChoiceField(label=_("Component"), coerce=int)
    region_id = forms.TypedChoiceField(label=_("Region"), coerce=int, required=False, empty_value=None)
    level = forms.ChoiceField(label=_("Level"), choices=choices_of({level: words.LEVELS[level] for level in TROUBLE}))
    position = forms.IntegerField(
        label=_("Place in the order"), required=False, min_value=1, max_value=10_000,
        widget=forms.NumberInput(attrs={"size": 6}),
        help_text=_("For a component the first rule that an alert meets counts. Empty: last."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, rule: InboundRule | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices = component_choices(own=rule.component if rule else None)
        self.fields["component_id"].choices = choices  # type: ignore[attr-defined]
        regions = list(Region.objects.values_list("pk", "name"))
        self.fields["region_id"].choices = [("", _("All regions")), *regions]  # type: ignore[attr-defined]
        if not regions:
            del self.fields["region_id"]

"""The form of the composer: one screen for opening, updating, resolving and reopening an incident."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.domain import picking
from incidents.domain.impact import ComponentChange
from incidents.domain.status import INCIDENT_STAGES, OPEN_STAGES, Level, Stage
from incidents.models import Component, ImpactInterval, Incident, Proposal, UpdateTemplate
from incidents.publishing import words
from incidents.web.console.forms import IMPACT_CHOICES, BodyField, TextField, choices_of
from incidents.web.console.times import UtcField

WRONG = "wrong_results"
LEVEL_CHOICES = [
    ("", _("No change")),
    *choices_of(words.LEVELS),
    (WRONG, _("Degraded: answers, but wrong")),
]
DUE_CHOICES = [
    ("15", _("15 min")), ("30", _("30 min")), ("60", _("60 min")), ("at", _("At")), ("none", _("No promise")),
]  # fmt: skip
# What is chosen for several components at once: by letters, by boxes.
TOGETHER_CHOICES = [
    (Level.OPERATIONAL.value, _("Operational")),
    (Level.DEGRADED_PERFORMANCE.value, _("Degraded")),
    (Level.PARTIAL_OUTAGE.value, _("Partial outage")),
    (Level.MAJOR_OUTAGE.value, _("Major outage")),
]
# Where a refusal of the action is shown on this form.
PLACES = {"next_update_due_at": "due_at", "since": "components", "regions": "components", "level": "components"}
LEFT_OPEN = re.compile(r"(?<!\\)\{\w+\}", re.ASCII)
LEVELS_OFFERED = {value for value, _label in LEVEL_CHOICES if value}
LEVEL_KEY = re.compile(r"level_(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Row:
    """One component in the composer: its fields, and what holds it now (`held`: this incident, `level`: anybody)."""

    component: Component
    level_now: str
    held: Sequence[ImpactInterval]
    level: forms.BoundField
    since: forms.BoundField
    regions: forms.BoundField | None
    number: int = 0
    is_picked: bool = False


def picking_problem(picked: picking.Picked) -> str:
    """What is wrong with the letters, in a sentence; empty if each means one thing."""
    said = [
        _now("“%(text)s” could be %(names)s: type on, or take the number.")
        % {"text": token, "names": _now(", ").join(names[:4])}
        for token, names in picked.unclear
    ]
    said += [_now("“%(text)s” is no component and no level.") % {"text": token} for token in picked.unknown]
    return " ".join(said)


class ComposerForm(forms.Form):
    """`mode` is open, update or reopen. Each component has fields of its own: level_<id>, since_<id>, regions_<id>.

    Those of `pick` (letters, see `domain.picking`) and `picked` (ids) are all at `picked_level`, unless they have a
    level of their own.
    """

    title = TextField(
        label=_("Title"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "sentences", "enterkeyhint": "next", "dir": "auto"}
        ),
    )
    stage = forms.ChoiceField(label=_("Stage"), widget=forms.RadioSelect)
    body = BodyField(
        label=_("Update"),
        widget=forms.Textarea(attrs={"rows": 6, "autocapitalize": "sentences", "enterkeyhint": "enter", "dir": "auto"}),
    )
    components = forms.CharField(required=False, widget=forms.HiddenInput)
    pick = forms.CharField(
        label=_("By letters or numbers"), required=False, max_length=1000,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "enterkeyhint": "done"}
        ),
    )  # fmt: skip
    picked = forms.TypedMultipleChoiceField(coerce=int, required=False)
    picked_level = forms.ChoiceField(
        label=_("Level of all of them"), choices=TOGETHER_CHOICES, required=False, widget=forms.RadioSelect
    )
    recovered_at = UtcField(
        label=_("Operational again since (UTC)"), required=False,
        help_text=_("Of everything that this incident still holds. Empty: now."),
    )  # fmt: skip
    due = forms.ChoiceField(label=_("Next update"), choices=DUE_CHOICES, widget=forms.RadioSelect)
    due_at = UtcField(label=_("Time of the next update (UTC)"), required=False, is_coming=True)
    advice = BodyField(label=_("Workaround or advice"), rows=3, required=False)
    started_at = UtcField(
        label=_("Trouble began (UTC)"),
        required=False,
        help_text=_("Counts for each component with no time of its own."),
    )
    detected_at = UtcField(label=_("Detected (UTC)"), required=False)
    impact_override = forms.ChoiceField(label=_("Impact"), choices=IMPACT_CHOICES, required=False)
    is_notifying = forms.BooleanField(label=_("Notify subscribers"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    seen_sequence = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        mode: str,
        components: Sequence[Component],
        levels_now: Mapping[int, str],
        held: Mapping[int, list[ImpactInterval]],
        incident: Incident | None = None,
        now: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.is_repeat = False  # whether its key was used before
        self.proposal: Proposal | None = None  # what this answers
        self.templates: Sequence[UpdateTemplate] = ()
        self.board: Sequence[Component] = components  # with the groups
        self.mode, self.incident, self.now = mode, incident, now
        self._components, self._levels_now, self._held = components, levels_now, held
        self.fields["picked"].choices = [(component.pk, component.full_name) for component in components]  # type: ignore[attr-defined]
        self._drop_fields_of_other_modes()
        stages = INCIDENT_STAGES if mode == "update" else OPEN_STAGES
        self.fields["stage"].choices = [(stage.value, words.STAGES[stage]) for stage in stages]  # type: ignore[attr-defined]
        for component in components:
            self._add_fields(component)
        if not self.is_bound:
            self.fields["title" if mode == "open" else "body"].widget.attrs["autofocus"] = True
            self.initial.setdefault("picked_level", Level.PARTIAL_OUTAGE)
        for field in self.fields.values():
            if isinstance(field, UtcField):
                field.now = now

    def left_open(self) -> list[str]:
        """The names in braces that a template left to its author, and that still stand in the text."""
        known = {name for template in self.templates for name in LEFT_OPEN.findall(template.body)}
        return sorted(known & set(LEFT_OPEN.findall(str(self["body"].value() or ""))))

    def rows(self) -> list[Row]:
        """The components in the order of the page, counted from 1."""
        picked = {str(pk) for pk in self["picked"].value() or ()}
        return [
            Row(
                component,
                self._levels_now.get(component.pk, Level.OPERATIONAL),
                self._held.get(component.pk, []),
                self[f"level_{component.pk}"],
                self[f"since_{component.pk}"],
                self[f"regions_{component.pk}"] if f"regions_{component.pk}" in self.fields else None,
                number,
                str(component.pk) in picked,
            )
            for number, component in enumerate(self._components, 1)
        ]

    def own_rows(self) -> list[Row]:
        """The components that this incident holds now."""
        return [row for row in self.rows() if row.held]

    def other_rows(self) -> list[Row]:
        """The components that it does not hold."""
        return [row for row in self.rows() if not row.held]

    def has_other_choice(self) -> bool:
        """Whether something was chosen among the components that the incident does not hold, or is wrong there."""
        return any(
            row.is_picked or row.level.value() or row.level.errors or row.since.errors for row in self.other_rows()
        )

    def chosen_ids(self) -> list[int]:
        """The components whose level was chosen, whether or not the form is valid."""
        found = (LEVEL_KEY.fullmatch(name) for name, value in self.data.items() if value)
        own = [int(match[1]) for match in found if match]
        return list(dict.fromkeys([*own, *self._picked_ids()]))

    def picking(self) -> picking.Picked:
        """What was typed to pick components."""
        return picking.pick(str(self["pick"].value() or ""), [component.full_name for component in self._components])

    def picked_names(self) -> list[str]:
        """Those that were picked together, by name."""
        ids = self._picked_ids()
        return [component.full_name for component in self._components if component.pk in ids]

    def picked_level_now(self) -> str:
        """The level at which they are all: the typed one first."""
        typed = self.picking().level
        return typed.value if typed else str(self["picked_level"].value() or Level.PARTIAL_OUTAGE.value)

    def changes(self) -> list[ComponentChange]:
        """What the checked form says of the components. One that is no longer offered is passed on, to be refused."""
        offered = {component.pk for component in self._components}
        picked = {pk for pk in self._picked_ids() if pk in offered}
        found = [change for component in self._components if (change := self._change(component.pk, picked))]
        strangers = [pk for pk in self.chosen_ids() if pk not in offered]
        return found + [ComponentChange(pk, Level.MAJOR_OUTAGE) for pk in strangers]

    def next_update_due_at(self) -> datetime | None:
        """When the next update is promised, on the full minute; None without a promise or with a resolution."""
        due = self.cleaned_data.get("due", "none")
        if self.cleaned_data.get("stage") == Stage.RESOLVED or due == "none":
            return None
        if due == "at":
            moment = self.cleaned_data.get("due_at")
            return moment if isinstance(moment, datetime) else None
        return (self.now + timedelta(minutes=int(due), seconds=59)).astimezone(UTC).replace(second=0, microsecond=0)

    def clean(self) -> dict[str, Any]:
        """A promise `at` needs its time."""
        cleaned = super().clean() or {}
        is_promise = cleaned.get("due") == "at" and cleaned.get("stage") != Stage.RESOLVED
        if names := self.left_open():
            text = {"names": ", ".join(names)}
            self.add_error("body", _now("Still to fill in: %(names)s. To say it as it is, write a \\ before {.") % text)
        if problem := picking_problem(self.picking()):
            self.add_error("pick", problem)
        if is_promise and not cleaned.get("due_at") and "due_at" not in self.errors:
            self.add_error("due_at", _now("Give the time by which you will post again."))
        return cleaned

    def _drop_fields_of_other_modes(self) -> None:
        of_open = ("title", "started_at", "detected_at", "impact_override")
        of_update = ("seen_version", "seen_sequence")
        dropped = {
            "open": (*of_update, "recovered_at"),
            "update": of_open,
            "reopen": (*of_open, "advice", "recovered_at"),
        }[self.mode]
        for name in dropped:
            del self.fields[name]

    def _add_fields(self, component: Component) -> None:
        name = component.full_name
        self.fields[f"level_{component.pk}"] = forms.ChoiceField(
            label=_now("%(name)s: level") % {"name": name}, choices=LEVEL_CHOICES, required=False
        )
        self.fields[f"since_{component.pk}"] = UtcField(
            label=_now("%(name)s: since (UTC)") % {"name": name}, required=False
        )
        self.fields[f"since_{component.pk}"].widget.attrs["placeholder"] = _now("now, or 14:30")
        regions = [(region.pk, region.name) for region in component.regions.all()]
        if len(regions) > 1:
            self.fields[f"regions_{component.pk}"] = forms.TypedMultipleChoiceField(
                label=_now("%(name)s: regions") % {"name": name},
                choices=regions,
                coerce=int,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def _picked_ids(self) -> list[int]:
        ticked = [int(pk) for pk in self["picked"].value() or () if str(pk).isdecimal() and len(str(pk)) < 19]
        typed = [self._components[place].pk for place in self.picking().places]
        return list(dict.fromkeys([*ticked, *typed]))

    def _change(self, component_id: int, picked: set[int]) -> ComponentChange | None:
        raw = self.cleaned_data.get(f"level_{component_id}")
        if not raw and component_id in picked:
            raw = self.picked_level_now()
        recovered_at = self.cleaned_data.get("recovered_at")
        is_over = self.cleaned_data.get("stage") == Stage.RESOLVED and recovered_at
        if not raw and is_over and self._held.get(component_id):
            return ComponentChange(component_id, Level.OPERATIONAL, recovered_at)
        if not raw or raw not in LEVELS_OFFERED:
            return None
        level = Level.DEGRADED_PERFORMANCE if raw == WRONG else Level(raw)
        regions = tuple(self.cleaned_data.get(f"regions_{component_id}", ()))
        since = self.cleaned_data.get(f"since_{component_id}")
        return ComponentChange(component_id, level, since, regions, raw == WRONG)

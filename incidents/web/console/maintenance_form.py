"""The forms of maintenance: its window, what it takes, what is told at each step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.domain.status import MOVES, Stage
from incidents.models import Component, Incident
from incidents.publishing import words
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.times import CLOCK, UtcField, parse_coming

Scope = list[tuple[int, tuple[int, ...]]]
LENGTH = re.compile(r"(\d{1,5}) ?(min|h|d)", re.ASCII)
MINUTES = {"min": 1, "h": 60, "d": 1440}
LEADS = [("1440", _("24 h")), ("60", _("1 h")), ("15", _("15 min"))]
# Where a refusal of the action is shown on these forms.
PLACES = {
    "components": "scope", "regions": "scope", "component_ids": "scope", "region_ids": "scope",
    "reminder_lead_minutes": "other_leads", "reminders": "other_leads", "duration_minutes": "length",
}  # fmt: skip


class EndField(UtcField):
    """The end of a window: a time after its `start` (the next such clock time), or a length such as `2 h`."""

    start: datetime | None = None

    def clean(self, value: Any) -> Any:
        """The instant in UTC. Raises ValidationError."""
        raw = forms.CharField.clean(self, value).strip()
        if not raw:
            return None
        start = self.start or self.now or datetime.now(UTC)
        if length := LENGTH.fullmatch(raw):
            return start + timedelta(minutes=int(length[1]) * MINUTES[length[2]])
        # That an end is after its start is for the action to say; here it is only read.
        return parse_coming(raw, start if CLOCK.fullmatch(raw) else datetime.min.replace(tzinfo=UTC))


class TellingForm(forms.Form):
    """What a maintenance and a series of it share: what it takes and what happens by itself."""

    scope = forms.MultipleChoiceField(
        label=_("Components"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("A component without a region of it chosen is taken in all regions."),
    )  # fmt: skip
    leads = forms.MultipleChoiceField(
        label=_("Remind before it begins"), required=False, choices=LEADS, widget=forms.CheckboxSelectMultiple
    )
    other_leads = forms.CharField(
        label=_("Other reminders"), required=False, max_length=200, help_text=_("As 2 d, 3 h, 45 min.")
    )
    is_auto_starting = forms.BooleanField(label=_("Begins by the schedule"), required=False)
    is_auto_finishing = forms.BooleanField(label=_("Ends by the schedule"), required=False)

    def offer(self, components: Sequence[Component]) -> None:
        """Offer these components, each with its regions."""
        choices: list[tuple[str, str]] = []
        for component in components:
            choices.append((str(component.pk), component.full_name))
            for region in component.regions.all():
                label = _now("%(name)s, only in %(region)s") % {"name": component.full_name, "region": region.name}
                choices.append((f"{component.pk}:{region.pk}", label))
        self.fields["scope"].choices = choices  # type: ignore[attr-defined]

    def clean_scope(self) -> Scope:
        """Pairs of component and regions; no regions means all."""
        return scope_of(self.cleaned_data["scope"])

    def clean_other_leads(self) -> list[int]:
        """Minutes before the window."""
        parts = [part.strip() for part in self.cleaned_data["other_leads"].split(",") if part.strip()]
        found = [LENGTH.fullmatch(part) for part in parts]
        if not all(found):
            raise forms.ValidationError(_now("Write lengths of time with commas between them, as 2 d, 3 h, 45 min."))
        return [int(each[1]) * MINUTES[each[2]] for each in found if each]

    def lead_minutes(self) -> list[int]:
        """The lead times of the reminders, longest first."""
        ticked = [int(value) for value in self.cleaned_data.get("leads", ())]
        return sorted({*ticked, *self.cleaned_data.get("other_leads", ())}, reverse=True)

    def common(self) -> dict[str, Any]:
        """What every action takes of these fields."""
        data = self.cleaned_data
        return {
            "scope": data["scope"],
            "reminder_lead_minutes": self.lead_minutes(),
            "is_auto_starting": data["is_auto_starting"],
            "is_auto_finishing": data["is_auto_finishing"],
        }


class ScheduleForm(TellingForm):
    """A new maintenance; `is_new=False`: what can be edited of one, which is neither window nor text."""

    title = TextField(label=_("Title"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = BodyField(label=_("Text"), rows=5)
    scheduled_for = UtcField(label=_("Begins (UTC)"), is_coming=True)
    scheduled_until = EndField(label=_("Ends (UTC)"), help_text=_("A time, or a length such as 2 h or 90 min."))
    is_start_notifying = forms.BooleanField(label=_("Notify when it begins"), required=False)
    is_finish_notifying = forms.BooleanField(label=_("Notify when it is completed"), required=False)
    is_notifying = forms.BooleanField(label=_("Notify subscribers now"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    key = forms.CharField(max_length=100, widget=forms.HiddenInput, required=False)
    field_order = (
        "title", "body", "scheduled_for", "scheduled_until", "scope", "leads", "other_leads", "is_auto_starting",
        "is_auto_finishing", "is_start_notifying", "is_finish_notifying", "is_notifying",
    )  # fmt: skip

    def __init__(
        self, data: Any = None, *, components: Sequence[Component], is_new: bool = True, now: datetime, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.offer(components)
        self.now = now
        for name in () if is_new else ("body", "scheduled_for", "scheduled_until", "is_notifying", "key"):
            del self.fields[name]
        for field in self.fields.values():
            if isinstance(field, UtcField):
                field.now = now

    def clean_scheduled_for(self) -> datetime:
        """The begin, from which the end is read."""
        start: datetime = self.cleaned_data["scheduled_for"]
        self.fields["scheduled_until"].start = start  # type: ignore[attr-defined]
        return start


class StageForm(forms.Form):
    """The next word on a maintenance, and the step that it takes with it."""

    stage = forms.ChoiceField(label=_("Stage"), widget=forms.RadioSelect)
    body = BodyField(label=_("Update"), rows=6)
    is_notifying = forms.BooleanField(label=_("Notify subscribers"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    key = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, row: Incident, **options: Any) -> None:
        super().__init__(data, **options)
        stages = MOVES[Stage(row.stage)]
        self.fields["stage"].choices = [(stage.value, words.STAGES[stage]) for stage in stages]  # type: ignore[attr-defined]


class WindowForm(forms.Form):
    """Another window: of one that has begun, another end only."""

    scheduled_for = UtcField(label=_("Begins (UTC)"), is_coming=True)
    scheduled_until = EndField(label=_("Ends (UTC)"), help_text=_("A time, or a length from the begin, such as 3 h."))
    body = BodyField(label=_("Text"), rows=4)
    is_notifying = forms.BooleanField(label=_("Notify subscribers"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, row: Incident, **options: Any) -> None:
        super().__init__(data, **options)
        self.row = row
        self.fields["scheduled_until"].start = row.scheduled_for  # type: ignore[attr-defined]
        if row.stage != Stage.SCHEDULED:
            del self.fields["scheduled_for"]

    def clean_scheduled_for(self) -> datetime:
        """The begin, from which the end is read."""
        start: datetime = self.cleaned_data["scheduled_for"]
        self.fields["scheduled_until"].start = start  # type: ignore[attr-defined]
        return start


class CancelForm(forms.Form):
    """The last word on a maintenance that does not happen."""

    body = BodyField(label=_("Text"), rows=4)
    is_notifying = forms.BooleanField(label=_("Notify subscribers"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)


class SeriesForm(TellingForm):
    """A window that comes again."""

    title = TextField(label=_("Title"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = BodyField(label=_("Text"), rows=4)
    rrule = TextField(label=_("Rule"), help_text=_("An RRULE, as FREQ=WEEKLY;BYDAY=SU or FREQ=MONTHLY;BYDAY=1TU."))
    first_day = forms.DateField(
        label=_("First day"), input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"size": 12, "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("That is not a day. Write it as 2026-06-23.")},
    )  # fmt: skip
    starts_at = forms.TimeField(
        label=_("Begins at"), input_formats=["%H:%M"],
        widget=forms.TimeInput(attrs={"size": 8, "autocomplete": "off"}, format="%H:%M"),
        error_messages={"invalid": _("That is not a time. Write it as 02:30.")},
    )  # fmt: skip
    zone = TextField(label=_("Time zone"), help_text=_("An IANA name such as Europe/Berlin."))
    duration_minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=40_320)
    announce_days = forms.IntegerField(
        label=_("Days ahead"), min_value=1, max_value=366, help_text=_("So early is each window announced.")
    )
    is_notifying = forms.BooleanField(label=_("Notify subscribers of each"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    field_order = (
        "title", "body", "rrule", "first_day", "starts_at", "zone", "duration_minutes", "announce_days", "scope",
        "leads", "other_leads", "is_auto_starting", "is_auto_finishing", "is_notifying",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, components: Sequence[Component], **options: Any) -> None:
        super().__init__(data, **options)
        self.offer(components)


def scope_of(values: Iterable[str]) -> Scope:
    """`["12", "13:2"]` as pairs; a component chosen as a whole is in all regions, whatever else is chosen of it."""
    found: dict[int, list[int]] = {}
    whole: set[int] = set()
    for value in values:
        component, _colon, region = value.partition(":")
        found.setdefault(int(component), [])
        if region:
            found[int(component)].append(int(region))
        else:
            whole.add(int(component))
    return [(pk, () if pk in whole else tuple(regions)) for pk, regions in found.items()]


def scope_values(pairs: Iterable[tuple[int, int | None]]) -> list[str]:
    """The choices of the form for rows of component and region (None: all)."""
    return [f"{component}:{region}" if region else str(component) for component, region in pairs]


def lead_values(minutes: Sequence[int]) -> Mapping[str, Any]:
    """The two fields of the reminders, for lead times in minutes."""
    ticks = {int(value) for value, _label in LEADS}
    rest = [f"{each // 60} h" if each % 60 == 0 else f"{each} min" for each in minutes if each not in ticks]
    return {"leads": [str(each) for each in minutes if each in ticks], "other_leads": ", ".join(rest)}

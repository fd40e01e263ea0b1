"""The forms of promises, their policies and calendars; holidays are typed as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.actions.promise import PROMISED
from incidents.domain.promises import Anchor, CutOff, Deliverable, StartRule, Unit
from incidents.models import BusinessCalendar, PromisePolicy
from incidents.models.review_words import choices_of
from incidents.publishing.words import IMPACTS
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.people import ROLES
from incidents.web.console.times import UtcField

HOLIDAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[\s,;:]+(.*))?", re.ASCII)
COMING = _("As 2026-06-30 17:00, in UTC. A clock time is its next occurrence.")


class PromiseForm(forms.Form):
    """A promise in one's own words."""

    sentence = TextField(label=_("What is promised"), help_text=_("Public, one sentence."))
    due_at = UtcField(label=_("By (UTC)"), is_coming=True, help_text=COMING)
    owner_id = forms.TypedChoiceField(label=_("Who is reminded"), required=False, coerce=int, empty_value=None)
    is_public = forms.BooleanField(
        label=_("Public"), required=False, initial=True, help_text=_("It stands on the incident and in the ledger.")
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["owner_id"].choices = people(_now("Me"))  # type: ignore[attr-defined]


class ExtendForm(forms.Form):
    """Another time for a promise."""

    due_at = UtcField(label=_("New time (UTC)"), is_coming=True, help_text=COMING)
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands beside the first date, which stays."))


class WaiveForm(forms.Form):
    """Why a promise is taken back."""

    reason = TextField(label=_("Reason"), help_text=_("Public: it stands in the ledger."))


class MeetForm(forms.Form):
    """What kept a promise."""

    fulfilled_by = TextField(label=_("Address of what kept it"), help_text=_("Public: as /incidents/… or https://…."))


class AssignForm(forms.Form):
    """Who is reminded of a promise."""

    owner_id = forms.TypedChoiceField(label=_("Who is reminded"), required=False, coerce=int, empty_value=None)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["owner_id"].choices = people(_now("Nobody: the operators"))  # type: ignore[attr-defined]


class PolicyForm(forms.Form):
    """A rule by which promises are made."""

    name = TextField(label=_("Name"))
    deliverable = forms.ChoiceField(
        label=_("What is promised"), choices=[row for row in choices_of(Deliverable) if row[0] in PROMISED]
    )
    minimum_impact = forms.ChoiceField(
        label=_("For incidents of at least"), choices=[(k, word) for k, word in IMPACTS.items() if k != "maintenance"]
    )
    quantity = forms.IntegerField(label=_("Within"))
    unit = forms.ChoiceField(label=_("Unit"), choices=choices_of(Unit))
    anchor = forms.ChoiceField(label=_("Counted from"), choices=choices_of(Anchor))
    start_rule = forms.ChoiceField(label=_("First day"), choices=choices_of(StartRule))
    cut_off = forms.ChoiceField(label=_("Due at"), choices=choices_of(CutOff))
    calendar_id = forms.TypedChoiceField(label=_("Calendar"), coerce=int)
    is_met_by_preliminary = forms.BooleanField(label=_("A preliminary review keeps it too"), required=False)
    is_public = forms.BooleanField(label=_("Public"), required=False)
    escalation_group = forms.ChoiceField(
        label=_("Once it is due, remind also"), required=False, help_text=_("A group; the operators are told anyway.")
    )
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        calendars = BusinessCalendar.objects.values_list("pk", "name")
        self.fields["calendar_id"].choices = list(calendars)  # type: ignore[attr-defined]
        roles = dict(ROLES)
        groups = [
            (name, roles.get(name, name)) for name in Group.objects.order_by("name").values_list("name", flat=True)
        ]
        self.fields["escalation_group"].choices = [("", _now("Nobody else")), *groups]  # type: ignore[attr-defined]


class CalendarForm(forms.Form):
    """Which days count."""

    name = TextField(label=_("Name"))
    zone = TextField(label=_("Time zone"), help_text=_("An IANA name such as Europe/Berlin."))
    weekend = forms.TypedMultipleChoiceField(
        label=_("Days that never count"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        choices=list(WEEKDAYS.items()),
    )  # fmt: skip
    opens_at = forms.TimeField(
        label=_("Business opens"), required=False, help_text=_("Local time, as 09:00; both or neither."),
        widget=forms.TimeInput(attrs={"size": 8, "autocomplete": "off"}, format="%H:%M"),
    )  # fmt: skip
    closes_at = forms.TimeField(
        label=_("Business closes"), required=False,
        widget=forms.TimeInput(attrs={"size": 8, "autocomplete": "off"}, format="%H:%M"),
    )  # fmt: skip
    country = TextField(label=_("Country"), required=False, help_text=_("Two letters, as DE or US: for its holidays."))
    subdivision = TextField(label=_("Subdivision"), required=False, help_text=_("As BY or ENG."))
    is_loading = forms.BooleanField(
        label=_("Add the public holidays of this country"), required=False,
        help_text=_("From last year to three years ahead; those below stay."),
    )  # fmt: skip
    holidays = BodyField(
        label=_("Holidays"), rows=8, required=False, help_text=_("One on each line, as 2026-07-03 Independence Day.")
    )
    icalendar = BodyField(
        label=_("Import iCalendar"), rows=4, required=False,
        help_text=_("The text of an .ics file; each day of its events is added to the holidays."),
    )  # fmt: skip
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_holidays(self) -> list[dict[str, str]]:
        """The holidays, as they were typed; the action judges the dates."""
        lines = [line.strip() for line in self.cleaned_data["holidays"].splitlines() if line.strip()]
        found = [(line, HOLIDAY.fullmatch(line)) for line in lines]
        wrong = [line for line, match in found if match is None]
        if wrong:
            raise forms.ValidationError(
                _now("Write each holiday as 2026-07-03 Independence Day; this line is not: %(line)s")
                % {"line": wrong[0][:60]}
            )
        return [{"date": match[1], "name": match[2] or ""} for _line, match in found if match]


def people(nobody: str) -> list[tuple[int | str, str]]:
    """Who can be reminded, for a choice; first the choice of nobody in particular."""
    rows = User.objects.filter(is_active=True).order_by("username")
    without = _now("no address")
    named = [(row.pk, row.username if row.email else f"{row.username} ({without})") for row in rows]
    return [("", nobody), *named]


def holiday_lines(holidays: Iterable[Mapping[str, str]]) -> str:
    """Holidays as they are typed."""
    return "\n".join(f"{row['date']} {row['name']}".strip() for row in holidays)


def standing_policy(row: PromisePolicy) -> dict[str, Any]:
    """What a policy says now, by field of the form."""
    names = [name for name in PolicyForm.base_fields if name != "seen_version"]
    return {name: getattr(row, name) for name in names} | {"seen_version": row.version}


def standing_calendar(row: BusinessCalendar) -> dict[str, Any]:
    """What a calendar says now, by field of the form."""
    names = ("name", "zone", "weekend", "opens_at", "closes_at", "country", "subdivision")
    return {name: getattr(row, name) for name in names} | {
        "holidays": holiday_lines(row.holidays), "icalendar": "", "is_loading": False, "seen_version": row.version,
    }  # fmt: skip


def default_policy() -> dict[str, Any]:
    """The policy that most want: a final review within five business days of the resolution, from major impact up."""
    fields = ("deliverable", "minimum_impact", "quantity", "unit", "anchor", "start_rule", "cut_off", "is_public")
    return {name: getattr(PromisePolicy(created_at=datetime.now(UTC)), name) for name in fields}

"""The plain forms of the console. They check what can be checked without the database; actions refuse the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.domain.status import INCIDENT_STAGES
from incidents.models import Component, Region
from incidents.publishing import words
from incidents.web.console.times import UtcField

Choices = list[tuple[str, str | Promise]]
IMPACT_CHOICES: Choices = [
    ("", _("As the ledger says")),
    *((key, name) for key, name in words.IMPACTS.items() if key != "maintenance"),
]


def choices_of(names: Mapping[Any, str | Promise]) -> Choices:
    """Value and label of every entry."""
    return [(str(key), name) for key, name in names.items()]


def component_choices(*, has_groups: bool = False, own: Component | None = None) -> list[tuple[int, str]]:
    """Number and full name of the components to choose from, in the order of the page, each behind its group; groups
    themselves if wanted, archived ones never, but for `own`."""
    rows = Component.objects.filter(Q(archived_at__isnull=True) | Q(pk=own.pk if own else None))
    if not has_groups:
        rows = rows.filter(is_group=False)
    return [(row.pk, row.full_name) for row in sorted(rows.select_related("group"), key=_place)]


def _place(row: Component) -> tuple[int, int, bool, int, int]:
    top = row.group or row
    return top.position, top.pk, row.group is not None, row.position, row.pk


class TextField(forms.CharField):
    """A text that the action cleans and bounds itself: blanks and control characters reach it as they were typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)
        # The action says what is wrong with a NUL or a length; Django's own validators would say less.
        self.validators = []


class BodyField(TextField):
    """A Markdown text of many lines."""

    def __init__(self, *, rows: int = 6, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**options)


class AmendForm(forms.Form):
    """Another text for a published update, or another time."""

    body = BodyField(label=_("Text"), rows=10)
    posted_at = UtcField(
        label=_("Time (UTC)"), required=False, help_text=_("When it was said. Empty leaves the time as it is.")
    )
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands beside the former text."))
    seen_version = forms.IntegerField(widget=forms.HiddenInput)


class IncidentForm(forms.Form):
    """Title, impact and advice of an incident."""

    title = TextField(label=_("Title"))
    impact_override = forms.ChoiceField(label=_("Impact"), choices=IMPACT_CHOICES, required=False)
    advice = BodyField(
        label=_("Workaround or advice"), rows=4, required=False, help_text=_("What people can do meanwhile. Markdown.")
    )
    reason = TextField(
        label=_("Reason"), required=False,
        help_text=_("Needed when title or impact change; public, in the corrections log."),
    )  # fmt: skip
    seen_version = forms.IntegerField(widget=forms.HiddenInput)


class MilestoneForm(forms.Form):
    """When a milestone was."""

    at = UtcField(label=_("Time (UTC)"))
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands beside the time."))
    seen_version = forms.IntegerField(widget=forms.HiddenInput)


class IntervalForm(forms.Form):
    """What was wrong with one interval of the ledger."""

    level = forms.ChoiceField(
        label=_("Level"),
        choices=[
            (key, _("Operational: it was never broken") if key == "operational" else name)
            for key, name in words.LEVELS.items()
        ],
    )
    is_quality = forms.BooleanField(label=_("Served, but wrong: no outage"), required=False)
    started_at = UtcField(label=_("Began (UTC)"))
    ended_at = UtcField(label=_("Ended (UTC)"), required=False, help_text=_("Empty while it lasts."))
    component_id = forms.TypedChoiceField(label=_("Component"), coerce=int, required=False, empty_value=None)
    region_id = forms.TypedChoiceField(label=_("Region"), coerce=int, required=False, empty_value=None)
    reason = TextField(label=_("Reason"), help_text=_("Public: every correction stands in the corrections log."))

    def __init__(self, *arguments: Any, own: Component, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["component_id"].choices = component_choices(own=own)  # type: ignore[attr-defined]
        regions = list(Region.objects.values_list("pk", "name"))
        self.fields["region_id"].choices = [("", _("All regions")), *regions]  # type: ignore[attr-defined]


class WithholdForm(forms.Form):
    """Why a text is taken away."""

    reason = TextField(label=_("Reason"), help_text=_("Public: it stands in the place of the text."))


class WithdrawForm(forms.Form):
    """Why an incident is withdrawn."""

    reason = TextField(label=_("Reason"), help_text=_("Public: it stands in the place of the incident."))
    is_notifying = forms.BooleanField(
        label=_("Notify subscribers"), required=False,
        help_text=_("Only if it is open: they get the update that says that it was opened by mistake."),
    )  # fmt: skip


class ComponentForm(forms.Form):
    """A component or a group."""

    name = TextField(label=_("Name"))
    slug = forms.CharField(
        label=_("Address"), required=False, help_text=_("As in /components/address; made from the name when empty.")
    )
    description = TextField(label=_("Description"), required=False)
    is_group = forms.BooleanField(
        label=_("It is a group"), required=False, help_text=_("Its status follows from its components.")
    )
    group_id = forms.TypedChoiceField(label=_("Group"), required=False, coerce=int, empty_value=None)
    region_ids = forms.TypedMultipleChoiceField(
        label=_("Regions"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    start_date = forms.DateField(
        label=_("First day"), required=False, input_formats=["%Y-%m-%d"],
        help_text=_("As 2026-06-23. Before this day the page says that there is no data."),
        widget=forms.DateInput(attrs={"size": 12, "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("That is not a day. Write it as 2026-06-23.")},
    )  # fmt: skip
    is_hidden_unless_degraded = forms.BooleanField(label=_("Show only while it is not operational"), required=False)
    reason = TextField(
        label=_("Reason"), required=False,
        help_text=_("Needed when a first day that was set changes; public, in the corrections log."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, is_new: bool = True, **options: Any) -> None:
        super().__init__(*arguments, **options)
        groups = Component.objects.filter(is_group=True, archived_at__isnull=True).values_list("pk", "name")
        self.fields["group_id"].choices = [("", _("None")), *groups]  # type: ignore[attr-defined]
        self.fields["region_ids"].choices = list(Region.objects.values_list("pk", "name"))  # type: ignore[attr-defined]
        if not is_new:
            del self.fields["slug"], self.fields["is_group"]
        else:
            del self.fields["reason"]


class RegionForm(forms.Form):
    """A place where components run."""

    name = TextField(label=_("Name"))
    key = forms.CharField(label=_("Key"), required=False, help_text=_("a-z, 0-9 and -; made from the name when empty."))


class StatusForm(forms.Form):
    """A status set by hand."""

    level = forms.ChoiceField(label=_("Status"), choices=choices_of(words.LEVELS))
    since = UtcField(label=_("Since (UTC)"), required=False, help_text=_("Empty means now."))
    region_ids = forms.TypedMultipleChoiceField(
        label=_("Regions"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, component: Component, **options: Any) -> None:
        super().__init__(*arguments, **options)
        regions = [(region.pk, region.name) for region in component.regions.all()]
        self.fields["region_ids"].choices = regions  # type: ignore[attr-defined]
        if not regions:
            del self.fields["region_ids"]


class SubscriberForm(forms.Form):
    """An address whose owner agreed elsewhere."""

    address = TextField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    component_ids = forms.TypedMultipleChoiceField(
        label=_("Components"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means everything."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["component_ids"].choices = component_choices(has_groups=True)  # type: ignore[attr-defined]


class OperatorForm(forms.Form):
    """An address of those who run the page."""

    address = TextField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))


class TemplateForm(forms.Form):
    """A text to begin updates with."""

    name = TextField(label=_("Name"))
    stage = forms.ChoiceField(label=_("Stage"), choices=choices_of({key: words.STAGES[key] for key in INCIDENT_STAGES}))
    title = TextField(label=_("Title of a new incident"), required=False)
    body = BodyField(label=_("Text"), help_text=_("{components} and {title} are replaced by those of the incident."))


class PageForm(forms.Form):
    """Name and zone of the public page."""

    name = TextField(label=_("Name"))
    time_zone = TextField(
        label=_("Time zone"), help_text=_("An IANA name such as Europe/Berlin. Days and months of the page follow it.")
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds to undo"), min_value=0, max_value=120, required=False,
        help_text=_(
            "For so long the mails of an update that somebody posted here wait, and can be stopped by Undo. The page "
            "shows the update at once. 0: no waiting. Administrators set this."
        ),
    )  # fmt: skip
    reason = TextField(
        label=_("Reason"), required=False,
        help_text=_("Needed when the time zone changes and there has been trouble; public, in the corrections log."),
    )  # fmt: skip


class FirstAdministratorForm(forms.Form):
    """Name and password of the first person who can sign in."""

    username = TextField(label=_("Username"), widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"), strip=False, help_text=_("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

"""The forms of remediations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from incidents.domain.review import (
    REMEDIATION_MOVES,
    Priority,
    RemediationKind,
    RemediationState,
    Strength,
    VerificationMethod,
)
from incidents.models import Remediation, Review
from incidents.models.review_words import choices_of, word_of
from incidents.web.console.forms import BodyField, TextField

NO_DAY = _("That is not a day. Write it as 2026-12-04.")
# Of a public remediation these change by acts of their own, or not at all.
ONCE = ("due_on", "is_public")


def _day(**options: Any) -> forms.DateField:
    return forms.DateField(
        input_formats=["%Y-%m-%d"], error_messages={"invalid": NO_DAY},
        widget=forms.DateInput(attrs={"size": 12, "autocomplete": "off"}, format="%Y-%m-%d"), **options,
    )  # fmt: skip


class RemediationForm(forms.Form):
    """What is to be done, by whom and by when. The first half is public."""

    title = TextField(label=_("What is to be done"), help_text=_("Public; a verb first: “Roll out by region”."))
    body = BodyField(label=_("Details"), rows=4, required=False, help_text=_("Public. Markdown."))
    kind = forms.ChoiceField(label=_("Kind"), choices=choices_of(RemediationKind))
    strength = forms.ChoiceField(label=_("Strength"), choices=choices_of(Strength))
    priority = forms.ChoiceField(label=_("Priority"), choices=[(str(each), str(each)) for each in Priority])
    factor_ids = forms.TypedMultipleChoiceField(
        label=_("Factors that it answers"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    due_on = _day(label=_("To be verified by"), required=False, help_text=_("A day in the zone of the page."))
    owner_team = TextField(label=_("Owner team"), required=False, help_text=_("Public."))
    public_url = TextField(label=_("Public address"), required=False, help_text=_("Where the public can see the work."))
    is_public = forms.BooleanField(label=_("The public follows it once the review is published"), required=False)
    owner_id = forms.TypedChoiceField(label=_("Owner"), coerce=int, help_text=_("Internal. Somebody else verifies it."))
    tracker_url = TextField(label=_("Ticket"), required=False, help_text=_("Internal."))
    note = BodyField(label=_("Note"), rows=3, required=False, help_text=_("Internal. Markdown."))
    reason = TextField(
        label=_("Reason"), required=False,
        help_text=_("Needed when something public changes; public, in the corrections log."),
    )  # fmt: skip
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *arguments: Any, review: Review, row: Remediation | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        people = User.objects.filter(is_active=True).order_by("username")
        names: list[tuple[Any, Any]] = [(person.pk, person.get_username()) for person in people]
        if row and row.owner_id not in dict(names):
            names = [("", row.owner_label or "–"), *names]
            self.fields["owner_id"].required = False
            self.fields["owner_id"].empty_value = None  # type: ignore[attr-defined]
        self.fields["owner_id"].choices = names  # type: ignore[attr-defined]
        factors = [(each.pk, f"{each.code} {each.title}") for each in review.factors.all()]
        self.fields["factor_ids"].choices = factors  # type: ignore[attr-defined]
        if not factors:
            del self.fields["factor_ids"]
        for name in ONCE if row and row.published_at else ("reason",):
            del self.fields[name]


def standing(row: Remediation) -> dict[str, Any]:
    """A remediation as the form begins with it."""
    names = ("title", "body", "kind", "strength", "priority", "due_on", "owner_team", "public_url", "is_public",
             "owner_id", "tracker_url", "note")  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "factor_ids": [factor.pk for factor in row.factors.all()],
        "seen_version": row.version,
    }


class SlipForm(forms.Form):
    """Another due date, and why."""

    due_on = _day(label=_("New date"))
    reason = TextField(label=_("Reason"), help_text=_("Public: it stands beside the date, for ever."))


class MoveForm(forms.Form):
    """How far it is."""

    state = forms.ChoiceField(label=_("State"), widget=forms.RadioSelect)
    status_note = TextField(label=_("How it stands"), required=False, help_text=_("Public; at most 300 characters."))

    def __init__(self, *arguments: Any, row: Remediation, **options: Any) -> None:
        super().__init__(*arguments, **options)
        now = RemediationState(row.state)
        offered = REMEDIATION_MOVES[now] if now == RemediationState.DECLINED else (now, *REMEDIATION_MOVES[now])
        self.fields["state"].choices = [  # type: ignore[attr-defined]
            (str(state), word_of(RemediationState, state)) for state in offered
        ]


class VerifyForm(forms.Form):
    """How it was seen that it works."""

    method = forms.ChoiceField(label=_("How it was verified"), choices=choices_of(VerificationMethod))
    evidence = BodyField(
        label=_("What was seen"), rows=5,
        help_text=_("Public. Markdown: the drill and its outcome, or the figure before and after."),
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why it will not be done."""

    reason = TextField(label=_("Reason"), help_text=_("Public: it stands in the place of the promise."))


class SupersedeForm(forms.Form):
    """Which one takes its place, and why."""

    by_id = forms.TypedChoiceField(label=_("The one that takes its place"), coerce=int)
    reason = TextField(label=_("Reason"), help_text=_("Public."))

    def __init__(self, *arguments: Any, row: Remediation, **options: Any) -> None:
        super().__init__(*arguments, **options)
        others = Remediation.objects.exclude(pk=row.pk).exclude(state=RemediationState.DECLINED)
        if row.published_at:
            others = others.filter(published_at__isnull=False)
        self.fields["by_id"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose")),
            *((each.pk, each.title) for each in others.order_by("-id")),
        ]

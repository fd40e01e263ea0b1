"""The forms of reviews that are about the review itself: a section's text, details, and each step of its way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from incidents.domain.review import ApprovalKind, Assistance, VersionKind
from incidents.models.review_words import WORDS
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.times import UtcField

# Where a refusal of `start_review` and `edit_review` is shown on these forms.
PLACES = {"incidents": "incident_ids", "owner": "owner_id"}
# The kinds that a person publishes; a retraction is an act of its own.
KINDS = (VersionKind.PRELIMINARY, VersionKind.FINAL, VersionKind.CORRECTION)


class SectionForm(forms.Form):
    """The text of one section. `seen_version`: the section's version that the text was written upon; 0 for none."""

    body = BodyField(label=_("Text"), rows=14, required=False)
    note = BodyField(label=_("Internal note"), rows=3, required=False, help_text=_("Never published."))
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_seen_version(self) -> int:
        """The version, 0 where none was sent."""
        return self.cleaned_data.get("seen_version") or 0


class StartForm(forms.Form):
    """What a new review is about. What is left empty follows from the first incident."""

    incident_ids = forms.TypedMultipleChoiceField(
        label=_("Incidents"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the incidents that the review is about.")},
    )  # fmt: skip
    title = TextField(label=_("Title"), required=False, help_text=_("Empty: that of the first incident."))
    slug = TextField(
        label=_("Address"), required=False,
        help_text=_("As in /reviews/address; empty: day and title. It cannot change."),
    )  # fmt: skip
    owner_team = TextField(label=_("Team"), required=False, help_text=_("Public."))

    def __init__(self, data: Any = None, *, incidents: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["incident_ids"].choices = incidents  # type: ignore[attr-defined]


class DetailsForm(forms.Form):
    """Title, owner, incidents and what decides who must approve."""

    title = TextField(label=_("Title"))
    owner_id = forms.TypedChoiceField(
        label=_("Owner"), required=False, coerce=int, empty_value=None,
        help_text=_("Internal: who is reminded of the promise."),
    )  # fmt: skip
    owner_team = TextField(label=_("Team"), required=False, help_text=_("Public."))
    incident_ids = forms.TypedMultipleChoiceField(
        label=_("Incidents"), coerce=int, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the incidents that the review is about.")},
    )  # fmt: skip
    is_security = forms.BooleanField(
        label=_("Security is involved"), required=False, help_text=_("Asks for an approval by security.")
    )
    has_personal_data = forms.BooleanField(
        label=_("Personal data is involved"), required=False, help_text=_("Asks for an approval by privacy.")
    )
    is_without_agreement = forms.BooleanField(label=_("No agreement on uptime applies"), required=False)
    assistance = forms.ChoiceField(
        label=_("Part of a machine in the writing"), required=False, widget=forms.RadioSelect,
        choices=[("", _("Not declared yet")), *WORDS[Assistance].items()], help_text=_("Public."),
    )  # fmt: skip
    assistance_note = TextField(label=_("What it did"), required=False, help_text=_("Public; one line."))
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, incidents: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["incident_ids"].choices = incidents  # type: ignore[attr-defined]
        people = User.objects.filter(is_active=True).order_by("username").values_list("pk", "username")
        self.fields["owner_id"].choices = [("", _("Nobody")), *people]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """One line that says why; `label` and `help_text` say to whom."""

    reason = TextField(label=_("Reason"))

    def __init__(self, data: Any = None, *, help_text: Any = "", **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["reason"].help_text = help_text


class WaiveForm(forms.Form):
    """Why a finding is accepted. `check_key` and `subject` name it."""

    check_key = forms.CharField(widget=forms.HiddenInput)
    subject = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    reason = TextField(label=_("Reason"))


class CommentForm(forms.Form):
    """A remark on a section, an entry, or the whole."""

    anchor = forms.CharField(widget=forms.HiddenInput, required=False)
    body = BodyField(label=_("Comment"), rows=3)
    is_blocking = forms.BooleanField(label=_("Must be answered before publication"), required=False)


class ApproveForm(forms.Form):
    """One yes to exactly what was shown: `seen_hash` is its digest."""

    kind = forms.ChoiceField(label=_("As"), widget=forms.RadioSelect)
    note = TextField(label=_("Note"), required=False, help_text=_("Internal; one line."))
    seen_hash = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, kinds: Sequence[ApprovalKind], **options: Any) -> None:
        super().__init__(data, **options)
        words = WORDS[ApprovalKind]
        self.fields["kind"].choices = [(kind, words[kind]) for kind in kinds]  # type: ignore[attr-defined]


class PublishForm(forms.Form):
    """What is published, when, and why again."""

    kind = forms.ChoiceField(label=_("Kind"), widget=forms.RadioSelect)
    reason = TextField(label=_("Reason"), required=False)
    is_notifying = forms.BooleanField(label=_("Tell the subscribers who want reviews"), required=False, initial=True)
    at = UtcField(
        label=_("Later, at (UTC)"), required=False, is_coming=True, help_text=_("Empty: now."),
    )  # fmt: skip
    is_break_glass = forms.BooleanField(
        label=_("Publish past the checks and approvals"), required=False,
        help_text=_("For administrators. The reason and that it was done stand on the page for good."),
    )  # fmt: skip
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, kinds: Sequence[VersionKind], **options: Any) -> None:
        super().__init__(data, **options)
        words = WORDS[VersionKind]
        self.fields["kind"].choices = [(kind, words[kind]) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["reason"].help_text = _("Public. Needed from the second version on, and to break the glass.")

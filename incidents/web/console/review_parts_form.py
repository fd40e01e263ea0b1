"""The forms of timeline entries, phases and withholdings."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.domain.review import Certainty, EntryKind, Precision, RedactionKind
from incidents.models import Review
from incidents.models.review_words import choices_of
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.part_forms import DayField, PartForm, ReviewTimeField

# Words that tell the kind of an entry; the first that occurs decides.
_HINTS = (
    (EntryKind.ALL_CLEAR, r"all clear|declared (?:it )?over"),
    (EntryKind.ALERT, r"alert|alarm|pager|paged|monitor(?:ing)? fired"),
    (EntryKind.DETECTION, r"detected|noticed|first report|reported"),
    (EntryKind.ACKNOWLEDGEMENT, r"acknowledged|took the page"),
    (EntryKind.ESCALATION, r"escalat|called in|woke"),
    (EntryKind.HYPOTHESIS, r"suspect|hypothes|assumed|thought|might be"),
    (EntryKind.DECISION, r"decided|agreed to|chose to"),
    (EntryKind.CHANGE, r"deployed|released|pushed|rolled out|merged|flag (?:on|off)"),
    (EntryKind.MITIGATION, r"rolled back|roll-?back|reverted|restarted|drained|disabled|mitigat|failed over"),
    (EntryKind.RECOVERY, r"recover|back to normal|errors fell|healthy"),
    (EntryKind.TARGETED_WORD, r"told (?:the )?(?:affected )?customers|wrote to|e-?mailed"),
    (EntryKind.PUBLIC_WORD, r"status page|posted|published"),
    (EntryKind.SYMPTOM, r"errors?|latency|time-?outs?|failing|failed|slow"),
)


def guessed_kind(body: str) -> str:
    """What an entry probably tells of, by its words; an action where nothing tells."""
    found = (kind for kind, words in _HINTS if re.search(rf"\b(?:{words})", body, re.IGNORECASE))
    return next(found, EntryKind.ACTION)


def phase_choices(review: Review) -> list[tuple[str, Any]]:
    """The phases of a review, with none first."""
    return [("", _("None")), *((str(row.pk), row.name) for row in review.phases.all())]


def with_phases(form: forms.Form, review: Review) -> None:
    """Offer the phases of a review in `phase_id`; the field goes when there are none."""
    if review.phases.exists():
        form.fields["phase_id"].choices = phase_choices(review)  # type: ignore[attr-defined]
    else:
        del form.fields["phase_id"]


class EntryForm(PartForm):
    """An entry of the timeline."""

    layout = (
        ("", ("at", "body", "is_public")),
        (_("How exact, which kind, which phase"), (
            "precision", "ended_at", "kind", "certainty", "phase_id",
        )),
        (_("Source and links"), ("source", "source_url", "internal_url", "note")),
        ("", ("seen_version",)),
    )  # fmt: skip
    at = ReviewTimeField(label=_("Time (UTC)"))
    body = BodyField(label=_("What happened"), rows=3, help_text=_("Markdown."))
    is_public = forms.BooleanField(
        label=_("Public"), required=False, help_text=_("Otherwise only those who write and approve read it.")
    )
    precision = forms.ChoiceField(label=_("The time is known"), choices=choices_of(Precision), initial="minute")
    ended_at = ReviewTimeField(label=_("Until (UTC)"), required=False, help_text=_("Empty: it was a moment."))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("As the text tells")), *choices_of(EntryKind)], required=False
    )
    certainty = forms.ChoiceField(label=_("Certainty"), choices=choices_of(Certainty), initial="confirmed")
    phase_id = forms.TypedChoiceField(label=_("Phase"), required=False, coerce=int, empty_value=None)
    source = TextField(label=_("Source"), required=False, help_text=_("Public: what says so."))
    source_url = TextField(label=_("Address of the source"), required=False, help_text=_("Public; https://…"))
    internal_url = TextField(
        label=_("Internal link"), required=False, help_text=_("Alert, chat or ticket. Never published.")
    )
    note = BodyField(label=_("Internal note"), rows=2, required=False, help_text=_("Never published."))

    def __init__(self, data: Any = None, *, review: Review, **options: Any) -> None:
        super().__init__(data, review=review, **options)
        with_phases(self, review)

    def terms(self) -> dict[str, Any]:
        """What was typed, by the names of the action."""
        names = (
            "at", "ended_at", "precision", "certainty", "body", "note", "is_public", "source", "source_url",
            "internal_url",
        )  # fmt: skip
        kind = self.cleaned_data["kind"] or guessed_kind(self.cleaned_data["body"])
        return {**self.said(names), "kind": kind, "phase_id": self.cleaned_data.get("phase_id")}


class PhaseForm(PartForm):
    """A phase of the incident."""

    layout = (
        ("", ("name", "started_at", "ended_at", "is_quality", "share", "body")),
        (_("How exact"), ("precision",)),
        ("", ("seen_version",)),
    )  # fmt: skip
    name = TextField(label=_("Name"), help_text=_("As “First wave” or “Wrong answers”."))
    started_at = ReviewTimeField(label=_("From (UTC)"))
    ended_at = ReviewTimeField(label=_("To (UTC)"), required=False, help_text=_("Empty: not known, or it goes on."))
    is_quality = forms.BooleanField(
        label=_("Served, but wrong"), required=False,
        help_text=_("Answers came and were not right. It does not count as downtime."),
    )  # fmt: skip
    share = TextField(
        label=_("Share"), required=False, help_text=_("Of what was hit, in words: “3 % of requests in Europe”.")
    )
    body = BodyField(label=_("What it was like"), rows=3, required=False, help_text=_("Public. Markdown."))
    precision = forms.ChoiceField(label=_("The times are known"), choices=choices_of(Precision), initial="minute")

    def terms(self) -> dict[str, Any]:
        """What was typed, by the names of the action."""
        return self.said(("name", "body", "started_at", "ended_at", "precision", "is_quality", "share"))


class RedactionForm(PartForm):
    """Something that is left out of the public review on purpose."""

    layout = (("", ("place", "kind", "reason", "review_on")),)
    place = TextField(label=_("What is left out"), help_text=_("Internal."))
    kind = forms.ChoiceField(
        label=_("Why, in public"), choices=choices_of(RedactionKind),
        help_text=_("The public reads this kind and how many there are of it."),
    )  # fmt: skip
    reason = TextField(label=_("Reason"), help_text=_("Internal."))
    review_on = DayField(label=_("Looked at again on"), required=False, help_text=_("Public. Empty: no day is set."))

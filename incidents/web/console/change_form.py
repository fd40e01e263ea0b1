"""The forms of changes: what was changed, its stages and guard-rails, its roll-back, and what it was in a review."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from incidents.actions.change import Part
from incidents.actions.change_terms import MOST_STAGES, STAGE_FIELDS
from incidents.domain.review import (
    Answer,
    Certainty,
    ChangeKind,
    Gate,
    GateResult,
    GuardRail,
    Initiator,
    Precision,
    Role,
    RollbackOutcome,
    RollbackPossible,
    Rollout,
)
from incidents.models import ChangeEvent, Review
from incidents.models.review_words import choices_of, word_of
from incidents.web.console.forms import BodyField, Choices, TextField
from incidents.web.console.part_forms import PartForm, ReviewTimeField
from incidents.web.console.review_parts_form import with_phases

NOT_KNOWN: Choices = [("", _("Not known"))]
_PLAIN = (
    "title", "kind", "system", "body", "intent", "initiator", "process", "started_at", "completed_at", "precision",
    "certainty", "time_note", "rollout", "regions", "rollback_possible", "rollback_method", "rollback_started_at",
    "rollback_completed_at", "rollback_outcome", "rollback_note", "source", "source_url", "external_ref", "note",
)  # fmt: skip
_PART = ("role", "role_certainty", "phase_id", "role_note")
# Where a refusal of the action is shown on these forms.
PLACES = {"guard_rails": "rail_validated", "stages": "stage_0_name"}


class ChangeForm(PartForm):
    """A change, with its first role in a review where it is new. Only title, kind and role must be filled in."""

    layout = (
        ("", ("title", "kind", "role", "started_at")),
        (_("More on its role here"), ("role_certainty", "phase_id", "role_note")),
        (_("What, why and by which process"), ("system", "body", "intent", "process", "initiator")),
        (_("When, and how exactly"), ("completed_at", "precision", "certainty", "time_note")),
        (_("How it was spread"), ("rollout", "regions", "stages")),
        (_("What could have caught it"), tuple(f"rail_{name}" for name in GuardRail)),
        (_("Roll-back"), (
            "rollback_possible", "rollback_method", "rollback_started_at", "rollback_completed_at", "rollback_outcome",
            "rollback_note",
        )),
        (_("Source, references and notes"), ("source", "source_url", "external_ref", "note")),
        ("", ("stage_rows", "seen_version")),
    )  # fmt: skip
    title = TextField(label=_("What was changed"), help_text=_("In a few words, as “Routing table 7”."))
    kind = forms.ChoiceField(label=_("Kind"), choices=choices_of(ChangeKind), initial="configuration_push")
    role = forms.ChoiceField(
        label=_("What it was here"), choices=[("", _("Choose")), *choices_of(Role)],
        error_messages={"required": _("Say what the change was in this incident. “Ruled out” is an answer.")},
    )  # fmt: skip
    started_at = ReviewTimeField(label=_("Began (UTC)"), required=False, help_text=_("Empty: not known."))
    role_certainty = forms.ChoiceField(
        label=_("That it was this is"), choices=choices_of(Certainty), initial="confirmed"
    )
    phase_id = forms.TypedChoiceField(label=_("In the phase"), required=False, coerce=int, empty_value=None)
    role_note = TextField(label=_("Note on its role"), required=False, help_text=_("Public; one line."))
    system = TextField(label=_("System"), required=False)
    body = BodyField(label=_("What was changed, in full"), rows=3, required=False, help_text=_("Public. Markdown."))
    intent = BodyField(
        label=_("Why it was made"), rows=2, required=False,
        help_text=_("Public. Every change had a good reason when it was made."),
    )  # fmt: skip
    process = TextField(
        label=_("By which process"), required=False, help_text=_("Public. The process, never the person.")
    )
    initiator = forms.ChoiceField(label=_("Made by"), choices=choices_of(Initiator), initial="unknown")
    completed_at = ReviewTimeField(label=_("Ended (UTC)"), required=False, help_text=_("Empty: not known."))
    precision = forms.ChoiceField(label=_("The times are known"), choices=choices_of(Precision), initial="minute")
    certainty = forms.ChoiceField(label=_("The times are"), choices=choices_of(Certainty), initial="confirmed")
    time_note = TextField(
        label=_("What is not known of the times"), required=False, help_text=_("Public, as “The day is not disclosed”.")
    )
    rollout = forms.ChoiceField(label=_("Rollout"), choices=choices_of(Rollout), initial="unknown")
    regions = TextField(
        label=_("Regions"), required=False, help_text=_("Public. “Not disclosed” and “not known” are answers.")
    )
    rollback_possible = forms.ChoiceField(
        label=_("Could it be taken back?"), choices=choices_of(RollbackPossible), initial="unknown"
    )
    rollback_method = TextField(
        label=_("How"), required=False, help_text=_("Reverted, flag off, last known good, restarted …")
    )
    rollback_started_at = ReviewTimeField(label=_("Roll-back began (UTC)"), required=False)
    rollback_completed_at = ReviewTimeField(label=_("Roll-back ended (UTC)"), required=False)
    rollback_outcome = forms.ChoiceField(label=_("What it did"), choices=choices_of(RollbackOutcome), initial="unknown")
    rollback_note = BodyField(
        label=_("What stood in the way"), rows=2, required=False, help_text=_("Public. Markdown.")
    )
    source = TextField(label=_("Source"), required=False, help_text=_("Public: what says so."))
    source_url = TextField(label=_("Address of the source"), required=False, help_text=_("Public; https://…"))
    external_ref = TextField(label=_("Commit, ticket or id"), required=False, help_text=_("Internal. Never published."))
    note = BodyField(label=_("Internal note"), rows=2, required=False, help_text=_("Never published."))
    stage_rows = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, review: Review | None, is_new: bool, rows: int, **options: Any) -> None:
        super().__init__(data, **options)
        self.rows = max(1, min(rows, MOST_STAGES))
        self.initial["stage_rows"] = self.rows
        self.fields |= {f"rail_{name}": _rail(name) for name in GuardRail}
        for number in range(self.rows):
            self.fields |= {f"stage_{number}_{name}": field for name, field in _stage_fields().items()}
        if not is_new:
            for name in _PART:
                del self.fields[name]
        elif review:
            with_phases(self, review)
        self.set_day(review)

    def rows_of_group(self, names: Sequence[str]) -> list[list[forms.BoundField]]:
        """The fields of each stage, where the stages are."""
        if "stages" not in names:
            return []
        return [[self[f"stage_{number}_{name}"] for name in STAGE_FIELDS] for number in range(self.rows)]

    def clean(self) -> None:
        """A stage of which anything is said needs a name."""
        for number in range(self.rows):
            stage = self._stage(number)
            if any(stage.values()) and not str(stage["name"] or "").strip():
                self.add_error(f"stage_{number}_name", _now("Name the stage."))

    def terms(self) -> dict[str, Any]:
        """What was typed, by the names of the action."""
        stages = [self._stage(number) for number in range(self.rows)]
        return {
            **self.said(_PLAIN),
            "stages": [stage for stage in stages if any(stage.values())],
            "guard_rails": {name: self.cleaned_data[f"rail_{name}"] for name in GuardRail},
        }

    def part(self, review: Review) -> Part:
        """The first role that was typed."""
        data = self.cleaned_data
        return Part(review.pk, data["role"], data["role_certainty"], data.get("phase_id"), data["role_note"])

    def _stage(self, number: int) -> dict[str, Any]:
        return {name: self.cleaned_data.get(f"stage_{number}_{name}") for name in STAGE_FIELDS}


class LinkForm(PartForm):
    """What a change that is written down already was in this review."""

    layout = (
        ("", ("change_id", "role")),
        (_("More on its role here"), ("role_certainty", "phase_id", "role_note")),
    )  # fmt: skip
    change_id = forms.TypedChoiceField(
        label=_("Change"), coerce=int, widget=forms.RadioSelect,
        error_messages={"required": _("Choose a change, or write a new one.")},
    )  # fmt: skip
    role = forms.ChoiceField(
        label=_("What it was here"), choices=[("", _("Choose")), *choices_of(Role)],
        error_messages={"required": _("Say what the change was in this incident. “Ruled out” is an answer.")},
    )  # fmt: skip
    role_certainty = forms.ChoiceField(
        label=_("That it was this is"), choices=choices_of(Certainty), initial="confirmed"
    )
    phase_id = forms.TypedChoiceField(label=_("In the phase"), required=False, coerce=int, empty_value=None)
    role_note = TextField(label=_("Note on its role"), required=False, help_text=_("Public; one line."))

    def __init__(self, data: Any = None, *, review: Review, candidates: Sequence[ChangeEvent], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["change_id"].choices = [(row.pk, line_of(row)) for row in candidates]  # type: ignore[attr-defined]
        if not candidates:
            self.fields["change_id"].help_text = _now("None was found. Search by other words, or write a new one.")
        with_phases(self, review)


def line_of(change: ChangeEvent) -> str:
    """A change in one line: when, what, which kind, where."""
    when = f"{change.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if change.started_at else _now("time not known")
    parts = (when, change.title, word_of(ChangeKind, change.kind), change.system)
    return " · ".join(part for part in parts if part)


def standing_change(row: ChangeEvent) -> dict[str, Any]:
    """What a change says now, by field of the form."""
    stages = {
        f"stage_{number}_{name}": datetime.fromisoformat(value) if value and name.endswith("_at") else value
        for number, stage in enumerate(row.stages)
        for name, value in stage.items()
    }
    rails = {f"rail_{name}": row.guard_rails.get(name, Answer.UNKNOWN) for name in GuardRail}
    return {**{name: getattr(row, name) for name in _PLAIN}, **stages, **rails, "seen_version": row.version}


def rows_of(posted: Mapping[str, Any] | None, row: ChangeEvent | None) -> int:
    """How many stages the form has places for: as many as were shown, and one more where that was asked."""
    if posted is None:
        return len(row.stages) if row and row.stages else 1
    raw = str(posted.get("stage_rows", "1"))
    shown = int(raw) if re.fullmatch(r"\d{1,3}", raw, re.ASCII) else 1
    return shown + (posted.get("step") == "stage")


class AnswerField(forms.ChoiceField):
    """Yes, no or unknown, on one line."""

    is_compact = True


def _rail(name: GuardRail) -> AnswerField:
    return AnswerField(
        label=word_of(GuardRail, name), choices=choices_of(Answer), initial=Answer.UNKNOWN, required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip


def _stage_fields() -> dict[str, forms.Field]:
    return {
        "name": TextField(label=_("Name"), required=False, help_text=_("As “Canary” or “Region 1”.")),
        "regions": TextField(label=_("Regions"), required=False),
        "percent": TextField(label=_("Share, %"), required=False, widget=forms.TextInput(attrs={"size": 6})),
        "started_at": ReviewTimeField(label=_("Began (UTC)"), required=False),
        "ended_at": ReviewTimeField(label=_("Ended (UTC)"), required=False),
        "gate": forms.ChoiceField(label=_("Gate after it"), choices=[*NOT_KNOWN, *choices_of(Gate)], required=False),
        "gate_result": forms.ChoiceField(
            label=_("What the gate did"), choices=[*NOT_KNOWN, *choices_of(GateResult)], required=False
        ),
    }

"""The forms of contributing factors and of the codes that an administrator adds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from incidents.domain.factors import FAMILIES
from incidents.domain.markup import render_text
from incidents.domain.review import Certainty, Disposition, Effect, Role
from incidents.models import ContributingFactor, FactorCode, Review
from incidents.models.review_words import choices_of, word_of
from incidents.models.words import factor_codes, factor_family
from incidents.reviewing.timeline import Entry, timeline_of
from incidents.web.console.forms import BodyField, TextField
from incidents.web.console.part_forms import DayField, PartForm

_NAMES = (
    "body", "note", "effect", "certainty", "entry_refs", "change_ids", "disposition", "disposition_reason",
    "revisit_on",
)  # fmt: skip


class FactorForm(PartForm):
    """One thing that contributed, and what it rests on."""

    layout = (
        ("", ("code", "title", "effect", "entry_refs", "change_ids", "disposition", "disposition_reason")),
        (_("In full"), ("body", "certainty", "revisit_on", "note")),
        ("", ("seen_version",)),
    )  # fmt: skip
    code = forms.ChoiceField(
        label=_("Factor"), error_messages={"required": _("Choose a factor.")},
        help_text=_("None is about a person’s error: what a person could do wrong, a system let happen."),
    )  # fmt: skip
    title = TextField(
        label=_("In this incident"), required=False,
        help_text=_("Public; one line. Empty: the name of the factor itself."),
    )  # fmt: skip
    effect = forms.ChoiceField(label=_("What it did"), choices=choices_of(Effect), initial="created_condition")
    entry_refs = forms.MultipleChoiceField(
        label=_("Where the timeline shows it"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("At least one is needed before publication."),
    )  # fmt: skip
    change_ids = forms.TypedMultipleChoiceField(
        label=_("Changes that it is about"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    disposition = forms.ChoiceField(
        label=_("What is done about it"), choices=choices_of(Disposition), initial="open",
        help_text=_("“To be kept” is for what limited the harm."),
    )  # fmt: skip
    disposition_reason = TextField(
        label=_("Reason"), required=False, help_text=_("Public; needed when it is accepted as it is.")
    )
    body = BodyField(label=_("Text"), rows=4, required=False, help_text=_("Public. Markdown."))
    certainty = forms.ChoiceField(label=_("Certainty"), choices=choices_of(Certainty), initial="confirmed")
    revisit_on = DayField(label=_("Looked at again on"), required=False, help_text=_("Public."))
    note = BodyField(label=_("Internal note"), rows=2, required=False, help_text=_("Never published."))

    def __init__(self, data: Any = None, *, review: Review, standing: str = "", **options: Any) -> None:
        super().__init__(data, review=review, **options)
        self.names = code_names(standing)
        self.fields["code"].choices = [("", _("Choose")), *_by_family(self.names)]  # type: ignore[attr-defined]
        entries = [(entry.ref, line_of(entry)) for entry in timeline_of(review)]
        self.fields["entry_refs"].choices = entries  # type: ignore[attr-defined]
        changes = _change_lines(review)
        self.fields["change_ids"].choices = changes  # type: ignore[attr-defined]
        for name, choices in (("entry_refs", entries), ("change_ids", changes)):
            if not choices:
                del self.fields[name]

    def terms(self) -> dict[str, Any]:
        """What was typed, by the names of the action."""
        data = self.cleaned_data
        title = data["title"] if data["title"].strip() else self.names[data["code"]]
        return {"code": data["code"], "title": title, **self.said(name for name in _NAMES if name in data)}


def code_names(standing: str = "") -> dict[str, str]:
    """The codes that may be given now, with their names; `standing` too, although it was retired."""
    own = {row.code: row.title for row in FactorCode.objects.all() if not row.retired_at or row.code == standing}
    return {**factor_codes(), **own}


def line_of(entry: Entry) -> str:
    """An entry of the timeline in one line."""
    told = " ".join(render_text(entry.text).split())
    # What the ledger tells begins with its label already.
    told = told if told.startswith(entry.label) else f"{entry.label}: {told}"
    return f"{entry.at:%Y-%m-%d %H:%M} · {Truncator(told).chars(130)}"


def standing_factor(row: ContributingFactor) -> dict[str, Any]:
    """What a factor says now, by field of the form, without the mark of it."""
    names = ("code", "title", *(name for name in _NAMES if name != "change_ids"))
    return {
        **{name: getattr(row, name) for name in names},
        "change_ids": list(row.changes.values_list("pk", flat=True)),
    }


def _by_family(names: dict[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The choices in groups: the families of the house first, then others by their letters."""
    groups: dict[str, list[tuple[str, str]]] = {family: [] for family in FAMILIES}
    for code, name in names.items():
        groups.setdefault(code.partition("-")[0], []).append((code, f"{code} {name}"))
    return [(factor_family(f"{family}-1"), found) for family, found in groups.items() if found]


def _change_lines(review: Review) -> list[tuple[int, str]]:
    lines: dict[int, list[str]] = {}
    for row in review.change_roles.select_related("change"):
        lines.setdefault(row.change_id, [row.change.title]).append(word_of(Role, row.role))
    return [(pk, " · ".join(parts)) for pk, parts in lines.items()]

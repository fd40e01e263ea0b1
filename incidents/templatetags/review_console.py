"""The words of reviews for the templates of the console."""

from __future__ import annotations

from django import template

from incidents.domain.review import (
    Certainty,
    ChangeKind,
    Disposition,
    Effect,
    EntryKind,
    Precision,
    RedactionKind,
    RemediationState,
    ReviewState,
    Role,
    VersionKind,
)
from incidents.models.review_words import word_of

register = template.Library()

for name, kind in {
    "review_state": ReviewState, "version_kind": VersionKind, "entry_kind": EntryKind, "precision_word": Precision,
    "certainty_word": Certainty, "change_kind": ChangeKind, "change_role": Role, "effect_word": Effect,
    "disposition_word": Disposition, "remediation_state": RemediationState, "redaction_kind": RedactionKind,
}.items():  # fmt: skip
    # Each filter prints the word for a value of one enumeration, or the value where it is none of it.
    register.filter(name, lambda value, kind=kind: word_of(kind, value))

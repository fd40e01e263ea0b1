"""What the audit log prints: words where the rows have keys. The export has the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.domain.advice import AdviceKind
from incidents.domain.scopes import Scope
from incidents.models import AuditEntry
from incidents.models.review_words import WORDS
from incidents.models.words import Word
from incidents.publishing import words

_LONGEST = 400
_FIELDS: Mapping[str, Word] = {
    "rrule": gettext_lazy("repeats"),
    "is_notifying": gettext_lazy("tells subscribers"),
    "component_ids": gettext_lazy("components"),
    "seen_hash": gettext_lazy("content"),
}
_OTHERS: Mapping[str, Word] = {
    AdviceKind.RETRY_AFTER.value: gettext_lazy("try again after (seconds):"),
    AdviceKind.FAIL_OVER.value: gettext_lazy("fail over to"),
    AdviceKind.HOLD.value: gettext_lazy("hold"),
    AdviceKind.DISCARD_SINCE.value: gettext_lazy("discard results since"),
    "True": gettext_lazy("yes"),
    "False": gettext_lazy("no"),
    "public": gettext_lazy("what is public"),
}
_KEYS: Mapping[str, Word] = {
    **{str(key): word for kind in WORDS.values() for key, word in kind.items()},
    **{str(key): word for key, word in words.STAGES.items()},
    **{str(key): word for key, word in words.LEVELS.items()},
    **{str(key): word for key, word in words.IMPACTS.items()},
    **_OTHERS,
}
# Within a text only what is no word of any language is taken for a key.
_WITHIN = re.compile(r"\b(" + "|".join(sorted((key for key in _KEYS if "_" in key), key=len, reverse=True)) + r")\b")
# Fields whose values people typed: they are printed as they are.
_TYPED = frozenset(
    ("title", "body", "update", "reason", "comment", "note", "name", "sentence", "request", "email", "status_note",
     "evidence", "advice_text", "description", "path", "file", "content")
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One field that changed, in words."""

    field: str
    old: str
    new: str


def changes_of(entry: AuditEntry) -> list[Change]:
    """What changed, in words, each value shortened."""
    return [
        Change(_name(field), said(field, pair[0])[:_LONGEST], said(field, pair[1])[:_LONGEST])
        for field, pair in entry.changes.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


def label_of(entry: AuditEntry) -> str:
    """What it was done to, in words."""
    return said("", entry.subject_label)


def said(field: str, value: Any) -> str:
    """A value in words: keys by their names, lists by commas, rows of a table by their fields."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(_pairs(value))
    if isinstance(value, list):
        return "; ".join(said(field, each) for each in value)
    text = str(value)
    if field in _TYPED:
        return text
    if field == "scopes":
        return ", ".join(_SCOPES.get(name, name) for name in text.split(", "))
    if text in _KEYS:
        return str(_KEYS[text])
    return _WITHIN.sub(lambda found: str(_KEYS[found[0]]), text)


def kind_of(subject_kind: str) -> str:
    """The kind of thing that an entry is about: `review approval`."""
    return kinds().get(subject_kind, subject_kind)


def kinds() -> dict[str, str]:
    """Every kind of thing that an entry can be about, by the name that entries have."""
    models: list[type[Model]] = [*apps.get_app_config("incidents").get_models(), User]
    return {str(model._meta.model_name): str(model._meta.verbose_name) for model in models}


def _pairs(value: Mapping[str, Any]) -> Iterator[str]:
    if {"name", "old_level", "new_level"} <= value.keys():
        place = f" ({value['region']})" if value.get("region") else ""
        yield f"{value['name']}{place}: {said('', value['old_level'])} → {said('', value['new_level'])}"
        return
    for name, each in value.items():
        if each not in (None, "", [], {}):
            yield f"{_name(name)}: {said(name, each)}"


def _name(field: str) -> str:
    return str(_FIELDS[field]) if field in _FIELDS else field.removeprefix("is_").replace("_", " ")


_SCOPES: Mapping[str, str] = {scope.value: scope.value.replace("_", " ") for scope in Scope}

"""What the audit log prints: words where the rows have keys. The export has the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
_KINDS: Mapping[str, Word] = {
    "agreement": gettext_lazy("agreement"),
    "agreementexclusion": gettext_lazy("exclusion of an agreement"),
    "apitoken": gettext_lazy("API token"),
    "auditentry": gettext_lazy("audit log"),
    "businesscalendar": gettext_lazy("business calendar"),
    "changeevent": gettext_lazy("change"),
    "changerole": gettext_lazy("part that a change had"),
    "channelpause": gettext_lazy("pause of a channel"),
    "clientadvice": gettext_lazy("advice for clients"),
    "component": gettext_lazy("component"),
    "contributingfactor": gettext_lazy("contributing factor"),
    "correction": gettext_lazy("correction"),
    "delivery": gettext_lazy("delivery"),
    "draft": gettext_lazy("draft"),
    "factorcode": gettext_lazy("kind of factor"),
    "impactinterval": gettext_lazy("interval of impact"),
    "inboundrule": gettext_lazy("inbound rule"),
    "inboundsource": gettext_lazy("inbound source"),
    "incident": gettext_lazy("incident"),
    "incidentupdate": gettext_lazy("update"),
    "maintenanceseries": gettext_lazy("maintenance that recurs"),
    "milestonestatement": gettext_lazy("stated milestone"),
    "monitorhold": gettext_lazy("hold of a monitor"),
    "picture": gettext_lazy("picture"),
    "promise": gettext_lazy("promise"),
    "promiseextension": gettext_lazy("extension of a promise"),
    "promisepolicy": gettext_lazy("promise policy"),
    "proposal": gettext_lazy("proposal"),
    "publicpage": gettext_lazy("page"),
    "redirect": gettext_lazy("redirect"),
    "region": gettext_lazy("region"),
    "remediation": gettext_lazy("remediation"),
    "remediationslip": gettext_lazy("moved due date of a remediation"),
    "review": gettext_lazy("review"),
    "reviewapproval": gettext_lazy("approval of a review"),
    "reviewcomment": gettext_lazy("comment on a review"),
    "reviewphase": gettext_lazy("phase of a review"),
    "reviewredaction": gettext_lazy("redaction of a review"),
    "reviewsection": gettext_lazy("section of a review"),
    "reviewversion": gettext_lazy("version of a review"),
    "reviewwaiver": gettext_lazy("waiver of a review"),
    "subscriber": gettext_lazy("subscriber"),
    "timelineentry": gettext_lazy("entry of a timeline"),
    "updatetemplate": gettext_lazy("template"),
    "upstream": gettext_lazy("upstream"),
    "user": gettext_lazy("person"),
    "verdict": gettext_lazy("verdict"),
}
_ACTORS: Mapping[str, Word] = {
    "token": gettext_lazy("API token"),
    "subscriber": gettext_lazy("subscriber"),
    "system": gettext_lazy("by itself"),
    "import": gettext_lazy("import"),
    "seed": gettext_lazy("demonstration"),
    "monitor": gettext_lazy("monitor"),
    "command": gettext_lazy("command line"),
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
    """The kind of thing that an entry is about: `approval of a review`."""
    return str(_KINDS.get(subject_kind, subject_kind))


def kinds() -> dict[str, str]:
    """Every kind of thing that an entry can be about, by the name that entries have."""
    return {kind: str(word) for kind, word in _KINDS.items()}


def author_of(entry: AuditEntry) -> str:
    """What kind of author wrote it, where that is no person."""
    return "" if entry.actor_kind == "user" else str(_ACTORS.get(entry.actor_kind, entry.actor_kind))


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

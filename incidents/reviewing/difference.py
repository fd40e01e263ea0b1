"""What changed between two versions of a review, field by field, and whether it is a fact or its wording.

To treat another field otherwise: its line in LISTS or FIELDS. Derived texts (HTML, labels, sums) are told by what they
are derived from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.domain.diffing import is_same_wording

Item = dict[str, Any]
Word = str | Promise
# Sections whose wording is the matter itself.
MATERIAL_SECTIONS = ("cause", "impact")


@dataclass(frozen=True)
class Difference:
    """One change. `path`: `milestones/detected/at`; `label`: the same for people; `old` and `new` as text, empty where
    there was nothing or is nothing any more. `is_material`: a fact moved, so that readers must be told."""

    path: str
    label: str
    old: str
    new: str
    is_material: bool

    def as_json(self) -> dict[str, Any]:
        """As it stands in a published version."""
        return {
            "path": self.path, "label": self.label, "old": self.old, "new": self.new, "is_material": self.is_material,
        }  # fmt: skip


@dataclass(frozen=True)
class _Kind:
    """A list of the document: what one of it is called, by what it is told from the others, how it is named, and which
    of its fields are compared: {field: is material}."""

    word: Word
    key: Callable[[Item], str]
    name: Callable[[Item], str]
    fields: Mapping[str, bool]
    is_material: bool = True  # that one comes or goes


def _by(*fields: str) -> Callable[[Item], str]:
    return lambda item: "/".join(str(item.get(field) or "") for field in fields if item.get(field))


_TIMES = {"started_at": True, "ended_at": True}
LISTS: Mapping[str, _Kind] = {
    "incidents": _Kind(
        gettext_lazy("Incident"), _by("code"), _by("title"),
        {"title": False, "impact": True, "started_at": True, "resolved_at": True},
    ),
    "milestones": _Kind(
        gettext_lazy("Milestone"), _by("incident", "name"), _by("label"), {"at": True, "provenance": False,
                                                                           "reason": False},
    ),
    "unknown": _Kind(gettext_lazy("Not known"), _by("milestone"), _by("label"), {"reason": False}),
    "figures": _Kind(gettext_lazy("Figure"), _by("name"), _by("label"), {"text": True, "is_approximate": True}),
    "components": _Kind(
        gettext_lazy("Component"), _by("slug"), _by("name"),
        {"worst_level": True, "regions": True, **_TIMES, "is_quality": True},
    ),
    "phases": _Kind(
        gettext_lazy("Phase"), _by("ref"), _by("name"),
        {"name": False, "text": False, **_TIMES, "precision": True, "is_quality": True, "share": True},
    ),
    "sections": _Kind(gettext_lazy("Section"), _by("key"), _by("title"), {"text": False}, is_material=False),
    "timeline": _Kind(
        gettext_lazy("Timeline"), _by("ref"), lambda item: _shortened(item.get("text") or item.get("label")),
        {"at": True, "ended_at": True, "precision": True, "certainty": True, "kind": False, "text": False,
         "source": False, "source_url": False, "phase": False},
    ),
    "changes": _Kind(
        gettext_lazy("Change"), _by("code"), _by("title"),
        dict.fromkeys(
            ("title", "kind", "system", "text", "intent", "initiator", "process", "started_at", "completed_at",
             "precision", "certainty", "time_note", "rollout", "stages", "regions", "guard_rails", "rollback", "roles"),
            True,
        ) | {"source": False, "source_url": False},
    ),
    "factors": _Kind(
        gettext_lazy("Factor"), _by("ref"), _by("title"),
        dict.fromkeys(
            ("code", "title", "text", "effect", "certainty", "entries", "changes", "disposition", "disposition_reason",
             "revisit_on"),
            True,
        ),
    ),
    "remediations": _Kind(
        gettext_lazy("Remediation"), _by("code"), _by("title"),
        dict.fromkeys(
            ("title", "text", "kind", "strength", "priority", "factors", "owner_team", "due_on", "is_declined",
             "declined_reason"),
            True,
        ),
    ),
    "agreements": _Kind(
        gettext_lazy("Agreement"), _by("slug", "month"), _by("name", "month"),
        {"percent": True, "verdict": True, "target_percent": True, "minutes": True, "ways": True},
    ),
    "withheld": _Kind(
        gettext_lazy("Withheld"), _by("kind"), _by("label"), {"count": False, "review_on": False}, is_material=False,
    ),
}  # fmt: skip
FIELDS: Mapping[str, tuple[Word, bool]] = {
    "title": (gettext_lazy("Title"), False),
    "slug": (gettext_lazy("Address"), False),
    "owner_team": (gettext_lazy("Team"), False),
    "impact": (gettext_lazy("Impact"), True),
    "assistance": (gettext_lazy("Machine assistance"), False),
    "assistance_note": (gettext_lazy("Machine assistance, note"), False),
    "is_without_agreement": (gettext_lazy("No agreement applies"), True),
}
NAMES: Mapping[str, Word] = {
    "at": gettext_lazy("time"), "started_at": gettext_lazy("begin"), "ended_at": gettext_lazy("end"),
    "completed_at": gettext_lazy("end"), "resolved_at": gettext_lazy("end"), "text": gettext_lazy("text"),
    "title": gettext_lazy("title"), "due_on": gettext_lazy("due"), "roles": gettext_lazy("what it was"),
    "guard_rails": gettext_lazy("guard-rails"), "is_quality": gettext_lazy("served, but wrong"),
    "worst_level": gettext_lazy("level"), "revisit_on": gettext_lazy("looked at again"),
    "source_url": gettext_lazy("address of the source"), "time_note": gettext_lazy("note on the time"),
    "disposition_reason": gettext_lazy("reason"), "declined_reason": gettext_lazy("reason"),
    "is_declined": gettext_lazy("declined"), "owner_team": gettext_lazy("team"),
    "provenance": gettext_lazy("where from"),
    "is_approximate": gettext_lazy("approximate"), "target_percent": gettext_lazy("target"),
    "review_on": gettext_lazy("looked at again"),
}  # fmt: skip


def differences(old: Item | None, new: Item) -> tuple[Difference, ...]:
    """What changed from one `review` document to another, in the order of the page; nothing for a first version."""
    return tuple(_differences(old, new)) if old else ()


def _differences(old: Item, new: Item) -> Iterator[Difference]:
    for field, (label, is_material) in FIELDS.items():
        before, after = _text(old.get(field)), _text(new.get(field))
        if before != after:
            yield Difference(field, str(label), before, after, is_material)
    for place, kind in LISTS.items():
        yield from _of_list(place, kind, old.get(place) or [], new.get(place) or [])


def _of_list(place: str, kind: _Kind, old: list[Item], new: list[Item]) -> Iterator[Difference]:
    before, after = {kind.key(item): item for item in old}, {kind.key(item): item for item in new}
    for key in [*after, *(key for key in before if key not in after)]:
        one, other = before.get(key), after.get(key)
        path, label = f"{place}/{key}", f"{kind.word}: {kind.name(other or one or {})}"
        if one is None or other is None:
            is_material = kind.is_material or key in MATERIAL_SECTIONS
            yield Difference(path, label, _whole(kind, one), _whole(kind, other), is_material)
        else:
            yield from _of_item(path, label, kind, one, other)


def _of_item(path: str, label: str, kind: _Kind, one: Item, other: Item) -> Iterator[Difference]:
    for field, is_material in kind.fields.items():
        if one.get(field) == other.get(field) and (field != "text" or one.get("seconds") == other.get("seconds")):
            continue
        old, new = _text(_shown(one, field)), _text(_shown(other, field))
        if old == new:
            continue
        is_text_of_matter = path.removeprefix("sections/") in MATERIAL_SECTIONS and not is_same_wording(old, new)
        is_bare = field == "text" and path.startswith(("sections/", "figures/"))
        yield Difference(
            f"{path}/{field}",
            label if is_bare else f"{label}, {NAMES.get(field, field.replace('_', ' '))}",
            old,
            new,
            is_material or is_text_of_matter,
        )


def _shown(item: Item, field: str) -> Any:
    """A field in words, where the document has them beside it."""
    return item.get(f"{field}_label") or item.get(field)


def _whole(kind: _Kind, item: Item | None) -> str:
    """An item that came or went, in one text: what it is called, and its plain fields."""
    if item is None:
        return ""
    if set(kind.fields) == {"text"}:
        return _text(item.get("text"))
    told = [
        _text(_shown(item, field)) for field in kind.fields if field != "text" or kind.name(item) != item.get("text")
    ]
    parts = [kind.name(item), *(text for text in told if text and text != kind.name(item))]
    return " · ".join(part for part in parts if part)


def _text(value: Any) -> str:
    """A value of the document as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "; ".join(_text(each) for each in value)
    if isinstance(value, dict):
        unsaid = {"seconds", *(("name", "role") if "label" in value else ())}
        shown = {
            key: each
            for key, each in value.items()
            if f"{key}_label" not in value and not key.endswith("html") and key not in unsaid
        }
        return ", ".join(text for text in map(_text, shown.values()) if text)
    text = str(value)
    if len(text) == 20 and text[10] == "T" and text.endswith("Z"):
        return text[:10] + " " + text[11:19].removesuffix(":00") + " UTC"
    return text


def _shortened(text: Any) -> str:
    line = str(text or "").strip().partition("\n")[0]
    return line if len(line) <= 80 else line[:79] + "…"

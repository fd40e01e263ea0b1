"""What may be said of a change: its times, stages, guard-rails and roll-back, checked and cleaned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.actions import review_fields, texts
from incidents.actions.refusals import Refused
from incidents.domain.instants import to_the_second
from incidents.domain.review import (
    Answer,
    Certainty,
    ChangeKind,
    Gate,
    GateResult,
    GuardRail,
    Initiator,
    Precision,
    RollbackOutcome,
    RollbackPossible,
    Rollout,
)
from incidents.domain.text import clean_line

_ANSWERS = {
    "kind": ChangeKind, "initiator": Initiator, "precision": Precision, "certainty": Certainty, "rollout": Rollout,
    "rollback_possible": RollbackPossible, "rollback_outcome": RollbackOutcome,
}  # fmt: skip
_LINES = {
    "system": 200, "process": 300, "time_note": 200, "regions": 300, "rollback_method": 200, "source": 200,
    "external_ref": 300,
}  # fmt: skip
_BODIES = ("body", "intent", "rollback_note", "note")
_TIMES = ("started_at", "completed_at", "rollback_started_at", "rollback_completed_at")
FIELDS = ("title", *_ANSWERS, *_LINES, *_BODIES, *_TIMES, "stages", "guard_rails", "source_url")
STAGE_FIELDS = ("name", "regions", "percent", "started_at", "ended_at", "gate", "gate_result")
MOST_STAGES = 50


def checked(terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The fields of a change as they are stored. In: FIELDS as they were given. Raises Refused at the field."""
    wanted: dict[str, Any] = {"title": texts.line(terms["title"], field="title", limit=255)}
    wanted |= {name: review_fields.one_of(kind, terms[name], name) for name, kind in _ANSWERS.items()}
    wanted |= {
        name: texts.line(terms[name], field=name, limit=limit, is_required=False) for name, limit in _LINES.items()
    }
    wanted |= {name: texts.body(terms[name], field=name, is_required=False)[0] for name in _BODIES}
    wanted["source_url"] = review_fields.address(terms["source_url"], "source_url")
    wanted["stages"] = stages(terms["stages"], now)
    wanted["guard_rails"] = guard_rails(terms["guard_rails"] or {})
    return wanted | _times(terms, now)


def stages(raw: Sequence[Mapping[str, Any]], now: datetime) -> list[dict[str, str]]:
    """The stages of a rollout, in the order given, as texts: times as `2026-06-23T14:30:00Z`, percent as `12.5`.

    A gate or its result may be "": not known. Raises Refused at `stages`, with the number of the stage.
    """
    if len(raw) > MOST_STAGES:
        sentence = ngettext(
            "At most %(limit)s stage is possible.", "At most %(limit)s stages are possible.", MOST_STAGES
        )
        raise Refused(sentence % {"limit": MOST_STAGES}, "stages")
    found = []
    for number, stage in enumerate(raw, start=1):
        try:
            found.append(_stage(stage, now))
        except Refused as refused:
            place = _("Stage %(number)s: %(sentence)s") % {"number": number, "sentence": refused.sentence}
            raise Refused(place, "stages") from None
    return found


def guard_rails(raw: Mapping[str, str]) -> dict[str, str]:
    """{guard-rail: yes or no}; unknown ones are left out, in one order. Raises Refused at `guard_rails`."""
    strange = set(raw) - set(GuardRail)
    if strange:
        raise Refused(_("There is no guard-rail “%(name)s”.") % {"name": clean_line(min(strange))[:60]}, "guard_rails")
    answers = {name: review_fields.one_of(Answer, raw.get(name, Answer.UNKNOWN), "guard_rails") for name in GuardRail}
    return {str(name): answer for name, answer in answers.items() if answer != Answer.UNKNOWN}


def _stage(raw: Mapping[str, Any], now: datetime) -> dict[str, str]:
    strange = set(raw) - set(STAGE_FIELDS)
    if strange:
        raise Refused(_("A stage has no “%(name)s”.") % {"name": clean_line(min(strange))[:60]})
    begin, end = review_fields.stretch(
        _moment(raw.get("started_at")), _moment(raw.get("ended_at")), now, ("stages", "stages")
    )
    gate, result = str(raw.get("gate") or ""), str(raw.get("gate_result") or "")
    return {
        "name": texts.line(str(raw.get("name") or ""), field=_("name"), limit=120),
        "regions": texts.line(str(raw.get("regions") or ""), field=_("regions"), limit=200, is_required=False),
        "percent": _percent(raw.get("percent")),
        "started_at": _text_of(begin),
        "ended_at": _text_of(end),
        "gate": review_fields.one_of(Gate, gate, "gate") if gate else "",
        "gate_result": review_fields.one_of(GateResult, result, "gate_result") if result else "",
    }


def _percent(raw: Any) -> str:
    text = "" if raw is None else str(raw).strip().removesuffix("%").strip()
    if not text:
        return ""
    whole, _dot, rest = text.partition(".")
    is_plain = text.isascii() and whole.isdigit() and (not _dot or rest.isdigit()) and len(text) <= 8
    if not is_plain or not 0 <= float(text) <= 100:
        raise Refused(_("The percentage is a number from 0 to 100."))
    return f"{float(text):.4f}".rstrip("0").rstrip(".")


def _moment(raw: Any) -> datetime | None:
    if raw is None or raw == "":
        return None
    try:
        found = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refused(_("That is not a time. Write it in UTC, as 2026-06-23 14:30.")) from None


def _text_of(at: datetime | None) -> str:
    return to_the_second(at) if at else ""


def _times(terms: Mapping[str, Any], now: datetime) -> dict[str, datetime | None]:
    begin, end = review_fields.stretch(terms["started_at"], terms["completed_at"], now, _TIMES[:2])
    back, done = review_fields.stretch(terms["rollback_started_at"], terms["rollback_completed_at"], now, _TIMES[2:])
    if begin and back and back < begin:
        raise Refused(_("It cannot be rolled back before it began."), "rollback_started_at")
    if terms["rollback_outcome"] == RollbackOutcome.NOT_TRIED and (back or done):
        raise Refused(_("A roll-back that was not tried has no times."), "rollback_outcome")
    return {"started_at": begin, "completed_at": end, "rollback_started_at": back, "rollback_completed_at": done}

"""What a published review says, arranged for reading: a pure function of its envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.markup_text import html_to_text
from incidents.domain.review import Assistance
from incidents.domain.status import Level
from incidents.models.review_words import word_of
from incidents.publishing import review_words, words
from incidents.publishing.review_drawing import drawing
from incidents.reviewing.sections import BY_KEY, SECTIONS

Row = dict[str, Any]
# The rows that a section prints under its text (`Section.rows`): where they stand in the document.
ROWS: Mapping[str, tuple[str, ...]] = {
    "timeline": ("timeline", "phases"),
    "changes": ("changes",),
    "factors": ("factors",),
    "remediations": ("remediations",),
    "agreements": ("agreements", "agreements_pending", "is_without_agreement"),
}
LEAD = "summary"
HEADLINES = ("impact_started", "resolved")
FIGURES = ("time_to_detect", "time_to_acknowledge", "time_to_first_recovery", "time_to_resolve", "incident_duration")


def arranged(envelope: Row) -> Row:
    """The context of the templates of a review: `lead` is its summary, `sections` the others in their order."""
    review, version = envelope["review"], envelope["version"]
    sections = _sections(review)
    refs = {row["ref"]: row for row in review["timeline"]}
    return {
        "review": review,
        "version": version,
        "standing": review_words.STANDINGS.get(version["standing"], version["standing"]),
        "assistance": word_of(Assistance, review["assistance"]) if review["assistance"] else "",
        "figures": [row for row in review["figures"] if row["name"].partition("#")[0] in FIGURES],
        "headlines": [row for row in review["milestones"] if row["name"] in HEADLINES and row["at"]],
        "milestones": _by_incident(review),
        "components": [_component(row) for row in review["components"]],
        "lead": next((row for row in sections if row["key"] == LEAD), None),
        "sections": [row for row in sections if row["key"] != LEAD],
        "drawing": drawing(review),
        "timeline": timeline(review),
        "factors": [_factor(row, review, refs) for row in review["factors"]],
        "changes": [_change(row, review) for row in review["changes"]],
        "remediations": [_remediation(row, review) for row in review["remediations"]],
        "corrections": changes_told(version),
        # 2026-06: an agreement of this month was still being counted.
        "month_of_publication": version["published_at"][:7],
    }


def summary_text(review: Row) -> str:
    """The summary as plain text on one line; empty if there is none."""
    html = next((row["html"] for row in review["sections"] if row["key"] == LEAD), "")
    return " ".join(html_to_text(html).split())


def changes_told(version: Row) -> list[tuple[str, str, str]]:
    """(what, old, new) of the material changes that a version made; texts only by their first words."""
    return [
        (row["label"], shortened(row["old"]), shortened(row["new"])) for row in version["changes"] if row["is_material"]
    ]


def shortened(text: object, limit: int = 300) -> str:
    """A value of a change for a table; the whole stands on the page that compares the versions."""
    shown = review_words.value(text)
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def timeline(review: Row) -> list[Row]:
    """The entries in their order, each day named once, with the gaps between them."""
    phases = {row["ref"]: row["name"] for row in review["phases"]}
    gaps = {row["from"]: row for row in review["gaps"]}
    found: list[Row] = []
    day = ""
    for index, row in enumerate(review["timeline"]):
        found.append(
            {
                **row,
                "has_day": row["at"][:10] != day,
                "phase_name": phases.get(row["phase"], row["phase"]),
                "certainty_words": review_words.certainty(row["certainty"]),
            }
        )
        day = row["at"][:10]
        is_last_of_moment = review["timeline"][index + 1 : index + 2] == [] or (
            review["timeline"][index + 1]["at"] != row["at"]
        )
        if is_last_of_moment and row["at"] in gaps:
            found.append({"gap": gaps[row["at"]]})
    return found


def _sections(review: Row) -> list[Row]:
    """Sections with a text or with rows, in the order of SECTIONS; those that SECTIONS no longer knows come last."""
    told = {row["key"]: row for row in review["sections"]}
    found = []
    for section in SECTIONS:
        has_rows = any(review[name] for name in ROWS.get(section.rows, ()))
        if section.is_public and (section.key in told or has_rows):
            text = told.get(section.key, {"key": section.key, "title": str(section.title), "html": "", "text": ""})
            found.append({**text, "partial": f"public/reviews/_{section.rows}.html" if section.rows else ""})
    return found + [{**row, "partial": ""} for key, row in told.items() if key not in BY_KEY]


def _by_incident(review: Row) -> list[Row]:
    """The milestones of each incident; one that is not known says why."""
    reasons = {row["milestone"]: row["reason"] for row in review["unknown"]}
    return [
        {
            "incident": incident,
            "rows": [
                {**row, "said": reasons.get(row["name"], "") if not row["at"] else review_words.provenance(row)}
                for row in review["milestones"]
                if row["incident"] == incident["code"]
            ],
        }
        for incident in review["incidents"]
    ]


def _component(row: Row) -> Row:
    level = Level(row["worst_level"])
    return {**row, "short": words.SHORT[level], "level": words.LEVELS[level]}


def _factor(row: Row, review: Row, refs: Mapping[str, Row]) -> Row:
    titles = {each["code"]: each["title"] for each in review["changes"]}
    return {
        **row,
        "certainty_words": review_words.certainty(row["certainty"]),
        "told": [refs[ref] for ref in row["entries"] if ref in refs],
        "change_rows": [{"code": code, "title": titles[code]} for code in row["changes"] if code in titles],
        "remedies": [each for each in review["remediations"] if row["ref"] in each["factors"]],
    }


def _change(row: Row, review: Row) -> Row:
    phases = {each["ref"]: each["name"] for each in review["phases"]}
    return {
        **row,
        "guards": [{**each, "icon": review_words.ANSWER_ICONS[each["answer"]]} for each in row["guard_rails"]],
        "answers": _answers(row["guard_rails"]),
        "certainty_words": review_words.certainty(row["certainty"]),
        "exposure": "" if row["exposure_seconds"] is None else words.duration(row["exposure_seconds"]),
        "role_rows": [
            {
                **each,
                "certainty_words": review_words.certainty(each["certainty"]),
                "phase_name": phases.get(each["phase"], each["phase"]),
            }
            for each in row["roles"]
        ],
    }


def _answers(rails: Sequence[Row]) -> str:
    """How many of the guard-rails there were."""
    counts = {answer: sum(1 for row in rails if row["answer"] == answer) for answer in ("yes", "no", "unknown")}
    return _("%(yes)s of %(all)s guards were there, %(no)s were not, of %(unknown)s it is not known.") % {
        **counts,
        "all": len(rails),
    }


def _remediation(row: Row, review: Row) -> Row:
    titles = {each["ref"]: each["title"] for each in review["factors"]}
    return {**row, "factor_rows": [{"ref": ref, "title": titles[ref]} for ref in row["factors"] if ref in titles]}

"""What changed between two versions: each field once, facts told apart from wording."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from incidents.reviewing.difference import differences

DOCUMENT: dict[str, Any] = {
    "schema_version": 1, "slug": "s", "title": "T", "owner_team": "Edge", "impact": "critical",
    "incidents": [{"code": "abc", "title": "Errors", "impact": "critical", "started_at": "2025-10-29T15:45:00Z",
                   "resolved_at": "2025-10-30T00:05:00Z"}],
    "milestones": [{"incident": "abc", "name": "impact_started", "label": "Impact started",
                    "at": "2025-10-29T15:45:00Z", "provenance": "stated", "reason": "By the first report."}],
    "figures": [{"name": "time_to_resolve", "label": "Time to resolve", "seconds": 30000, "text": "8 h 20 min"}],
    "sections": [{"key": "summary", "title": "Summary", "text": "It faild.", "html": "<p>It failed.</p>"},
                 {"key": "cause", "title": "Root cause and trigger", "text": "A defect.", "html": "<p>A defect.</p>"}],
    "timeline": [{"ref": "entry:1", "at": "2025-10-29T15:45:00Z", "text": "The first report.", "kind": "symptom",
                  "label": "Symptom"}],
    "changes": [{"code": "c1", "title": "A push", "started_at": None, "guard_rails": [
        {"name": "canaried", "label": "Canaried", "answer": "unknown", "answer_label": "Unknown"}],
        "roles": [{"role": "trigger", "label": "Trigger", "certainty": "confirmed"}]}],
    "factors": [{"ref": "factor:1", "title": "No guard", "effect": "triggered", "effect_label": "Set it off"}],
    "remediations": [{"code": "r1", "title": "Add a guard", "due_on": "2026-01-31"}],
}  # fmt: skip


def changed(place: str, item: int, **fields: Any) -> dict[str, Any]:
    new = deepcopy(DOCUMENT)
    new[place][item] |= fields
    return new


def test_a_first_version_and_an_equal_one_differ_in_nothing():
    assert differences(None, DOCUMENT) == ()
    assert differences(DOCUMENT, deepcopy(DOCUMENT)) == ()


def test_a_corrected_begin_and_a_corrected_cause_are_both_material():
    new = changed("milestones", 0, at="2025-10-29T15:41:00Z")
    new["sections"][1]["text"] = "Two versions of the control plane made a configuration that neither could read."
    found = differences(DOCUMENT, new)
    assert [(each.path, each.is_material) for each in found] == [
        ("milestones/abc/impact_started/at", True),
        ("sections/cause/text", True),
    ]
    assert (found[0].label, found[0].old, found[0].new) == (
        "Milestone: Impact started, time", "2025-10-29 15:45 UTC", "2025-10-29 15:41 UTC",
    )  # fmt: skip
    assert found[1].label == "Section: Root cause and trigger"


@pytest.mark.parametrize(
    ("place", "fields", "is_material"),
    [
        ("sections", {"text": "It failed."}, False),
        ("incidents", {"title": "Errors of the API"}, False),
        ("timeline", {"text": "The very first report."}, False),
        ("timeline", {"at": "2025-10-29T15:41:00Z"}, True),
        ("timeline", {"precision": "hour"}, True),
        ("figures", {"text": "8 h 24 min", "seconds": 30240}, True),
        ("changes", {"roles": []}, True),
        ("changes", {"started_at": "2025-10-29T15:30:00Z"}, True),
        ("factors", {"effect": "widened", "effect_label": "Widened it"}, True),
        ("remediations", {"due_on": "2026-02-28"}, True),
    ],
)
def test_facts_are_material_and_wording_is_not(place, fields, is_material):
    (found,) = differences(DOCUMENT, changed(place, 0, **fields))
    assert found.is_material is is_material


def test_white_space_in_the_cause_is_no_matter():
    (found,) = differences(DOCUMENT, changed("sections", 1, text="A  defect.\n"))
    assert not found.is_material


@pytest.mark.parametrize(("place", "is_material"), [("timeline", True), ("remediations", True), ("sections", False)])
def test_what_comes_and_what_goes_is_one_change(place, is_material):
    without = deepcopy(DOCUMENT)
    without[place].pop(0)
    (gone,) = differences(DOCUMENT, without)
    (come,) = differences(without, DOCUMENT)
    assert (gone.new, come.old, gone.old) == ("", "", come.new)
    assert gone.old
    assert gone.is_material is come.is_material is is_material


def test_words_are_shown_where_the_document_has_them():
    rails = [{"name": "canaried", "label": "Canaried", "answer": "no", "answer_label": "No"}]
    (found,) = differences(DOCUMENT, changed("changes", 0, guard_rails=rails))
    assert (found.old, found.new) == ("Canaried, Unknown", "Canaried, No")

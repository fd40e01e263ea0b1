"""The public projection of a review: every key, the figures of the reference incident, and nothing that is internal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.chain import lasting
from incidents.domain.canonical import canonical
from incidents.domain.markup import MAX_BODY_CHARACTERS
from incidents.domain.review import Role
from incidents.domain.text import clean_body, clean_line
from incidents.models import Review, ReviewApproval, ReviewComment, ReviewRedaction, ReviewWaiver
from incidents.reviewing.document import build, content_hash
from tests.agreement_world import agree
from tests.factories import make_component, open_incident, post_update, utc
from tests.reviewing.review_world import (
    WRITTEN,
    add_change,
    add_entry,
    add_factor,
    add_phase,
    add_remediation,
    add_section,
    make_review,
)

KEYS = {
    "schema_version", "slug", "title", "owner_team", "assistance", "assistance_note", "impact", "incidents",
    "milestones", "unknown", "figures", "components", "phases", "sections", "timeline", "gaps", "changes", "factors",
    "remediations", "agreements", "agreements_pending", "is_without_agreement", "withheld",
}  # fmt: skip


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in document["figures"]}


@pytest.fixture
def small(db: None) -> Review:
    """A review of one incident: an hour and a half of one component."""
    api = make_component("API")
    incident = open_incident(api, now=utc("2026-06-23 10:05"), started_at=utc("2026-06-23 10:00"))
    post_update(incident, "monitoring", now=utc("2026-06-23 11:15"))
    post_update(incident, "resolved", now=utc("2026-06-23 11:30"))
    return make_review(incident)


def test_a_month_in_which_something_is_still_broken_is_not_counted(db):
    api = make_component("API", now=utc("2026-01-01 00:00"))
    agree(api)
    review = make_review(open_incident(api, now=utc("2026-06-23 10:00")))
    document = build(review)
    assert document["agreements"] == []
    assert [row["month"] for row in document["agreements_pending"]] == ["2026-06"]
    assert build(review) == document


CANARY = "canary-7f3a"


def seeded(review: Review) -> Review:
    """The review with a canary in every field that is internal, and something public beside each."""
    review.owner_label = CANARY
    review.scheduled_reason = review.scheduled_by_label = CANARY
    review.dismissed_similar = {"x": CANARY}
    review.save()
    add_section(review, "impact", "Everybody was hit.", CANARY)
    add_section(review, "notes", CANARY, CANARY)
    phase = add_phase(review, "The first hour", utc("2026-06-23 10:00"), ended_at=utc("2026-06-23 11:00"))
    add_entry(review, "2026-06-23 10:10", note=CANARY, internal_url=f"https://x/{CANARY}", author_label=CANARY)
    hidden = add_entry(review, "2026-06-23 10:20", CANARY, is_public=False, source=CANARY, phase=phase)
    change = add_change(
        review, Role.TRIGGER, note=CANARY, external_ref=CANARY, started_at=utc("2026-06-23 09:56"),
        stages=[{"name": "First", "who": CANARY}], guard_rails={"validated": "no", "secret": CANARY},
    )  # fmt: skip
    factor = add_factor(
        review, note=CANARY, entry_refs=[f"entry:{hidden.pk}", "audit:1", f"change:{change.code}:start"]
    )
    shown = add_remediation(review, note=CANARY, tracker_url=f"https://t/{CANARY}", owner_label=CANARY)
    shown.factors.add(factor)
    add_remediation(review, code="r2", is_public=False, title=CANARY, body=CANARY)
    add_remediation(review, code="r3", declined_reason=CANARY, verified_by_label=CANARY, evidence="")
    ReviewRedaction.objects.create(
        review=review, place=CANARY, kind="security", reason=CANARY, actor_label=CANARY, recorded_at=WRITTEN
    )
    ReviewComment.objects.create(review=review, body=CANARY, author_label=CANARY, created_at=WRITTEN)
    ReviewWaiver.objects.create(
        review=review, check_key="A5", subject=CANARY, reason=CANARY, actor_label=CANARY, signed_at=WRITTEN
    )
    ReviewApproval.objects.create(
        review=review, kind="technical", actor_label=CANARY, content_hash="0", note=CANARY, approved_at=WRITTEN
    )
    for update in review.incidents.get().updates.all():
        update.author_label = CANARY
        update.save()
    review.incidents.get().intervals.update(note=CANARY)
    lasting.let_go()  # the database would keep the log as it was written
    review.incidents.get().audit_entries.update(actor_label=CANARY, subject_label=CANARY)
    return review


def test_no_internal_field_reaches_the_document(small):
    document = build(seeded(small))
    assert CANARY not in json.dumps(document)
    assert [row["text"] for row in document["sections"]] == ["Everybody was hit."]
    assert document["factors"][0]["entries"] == ["change:c1:start"]
    assert document["withheld"] == [{"kind": "security", "label": "Security", "count": 1, "review_on": None}]
    assert [row["code"] for row in document["remediations"]] == ["r1", "r3"]


def test_what_is_internal_does_not_move_the_hash_that_approvals_are_bound_to(small):
    add_section(small, "impact", "Everybody was hit.")
    before = content_hash(small)
    small.sections.update(note="Ask Ada.")
    add_entry(small, "2026-06-23 10:20", "A hunch.", is_public=False)
    assert content_hash(small) == before
    add_entry(small, "2026-06-23 10:20", "A fact.")
    assert content_hash(small) != before


def queries_for(review: Review) -> int:
    with CaptureQueriesContext(connection) as caught:
        build(review)
    return len(caught)


def test_two_hundred_entries_cost_no_more_queries_than_five(small):
    change = add_change(small, Role.TRIGGER, started_at=utc("2026-06-23 09:56"))
    phase = add_phase(small, "The first hour", utc("2026-06-23 10:00"))
    for number in range(5):
        add_entry(small, "2026-06-23 10:10", f"Step {number}", phase=phase)
    add_factor(small).changes.add(change)
    add_remediation(small)
    few = queries_for(small)
    for number in range(195):
        add_entry(small, "2026-06-23 10:10", f"Step {number}", phase=phase)
        if number % 20 == 0:
            other = add_change(small, Role.AMPLIFIER, code=f"x{number}", started_at=utc("2026-06-23 09:50"))
            add_factor(small).changes.add(other)
            add_remediation(small, code=f"y{number}")
    assert len(build(small)["timeline"]) > 200
    assert queries_for(small) == few <= 30


def test_a_text_prints_its_figures_and_its_markdown_is_safe(small):
    add_section(small, "summary", "It took **{{time_to_resolve}}**, not {{time_to_guess}}. <script>x</script>")
    (section,) = build(small)["sections"]
    assert section["text"] == "It took **1 h 30 min (90 min)**, not {{time_to_guess}}. <script>x</script>"
    assert section["html"] == (
        "<p>It took <strong>1 h 30 min (90 min)</strong>, not {{time_to_guess}}. &lt;script&gt;x&lt;/script&gt;</p>"
    )


def test_a_body_at_the_limit_that_grows_by_its_figures_is_published_whole(small):
    mark = "{{time_to_resolve}}"
    paragraph = f"{mark} word word\n\n"
    body = (paragraph * (MAX_BODY_CHARACTERS // len(paragraph)))[: MAX_BODY_CHARACTERS - len(mark)] + mark
    add_section(small, "summary", body)
    (section,) = build(small)["sections"]
    assert section["html"].count("1 h 30 min (90 min)") == body.count(mark)


def test_a_change_of_unknown_time_stands_among_the_changes_alone(small):
    add_change(small, Role.TRIGGER, time_note="Earlier that day.", regions="Not disclosed.")
    document = build(small)
    (change,) = document["changes"]
    assert (change["started_at"], change["time_note"], change["regions"]) == (
        None,
        "Earlier that day.",
        "Not disclosed.",
    )
    assert len(change["guard_rails"]) == 10
    assert {rail["answer"] for rail in change["guard_rails"]} == {"unknown"}
    assert not [entry for entry in document["timeline"] if entry["ref"].startswith("change:")]


def test_an_unknown_milestone_is_explained_until_it_is_known(small):
    small.unknown_milestones = {"detected": "No alert fired.", "resolved": "It is known meanwhile."}
    small.save()
    assert build(small)["unknown"] == [{"milestone": "detected", "label": "Detected", "reason": "No alert fired."}]


def test_a_published_remediation_keeps_the_date_that_was_promised(small):
    values = {"due_on": "2026-08-01", "original_due_on": "2026-07-15"}
    add_remediation(small, **values, published_at=WRITTEN)
    add_remediation(small, code="r2", **values)
    assert [row["due_on"] for row in build(small)["remediations"]] == ["2026-07-15", "2026-08-01"]


def test_of_several_incidents_each_has_a_set_of_figures_under_its_code(small):
    other = open_incident(make_component("Web"), now=utc("2026-06-23 12:00"))
    post_update(other, "resolved", now=utc("2026-06-23 12:20"))
    small.incidents.add(other)
    found = by_name(build(small))
    first = small.incidents.order_by("id").first()
    assert first
    assert found[f"time_to_resolve#{first.code}"]["seconds"] == 90 * 60
    assert found[f"time_to_resolve#{other.code}"]["seconds"] == 20 * 60
    assert "time_to_resolve" not in found
    assert found["incident_duration"]["seconds"] == 140 * 60


def test_a_review_of_an_incident_that_goes_on_says_no_end(db):
    incident = open_incident(make_component("API"), now=utc("2026-06-23 10:00"))
    document = build(make_review(incident))
    assert document["components"][0]["ended_at"] is None
    assert document["incidents"][0]["resolved_at"] is None
    assert "time_to_resolve" not in by_name(document)
    assert document["gaps"] == []


def test_a_stretch_of_silence_is_named(small):
    add_entry(small, "2026-06-23 10:40")
    assert [(row["from"][11:16], row["to"][11:16], row["text"]) for row in build(small)["gaps"]] == [
        ("10:05", "10:40", "35 min"),
        ("10:40", "11:15", "35 min"),
    ]
    add_entry(small, "2026-06-23 10:20", ended_at=utc("2026-06-23 11:00"))
    assert build(small)["gaps"] == []


GROUPS = json.loads((Path(__file__).parents[1] / "data" / "bad_inputs.json").read_text())["groups"]
CASES = [case for row in GROUPS if row["group"] in ("markdown", "text_unicode_xml") for case in row["cases"]]


def test_whatever_may_be_stored_in_a_text_can_be_published(small):
    texts = {clean_body(str(case["input"])) for case in CASES} - {""}
    for text in sorted(texts):
        add_entry(small, "2026-06-23 10:10", text[:20_000], source=clean_line(text)[:200])
    add_change(small, Role.TRIGGER, title=clean_line("".join(sorted(texts)))[:255], started_at=utc("2026-06-23 09:50"))
    document = build(small)
    assert canonical(document) == canonical(json.loads(canonical(document)))
    html = " ".join(row["html"] for row in document["timeline"]).lower()
    assert not {tag for tag in ("<script", "<img", "<iframe", '<a href="javascript') if tag in html}

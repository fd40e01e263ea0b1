"""Published reviews: what stands on their pages, that it stays as it was published, and that nothing else gets out."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.utils.html import escape

from incidents.domain.markup import render_html
from incidents.domain.review import Role
from incidents.models import Incident, Review, ReviewVersion
from incidents.publishing import csp, pages, review_pages, review_rows, snapshot, store
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page, file_of
from incidents.reviewing import document
from tests.factories import make_component, open_incident, post_update, utc
from tests.publishing import review_world
from tests.publishing.page_world import Reading, text_of
from tests.publishing.review_world import (
    SLUG,
    a_correction,
    a_retraction,
    a_review,
    an_envelope,
    make_review,
    publish,
    retract,
    told,
)
from tests.publishing.test_downloads import violations
from tests.reviewing import review_world as drafts

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
NOW = utc("2026-07-05 09:00")
PATH = f"/reviews/{SLUG}"


@pytest.fixture
def incident() -> Incident:
    """The incident that was reviewed, resolved."""
    found = open_incident(make_component("Claude.ai"), now=utc("2026-06-23 14:52"), started_at=utc("2026-06-23 14:30"))
    post_update(found, "resolved", now=utc("2026-06-23 18:15"))
    return found


@pytest.fixture
def reviewed(incident: Incident) -> Review:
    """A final review and its material correction."""
    review = make_review(incident)
    first = an_envelope(a_review(incident.code))
    publish(review, first)
    publish(review, a_correction(first))
    return review


def published(truth: Snapshot | None = None) -> dict[str, Page]:
    """Every page of reviews, by address."""
    truth = truth or snapshot.build(NOW)
    found = [*review_pages.hot(truth), *(cold.render() for cold in review_pages.cold(truth))]
    assert len({page.path for page in found}) == len(found)
    return {page.path: page for page in found}


def html_pages(found: dict[str, Page]) -> list[Page]:
    return [page for page in found.values() if page.content_type.startswith("text/html")]


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_empty_list_says_what_will_appear():
    assert "When an incident has been looked into, its review appears here" in text_of(published()["/reviews"])


def test_the_list_names_each_review_with_its_incident_its_standing_and_what_was_corrected(reviewed, incident):
    later = make_review(incident, slug="another")
    other = {**a_review(incident.code), "slug": "another", "title": "Another"}
    publish(later, an_envelope(other, kind="preliminary", standing="preliminary", published_at="2026-07-04T09:00:00Z"))
    said = text_of(published()["/reviews"])
    assert said.index("Another") < said.index("Increased error rates across all services")
    assert "Preliminary published 4 Jul 2026, 09:00 UTC" in said
    assert "Final published 30 Jun 2026, 12:00 UTC · version 2 of 2 Jul 2026, 09:00 UTC" in said
    assert "Corrected 2 Jul 2026, 09:00 UTC: The log of alerts was found." in said
    assert "About: Increased error rates across all Claude services, 23 Jun 2026, 14:30 UTC" in said


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_first_what_was_corrected_then_the_facts_then_the_summary(reviewed):
    said = text_of(published()[PATH])
    order = [
        "Final", "Version 2", "Increased error rates across all services",
        "Corrected 2 Jul 2026, 09:00 UTC", "Reason: The log of alerts was found.", "At a glance",
        "Time to resolve 3 h 45 min (225 min)", "An alert fired at 14:41.", "Milestones",
        "stated: The alert fired then.", "Worst level", "Everything failed", "Claude.ai: Major outage",
        "The configuration of failover was pushed.", "2 h 18 min of which nothing is recorded",
        "How did this change get past us?", "2 of 10 guards were there, 2 were not, of 6 it is not known.",
        "Stop a push when load shifts", "Breached 99.479 % of 99.5 % promised", "2 passages (security)",
        "Versions and corrections", "What changed since version 1",
    ]  # fmt: skip
    at = 0
    for each in order:
        assert each in said[at:], each
        at = said.index(each, at)


def test_what_is_not_known_says_so_with_its_reason(incident):
    publish(make_review(incident), an_envelope(a_review(incident.code)))
    said = text_of(published()[PATH])
    assert "Detected not known It was not disclosed." in said
    assert "Regionsnot disclosed" in said
    assert "Kill switch used Unknown" in said


def test_every_part_has_an_address_of_its_own(reviewed):
    read = Reading(published()[PATH])
    wanted = {
        "section-summary", "section-cause", "section-timeline", "t-entry:1", "t-change:chg000000001:start", "factor-1",
        "remediation-rem000000001", "change-chg000000001", "phase-1", "facts", "versions", "withheld",
    }  # fmt: skip
    assert wanted <= set(read.ids)
    targets = {value[1:] for _tag, name, value in read.attributes if name == "href" and value.startswith("#")}
    assert targets <= set(read.ids)


def test_a_preliminary_review_says_that_it_may_change(incident):
    publish(make_review(incident), an_envelope(a_review(incident.code), kind="preliminary", standing="preliminary"))
    assert "Preliminary: the analysis goes on" in text_of(published()[PATH])


def test_a_review_that_went_past_the_checks_says_so(incident):
    publish(
        make_review(incident),
        an_envelope(
            a_review(incident.code), is_break_glass=True, break_glass_reason="A regulator asked.", is_two_person=False
        ),
    )
    said = text_of(published()[PATH])
    assert "Published before all checks and approvals were there. Reason: A regulator asked." in said
    assert "No second person approved it." in said


def test_the_drawing_names_every_bar_and_needs_no_style_attribute(reviewed):
    body = published()[PATH].body.decode()
    drawing = re.search(r'<svg class="drawing".*?</svg>', body, re.DOTALL)
    assert drawing
    assert drawing[0].count("<title") == 1 + 5 + 5  # the whole, its bars, its marks
    assert "1 entry lies outside." in drawing[0]
    assert "style=" not in body


def test_a_section_that_a_later_house_does_not_know_is_still_printed(incident):
    review = a_review(incident.code)
    review["sections"].append({"key": "gone", "title": "A former section", **told("Still told.")})
    publish(make_review(incident), an_envelope(review))
    assert "A former section Still told." in text_of(published()[PATH])


def test_headings_in_a_text_stand_below_those_of_the_page(incident):
    review = a_review(incident.code)
    review["sections"][0] |= told("# Big\n\n## Smaller\n\nText.")
    publish(make_review(incident), an_envelope(review))
    for page in html_pages(published()):
        levels = Reading(page).headings
        assert levels.count(1) == 1, page.path
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), page.path


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_version_is_served_as_it_was_stored_under_the_policy_it_was_stored_with(reviewed):
    found = published()
    for row in ReviewVersion.objects.all():
        page = found[f"{PATH}/versions/{row.number}"]
        assert page.body == row.page.encode()
        assert dict(page.headers)["Content-Security-Policy"] == row.page_csp
        assert found[f"{PATH}/versions/{row.number}.json"].body == row.document.encode()


def test_a_version_says_that_it_is_one_and_holds_nothing_live(reviewed):
    said = text_of(published()[f"{PATH}/versions/1"])
    assert f"This is version 1 as it was published; the newest stands at {PATH}." in said
    assert "Versions and corrections" not in said
    assert "Record" not in said
    assert "Last changed" not in said
    first = review_pages.version_page(an_envelope(a_review()))
    assert first == review_pages.version_page(an_envelope(a_review())), "the same envelope gives the same bytes"


def test_what_stands_is_not_written_again_and_versions_outlive_the_templates(reviewed, public_root, monkeypatch):
    store.republish(NOW)
    folder = public_root / "cold" / "reviews"
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.rglob("*") if file.is_file()}
    assert any(file.name == "1.html" for file in before)
    the_tree = store.the_tree()
    the_tree.write_state({})
    store.republish(NOW + timedelta(hours=1))
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before
    monkeypatch.setattr(store, "code_version", lambda: "newer templates")
    monkeypatch.setattr(csp, "csp", lambda *_looks: "default-src 'self'")
    monkeypatch.setattr(pages, "csp", lambda *_looks: "default-src 'self'")
    store.republish(NOW + timedelta(hours=2))
    for row in ReviewVersion.objects.all():
        file = folder / SLUG / "versions" / f"{row.number}.html"
        assert (file.read_bytes(), file.stat().st_mtime_ns) == before[file]
        assert ["Content-Security-Policy", row.page_csp] in json.loads(file.with_name(f"{file.name}.meta").read_text())[
            "headers"
        ]


def test_there_is_a_page_of_what_changed_between_each_two_versions(reviewed):
    third = a_correction(json.loads(ReviewVersion.objects.get(number=2).document), is_material=False, changes=[])
    third["review"]["sections"][1] |= told("Requests to Claude.ai and the API failed with HTTP 503 in both regions.")
    publish(reviewed, third)
    found = published()
    for old, new in combinations((1, 2, 3), 2):
        assert f"{PATH}/changes/{old}/{new}" in found
    body = found[f"{PATH}/changes/2/3"].body.decode()
    assert "<del>500</del><ins>503</ins>" in body
    said = text_of(found[f"{PATH}/changes/1/2"])
    assert "Detected" in said
    assert "2026-06-23 14:41 UTC" in said
    assert "Version 2, reason: The log of alerts was found." in said
    whole = text_of(found[f"{PATH}/changes/1/3"])
    assert "503" in whole
    assert "14:41" in whole


def test_a_wording_fix_takes_the_box_of_the_last_correction_along(reviewed):
    third = a_correction(json.loads(ReviewVersion.objects.get(number=2).document), is_material=False, changes=[])
    publish(reviewed, third)
    said = text_of(published()[PATH])
    assert "Version 3" in said
    assert "Corrected 2 Jul 2026, 09:00 UTC" in said
    assert "wording only" in said


# --- taken back -----------------------------------------------------------------------------------------------------


def test_a_retracted_review_leaves_a_tombstone_at_every_address(reviewed):
    retract(reviewed, an_envelope(a_review(), number=2))
    found = published()
    stone = found[PATH]
    assert stone.status == 200
    assert (
        "This review was retracted Retracted 1 Aug 2026, 09:00 UTC. Reason: It was about another incident."
        in text_of(stone)
    )
    for path in (f"{PATH}/versions/1", f"{PATH}/versions/2", f"{PATH}/changes/1/2", f"{PATH}/changes/2/3"):
        assert found[path].status == 410, path
        assert "It was about another incident." in text_of(found[path])
    assert found[f"{PATH}/versions/1.json"].status == 410
    assert json.loads(found[f"{PATH}/versions/1.json"].body)["review"] is None
    assert found[f"{PATH}/versions/3"].status == 200
    assert json.loads(found[f"{PATH}.json"].body)["review"] is None
    assert b"It was about another incident." in found[f"{PATH}.md"].body
    for page in found.values():
        assert b"cascading failure" not in page.body, page.path
        assert b"Increased error rates" not in page.body, page.path


# --- JSON and Markdown ----------------------------------------------------------------------------------------------


def test_each_document_is_as_the_schema_says(reviewed, incident):
    found = published()
    schema = json.loads(found["/schemas/review.json"].body)
    assert schema["$id"] == "http://127.0.0.1:8000/schemas/review.json"
    for path in (f"{PATH}.json", f"{PATH}/versions/1.json", f"{PATH}/versions/2.json"):
        assert violations(schema, json.loads(found[path].body), schema) == [], path
    assert violations(schema, a_retraction(an_envelope(a_review())), schema) == []
    whole = json.loads(found[f"{PATH}.json"].body)
    assert whole["version"]["number"] == 2
    assert [row["number"] for row in whole["live"]["versions"]] == [2, 1]
    assert "live" not in json.loads(found[f"{PATH}/versions/2.json"].body)
    assert violations(schema, {**whole, "more": 1}, schema) == ["$.more is unknown"]


def test_what_is_really_built_is_as_the_schema_says_and_can_be_rendered(incident):
    draft = drafts.make_review(incident, slug=SLUG)
    drafts.add_section(draft, "summary", "It took {{time_to_resolve}}.")
    drafts.add_entry(draft, "2026-06-23 16:00", precision="hour")
    drafts.add_phase(draft, "All of it", utc("2026-06-23 14:30"), ended_at=utc("2026-06-23 18:15"))
    drafts.add_change(draft, Role.TRIGGER)
    drafts.add_factor(draft)
    drafts.add_remediation(draft)
    envelope = an_envelope(document.build(draft))
    publish(draft, envelope)
    found = published()
    schema = json.loads(found["/schemas/review.json"].body)
    assert violations(schema, json.loads(found[f"{PATH}.json"].body), schema) == []
    assert "It took 3 h 45 min" in text_of(found[PATH])
    assert "about 23 Jun 2026, 16:00 UTC" in text_of(found[PATH]) or "about 16:00 UTC" in text_of(found[PATH])


def test_the_markdown_holds_the_same_facts(reviewed):
    text = published()[f"{PATH}.md"].body.decode()
    for fact in (
        "# Increased error rates across all services", "> **Corrected 2 Jul 2026, 09:00 UTC.**",
        "| Time to resolve | 3 h 45 min (225 min)",
        "| Detected | 23 Jun 2026, 14:41 UTC | stated: The alert fired then. |",
        "| Claude.ai | Region 1, Region 2 | Major outage |", "2 h 18 min of which nothing is recorded",
        "| Kill switch used | Unknown |", "[Stop a push when load shifts](<http://127.0.0.1:8000/remediations#",
        "**Breached**: 99.479 % / 99.5 %", "| Security | 2 | 1 Mar 2027 |",
    ):  # fmt: skip
        assert fact in text, fact


# --- nothing else gets out ------------------------------------------------------------------------------------------


def test_no_draft_moves_a_public_byte(reviewed):
    before = {path: (page.body, page.status) for path, page in published().items()}
    keys = {cold.path: cold.key for cold in review_pages.cold(snapshot.build(NOW))}
    Review.objects.update(title="canary-title", owner_team="canary-team", owner_label="canary-owner", state="draft")
    drafts.add_section(reviewed, "cause", "canary-cause", note="canary-note")
    drafts.add_entry(reviewed, "2026-06-23 15:00", "canary-entry")
    drafts.add_factor(reviewed, title="canary-factor")
    assert {path: (page.body, page.status) for path, page in published().items()} == before
    assert {cold.path: cold.key for cold in review_pages.cold(snapshot.build(NOW))} == keys
    assert not [path for path, (body, _status) in before.items() if b"canary-" in body or b"A draft" in body]


def hostile(value: Any, text: str) -> Any:
    """The document with a text in the place of every free one; markup is what the renderer makes of it."""
    if isinstance(value, dict):
        return {
            name: render_html(text)
            if name.endswith("html")
            else text
            if isinstance(each, str) and name in FREE
            else hostile(each, text)
            for name, each in value.items()
        }
    return [hostile(each, text) for each in value] if isinstance(value, list) else value


FREE = {
    "title", "text", "owner_team", "name", "reason", "label", "share", "source", "system", "process", "time_note",
    "regions", "method", "note", "definition", "declined_reason", "disposition_reason", "code_title", "family",
    "assistance_note", "intent", "percent", "gate", "gate_result",
}  # fmt: skip


@pytest.mark.parametrize("group", ["text_unicode_xml", "markdown"])
def test_hostile_texts_are_printed_and_break_nothing(incident, group):
    for case in next(row for row in GROUPS if row["group"] == group)["cases"]:
        text = case["input"]
        if not isinstance(text, str) or len(text) > 2000:
            continue
        ReviewVersion.objects.all().delete()
        review = Review.objects.filter(slug=SLUG).first() or make_review(incident)
        clean = text.encode("utf-8", "replace").decode()
        milestones = a_review(incident.code)["milestones"]
        given = {**hostile(a_review(incident.code), clean), "milestones": milestones}
        first = an_envelope(given)
        publish(review, first)
        publish(review, an_envelope({**given, "milestones": milestones[:-1]}, number=2, supersedes=1, reason=clean))
        for page in html_pages(published()):
            assert page.body.count(b"<script") == 1
            assert not [row for row in Reading(page).attributes if row[1].startswith("on") or row[1] == "style"]


def test_markdown_shows_markup_and_pipes_as_text(incident):
    review = a_review(incident.code)
    review["title"] = "<b>A</b> | `x` *y* [z](javascript:alert(1))"
    review["sections"][0] |= told("# Top\n\n<script>alert(1)</script>\n\n```\n# code <b>\n```")
    publish(make_review(incident), an_envelope(review))
    text = published()[f"{PATH}.md"].body.decode()
    assert "# &lt;b&gt;A&lt;/b&gt; \\| \\`x\\` \\*y\\* \\[z\\](javascript:alert(1))" in text
    assert "#### Top" in text
    assert "&lt;script>" in text
    assert "\n# code <b>\n" in text
    assert "<script" not in text


def test_every_address_has_a_file_and_every_page_is_sound(reviewed):
    for page in published().values():
        assert file_of(page.path)
    for page in html_pages(published()):
        read = Reading(page)
        assert len(read.ids) == len(set(read.ids)), page.path
        assert read.headings[0] == 1
        assert f'content="{escape(page.path)}"' not in page.body.decode()
    body = published()[PATH].body.decode()
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{PATH}">' in body
    assert 'property="og:description" content="Post-incident review (final): For 3 h 45 min all services' in body


# --- elsewhere on the site ------------------------------------------------------------------------------------------


def test_the_incident_and_the_front_page_point_at_the_review(reviewed, incident):
    truth = snapshot.build(NOW)
    found = {cold.path: cold for cold in pages.cold(truth)}
    said = text_of(found[f"/incidents/{incident.code}"].render())
    assert "Post-incident review Final, version 2, 2 Jul 2026, 09:00 UTC" in said
    front = next(page for page in pages.hot(truth) if page.path == "/")
    assert "Reviews lately published" in text_of(front)
    assert f'href="{PATH}"' in front.body.decode()
    assert 'href="/reviews"' in front.body.decode()
    key = found[f"/incidents/{incident.code}"].key
    publish(reviewed, a_correction(json.loads(ReviewVersion.objects.get(number=2).document)))
    after = {cold.path: cold.key for cold in pages.cold(snapshot.build(NOW))}
    assert after[f"/incidents/{incident.code}"] != key


def test_the_front_page_of_a_house_without_reviews_does_not_speak_of_them():
    front = next(page for page in pages.hot(snapshot.build(NOW)) if page.path == "/")
    assert "Reviews lately published" not in text_of(front)


def test_the_summary_is_plain_text():
    assert review_rows.summary_text(a_review()).startswith("For 3 h 45 min all services failed")
    assert review_world.DAY

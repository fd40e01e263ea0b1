"""The desk of reviews by plain posts: what an author sees, saves and sends on its way, and that nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions.review_parts import save_entry
from incidents.domain.review import ReviewState
from incidents.models import Promise, Review, ReviewComment, ReviewWaiver, SectionRevision, TimelineEntry
from tests.desk_world import GRACE, a_review, an_incident, client_of, save
from tests.factories import utc
from tests.parts_world import BAD

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def ada():
    return client_of("ada", "author", "approver", "publisher")


def section(review, key="summary"):
    return f"/console/reviews/{review.code}/sections/{key}"


def test_an_incident_of_major_impact_is_offered_and_its_review_started_with_one_click(ada):
    incident = an_incident()
    page = text(ada.get("/console/reviews"))
    assert "Waits for a review" in page
    assert "Errors in the gateway" in page
    answer = ada.post("/console/reviews/start", {"incident": incident.code})
    review = Review.objects.get()
    assert answer["Location"] == f"/console/reviews/{review.code}"
    assert (review.title, review.owner_label) == ("Errors in the gateway", "ada")
    assert "Waits for a review" not in text(ada.get("/console/reviews"))
    assert "Open the review" in text(ada.get(f"/console/incidents/{incident.code}"))


def test_a_review_of_several_incidents_is_started_with_title_and_address_filled_in(ada):
    first, second = an_incident(), an_incident(title="Errors again", component="Web")
    form = ada.get(f"/console/reviews/start?incident={first.code}&incident={second.code}").context["form"]
    assert set(form.initial["incident_ids"]) == {first.pk, second.pk}
    assert form.initial["title"] == "Errors in the gateway"
    assert form.initial["slug"].endswith("errors-in-the-gateway")
    typed = form.initial | {"owner_team": "Edge"}
    assert ada.post("/console/reviews/start", typed).status_code == 302
    assert Review.objects.get().incidents.count() == 2


def test_starting_one_without_an_incident_or_at_a_bad_address_says_so_and_keeps_what_was_typed(ada):
    answer = ada.post("/console/reviews/start", {"title": "Mine"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["incident_ids"]
    answer = ada.post("/console/reviews/start", {"incident": an_incident().code, "title": "Mine", "slug": "Feed!"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["slug"]
    assert 'value="Mine"' in text(answer)
    assert not Review.objects.exists()


def test_the_list_is_filtered_searched_and_sorted_and_shows_the_promise(ada):
    now = timezone.now()
    one, two = a_review(title="Alpha"), a_review(an_incident(component="Web"), title="Beta")
    Promise.objects.create(
        code="p1", deliverable="final_review", sentence="S", review=two, anchor_at=now, first_due_at=now,
        due_at=now + timedelta(days=2, hours=1), made_at=now,
    )  # fmt: skip
    titles = lambda query: [row.title for row, _due, _address in ada.get(f"/console/reviews{query}").context["lines"]]  # noqa: E731
    assert titles("") == ["Beta", "Alpha"]
    assert titles("?sort=title") == ["Alpha", "Beta"]
    assert titles("?sort=-due")[-1] in ("Alpha", "Beta")
    assert titles("?q=alp") == ["Alpha"]
    assert titles("?state=published") == []
    assert titles("?state=open&sort=owner") == ["Beta", "Alpha"]
    page = text(ada.get("/console/reviews"))
    assert "2 d 1 h left" in page or "2 d left" in page
    assert "2 d" in text(ada.get("/console/"))
    assert one.code in page


def test_the_desk_shows_sections_guidance_facts_and_checks(ada):
    review = a_review()
    page = text(ada.get(f"/console/reviews/{review.code}"))
    assert "five sentences that stand alone" in page
    assert "{{time_to_resolve}}" in page
    assert "3 h 45 min" in page
    assert "Not known" in page
    for key in ("timeline", "changes", "factors", "remediations", "agreements", "notes"):
        assert ada.get(section(review, key)).status_code == 200, key
    assert ada.get(section(review, "nothing")).status_code == 404


def test_a_text_is_saved_and_shown_with_its_figures(ada):
    review = a_review()
    preview = ada.post(
        section(review), {"body": "It took **{{time_to_resolve}}**.", "step": "preview"}, headers={"HX-Request": "true"}
    )
    assert "<strong>3 h 45 min" in text(preview)
    assert not SectionRevision.objects.exists()
    answer = ada.post(section(review), {"body": "It took {{time_to_resolve}}.", "note": "", "seen_version": "0"})
    assert answer["Location"] == section(review)
    page = ada.get(section(review))
    assert page.context["form"]["body"].value() == "It took {{time_to_resolve}}."
    assert "It took 3 h 45 min" in text(page)


def test_two_authors_by_plain_posts_never_lose_a_word(ada):
    review = a_review()
    save(review, "One.\n\nTwo.\n\nThree.")
    assert ada.post(section(review), {"body": "One, mine.\n\nTwo.\n\nThree.", "seen_version": "1"}).status_code == 302
    save(review, "One.\n\nTwo.\n\nThree, hers.", seen=1)
    stands = review.sections.get(key="summary")
    assert stands.body == "One, mine.\n\nTwo.\n\nThree, hers."
    answer = ada.post(section(review), {"body": "One, again mine.\n\nTwo.\n\nThree.", "seen_version": "1"})
    assert answer.status_code == 409
    assert answer.context["form"]["body"].value() == "One, again mine.\n\nTwo.\n\nThree."
    assert "One, mine. Two. Three, hers." in text(answer)
    stands.refresh_from_db()
    assert stands.body == "One, mine.\n\nTwo.\n\nThree, hers."
    kept = SectionRevision.objects.get(is_conflicting=True)
    history = text(ada.get(f"/console/reviews/{review.code}/history/summary"))
    assert "kept apart" in history
    assert ada.post(f"/console/reviews/{review.code}/revisions/{kept.pk}/take").status_code == 302
    stands.refresh_from_db()
    assert stands.body == "One, again mine.\n\nTwo.\n\nThree."
    assert SectionRevision.objects.filter(body="One, mine.\n\nTwo.\n\nThree, hers.").exists()


def test_the_script_of_the_desk_is_told_what_became_of_each_save(ada):
    review = a_review()

    def post(body, seen):
        answer = ada.post(section(review), {"body": body, "note": "", "seen_version": seen}, headers=JSON)
        return answer.status_code, answer.json()

    status, told = post("One.\n\nTwo.", 0)
    assert (status, told["outcome"], told["version"]) == (200, "saved", 1)
    assert post("One.\n\nTwo.", 1)[1]["outcome"] == "unchanged"
    save(review, "One.\n\nTwo, hers.", seen=1)
    status, told = post("One, mine.\n\nTwo.", 1)
    assert (status, told["outcome"], told["body"]) == (200, "merged", "One, mine.\n\nTwo, hers.")
    status, told = post("One.\n\nTwo, mine.", 1)
    assert (status, told["outcome"], told["theirs"]) == (409, "conflict", "One, mine.\n\nTwo, hers.")
    status, told = post("x" * 25_001, 1)
    assert (status, told["outcome"]) == (422, "refused")
    assert "25,001" in told["sentence"]
    assert review.sections.get().body == "One, mine.\n\nTwo, hers."


def test_a_text_that_is_too_long_is_refused_with_all_of_it_still_in_the_box(ada):
    answer = ada.post(section(a_review()), {"body": "y" * 25_001, "seen_version": "0"})
    assert answer.status_code == 422
    assert "y" * 25_001 in answer.content.decode()


@pytest.mark.parametrize("typed", BAD)
def test_no_text_breaks_the_desk_the_preview_or_the_history(ada, typed):
    review = a_review()
    for step in ({}, {"step": "preview"}):
        answer = ada.post(section(review), {"body": typed, "note": typed, "seen_version": "0", **step})
        assert answer.status_code in (200, 302, 422)
    for path in (section(review), f"/console/reviews/{review.code}/history/summary"):
        page = ada.get(path)
        assert page.status_code == 200
        assert b"<script>" not in page.content


def test_somebody_without_a_role_may_read_and_not_write():
    review, viewer = a_review(), client_of("vic", "viewer")
    shown = viewer.get(section(review))
    assert shown.status_code == 200
    assert b"readonly" in shown.content
    assert b"Ctrl S" not in shown.content
    answer = viewer.post(section(review), {"body": "Words", "seen_version": "0"})
    assert answer.status_code == 404, "what one may not reach is not there"
    assert not review.sections.filter(body="Words").exists()


def test_an_entry_of_the_timeline_is_made_public_and_internal_again(ada):
    review = a_review()
    entry = save_entry(actor=GRACE, review_id=review.pk, at=utc("2026-06-23 14:40"), body="An alert.", source="Pager")
    assert "An alert." in text(ada.get(section(review, "timeline")))
    path = f"/console/reviews/{review.code}/entries/{entry.pk}/show"
    for wanted in ("1", ""):
        assert ada.post(path, {"is_public": wanted}).status_code == 302
        assert TimelineEntry.objects.get().is_public == bool(wanted)
    assert TimelineEntry.objects.get().source == "Pager"


def test_a_milestone_is_explained_and_a_similar_review_dismissed(ada):
    review, other = a_review(), a_review(an_incident(component="Web"), title="Earlier")
    answer = ada.post(f"/console/reviews/{review.code}/explain/detected", {"reason": "Nobody wrote it down."})
    assert answer.status_code == 302
    assert "Nobody wrote it down." in text(ada.get(section(review)))
    answer = ada.post(f"/console/reviews/{review.code}/dismiss/{other.code}", {"reason": "Another cause."})
    assert answer.status_code == 302
    review.refresh_from_db()
    assert review.unknown_milestones == {"detected": "Nobody wrote it down."}
    assert review.dismissed_similar == {other.code: "Another cause."}
    assert ada.get(f"/console/reviews/{review.code}/explain/lunch").status_code == 404


def test_details_are_edited_and_a_stale_edit_is_met_with_what_stands_there(ada):
    review = a_review()
    path = f"/console/reviews/{review.code}/edit"
    initial = ada.get(path).context["form"].initial
    typed = {name: value for name, value in initial.items() if value is not None} | {"assistance": "none"}
    assert ada.post(path, typed | {"title": "A better title"}).status_code == 302
    stale = ada.post(path, typed | {"title": "Mine"})
    assert stale.status_code == 409
    assert "A better title" in text(stale)
    assert 'value="Mine"' in text(stale)


def test_comments_are_made_answered_and_must_be_when_they_block(ada):
    review = a_review()
    path = f"/console/reviews/{review.code}/comment"
    answer = ada.post(path, {"anchor": "section:impact", "body": "Which region?", "is_blocking": "on"})
    assert answer["Location"] == section(review, "impact")
    assert "Which region?" in text(ada.get(section(review, "impact")))
    assert "1 open elsewhere" in text(ada.get(section(review, "cause")))
    assert ada.post(path, {"anchor": "", "body": ""}).status_code == 422
    row = ReviewComment.objects.get()
    ada.post(f"/console/reviews/{review.code}/comments/{row.pk}/resolve", {"from": "impact"})
    row.refresh_from_db()
    assert row.resolved_by_label == "ada"


def test_a_finding_is_accepted_with_a_reason_and_taken_back(ada):
    review = a_review()
    sight = next(each for each in ada.get(section(review)).context["sights"] if each.check.is_waivable)
    typed = {"check_key": sight.finding.check, "subject": sight.finding.ref, "reason": ""}
    path = f"/console/reviews/{review.code}/waive"
    refused = ada.post(path, typed)
    assert refused.status_code == 422
    assert sight.finding.sentence in text(refused).replace("&#x27;", "'")
    assert ada.post(path, typed | {"reason": "We know."}).status_code == 302
    row = ReviewWaiver.objects.get()
    assert "We know." in text(ada.get(section(review)))
    assert ada.post(f"/console/reviews/{review.code}/waivers/{row.pk}/withdraw").status_code == 302
    row.refresh_from_db()
    assert row.withdrawn_at


def test_it_is_submitted_returned_and_approved_as_it_was_read(ada):
    review = a_review()
    base = f"/console/reviews/{review.code}"
    assert ada.post(f"{base}/submit").status_code == 422
    save(review, "What happened.")
    assert "Still in the way" in text(ada.get(f"{base}/submit"))
    assert ada.post(f"{base}/submit").status_code == 302
    assert ada.post(f"{base}/return", {"reason": ""}).status_code == 422
    assert ada.post(f"{base}/return", {"reason": "Too short."}).status_code == 302
    ada.post(f"{base}/submit")
    page = ada.get(f"{base}/approve")
    assert "What happened." in text(page)
    typed = page.context["form"].initial | {"note": "Read."}
    save(review, "What happened, and why.", seen=1)
    stale = ada.post(f"{base}/approve", typed)
    assert stale.status_code == 409
    assert "What happened, and why." in text(stale)
    assert 'value="Read."' in text(stale)
    typed["seen_hash"] = stale.context["digest"]
    for kind in list(stale.context["standing"].missing):
        assert ada.post(f"{base}/approve", typed | {"kind": kind}).status_code == 302
    review.refresh_from_db()
    assert review.state == ReviewState.APPROVED


def test_the_preview_is_the_public_page_with_its_own_strict_policy(ada):
    review = a_review()
    save(review, "It took {{time_to_resolve}}.")
    answer = ada.get(f"/console/reviews/{review.code}/preview")
    assert "It took 3 h 45 min" in text(answer)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]

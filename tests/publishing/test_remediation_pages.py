"""`/remediations` and its feed: what the public follows, how late it is, and what never reaches it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import feedparser
import pytest

from incidents.actions import page as page_actions
from incidents.actions import remediation
from incidents.actions.refusals import Refused
from incidents.models import ReviewVersion
from incidents.publishing import corrections_feed, pages, remediation_pages, snapshot
from tests.factories import MARIA, utc
from tests.publishing.page_world import Reading, text_of
from tests.remediation_world import (
    DUE,
    NOON,
    approver,
    author,
    delivered,
    make_factor,
    make_review,
    publish,
    published,
    save,
)

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
CANARY = "CANARY-7f3a"
LATER = date(2026, 7, 18)


def made(now=NOON):
    return {page.path: page for page in remediation_pages.hot(snapshot.build(now))}


def read(now=NOON):
    return text_of(made(now)["/remediations"])


def entries(now=NOON):
    found = feedparser.parse(made(now)["/remediations.atom"].body)
    assert not found.bozo, found.get("bozo_exception")
    return found.entries


def slip(row, due_on=LATER, now=NOON):
    remediation.slip_remediation(
        actor=author(), remediation_id=row.pk, due_on=due_on, reason="The vendor was late.", now=now
    )


def test_nothing_is_there_before_a_review_is_published():
    review = make_review()
    save(review)
    assert "No review has promised anything yet." in read()
    assert entries() == []
    publish(review)
    assert "Roll out by region" in read()


def test_one_that_is_internal_never_comes_to_the_page():
    published(title="Internal", is_public=False)
    assert "Internal" not in read()


def test_a_moved_date_is_said_with_the_first_one_and_the_reason():
    row = published(owner_team="Delivery")
    assert "due 4 Jul 2026 Delivery" in read()
    slip(row)
    assert "due 4 Jul 2026, now 18 Jul 2026 (moved once)" in read()
    slip(row, date(2026, 7, 20))
    text = read()
    assert "due 4 Jul 2026, now 20 Jul 2026 (moved 2 times)" in text
    assert text.count("The vendor was late.") == 2
    assert "Median slip16 days n = 1 moved" in text


def test_it_becomes_overdue_at_the_midnight_of_the_page_after_its_date():
    page_actions.edit_page(actor=MARIA, name="P", time_zone="Europe/Berlin", now=utc("2026-01-01 00:00"))
    published()
    before, after = utc("2026-07-04 21:59"), utc("2026-07-04 22:00")
    assert "Overdue0" in read(before)
    assert snapshot.build(before).next_change_at == after
    assert "Overdue1" in read(after)
    assert entries(before)[0].updated == "2026-06-30T12:00:00Z"
    assert entries(after)[0].updated == "2026-07-04T22:00:00Z"


def test_what_is_delivered_is_in_time_but_open_until_it_is_verified():
    row = delivered()
    late = utc("2026-07-10 12:00")
    assert "Overdue0" in read(late)
    assert "Open1" in read(late)
    assert "not verified yet" in read(late)
    remediation.verify_remediation(
        actor=approver(), remediation_id=row.pk, method="drill", evidence="It *held*.", now=late
    )
    text = read(late)
    assert "Overdue0" in text
    assert "Verified 10 Jul 2026, 12:00 UTC · Drill It held." in text
    assert "Verified1 of 1" in text


def test_the_open_come_before_the_settled_and_the_overdue_before_all():
    review = make_review()
    titles = {"Undated": None, "Later": LATER, "Overdue one": DUE, "Declined": DUE}
    rows = {title: save(review, title=title, due_on=due_on) for title, due_on in titles.items()}
    publish(review)
    remediation.decline_remediation(actor=author(), remediation_id=rows["Declined"].pk, reason="R", now=NOON)
    found = snapshot.build(utc("2026-07-10 12:00")).remediations
    assert [row.title for row in found] == ["Overdue one", "Later", "Undated", "Declined"]


def test_it_names_its_factors_and_links_to_its_review():
    review = make_review()
    factor = make_factor(review)
    row = published(review, factor_ids=[factor.pk])
    body = made()["/remediations"].body.decode()
    assert "CHG-1 A change reached everything at once" in body
    assert f'href="/reviews/{review.slug}#remediation-{row.code}"' in body


def test_the_remediations_of_a_retracted_review_stay_and_name_nothing_of_it():
    review = make_review(title="Secret title")
    published(review, factor_ids=[make_factor(review).pk])
    ReviewVersion.objects.update(kind="retraction", document="", withheld_at=NOON)
    text = made()["/remediations"].body.decode() + made()["/remediations.atom"].body.decode()
    assert "Roll out by region" in text
    for gone in ("Secret title", review.slug, "CHG-1"):
        assert gone not in text


def test_the_feed_keeps_its_ids_and_moves_with_the_public_state_alone():
    row = published()
    (first,) = entries()
    assert first.id.endswith(f",2005:Remediation/{row.code}")
    assert {(tag.scheme.rpartition(":")[2], tag.term) for tag in first.tags} == {
        ("kind", "remediation"), ("remediation-state", "accepted" if row.state == "accepted" else "proposed"),
    }  # fmt: skip
    later = NOON + timedelta(hours=1)
    remediation.save_remediation(
        actor=author(), review_id=row.review_id, remediation_id=row.pk, title=row.title, due_on=row.due_on,
        note="Ask Dan.", now=later,
    )  # fmt: skip
    assert entries(later)[0] == first
    remediation.move_remediation(actor=author(), remediation_id=row.pk, state="in_progress", now=later)
    (second,) = entries(later)
    assert (second.id, second.published, second.updated) == (first.id, first.published, "2026-06-30T13:00:00Z")
    assert second.title == "Remediation, in progress: Roll out by region"


def test_what_is_internal_is_in_no_public_byte():
    row = published(note=CANARY, tracker_url=f"https://tracker.invalid/{CANARY}")
    type(row.owner).objects.filter(pk=row.owner_id or 0).update(username=CANARY, email=f"{CANARY}@example.org")
    type(row).objects.update(owner_label=CANARY)
    slip(row)
    row.slips.update(actor_label=CANARY)
    remediation.move_remediation(actor=author(), remediation_id=row.pk, state="delivered", now=NOON)
    remediation.verify_remediation(actor=approver(), remediation_id=row.pk, method="test", evidence="Seen.", now=NOON)
    type(row).objects.update(verified_by_label=CANARY)
    truth = snapshot.build(NOON)
    for page in (*remediation_pages.hot(truth), *pages.hot(truth), *corrections_feed.hot(truth)):
        assert CANARY.encode() not in page.body, page.path
    assert CANARY not in repr(truth.remediations)


@pytest.mark.parametrize("group", ["markdown", "text_unicode_xml"])
def test_no_text_breaks_the_page_or_the_feed(group):
    review, kept = make_review(), 0
    for case in next(row for row in GROUPS if row["group"] == group)["cases"]:
        given = case["input"]
        text = given if isinstance(given, str) else given["prefix"] + given["repeat"] * given["count"] + given["suffix"]
        with suppress(Refused):
            row = save(review, title=text[:255], body=text, owner_team=text[:120])
            publish(review)
            slip(row)
            said = text[:300]
            remediation.move_remediation(
                actor=author(), remediation_id=row.pk, state="delivered", status_note=said, now=NOON
            )
            kept += 1
            remediation.verify_remediation(
                actor=approver(), remediation_id=row.pk, method="test", evidence=text, now=NOON
            )
    assert kept > 10
    page = made()["/remediations"]
    assert page.body.count(b"<script") == 1
    found = Reading(page)
    assert len(found.ids) == len(set(found.ids))
    assert found.headings[0] == 1
    assert not [row for row in found.attributes if row[1].startswith("on") or row[1] == "style"]
    assert len(entries()) == len(snapshot.build(NOON).remediations)


def test_the_queries_stay_as_many_however_many_remediations_there_are(django_assert_max_num_queries):
    from incidents.publishing.remediations import remediation_views

    review = make_review()
    factor = make_factor(review)
    for number in range(5):
        slip(published(review, title=f"Number {number}", factor_ids=[factor.pk]))
    with django_assert_max_num_queries(4):
        assert len(remediation_views(NOON, "UTC", {})) == 5

"""The desk asks the database the same questions of a small review and of a large one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.models import Promise, ReviewComment, TimelineEntry
from tests.desk_world import BEGAN, a_review, an_incident, client_of, save

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def grow(review, first, last):
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            review=review, at=BEGAN + timedelta(seconds=30 * n), body=f"Step {n}.", author_label="ada",
            created_at=NOW, is_public=True, source="Chat",
        )
        for n in range(first, last)
    )  # fmt: skip
    ReviewComment.objects.bulk_create(
        ReviewComment(review=review, anchor="section:summary", body="Why?", author_label="ada", created_at=NOW)
        for _n in range(first, last)
    )


def counts(client, paths):
    found = {}
    for path in paths:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
        found[path] = len(captured)
    return found


def test_the_desk_needs_the_same_queries_for_five_entries_and_for_two_hundred():
    review, ada = a_review(), client_of("ada", "administrator")
    save(review, "Words.")
    base = f"/console/reviews/{review.code}"
    paths = [f"{base}/sections/summary", f"{base}/sections/timeline", f"{base}/publish", f"{base}/approve"]
    grow(review, 0, 5)
    few = counts(ada, paths)
    grow(review, 5, 200)
    assert counts(ada, paths) == few
    assert max(few.values()) <= 120, few


def test_the_list_and_the_overview_need_the_same_queries_for_two_reviews_and_for_eight():
    ada = client_of("ada", "author")

    def more(first, last):
        for n in range(first, last):
            review = a_review(an_incident(component=f"Part {n}", title=f"Trouble {n}"))
            an_incident(component=f"Alone {n}", title=f"Alone {n}")
            Promise.objects.create(
                code=f"p{n}", deliverable="final_review", sentence="S", review=review, anchor_at=NOW,
                first_due_at=NOW, due_at=NOW + timedelta(days=n + 1), made_at=NOW,
            )  # fmt: skip

    more(0, 2)
    few = counts(ada, ["/console/reviews", "/console/"])
    more(2, 8)
    assert counts(ada, ["/console/reviews", "/console/"]) == few

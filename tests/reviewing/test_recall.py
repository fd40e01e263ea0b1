"""Similar reviews: what earlier ones share with the one that is being written, and what they still owe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.actions import remediation
from incidents.models import Review
from incidents.reviewing.recall import similar_reviews
from tests.factories import make_component, utc
from tests.remediation_world import DUE, NOON, author, make_factor, make_review, save

pytestmark = pytest.mark.django_db
MAY = utc("2026-05-01 12:00")


def test_a_review_of_the_same_component_is_recalled_with_what_it_still_owes():
    api = make_component("API", now=MAY)
    old, new = make_review(api, MAY, title="In May"), make_review(api)
    save(old, title="Undated", due_on=None)
    late = save(old, owner_team="Storage")
    gone = save(old, title="Declined")
    remediation.decline_remediation(actor=author(), remediation_id=gone.pk, reason="R", now=NOON)
    (found,) = similar_reviews(new, NOON)
    assert (found.title, found.components, found.factors) == ("In May", ("API",), ())
    assert [(row.title, row.is_overdue) for row in found.remediations] == [(late.title, False), ("Undated", False)]
    (found,) = similar_reviews(new, NOON + timedelta(days=5))
    assert [row.is_overdue for row in found.remediations] == [True, False]


def test_a_review_with_the_same_factor_is_recalled_and_a_stranger_is_not():
    old, stranger, new = (make_review(make_component(name, now=MAY), MAY) for name in ("A", "B", "C"))
    for row, code in ((old, "CHG-1"), (old, "LAT-1"), (stranger, "LAT-1"), (new, "CHG-1")):
        make_factor(row, code)
    assert [(row.code, row.factors) for row in similar_reviews(new)] == [(old.code, ("CHG-1",))]


def test_the_newest_comes_first_and_a_retracted_one_not_at_all():
    api = make_component("API", now=MAY)
    rows = [make_review(api, MAY + timedelta(days=number)) for number in range(3)]
    new = make_review(api)
    Review.objects.filter(pk=rows[0].pk).update(state="retracted")
    assert [row.code for row in similar_reviews(new)] == [rows[2].code, rows[1].code]


def test_the_queries_stay_as_many_however_many_reviews_there_are(django_assert_num_queries):
    api = make_component("API", now=MAY)
    new = make_review(api)
    make_factor(new)
    for number in range(4):
        other = make_review(api, MAY + timedelta(days=number))
        make_factor(other)
        save(other, due_on=DUE)
    with django_assert_num_queries(8):
        assert len(similar_reviews(new, NOON)) == 4

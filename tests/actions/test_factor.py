"""Factors and their codes: what they rest on, what they may be called, and that no code blames a person."""

from __future__ import annotations

from datetime import date

import pytest

from incidents.actions import factor as actions
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.factors import CODES
from incidents.models import ContributingFactor, FactorCode
from tests.factories import STRANGER
from tests.parts_world import BAD, a_change, a_factor, a_review, a_role, administrator, an_entry, attempt, author

pytestmark = pytest.mark.django_db


def test_a_factor_is_kept_as_it_was_said():
    review, change = a_review(), a_change()
    a_role(review, change)
    ref = f"entry:{an_entry(review).pk}"
    given = {
        "code": "DET-1", "body": "No *alert*.", "note": "Inside.", "effect": "delayed_detection",
        "certainty": "probable", "disposition": "accepted", "disposition_reason": "It costs more than it saves.",
        "revisit_on": date(2027, 1, 1),
    }  # fmt: skip
    row = a_factor(review, **given, entry_refs=[ref, ref], change_ids=[change.pk])
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in given} == given
    assert row.entry_refs == [ref]
    assert list(row.changes.all()) == [change]


def test_a_factor_may_rest_on_nothing_yet():
    assert a_factor(a_review()).entry_refs == []


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_taxonomy_can_be_given(code):
    assert a_factor(a_review(), code=code).code == code


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"code": "CHG-99"}, "code", "no code “CHG-99”"),
        ({"title": ""}, "title", "Fill in the title."),
        ({"title": "x" * 256}, "title", "at most 255"),
        ({"effect": "annoyed"}, "effect", "none of the possible answers"),
        ({"disposition": "forgotten"}, "disposition", "none of the possible answers"),
        ({"disposition": "accepted"}, "disposition_reason", "why it is accepted"),
        ({"entry_refs": ["entry:999"]}, "entry_refs", "no entry “entry:999”"),
        ({"entry_refs": ["update:nothere"]}, "entry_refs", "no entry “update:nothere”"),
        ({"change_ids": [999]}, "change_ids", "plays no part in this review"),
        ({"factor_id": 999}, "", "no such factor in this review"),
    ],
)
def test_what_a_factor_cannot_say_is_refused_at_its_field(wrong, field, words):
    with pytest.raises(Refused) as refused:
        a_factor(a_review(), **wrong)
    assert refused.value.field == field
    assert words in refused.value.sentence
    assert not ContributingFactor.objects.exists()


def test_entries_and_changes_of_another_review_are_refused():
    mine, other, change = a_review(), a_review("Other"), a_change()
    a_role(other, change)
    with pytest.raises(Refused, match="no entry"):
        a_factor(mine, entry_refs=[f"entry:{an_entry(other).pk}"])
    with pytest.raises(Refused, match="plays no part"):
        a_factor(mine, change_ids=[change.pk])
    with pytest.raises(Refused, match="no such factor in this review"):
        a_factor(mine, factor_id=a_factor(other).pk)


def test_who_did_not_see_the_newest_text_is_told():
    review = a_review()
    row = a_factor(review)
    seen = actions.mark_of(row)
    a_factor(review, factor_id=row.pk, title="Theirs", seen=seen)
    with pytest.raises(Conflict):
        a_factor(review, factor_id=row.pk, title="Mine", seen=seen)
    row.refresh_from_db()
    assert row.title == "Theirs"


def test_a_factor_that_changes_only_its_changes_is_a_write_too():
    review, change = a_review(), a_change()
    a_role(review, change)
    row = a_factor(review)
    review.refresh_from_db()
    a_factor(review, factor_id=row.pk, change_ids=[change.pk])
    before = review.version
    review.refresh_from_db()
    assert review.version == before + 1
    assert list(row.changes.all()) == [change]


def test_a_factor_is_removed():
    row = a_factor(a_review())
    actions.remove_factor(actor=author(), factor_id=row.pk)
    assert not ContributingFactor.objects.exists()
    with pytest.raises(Refused, match="no such factor"):
        actions.remove_factor(actor=author(), factor_id=row.pk)


def test_an_administrator_adds_a_code_and_retires_it_and_it_never_means_anything_else():
    boss, review = administrator(), a_review()
    code = actions.add_factor_code(actor=boss, code="net-01", title="A cable was cut")
    assert code.code == "NET-1"
    row = a_factor(review, code="NET-1")
    actions.retire_factor_code(actor=boss, code_id=code.pk)
    with pytest.raises(Refused, match="was retired. Choose another"):
        a_factor(review, code="NET-1")
    assert a_factor(review, factor_id=row.pk, code="NET-1", title="It keeps its code").title == "It keeps its code"
    for taken in ("NET-1", "NET-001", "CHG-2"):
        with pytest.raises(Refused, match="keeps it for ever"):
            actions.add_factor_code(actor=boss, code=taken, title="Another")
    with pytest.raises(Refused, match="retired already"):
        actions.retire_factor_code(actor=boss, code_id=code.pk)
    for somebody in (author(), STRANGER):
        with pytest.raises(Refused, match="groups: administrator"):
            actions.add_factor_code(actor=somebody, code="NET-2", title="Another")


@pytest.mark.parametrize("code", ["N-1", "NETWRK-1", "NET-1234", "NET1", "NET-", "NET-1a", "ÄÖ-1", "", "NET-١"])
def test_a_code_has_one_shape(code):
    with pytest.raises(Refused) as refused:
        actions.add_factor_code(actor=administrator(), code=code, title="T")
    assert refused.value.field == "code"


@pytest.mark.parametrize(
    "title",
    ["Human error", "An operator’s error", "HUMAN-ERROR", "Operator mistake", "Negligence", "Error of an engineer",
     "Mistakes by our staff", "Carelessness on call", "Fat-fingered command", "User error", "Engineers' errors"],
)  # fmt: skip
def test_no_code_blames_a_person(title):
    with pytest.raises(Refused, match="whom to blame and not what to change"):
        actions.add_factor_code(actor=administrator(), code="HUM-1", title=title)
    assert not FactorCode.objects.exists()


@pytest.mark.parametrize("title", ["The error budget was spent", "Users told us first", "Operator consoles failed over",
                                   "A disk failure", "People were locked out", *CODES.values()])  # fmt: skip
def test_a_code_about_a_system_is_taken(title):
    assert actions.add_factor_code(actor=administrator(), code="SYS-1", title=title).title == title


@pytest.mark.parametrize("text", BAD)
def test_no_text_breaks_anything_in_any_field(text):
    review, boss = a_review(), administrator()
    for name in ("code", "title", "body", "note", "effect", "certainty", "disposition", "disposition_reason"):
        row = attempt(a_factor, name, review=review, **{name: text})
        assert row is None or "\0" not in getattr(row, name)
    with pytest.raises(Refused, match="no entry"):
        a_factor(review, entry_refs=[text])
    for number, field in enumerate(("code", "title")):
        attempt(actions.add_factor_code, field, **{"actor": boss, "code": f"BAD-{number}", "title": "T", field: text})

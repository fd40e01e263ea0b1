"""The forms of factors and of the taxonomy."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from incidents.models import ContributingFactor, FactorCode
from incidents.reviewing.timeline import timeline_of
from tests.parts_world import BAD, a_change, a_factor, a_review, a_role, an_entry, sent
from tests.web.console.test_review_parts import asked, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(console, responder):
    """A client of somebody who may write reviews."""
    responder.groups.add(Group.objects.get_or_create(name="author")[0])
    return console


@pytest.fixture
def boss(desk, responder):
    """A client of somebody who may do everything."""
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    return desk


def test_a_factor_is_a_code_and_entries_of_the_merged_timeline(desk):
    review, change = a_review(), a_change()
    a_role(review, change)
    an_entry(review)
    path = f"/console/reviews/{review.code}/factors/add"
    form = desk.get(path).context["form"]
    offered = [key for key, _label in form.fields["entry_refs"].choices]
    assert offered == [entry.ref for entry in timeline_of(review)]
    assert {key.split(":")[0] for key in offered} >= {"update", "interval", "entry"}
    assert form.fields["code"].choices[1][0] == "Change control"
    typed = asked(form) | {"code": "CHG-2", "entry_refs": offered[:2], "change_ids": [str(change.pk)]}
    answer = desk.post(path, typed)
    assert answer.status_code == 302, text(answer)
    assert answer["Location"] == f"/console/reviews/{review.code}/sections/factors"
    row = ContributingFactor.objects.get()
    assert (row.title, row.entry_refs) == ("Configuration or data was not checked as code is", offered[:2])
    assert list(row.changes.all()) == [change]


def test_every_entry_of_the_timeline_can_bear_a_factor(desk):
    review = a_review()
    refs = [entry.ref for entry in timeline_of(review)]
    assert a_factor(review, entry_refs=refs).entry_refs == refs


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"code": ""}, "code"), ({"code": "HUM-1"}, "code"), ({"entry_refs": ["entry:999"]}, "entry_refs"),
     ({"disposition": "accepted"}, "disposition_reason"), ({"revisit_on": "soon"}, "revisit_on"),
     ({"title": "x" * 256}, "title"), ({"body": "x" * 25_001}, "body")],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk, wrong, field):
    path = f"/console/reviews/{a_review().code}/factors/add"
    typed = asked(desk.get(path).context["form"]) | {"code": "CHG-2", "title": "T", "note": "Only we know."} | wrong
    answer = desk.post(path, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert answer.context["form"]["note"].value() == "Only we know."
    assert not ContributingFactor.objects.exists()


def test_a_factor_is_edited_and_a_stale_form_shows_what_stands_there_now(desk):
    review, change = a_review(), a_change()
    a_role(review, change)
    ref = f"entry:{an_entry(review).pk}"
    row = a_factor(review, entry_refs=[ref])
    path = f"/console/reviews/{review.code}/factors/{row.pk}/edit"
    typed = asked(desk.get(path).context["form"])
    assert desk.post(path, typed).status_code == 302
    a_factor(review, factor_id=row.pk, entry_refs=[], change_ids=[change.pk])
    answer = desk.post(path, typed | {"title": "Mine"})
    assert answer.status_code == 409
    assert {label for label, _words in answer.context["theirs"]} == {
        "In this incident", "Where the timeline shows it", "Changes that it is about",
    }  # fmt: skip
    again = typed | {"title": "Mine", "seen_version": answer.context["form"]["seen_version"].value()}
    assert desk.post(path, again).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.entry_refs, row.changes.count()) == ("Mine", [ref], 0)
    assert desk.post(f"/console/reviews/{review.code}/factors/{row.pk}/remove").status_code == 302
    assert not ContributingFactor.objects.exists()


def test_an_administrator_extends_the_taxonomy_and_retires_a_code(boss):
    review = a_review()
    path = "/console/factors/add"
    answer = boss.post(path, {"code": "HUM-1", "title": "Human error"})
    assert answer.status_code == 422
    assert "whom to blame and not what to change" in text(answer)
    assert 'value="Human error"' in text(answer)
    assert boss.post(path, {"code": "NET-1", "title": "A cable was cut"}).status_code == 302
    form = boss.get(f"/console/reviews/{review.code}/factors/add").context["form"]
    assert ("NET", [("NET-1", "NET-1 A cable was cut")]) in form.fields["code"].choices
    row = a_factor(review, code="NET-1")
    code = FactorCode.objects.get()
    assert boss.post(f"/console/factors/{code.pk}/retire").status_code == 302
    assert boss.post(f"/console/factors/{code.pk}/retire").status_code == 422
    assert "NET-1" in text(boss.get("/console/factors"))
    assert "NET-1" not in text(boss.get(f"/console/reviews/{review.code}/factors/add"))
    path = f"/console/reviews/{review.code}/factors/{row.pk}/edit"
    typed = asked(boss.get(path).context["form"])
    assert boss.post(path, typed | {"body": "More."}).status_code == 302


def test_an_author_cannot_extend_the_taxonomy(desk):
    User.objects.get(username="maria").groups.remove(Group.objects.get(name="administrator"))
    answer = desk.post("/console/factors/add", {"code": "NET-1", "title": "A cable was cut"})
    assert answer.status_code == 404


def test_no_text_breaks_the_forms(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/factors/"
    fields = asked(desk.get(path + "add").context["form"]) | {"code": "CHG-2"}
    texts = ("title", "body", "note", "disposition_reason")
    others = ("code", "effect", "entry_refs", "change_ids", "revisit_on", "disposition")
    for typed in sent(BAD):
        assert desk.post(path + "add", fields | dict.fromkeys(texts, typed)).status_code in (302, 422)
        assert desk.post(path + "add", fields | dict.fromkeys(others, typed)).status_code == 422
        assert desk.get(path + "add", {"entry": typed}).status_code == 200
    assert desk.get(f"{path}{review.factors.last().pk}/edit").status_code == 200

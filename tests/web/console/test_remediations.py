"""Remediations, the taxonomy and the people in the console: what one sees, types and cannot lose."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from incidents.actions import factor
from incidents.actions.remediation import move_remediation
from incidents.domain.actor import Actor
from incidents.models import FactorCode, Remediation
from tests.factories import make_component, open_incident
from tests.remediation_world import approver, author, make_factor, publish, review_of, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer(responder: User, console: Client) -> Client:
    """Maria, signed in, who may write reviews and post, but set nothing up."""
    responder.groups.set(Group.objects.get_or_create(name=name)[0] for name in ("author", "publisher"))
    return console


@pytest.fixture
def administrator(responder: User, console: Client) -> Client:
    """Maria, signed in, who may do everything."""
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    return console


def in_days(count):
    return timezone.now().date() + timedelta(days=count)


def a_review():
    now = timezone.now()
    return review_of(open_incident(make_component("Web", now=now), now=now), now)


def a_row(**given):
    return save(given.pop("review", None) or a_review(), due_on=in_days(20), now=None, **given)


def public(**given):
    row = a_row(**given)
    publish(row.review, timezone.now())
    return row


def typed(row, **given):
    row.refresh_from_db()
    return {
        "title": row.title, "body": row.body, "kind": row.kind, "strength": row.strength, "priority": row.priority,
        "owner_team": row.owner_team, "owner_id": row.owner_id or "", "note": row.note, "tracker_url": row.tracker_url,
        "public_url": row.public_url, "due_on": row.due_on or "", "is_public": "on", "reason": "",
        "seen_version": row.version, **given,
    }  # fmt: skip


def test_one_is_added_inside_its_review(writer, responder):
    review = a_review()
    factor_row = make_factor(review)
    path = f"/console/reviews/{review.code}/remediations/add"
    assert "Removes the hazard" in writer.get(path).content.decode()
    given = {
        "title": "Roll out by region", "kind": "prevent", "strength": "automatic_guard", "priority": "P1",
        "owner_id": responder.pk, "due_on": in_days(20), "is_public": "on", "factor_ids": [factor_row.pk],
    }  # fmt: skip
    answer = writer.post(path, given, follow=True)
    assert answer.redirect_chain[0][0] == f"/console/remediations?review={review.code}"
    row = Remediation.objects.get()
    assert (row.title, row.strength, list(row.factors.all())) == ("Roll out by region", "automatic_guard", [factor_row])
    assert "Roll out by region" in answer.content.decode()


def test_what_was_typed_stays_when_it_is_refused(writer, responder):
    path = f"/console/reviews/{a_review().code}/remediations/add"
    given = {
        "title": "Roll out by region", "body": "Slowly.", "kind": "prevent", "strength": "tooling", "priority": "P1",
        "owner_id": responder.pk, "due_on": "2020-01-01",
    }  # fmt: skip
    answer = writer.post(path, given)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The due date has passed already." in text
    assert "Slowly." in text
    assert 'value="2020-01-01"' in text
    assert "That is not a day" in writer.post(path, given | {"due_on": "soon"}).content.decode()
    assert not Remediation.objects.exists()


def test_for_somebody_without_the_role_the_form_is_not_there(console, responder):
    row = a_row()
    responder.groups.set([Group.objects.get_or_create(name="viewer")[0]])
    answer = console.post(f"/console/remediations/{row.code}/edit", typed(row, title="Mine"))
    assert answer.status_code == 404
    assert Remediation.objects.get().title != "Mine"


def test_a_public_one_is_edited_with_a_reason_and_keeps_its_date(writer):
    row = public()
    path = f"/console/remediations/{row.code}/edit"
    assert 'name="due_on"' not in writer.get(path).content.decode()
    assert writer.post(path, typed(row, title="Roll out by zone")).status_code == 422
    assert writer.post(path, typed(row, title="Roll out by zone", reason="Wrong word.")).status_code == 302
    due_on = row.due_on
    row.refresh_from_db()
    assert (row.title, row.due_on) == ("Roll out by zone", due_on)


def test_a_stale_edit_shows_what_stands_there_now_and_keeps_what_was_typed(writer):
    row = a_row()
    stale = typed(row, title="Mine")
    save(row.review, remediation_id=row.pk, title="Theirs", due_on=row.due_on, now=None)
    answer = writer.post(f"/console/remediations/{row.code}/edit", stale)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Theirs" in text
    assert 'value="Mine"' in text


def test_each_act_has_a_form_that_does_it(writer):
    row = public()
    base = f"/console/remediations/{row.code}"
    for name in ("slip", "move", "verify", "decline", "supersede"):
        assert writer.get(f"{base}/{name}").status_code == 200
    assert writer.post(f"{base}/slip", {"due_on": in_days(40), "reason": "Late parts."}).status_code == 302
    assert writer.post(f"{base}/verify", {"method": "test", "evidence": "Seen."}).status_code == 422
    assert writer.post(f"{base}/move", {"state": "delivered", "status_note": "On."}).status_code == 302
    assert writer.post(f"{base}/verify", {"method": "test", "evidence": " "}).status_code == 422
    assert writer.post(f"{base}/verify", {"method": "test", "evidence": "Seen."}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.due_on, row.verified_by_label) == ("verified", in_days(40), "maria")
    other, third = public(review=row.review, title="B"), public(review=row.review, title="C")
    assert writer.post(f"/console/remediations/{other.code}/decline", {"reason": ""}).status_code == 422
    given = {"by_id": third.pk, "reason": "It does more."}
    assert writer.post(f"/console/remediations/{other.code}/supersede", given).status_code == 302
    assert writer.post(f"/console/remediations/{third.code}/decline", {"reason": "Not ours."}).status_code == 302


def test_its_owner_is_refused_as_the_one_who_verifies(writer, responder):
    me = Actor("user", responder.username, responder.pk)
    row = public(actor=me)
    move_remediation(actor=me, remediation_id=row.pk, state="delivered")
    answer = writer.post(f"/console/remediations/{row.code}/verify", {"method": "test", "evidence": "Seen."})
    assert answer.status_code == 422
    assert "somebody else must see" in answer.content.decode()


def test_the_list_can_be_narrowed(writer, responder):
    review = a_review()
    mine = a_row(review=review, title="For Maria", owner_id=responder.pk)
    late, gone = a_row(review=review, title="Too late"), a_row(review=review, title="Gone")
    Remediation.objects.filter(pk=late.pk).update(due_on=in_days(-2))
    Remediation.objects.filter(pk=gone.pk).update(state="declined", settled_at=timezone.now())

    def shown(query):
        text = writer.get(f"/console/remediations?{query}").content.decode()
        return {row.title for row in (mine, late, gone) if f">{row.title}</a>" in text}

    assert shown("") == {"For Maria", "Too late"}
    assert shown("show=overdue") == {"Too late"}
    assert shown("show=mine") == {"For Maria"}
    assert shown(f"review={review.code}") == {"For Maria", "Too late", "Gone"}
    assert shown("show=all&q=gone") == {"Gone"}


def test_the_list_asks_as_many_questions_for_many_rows_as_for_one(writer, django_assert_max_num_queries):
    review = a_review()
    for number in range(6):
        a_row(review=review, title=f"Number {number}")
    with django_assert_max_num_queries(12):
        writer.get("/console/remediations")


def test_a_draft_is_removed_and_a_public_one_is_not(writer):
    row = a_row()
    assert writer.post(f"/console/remediations/{row.code}/remove").status_code == 302
    assert not Remediation.objects.exists()
    assert writer.post(f"/console/remediations/{public(review=row.review).code}/remove").status_code == 422


def test_the_taxonomy_shows_every_code_and_lets_an_administrator_add_one(administrator):
    make_factor(a_review(), "CHG-1")
    assert "DEP-2" in administrator.get("/console/factors").content.decode()
    assert administrator.post("/console/factors/add", {"code": "CHG-1", "title": "T"}).status_code == 422
    answer = administrator.post("/console/factors/add", {"code": "NET-1", "title": "A cable"}, follow=True)
    assert "NET-1" in answer.content.decode()
    row = FactorCode.objects.get()
    assert administrator.post(f"/console/factors/{row.pk}/retire").status_code == 302
    row.refresh_from_db()
    assert row.retired_at
    assert "retired" in administrator.get("/console/factors").content.decode()


def test_the_taxonomy_is_read_only_for_others(writer):
    factor.add_factor_code(actor=Actor("system", "system"), code="NET-1", title="A cable")
    assert "Add a code" not in writer.get("/console/factors").content.decode()
    assert writer.post("/console/factors/add", {"code": "NET-2", "title": "T"}).status_code == 404


def test_an_administrator_sets_roles_and_the_address_for_reminders(administrator):
    ana = User.objects.get(pk=author().user_id or 0)
    path = f"/console/people/{ana.pk}/set"
    answer = administrator.post(path, {"roles": ["approver", "publisher"], "email": "ana@example.org"})
    assert answer.status_code == 302
    ana.refresh_from_db()
    assert set(ana.groups.values_list("name", flat=True)) == {"approver", "publisher"}
    assert ana.email == "ana@example.org"
    wrong = administrator.post(path, {"roles": ["viewer"], "email": "a@b"})
    assert wrong.status_code == 422
    assert 'value="a@b"' in wrong.content.decode()
    assert set(ana.groups.values_list("name", flat=True)) == {"approver", "publisher"}


def test_the_last_administrator_stays_one(administrator, responder):
    answer = administrator.post(f"/console/people/{responder.pk}/set", {"roles": ["author"], "email": ""})
    assert answer.status_code == 422
    assert responder.groups.filter(name="administrator").exists()


def test_others_neither_see_the_people_nor_change_them(writer):
    ben = approver()
    assert writer.get("/console/people").status_code == 404
    assert writer.post(f"/console/people/{ben.user_id}/set", {"roles": ["viewer"]}).status_code == 404
    assert writer.post(f"/console/people/{ben.user_id}/invite").status_code == 404
    assert writer.post("/console/people/add", {"username": "eve"}).status_code == 404


def test_somebody_added_sets_a_password_by_a_link_that_works_once(administrator):
    answer = administrator.post(
        "/console/people/add", {"username": "cem", "email": "cem@example.org", "roles": ["author"]}
    )
    link = re.search(r"http://testserver(/console/people/password/[^<\s]+)", answer.content.decode())
    assert link
    guest = Client()
    form = guest.get(link[1])
    assert guest.get(link[1], follow=True).status_code == 200
    given = {"new_password1": "a long enough secret", "new_password2": "a long enough secret"}
    done = guest.post(form.headers["Location"], given)
    assert done.status_code == 302
    assert guest.get("/console/").status_code == 200
    assert User.objects.get(username="cem").check_password("a long enough secret")
    assert "does not work any more" in Client().get(link[1]).content.decode()
    cem = User.objects.get(username="cem")
    assert administrator.post(f"/console/people/{cem.pk}/invite").status_code == 422


@pytest.mark.parametrize("name", ["", "maria", "MARIA", "a b", "x" * 151, "a\x00b c"])
def test_a_name_that_cannot_be_is_refused(administrator, name):
    answer = administrator.post("/console/people/add", {"username": name, "email": "", "roles": []})
    assert answer.status_code == 422
    assert User.objects.count() == 1

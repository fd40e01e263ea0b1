"""The forms of timeline entries, phases and withholdings: quick, forgiving, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.forms import MultipleChoiceField

from incidents.models import ReviewPhase, ReviewRedaction, TimelineEntry
from tests.factories import make_component, open_incident, post_update, utc
from tests.parts_world import BAD, a_factor, a_phase, a_review, an_entry, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(console, responder):
    """A client of somebody who may write reviews."""
    responder.groups.add(Group.objects.get_or_create(name="author")[0])
    return console


def text(answer):
    return " ".join(answer.content.decode().split())


def asked(form):
    """What the form holds as it is shown, as a browser would send it."""
    values: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            values |= {bound.name: "on"} if value else {}
        elif isinstance(bound.field, MultipleChoiceField):
            values[bound.name] = [str(each) for each in value or []]
        else:
            shown = bound.field.prepare_value(value)
            values[bound.name] = "" if shown is None else str(shown)
    return values


def test_an_entry_needs_a_time_and_a_text(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/entries/add"
    shown = desk.get(path)
    assert shown.status_code == 200
    assert [group.heading == "" for group in shown.context["form"].groups()] == [True, False, False, True]
    assert not any(group.is_open for group in shown.context["form"].groups() if group.heading)
    answer = desk.post(path, {"at": "14:41", "body": "The pager went off."} | _selects())
    assert answer.status_code == 302, text(answer)
    assert answer["Location"] == f"/console/reviews/{review.code}/sections/timeline"
    row = TimelineEntry.objects.get()
    assert (row.at, row.kind, row.is_public) == (utc("2026-06-23 14:41"), "alert", False)


def _selects(**given):
    return {"precision": "minute", "certainty": "confirmed", "kind": "", **given}


def test_another_one_can_follow_at_once(desk):
    path = f"/console/reviews/{a_review().code}/entries/add"
    answer = desk.post(path, {"at": "14:41", "body": "We looked."} | _selects(step="again"))
    assert answer["Location"] == path


def test_a_clock_time_is_on_the_day_of_the_incident_and_asked_for_where_that_is_not_one_day(desk):
    row = open_incident(make_component("Long"), title="Long", now=utc("2026-06-01 23:00"))
    post_update(row, "resolved", now=utc("2026-06-02 03:00"))
    review = a_review(incident_ids=[row.pk])
    path = f"/console/reviews/{review.code}/entries/add"
    answer = desk.post(path, {"at": "2:10", "body": "Kept."} | _selects())
    assert answer.status_code == 422
    assert "Write the day too" in text(answer)
    assert "Kept." in text(answer)
    assert desk.post(path, {"at": "2026-06-02 02:10", "body": "Kept."} | _selects()).status_code == 302
    assert TimelineEntry.objects.get().at == utc("2026-06-02 02:10")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": ""}, "at"), ({"at": "noon"}, "at"), ({"at": "2199-01-01 00:00"}, "at"), ({"body": ""}, "body"),
        ({"ended_at": "14:40"}, "ended_at"), ({"kind": "gossip"}, "kind"),
        ({"source_url": "javascript:x"}, "source_url"),
        ({"internal_url": "chat"}, "internal_url"), ({"source": "x" * 201}, "source"), ({"note": "x" * 25_001}, "note"),
        ({"body": "x" * 25_001}, "body"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk, wrong, field):
    path = f"/console/reviews/{a_review().code}/entries/add"
    typed = {"at": "14:41", "body": "We looked.", "note": "Only we know.", **_selects()} | wrong
    answer = desk.post(path, typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    for name, value in typed.items():
        assert str(answer.context["form"][name].value()) == value
    assert not TimelineEntry.objects.exists()


def test_a_folded_group_is_open_when_something_in_it_is_wrong_or_said(desk):
    review = a_review()
    answer = desk.post(
        f"/console/reviews/{review.code}/entries/add", {"at": "14:41", "body": "B", **_selects(source_url="x")}
    )
    assert [group.is_open for group in answer.context["form"].groups() if group.heading] == [False, True]
    row = an_entry(review, precision="hour")
    shown = desk.get(f"/console/reviews/{review.code}/entries/{row.pk}/edit")
    assert [group.is_open for group in shown.context["form"].groups() if group.heading] == [True, False]


def test_an_entry_is_edited_and_a_stale_form_shows_what_stands_there_now(desk):
    review = a_review()
    row = an_entry(review, is_public=True, phase_id=a_phase(review).pk)
    path = f"/console/reviews/{review.code}/entries/{row.pk}/edit"
    typed = asked(desk.get(path).context["form"])
    an_entry(review, entry_id=row.pk, body="Theirs.")
    answer = desk.post(path, typed | {"body": "Mine."})
    assert answer.status_code == 409
    assert "Theirs." in text(answer)
    assert answer.context["form"]["body"].value() == "Mine."
    assert {label for label, _words in answer.context["theirs"]} == {"What happened", "Public", "Phase"}
    again = typed | {"body": "Mine.", "seen_version": answer.context["form"]["seen_version"].value()}
    assert desk.post(path, again).status_code == 302
    row.refresh_from_db()
    assert (row.body, row.is_public, row.phase_id) == ("Mine.", True, review.phases.get().pk)


def test_a_form_that_is_saved_as_it_is_shown_changes_nothing(desk):
    review = a_review()
    row = an_entry(
        review, at=utc("2026-06-23 14:40:07"), ended_at=utc("2026-06-23 14:50"), kind="decision", note="N", source="S",
        source_url="https://example.org/?a=1&b=2", internal_url="http://chat/1", phase_id=a_phase(review).pk,
    )  # fmt: skip
    phase = review.phases.get()
    review.refresh_from_db()
    for path in (f"entries/{row.pk}", f"phases/{phase.pk}"):
        path = f"/console/reviews/{review.code}/{path}/edit"
        assert desk.post(path, asked(desk.get(path).context["form"])).status_code == 302
    before = review.version
    review.refresh_from_db()
    assert review.version == before


def test_removing_asks_first_and_says_why_it_cannot_be(desk):
    review = a_review()
    row, phase = an_entry(review), a_phase(review)
    factor = a_factor(review, entry_refs=[f"entry:{row.pk}"])
    path = f"/console/reviews/{review.code}/entries/{row.pk}/remove"
    assert "Looked." in text(desk.get(path))
    answer = desk.post(path)
    assert answer.status_code == 422
    assert f"“{factor.title}” rests on this entry" in text(answer)
    a_factor(review, factor_id=factor.pk)
    assert desk.post(path).status_code == 302
    assert desk.post(f"/console/reviews/{review.code}/phases/{phase.pk}/remove").status_code == 302
    assert not TimelineEntry.objects.exists()
    assert not ReviewPhase.objects.exists()


def test_a_phase_is_added_and_edited(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/phases/add"
    typed = {"name": "Wrong answers", "started_at": "14:30", "is_quality": "on", "share": "3 %", "precision": "minute"}
    assert desk.post(path, typed).status_code == 302
    row = ReviewPhase.objects.get()
    assert (row.started_at, row.ended_at, row.is_quality) == (utc("2026-06-23 14:30"), None, True)
    path = f"/console/reviews/{review.code}/phases/{row.pk}/edit"
    typed = asked(desk.get(path).context["form"]) | {"ended_at": "14:10"}
    answer = desk.post(path, typed)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["ended_at"])
    assert desk.post(path, typed | {"ended_at": "15:10"}).status_code == 302


def test_a_part_is_found_in_its_own_review_only(desk):
    mine, other = a_review(), a_review("Other")
    row, phase = an_entry(other), a_phase(other)
    for path in (f"entries/{row.pk}/edit", f"entries/{row.pk}/remove", f"phases/{phase.pk}/edit"):
        assert desk.get(f"/console/reviews/{mine.code}/{path}").status_code == 404
        assert desk.post(f"/console/reviews/{mine.code}/{path}").status_code == 404


def test_what_is_withheld_is_said_and_ended(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/redactions/add"
    typed = {"place": "Entry of 14:40", "kind": "security", "reason": "It names a host.", "review_on": "2027-01-01"}
    assert desk.post(path, typed | {"review_on": "2026-01-01"}).status_code == 422
    assert desk.post(path, typed).status_code == 302
    row = ReviewRedaction.objects.get()
    assert f"/redactions/{row.pk}/withdraw" in text(desk.get(path))
    path = f"/console/reviews/{review.code}/redactions/{row.pk}/withdraw"
    assert desk.post(path).status_code == 302
    assert desk.post(path).status_code == 422


def test_for_who_may_not_write_the_form_is_not_there(console, responder):
    responder.groups.set([Group.objects.get(name="publisher")])
    answer = console.post(
        f"/console/reviews/{a_review().code}/entries/add", {"at": "14:41", "body": "We looked."} | _selects()
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "kind"),
    [("The pager went off", "alert"), ("Users reported errors", "detection"), ("We rolled back table 7", "mitigation"),
     ("Suspected the cache", "hypothesis"), ("Errors fell to normal", "recovery"), ("Had coffee", "action"),
     ("Requests were failing", "symptom"), ("Table 7 was pushed everywhere", "change")],
)  # fmt: skip
def test_the_kind_is_as_the_text_tells(desk, body, kind):
    desk.post(f"/console/reviews/{a_review().code}/entries/add", {"at": "14:41", "body": body} | _selects())
    assert TimelineEntry.objects.get().kind == kind


def test_no_text_breaks_the_forms(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/"
    texts = ("body", "note", "source", "source_url", "internal_url")
    others = ("at", "ended_at", "kind", "precision", "phase_id", "seen_version")
    for typed in sent(BAD):
        for names in (texts[:3], texts[3:], others):
            given = {"at": "14:41", "body": "B", **_selects()} | dict.fromkeys(names, typed)
            assert desk.post(path + "entries/add", given).status_code in (302, 422)
        given = {"started_at": "14:30", "precision": "minute", **dict.fromkeys(("name", "body", "share"), typed)}
        assert desk.post(path + "phases/add", given).status_code in (302, 422)
    for kind in ("entries", "phases"):
        newest = getattr(review, kind).last()
        assert desk.get(f"{path}{kind}/{newest.pk}/edit").status_code == 200

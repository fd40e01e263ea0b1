"""The forms of changes: one short screen, everything else folded, unknown unless it is said."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.domain.review import GuardRail
from incidents.models import ChangeEvent, ChangeRole
from tests.factories import utc
from tests.parts_world import BAD, a_change, a_factor, a_phase, a_review, a_role, sent
from tests.web.console.test_review_parts import asked, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(console, responder):
    """A client of somebody who may write reviews."""
    responder.groups.add(Group.objects.get_or_create(name="author")[0])
    return console


def fresh(desk, review, **given):
    """The form for a new change as a browser sends it untouched but for what is given."""
    return asked(desk.get(f"/console/reviews/{review.code}/changes/add").context["form"]) | given


def test_a_small_change_is_a_title_a_kind_and_a_role(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/changes/add"
    form = desk.get(path).context["form"]
    assert [bound.name for bound in form.groups()[0].fields] == ["title", "kind", "role", "started_at"]
    assert not any(group.is_open for group in form.groups() if group.heading)
    assert [name for name, field in form.fields.items() if field.required and not field.initial] == ["title", "role"]
    answer = desk.post(path, fresh(desk, review, title="Routing table 7", role="trigger"))
    assert answer.status_code == 302, text(answer)
    assert answer["Location"] == f"/console/reviews/{review.code}/sections/changes"
    row = ChangeEvent.objects.get()
    assert (row.kind, row.roles.get().role, row.guard_rails, row.stages) == ("configuration_push", "trigger", {}, [])


def test_ten_guard_rails_take_yes_no_and_unknown(desk):
    review = a_review()
    answers = {f"rail_{name}": ("yes", "no", "unknown")[place % 3] for place, name in enumerate(GuardRail)}
    typed = fresh(desk, review, title="T", role="trigger", **answers)
    assert [typed[f"rail_{name}"] for name in GuardRail] == list(answers.values())
    assert {fresh(desk, review)[f"rail_{name}"] for name in GuardRail} == {"unknown"}
    assert desk.post(f"/console/reviews/{review.code}/changes/add", typed).status_code == 302
    kept = {f"rail_{name}": answer for name, answer in ChangeEvent.objects.get().guard_rails.items()}
    assert kept == {name: answer for name, answer in answers.items() if answer != "unknown"}


def test_stages_are_typed_one_after_the_other_and_another_place_loses_nothing(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/changes/add"
    first = {"stage_0_name": "Canary", "stage_0_percent": "1 %", "stage_0_gate": "health",
             "stage_0_gate_result": "blind", "stage_0_started_at": "13:00", "body": "Not saved *yet*."}  # fmt: skip
    more = desk.post(path, fresh(desk, review, title="T", role="amplifier", step="stage", **first))
    assert more.status_code == 200
    assert not ChangeEvent.objects.exists()
    typed = asked(more.context["form"])
    assert {name: typed[name] for name in first} == first
    assert (typed["role"], "stage_1_name" in typed) == ("amplifier", True)
    stale = desk.post(path, typed | {"stage_1_percent": "99"})
    assert list(stale.context["form"].errors) == ["stage_1_name"]
    assert desk.post(path, typed | {"stage_1_name": "Everywhere", "stage_1_percent": "100"}).status_code == 302
    stages = ChangeEvent.objects.get().stages
    assert [(each["name"], each["percent"], each["gate_result"]) for each in stages] == [
        ("Canary", "1", "blind"), ("Everywhere", "100", ""),
    ]  # fmt: skip
    assert stages[0]["started_at"] == "2026-06-23T13:00:00Z"


def test_a_change_is_edited_for_every_review_and_a_stale_form_shows_what_stands_there_now(desk):
    review, other = a_review(), a_review("Other")
    row = a_change(
        started_at=utc("2026-06-23 14:12"), stages=[{"name": "One", "started_at": "2026-06-23T14:12:00Z"}],
        guard_rails={"canaried": "no"}, rollback_possible="partly", body="Line\nline",
    )  # fmt: skip
    a_role(review, row)
    a_role(other, row, "ruled_out")
    path = f"/console/reviews/{review.code}/changes/{row.code}/edit"
    shown = desk.get(path)
    assert "“Other”" in text(shown)
    assert "Trigger" in text(shown)
    typed = asked(shown.context["form"])
    assert desk.post(path, typed).status_code == 302
    row.refresh_from_db()
    assert row.version == 1
    assert desk.post(path, typed | {"system": "Routing"}).status_code == 302
    answer = desk.post(path, typed | {"title": "Mine"})
    assert answer.status_code == 409
    assert {label for label, _words in answer.context["theirs"]} == {"What was changed", "System"}
    assert answer.context["form"]["title"].value() == "Mine"
    again = typed | {"title": "Mine", "seen_version": answer.context["form"]["seen_version"].value()}
    assert desk.post(path, again).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.version, row.stages[0]["name"]) == ("Mine", 3, "One")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"), ({"role": ""}, "role"), ({"role": "villain"}, "role"), ({"kind": "magic"}, "kind"),
        ({"started_at": "2199-01-01 00:00"}, "started_at"), ({"started_at": "14:30", "completed_at": "14:00"},
        "completed_at"), ({"source_url": "x"}, "source_url"), ({"rail_canaried": "maybe"}, "rail_canaried"),
        ({"role_note": "x" * 301}, "role_note"), ({"stage_0_percent": "5"}, "stage_0_name"),
        ({"stage_0_name": "S", "stage_0_percent": "500"}, "stage_0_name"), ({"body": "x" * 25_001}, "body"),
        ({"rollback_started_at": "15:00", "rollback_outcome": "not_tried"}, "rollback_outcome"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_in_an_open_group_and_nothing_is_lost(desk, wrong, field):
    review = a_review()
    typed = fresh(desk, review, title="Routing table 7", role="trigger", note="Only we know.") | wrong
    answer = desk.post(f"/console/reviews/{review.code}/changes/add", typed)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    at = next(group for group in form.groups() if field in [
        bound.name for bound in [*group.fields, *(each for row in group.rows for each in row)]
    ])  # fmt: skip
    assert at.is_open
    assert asked(form)["note"] == "Only we know."
    assert not ChangeEvent.objects.exists()


def test_what_is_written_down_already_is_offered_when_it_began_near_the_incident(desk):
    review = a_review()
    near = a_change(title="Near", started_at=utc("2026-06-22 14:31"))
    during = a_change(title="During", started_at=utc("2026-06-23 16:00"))
    a_change(title="Long before", started_at=utc("2026-05-01 00:00"), system="Billing")
    a_change(title="After", started_at=utc("2026-06-23 19:00"))
    path = f"/console/reviews/{review.code}/changes/link"
    offered = [label for _key, label in desk.get(path).context["form"].fields["change_id"].choices]
    assert [label.split(" · ")[1] for label in offered] == ["Near", "During"]
    assert offered[0] == "2026-06-22 14:31 UTC · Near · Configuration push"
    assert "None was found." in text(desk.get(path + "?q=nothing"))
    found = desk.get(path + "?q=billing").context["form"].fields["change_id"].choices
    assert [label.split(" · ")[1] for _key, label in found] == ["Long before"]
    assert desk.post(path, {"role": "trigger", "role_certainty": "probable"}).status_code == 422
    typed = {"change_id": near.pk, "role": "trigger", "role_certainty": "probable", "role_note": "So it seems."}
    assert desk.post(path, typed).status_code == 302
    role = ChangeRole.objects.get()
    assert (role.change, role.role, role.certainty, role.note) == (near, "trigger", "probable", "So it seems.")
    again = desk.post(path, typed)
    assert list(again.context["form"].errors) == ["role"]
    assert desk.post(path, typed | {"change_id": during.pk, "role": "ruled_out"}).status_code == 302


def test_a_role_is_taken_back_unless_a_factor_names_the_change(desk):
    review, row = a_review(), a_change()
    role = a_role(review, row, phase_id=a_phase(review).pk, certainty="probable")
    factor = a_factor(review, change_ids=[row.pk])
    path = f"/console/reviews/{review.code}/roles/{role.pk}/unlink"
    assert path in text(desk.get(f"/console/reviews/{review.code}/changes/{row.code}/edit"))
    answer = desk.post(path)
    assert (answer.status_code, "names this change" in text(answer)) == (422, True)
    a_factor(review, factor_id=factor.pk)
    assert desk.post(path).status_code == 302
    assert not ChangeRole.objects.exists()
    assert desk.get(f"/console/reviews/{review.code}/changes/{row.code}/edit").status_code == 404


def test_the_list_of_known_changes_asks_no_more_when_there_is_more(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/changes/link"

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        return len(captured)

    a_change(started_at=utc("2026-06-23 14:00"))
    count()  # what is kept in the session is looked up once
    few = count()
    for number in range(5):
        a_change(title=f"Table {number}", started_at=utc("2026-06-23 14:00"))
    assert count() == few


def test_no_text_breaks_the_forms(desk):
    review = a_review()
    path = f"/console/reviews/{review.code}/changes/"
    fields = fresh(desk, review, title="T", role="trigger")
    texts = ("title", "body", "intent", "process", "system", "regions", "time_note", "role_note", "stage_0_name",
             "stage_0_regions", "rollback_method", "rollback_note", "source", "external_ref", "note")  # fmt: skip
    others = ("kind", "role", "started_at", "stage_rows", "stage_0_percent", "rail_canaried", "phase_id", "source_url")
    for typed in sent(BAD):
        assert desk.post(path + "add", fields | dict.fromkeys(texts, typed)).status_code in (302, 422)
        assert desk.post(path + "add", fields | dict.fromkeys(others, typed)).status_code == 422
        assert desk.get(path + "link", {"q": typed, "change": typed}).status_code == 200
        assert desk.post(path + "link", {"change_id": typed, "role": "trigger"}).status_code == 422
    assert desk.get(f"{path}{review.change_roles.last().change.code}/edit").status_code == 200

"""Changes: what is said of them, the parts they play, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.actions import change as actions
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.review import GuardRail, Role
from incidents.models import AuditEntry, ChangeEvent, ChangeRole
from tests.factories import STRANGER, utc
from tests.parts_world import BAD, BEGAN, ENDED, a_change, a_factor, a_phase, a_review, a_role, attempt, author, person

pytestmark = pytest.mark.django_db
FUTURE = utc("2199-01-01 00:00")
STAGE = {"name": "Region 1", "regions": "eu", "percent": "10 %", "started_at": "2026-06-23T13:00:00Z",
         "ended_at": "2026-06-23 13:30", "gate": "health", "gate_result": "blind"}  # fmt: skip


def test_a_change_of_which_only_title_and_kind_are_known_says_that_all_else_is_unknown():
    row = a_change()
    row.refresh_from_db()
    assert (row.initiator, row.rollout, row.rollback_possible, row.rollback_outcome) == ("unknown",) * 4
    assert (row.started_at, row.stages, row.guard_rails, row.version) == (None, [], {}, 1)
    assert len(row.code) == 12


def test_a_change_is_kept_as_it_was_said():
    given = {
        "kind": "data_update", "system": "Routing", "body": "A **table**.", "intent": "More regions.",
        "initiator": "automation", "process": "Nightly build", "started_at": BEGAN, "completed_at": BEGAN,
        "precision": "second", "certainty": "probable", "time_note": "From the log.", "rollout": "staged_regions",
        "regions": "Not disclosed", "rollback_possible": "partly", "rollback_method": "Last known good",
        "rollback_started_at": utc("2026-06-23 16:00"), "rollback_completed_at": ENDED, "rollback_outcome": "worked",
        "rollback_note": "Slow.", "source": "Log", "source_url": "https://example.org/", "external_ref": "abc",
        "note": "Inside.",
    }  # fmt: skip
    rails = {"canaried": "no", "validated": "unknown", "dry_run": "yes"}
    row = a_change(**given, stages=[STAGE], guard_rails=rails)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in given} == given
    assert row.guard_rails == {"canaried": "no", "dry_run": "yes"}
    assert row.stages == [STAGE | {"percent": "10", "ended_at": "2026-06-23T13:30:00Z"}]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"title": "\u200b"}, "title", "Fill in the title."),
        ({"title": "x" * 256}, "title", "at most 255"),
        ({"kind": "magic"}, "kind", "none of the possible answers"),
        ({"started_at": FUTURE}, "started_at", "in the future"),
        ({"started_at": ENDED, "completed_at": BEGAN}, "completed_at", "ends before it begins"),
        ({"rollback_started_at": ENDED, "rollback_completed_at": BEGAN}, "rollback_completed_at", "ends before"),
        ({"started_at": ENDED, "rollback_started_at": BEGAN}, "rollback_started_at", "before it began"),
        ({"rollback_started_at": BEGAN, "rollback_outcome": "not_tried"}, "rollback_outcome", "has no times"),
        ({"source_url": "data:text/html,x"}, "source_url", "web address"),
        ({"guard_rails": {"prayed": "yes"}}, "guard_rails", "no guard-rail “prayed”"),
        ({"guard_rails": {"canaried": "maybe"}}, "guard_rails", "“maybe” is none"),
        ({"stages": [STAGE, {"name": ""}]}, "stages", "Stage 2: Fill in the name."),
        ({"stages": [STAGE | {"gate": "luck"}]}, "stages", "Stage 1: “luck” is none"),
        ({"stages": [STAGE | {"gate_result": "ok"}]}, "stages", "Stage 1: “ok” is none"),
        ({"stages": [STAGE | {"percent": "101"}]}, "stages", "a number from 0 to 100"),
        ({"stages": [STAGE | {"percent": "-1"}]}, "stages", "a number from 0 to 100"),
        ({"stages": [STAGE | {"percent": "nan"}]}, "stages", "a number from 0 to 100"),
        ({"stages": [STAGE | {"percent": "٣"}]}, "stages", "a number from 0 to 100"),
        ({"stages": [STAGE | {"ended_at": "2026-06-23 12:00"}]}, "stages", "Stage 1: It ends before it begins."),
        ({"stages": [STAGE | {"started_at": "yesterday"}]}, "stages", "Stage 1: That is not a time."),
        ({"stages": [STAGE | {"who": "Wren"}]}, "stages", "A stage has no “who”."),
        ({"stages": [STAGE] * 51}, "stages", "At most 50 stages"),
        ({"change_id": 999}, "change_id", "no such change"),
    ],
)
def test_what_a_change_cannot_say_is_refused_at_its_field(wrong, field, words):
    with pytest.raises(Refused) as refused:
        a_change(**wrong)
    assert refused.value.field == field
    assert words in refused.value.sentence
    assert not ChangeEvent.objects.exists()


def test_a_change_and_its_first_role_are_written_together_or_not_at_all():
    review = a_review()
    with pytest.raises(Refused) as refused:
        a_change(part=actions.Part(review.pk, "scapegoat"))
    assert refused.value.field == "role"
    assert not ChangeEvent.objects.exists()
    row = a_change(part=actions.Part(review.pk, "trigger", note="So it seems."))
    assert (row.roles.get().review, row.roles.get().note) == (review, "So it seems.")
    assert set(AuditEntry.objects.values_list("verb", flat=True)[:2]) == {"change.linked", "change.saved"}


def test_one_change_can_be_several_things_in_several_reviews_each_once():
    mine, other, row = a_review(), a_review("Other"), a_change()
    for review in (mine, other):
        for role in ("latent_defect", "trigger"):
            a_role(review, row, role)
    with pytest.raises(Refused, match="said of this change already"):
        a_role(mine, row, "trigger")
    assert ChangeRole.objects.count() == 4


def test_what_was_ruled_out_is_kept_and_plays_no_other_part():
    review, row = a_review(), a_change()
    a_role(review, row, "ruled_out", note="It came an hour later.")
    with pytest.raises(Refused, match="plays no other part"):
        a_role(review, row, "trigger")
    assert review.change_roles.get().note == "It came an hour later."


def test_every_role_can_be_said():
    review = a_review()
    for role in Role:
        a_role(review, a_change(), role)
    assert review.change_roles.count() == len(Role)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"role": "villain"}, "role"), ({"certainty": "sure"}, "role_certainty"), ({"note": "x" * 301}, "role_note"),
     ({"change_id": 999}, "change_id"), ({"review_id": 999}, "")],
)  # fmt: skip
def test_a_part_that_cannot_be_is_refused(wrong, field):
    with pytest.raises(Refused) as refused:
        actions.link_change(
            **{"actor": author(), "review_id": a_review().pk, "change_id": a_change().pk, "role": "trigger"} | wrong
        )
    assert refused.value.field == field


def test_a_phase_of_another_review_is_refused():
    mine, other = a_review(), a_review("Other")
    with pytest.raises(Refused, match="no such phase in this review"):
        a_role(mine, a_change(), phase_id=a_phase(other).pk)


def test_another_text_raises_the_version_of_every_review_in_which_the_change_plays_a_part():
    mine, other, row = a_review(), a_review("Other"), a_change()
    a_role(mine, row)
    a_role(other, row, "ruled_out")
    for review in (mine, other):
        review.refresh_from_db()
    seen = (mine.version, other.version)
    a_change(change_id=row.pk, seen_version=row.version, title="Routing table 8")
    for review in (mine, other):
        review.refresh_from_db()
    assert (mine.version, other.version) == (seen[0] + 1, seen[1] + 1)
    row.refresh_from_db()
    assert (row.title, row.version) == ("Routing table 8", 2)
    with pytest.raises(Conflict):
        a_change(change_id=row.pk, seen_version=1, title="Routing table 9")
    row.refresh_from_db()
    assert row.title == "Routing table 8"


def test_the_last_part_of_a_change_that_a_factor_names_is_not_taken_back():
    review, row = a_review(), a_change()
    first, second = a_role(review, row, "trigger"), a_role(review, row, "amplifier")
    factor = a_factor(review, change_ids=[row.pk])
    actions.unlink_change(actor=author(), role_id=first.pk)
    with pytest.raises(Refused, match="“The table was not checked” names this change"):
        actions.unlink_change(actor=author(), role_id=second.pk)
    a_factor(review, factor_id=factor.pk)
    actions.unlink_change(actor=author(), role_id=second.pk)
    assert ChangeEvent.objects.get() == row
    with pytest.raises(Refused, match="no such role"):
        actions.unlink_change(actor=author(), role_id=second.pk)


def test_a_time_on_which_a_factor_rests_is_not_taken_away():
    review, row = a_review(), a_change(started_at=BEGAN)
    role = a_role(review, row)
    factor = a_factor(review, entry_refs=[f"change:{row.code}:start"])
    with pytest.raises(Refused, match="“The table was not checked” rests on this entry"):
        a_change(change_id=row.pk, started_at=None)
    with pytest.raises(Refused, match="rests on this entry"):
        actions.unlink_change(actor=author(), role_id=role.pk)
    a_factor(review, factor_id=factor.pk)
    assert a_change(change_id=row.pk, started_at=None).started_at is None


def test_only_authors_write():
    for somebody in (STRANGER, person("vic", "viewer")):
        with pytest.raises(Refused, match="groups: author"):
            a_change(actor=somebody)


def test_all_ten_guard_rails_take_all_three_answers():
    for answer, kept in (("yes", 10), ("no", 10), ("unknown", 0)):
        assert len(a_change(guard_rails=dict.fromkeys(GuardRail, answer)).guard_rails) == kept


@pytest.mark.parametrize("text", BAD)
def test_no_text_breaks_anything_in_any_field(text):
    names = (
        "title", "kind", "system", "body", "intent", "initiator", "process", "time_note", "regions", "rollback_method",
        "rollback_note", "source", "source_url", "external_ref", "note",
    )  # fmt: skip
    for name in names:
        row = attempt(a_change, name, **{name: text})
        assert row is None or "\0" not in getattr(row, name)
    for name in ("name", "regions", "percent", "started_at", "gate", "gate_result"):
        attempt(a_change, "stages", stages=[STAGE | {name: text}])
    for rails in ({text: "yes"}, {"canaried": text}):
        with pytest.raises(Refused):
            a_change(guard_rails=rails)


def test_a_change_takes_a_time_of_any_zone_in_its_stages():
    row = a_change(stages=[{"name": "One", "started_at": "2026-06-23T15:00:00+02:00", "ended_at": BEGAN}])
    assert row.stages[0]["started_at"] == "2026-06-23T13:00:00Z"
    assert row.stages[0]["ended_at"] == "2026-06-23T14:30:00Z"
    assert BEGAN - timedelta(hours=1, minutes=30) == utc("2026-06-23 13:00")

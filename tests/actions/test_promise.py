"""Promises are made, put off, waived, kept and given to somebody; each change is public and in the record."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.actions import promise
from incidents.actions.refusals import Conflict, Refused
from incidents.domain.actor import SYSTEM
from incidents.domain.promises import PromiseState
from incidents.models import AuditEntry, Promise, PromiseExtension, PromisePolicy, RecordEntry
from incidents.reviewing.promises import promises
from tests.factories import STRANGER, open_incident, post_update, utc
from tests.promise_world import BEGIN, make_calendar, make_policy, make_promise, person, resolved

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
BAD = [each for group in GROUPS if group["group"] in ("markdown", "text_unicode_xml") for each in group["cases"]]
LATER = BEGIN + timedelta(days=20)
SOON = BEGIN + timedelta(days=1)


def standing(row: Promise, now) -> PromiseState:
    return next(each for each in promises(now) if each.key == f"promise:{row.code}").state(now)


def last_rows() -> list[str]:
    return [row["row"] for row in RecordEntry.objects.order_by("-number").first().rows]


def test_a_promise_is_public_and_in_the_record_from_when_it_is_made():
    incident = open_incident(now=BEGIN)
    update = incident.updates.get()
    row = make_promise(update_id=update.pk)
    assert (row.incident, row.anchor_at, row.first_due_at) == (incident, BEGIN, BEGIN + timedelta(days=10))
    assert f"promise:{row.code}" in last_rows()
    assert standing(row, BEGIN) == PromiseState.RUNNING


def test_one_that_is_not_public_leaves_no_trace_in_the_record():
    before = RecordEntry.objects.count()
    make_promise(is_public=False)
    assert RecordEntry.objects.count() == before
    assert AuditEntry.objects.get(verb="promise.made")


def test_one_that_is_put_off_keeps_its_first_date_and_is_late_after_it():
    row = make_promise()
    promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=LATER, reason="More to find.", now=SOON)
    row.refresh_from_db()
    assert (row.first_due_at, row.due_at) == (BEGIN + timedelta(days=10), LATER)
    extension = PromiseExtension.objects.get()
    assert set(last_rows()) == {f"promise:{row.code}", f"extension:{extension.pk}"}
    promise.meet_promise(actor=SYSTEM, promise_id=row.pk, fulfilled_by="/incidents/x", now=LATER - timedelta(days=1))
    assert standing(row, LATER) == PromiseState.MET_LATE


def test_putting_off_what_was_missed_already_does_not_undo_that():
    row = make_promise()
    late = row.due_at + timedelta(hours=1)
    promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=LATER, reason="Late.", now=late)
    assert standing(row, late) == PromiseState.MISSED


def test_one_that_is_waived_or_kept_is_over():
    row, other = make_promise(), make_promise()
    promise.waive_promise(actor=SYSTEM, promise_id=row.pk, reason="Not needed.", now=SOON)
    promise.meet_promise(actor=SYSTEM, promise_id=other.pk, fulfilled_by="https://example.org/report", now=SOON)
    assert standing(row, SOON) == PromiseState.WAIVED
    assert standing(other, SOON) == PromiseState.MET
    for over in (row, other):
        with pytest.raises(Refused, match="already"):
            promise.extend_promise(actor=SYSTEM, promise_id=over.pk, due_at=LATER, reason="R", now=SOON)


@pytest.mark.parametrize(
    "given",
    [
        {"due_at": BEGIN}, {"due_at": BEGIN - timedelta(days=1)}, {"due_at": BEGIN + timedelta(days=2000)},
        {"sentence": " "}, {"sentence": "x" * 301}, {"deliverable": "update"}, {"deliverable": "moon"},
        {"source": "moon"}, {"owner_id": 999}, {"incident_id": 999}, {"review_id": 999}, {"update_id": 999},
    ],
)  # fmt: skip
def test_a_promise_in_the_past_and_other_nonsense_is_refused_and_nothing_is_written(given):
    with pytest.raises(Refused, match=r"\."):
        make_promise(**given)
    assert not Promise.objects.exists()


@pytest.mark.parametrize(
    "address", ["", "javascript:alert(1)", "//evil.example", "reviews/x", "https://a b", "/" * 300]
)
def test_what_keeps_a_promise_is_an_address(address):
    row = make_promise()
    with pytest.raises(Refused):
        promise.meet_promise(actor=SYSTEM, promise_id=row.pk, fulfilled_by=address, now=SOON)


@pytest.mark.parametrize("due_at", [BEGIN, BEGIN + timedelta(days=10), BEGIN + timedelta(days=9)])
def test_a_promise_is_put_off_to_a_later_time_alone(due_at):
    row = make_promise()
    with pytest.raises(Refused) as refusal:
        promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=due_at, reason="R", now=SOON)
    assert refusal.value.field == "due_at"


def test_putting_off_and_waiving_need_a_publisher_and_a_reason():
    row = make_promise()
    with pytest.raises(Refused, match="publisher"):
        promise.extend_promise(actor=STRANGER, promise_id=row.pk, due_at=LATER, reason="R", now=SOON)
    with pytest.raises(Refused, match="publisher"):
        promise.waive_promise(actor=STRANGER, promise_id=row.pk, reason="R", now=SOON)
    with pytest.raises(Refused, match="reason"):
        promise.waive_promise(actor=SYSTEM, promise_id=row.pk, reason="", now=SOON)


def test_somebody_is_given_a_promise_in_the_log_alone():
    row, lena, before = make_promise(), person(), RecordEntry.objects.count()
    promise.assign_promise(actor=SYSTEM, promise_id=row.pk, owner_id=lena.pk)
    row.refresh_from_db()
    assert (row.owner, row.owner_label) == (lena, "lena")
    assert RecordEntry.objects.count() == before
    lena.delete()
    row.refresh_from_db()
    assert (row.owner, row.owner_label) == (None, "lena")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"quantity": 0}, "quantity"), ({"quantity": -1}, "quantity"), ({"quantity": 10**12}, "quantity"),
        ({"unit": "fortnights"}, "unit"), ({"anchor": "moon"}, "anchor"), ({"cut_off": "tea"}, "cut_off"),
        ({"cut_off": "business_close"}, "cut_off"), ({"start_rule": "never"}, "start_rule"),
        ({"minimum_impact": "maintenance"}, "minimum_impact"), ({"deliverable": "update"}, "deliverable"),
        ({"calendar_id": 999}, "calendar_id"), ({"escalation_group": "nobody"}, "escalation_group"),
        ({"name": ""}, "name"),
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused_at_its_field(given, field):
    make_calendar()
    with pytest.raises(Refused) as refusal:
        make_policy(**given)
    assert refusal.value.field == field
    assert not PromisePolicy.objects.exists()


def test_a_policy_is_changed_with_what_was_seen_and_ends_once():
    row = make_policy()
    make_policy(policy_id=row.pk, seen_version=1, quantity=3)
    with pytest.raises(Conflict):
        make_policy(policy_id=row.pk, seen_version=1, quantity=4)
    promise.archive_policy(actor=SYSTEM, policy_id=row.pk)
    with pytest.raises(Refused, match="ended"):
        promise.archive_policy(actor=SYSTEM, policy_id=row.pk)


def test_the_next_update_is_a_promise_that_stands_on_the_update_alone():
    incident = open_incident(now=BEGIN, next_update_due_at=BEGIN + timedelta(hours=1))
    now = BEGIN + timedelta(minutes=50)
    (value,) = promises(now)
    assert (value.key, value.state(now)) == (f"update:{incident.updates.get().code}", PromiseState.DUE_SOON)
    late = BEGIN + timedelta(minutes=90)
    assert promises(late)[0].state(late) == PromiseState.MISSED
    told = post_update(incident, now=late, next_update_due_at=late + timedelta(hours=1))
    newest, kept = promises(late)
    assert kept.state(late) == PromiseState.MET_LATE
    assert kept.fulfilled_by.endswith(f"#update-{told.code}")
    assert newest.state(late) == PromiseState.RUNNING
    assert not Promise.objects.exists()


def test_all_promises_are_read_in_the_same_number_of_queries(django_assert_max_num_queries):
    make_policy()
    for number in range(4):
        incident = resolved(component=f"C{number}", next_update_due_at=BEGIN + timedelta(hours=1))
        make_promise(incident_id=incident.pk)
    with django_assert_max_num_queries(8):
        assert len(promises(utc("2026-07-30 00:00"))) == 12


@pytest.mark.parametrize("case", BAD, ids=lambda case: case["id"])
def test_whatever_is_typed_is_kept_or_refused_with_a_sentence(case):
    raw = case["input"]
    if not isinstance(raw, str):
        raw = raw["prefix"] + raw["repeat"] * raw["count"] + raw["suffix"]
    sentence = ""
    try:
        kept = make_promise(sentence=raw).sentence
    except Refused as refused:
        kept, sentence = "", refused.sentence
    assert kept or sentence.endswith(".")
    assert bool(kept) == Promise.objects.exists()
    assert not set("\x00\n\r") & set(kept)

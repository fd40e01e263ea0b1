"""Entries, phases and withholdings of a review: what is kept, what is refused, and that nothing breaks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from incidents.actions import review_fields, review_parts
from incidents.actions.refusals import Conflict, Refused
from incidents.models import AuditEntry, Review, ReviewPhase, ReviewRedaction, TimelineEntry
from tests.factories import STRANGER, utc
from tests.parts_world import (
    BAD,
    BEGAN,
    ENDED,
    a_change,
    a_factor,
    a_phase,
    a_review,
    a_role,
    an_entry,
    attempt,
    author,
    person,
)

pytestmark = pytest.mark.django_db


def test_an_entry_is_kept_as_it_was_said():
    review = a_review()
    phase = a_phase(review)
    row = an_entry(
        review, ended_at=utc("2026-06-23 14:45"), precision="quarter_hour", certainty="estimated", kind="hypothesis",
        phase_id=phase.pk, body="It *might* be the table.", note="Wren said so.", is_public=True, source="Chat",
        source_url="https://example.org/x", internal_url="http://chat.example.internal/1",
    )  # fmt: skip
    kept = TimelineEntry.objects.get(pk=row.pk)
    assert (kept.at, kept.ended_at) == (utc("2026-06-23 14:40"), utc("2026-06-23 14:45"))
    assert (kept.precision, kept.certainty, kept.kind) == ("quarter_hour", "estimated", "hypothesis")
    assert (kept.phase, kept.body, kept.note, kept.is_public) == (
        phase, "It *might* be the table.", "Wren said so.", True,
    )  # fmt: skip
    assert (kept.source, kept.source_url, kept.internal_url) == (
        "Chat", "https://example.org/x", "http://chat.example.internal/1",
    )  # fmt: skip
    assert kept.author_label == "wren"


def test_an_entry_is_internal_and_to_the_minute_unless_it_is_said_otherwise():
    row = an_entry(a_review())
    assert (row.is_public, row.precision, row.certainty, row.kind) == (False, "minute", "confirmed", "action")


def test_each_write_raises_the_version_of_the_review_and_a_write_of_the_same_does_not():
    review = a_review()
    row = an_entry(review)
    review.refresh_from_db()
    assert review.version == 2
    before = AuditEntry.objects.count()
    an_entry(review, entry_id=row.pk)
    review.refresh_from_db()
    assert (review.version, AuditEntry.objects.count()) == (2, before)
    an_entry(review, entry_id=row.pk, body="Looked again.")
    review.refresh_from_db()
    assert review.version == 3
    assert AuditEntry.objects.first().changes == {"body": ["Looked.", "Looked again."]}


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"ended_at": utc("2026-06-23 14:39")}, "ended_at", "It ends before it begins."),
        ({"at": utc("2199-01-01 00:00")}, "at", "The time is in the future."),
        ({"at": utc("0026-06-23 14:40")}, "at", "The time is before 1970. Look at the year."),
        ({"kind": "gossip"}, "kind", "“gossip” is none of the possible answers."),
        ({"precision": "week"}, "precision", "“week” is none of the possible answers."),
        ({"certainty": ""}, "certainty", "“” is none of the possible answers."),
        ({"phase_id": 999}, "phase_id", "There is no such phase in this review."),
        ({"body": " \n"}, "body", "Write what you know. The text is empty."),
        ({"body": "x" * 25_001}, "body", "The text has 25,001 characters; at most 25,000 are possible."),
        ({"note": "x" * 25_001}, "note", "The text has 25,001 characters; at most 25,000 are possible."),
        ({"source": "x" * 201}, "source", "The source has 201 characters; at most 200 are possible."),
        ({"source_url": "javascript:alert(1)"}, "source_url", "Write a web address that begins with https:// or http://."),
        ({"source_url": "https://"}, "source_url", "Write a web address that begins with https:// or http://."),
        ({"internal_url": "ftp://x.example"}, "internal_url",
         "Write a web address that begins with https:// or http://."),
        ({"internal_url": "https://a:b@x.example"}, "internal_url",
         "Write a web address that begins with https:// or http://."),
        ({"source_url": "https://[::1"}, "source_url", "Write a web address that begins with https:// or http://."),
        ({"entry_id": 999}, "", "There is no such entry in this review."),
    ],
)  # fmt: skip
def test_what_an_entry_cannot_say_is_refused_in_a_sentence_and_nothing_is_written(wrong, field, sentence):
    review = a_review()
    with pytest.raises(Refused) as refused:
        an_entry(review, **wrong)
    assert (refused.value.field, refused.value.sentence) == (field, sentence)
    assert not TimelineEntry.objects.exists()
    review.refresh_from_db()
    assert review.version == 1


def test_a_text_at_its_limit_is_kept():
    row = an_entry(a_review(), body="x" * 25_000, source="y" * 200)
    assert (len(row.body), len(row.source)) == (25_000, 200)


def test_a_phase_or_an_entry_of_another_review_is_refused():
    mine, other = a_review(), a_review("Other")
    phase, entry = a_phase(other), an_entry(other)
    with pytest.raises(Refused, match="no such phase in this review"):
        an_entry(mine, phase_id=phase.pk)
    with pytest.raises(Refused, match="no such entry in this review"):
        an_entry(mine, entry_id=entry.pk)
    with pytest.raises(Refused, match="no such phase in this review"):
        a_phase(mine, phase_id=phase.pk)


def test_two_hundred_entries_stand_in_the_order_of_their_times():
    review = a_review()
    for number in range(200):
        an_entry(review, at=ENDED - timedelta(minutes=number), body=f"Entry {number}")
    assert [row.body for row in review.entries.all()] == [f"Entry {number}" for number in reversed(range(200))]


def test_who_did_not_see_the_newest_text_is_told_and_overwrites_nothing():
    review = a_review()
    row = an_entry(review)
    seen = review_fields.mark_of(row, review_parts.ENTRY_FIELDS)
    an_entry(review, entry_id=row.pk, body="Theirs.", seen=seen)
    with pytest.raises(Conflict):
        an_entry(review, entry_id=row.pk, body="Mine.", seen=seen)
    with pytest.raises(Conflict):
        an_entry(review, body="Mine.", seen_version=1)
    assert TimelineEntry.objects.get().body == "Theirs."


def test_only_authors_write():
    review = a_review()
    for somebody in (STRANGER, person("vic", "viewer"), person("pia", "publisher")):
        with pytest.raises(Refused, match="groups: author"):
            an_entry(review, actor=somebody)


def test_an_entry_on_which_a_factor_rests_is_not_removed():
    review = a_review()
    row = an_entry(review)
    a_factor(review, entry_refs=[f"entry:{row.pk}"])
    with pytest.raises(Refused, match="“The table was not checked” rests on this entry"):
        review_parts.remove_entry(actor=author(), entry_id=row.pk)
    a_factor(review, factor_id=review.factors.get().pk)
    review_parts.remove_entry(actor=author(), entry_id=row.pk)
    assert not TimelineEntry.objects.exists()
    assert AuditEntry.objects.first().changes["body"] == ["Looked.", ""]
    with pytest.raises(Refused, match="no such entry"):
        review_parts.remove_entry(actor=author(), entry_id=row.pk)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ended_at": BEGAN - timedelta(seconds=1)}, "ended_at"),
        ({"started_at": utc("2199-01-01 00:00"), "ended_at": None}, "started_at"),
        ({"precision": "never"}, "precision"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"share": "x" * 201}, "share"),
        ({"body": "x" * 25_001}, "body"),
        ({"phase_id": 999}, "phase_id"),
    ],
)
def test_what_a_phase_cannot_say_is_refused_at_its_field(wrong, field):
    with pytest.raises(Refused) as refused:
        a_phase(a_review(), **wrong)
    assert refused.value.field == field
    assert not ReviewPhase.objects.exists()


def test_two_phases_may_overlap_but_not_share_a_name():
    review = a_review()
    a_phase(review)
    a_phase(review, name="Wrong answers", is_quality=True, share="some 3 % of answers")
    with pytest.raises(Refused, match="“First wave” already"):
        a_phase(review)


def test_a_phase_that_holds_entries_or_changes_is_not_removed():
    review = a_review()
    phase = a_phase(review)
    row = an_entry(review, phase_id=phase.pk)
    a_role(review, a_change(), phase_id=phase.pk)
    with pytest.raises(Refused, match="2 entries or changes are in the phase “First wave”"):
        review_parts.remove_phase(actor=author(), phase_id=phase.pk)
    an_entry(review, entry_id=row.pk)
    review.change_roles.update(phase=None)
    review_parts.remove_phase(actor=author(), phase_id=phase.pk)
    assert not ReviewPhase.objects.exists()


def test_what_is_withheld_is_recorded_and_ended_once():
    review = a_review()
    today = timezone.now().date()
    given: dict[str, Any] = {
        "actor": author(),
        "review_id": review.pk,
        "place": "Entry of 14:40",
        "kind": "security",
        "reason": "R",
    }
    row = review_parts.record_redaction(**given, review_on=today)
    review_parts.withdraw_redaction(actor=author(), redaction_id=row.pk)
    with pytest.raises(Refused, match="ended already"):
        review_parts.withdraw_redaction(actor=author(), redaction_id=row.pk)
    for wrong, field in (
        ({"kind": "embarrassing"}, "kind"), ({"place": ""}, "place"), ({"reason": "x" * 301}, "reason"),
        ({"review_on": date(2026, 1, 1)}, "review_on"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            review_parts.record_redaction(**given | wrong)
        assert refused.value.field == field
    assert ReviewRedaction.objects.count() == 1


def test_a_retracted_review_takes_no_parts():
    review = a_review()
    Review.objects.filter(pk=review.pk).update(state="retracted")
    with pytest.raises(Refused, match="was retracted"):
        an_entry(review)


@pytest.mark.parametrize("text", BAD)
def test_no_text_breaks_anything_in_any_field(text):
    review = a_review()
    for name in ("body", "note", "source", "source_url", "internal_url", "kind", "certainty", "precision"):
        row = attempt(an_entry, name, review=review, **{name: text})
        assert row is None or "\0" not in getattr(row, name)
    for name in ("name", "body", "share", "precision"):
        row = attempt(a_phase, name, review=review, **{"name": f"Phase {name}"} | {name: text})
        assert row is None or "\0" not in getattr(row, name)
    given: dict[str, Any] = {"actor": author(), "review_id": review.pk, "place": "P", "kind": "legal", "reason": "R"}
    for name in ("place", "kind", "reason"):
        attempt(review_parts.record_redaction, name, **given | {name: text})

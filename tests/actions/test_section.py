"""Writing a section: saved often, by several at once, and not a word is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from incidents.actions import review as review_actions
from incidents.actions import section
from incidents.actions.refusals import Refused
from incidents.models import AuditEntry, ReviewSection, SectionRevision
from incidents.reviewing.history import steps_of
from tests.workflow_world import again, person, resolved_incident, writer

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
CASES = [
    case["input"]
    for group in GROUPS
    if group["group"] in ("markdown", "text_unicode_xml")
    for case in group["cases"]
    if isinstance(case["input"], str)
]


def a_review():
    return review_actions.start_review(actor=writer(), incident_ids=[resolved_incident().pk])


def save(review, body, seen, actor=None, key="impact", **given):
    return section.save_section(
        actor=actor or writer(), review_id=review.pk, key=key, body=body, seen_version=seen, **given
    )


def test_the_first_save_makes_the_section_and_each_save_is_a_revision():
    review = a_review()
    assert save(review, "One.", 0).outcome == "saved"
    saved = save(review, "One. Two.", 1)
    assert (saved.outcome, saved.section.version, saved.section.body) == ("saved", 2, "One. Two.")
    assert list(SectionRevision.objects.values_list("number", "body")) == [(1, "One."), (2, "One. Two.")]
    assert again(review).version > review.version


def test_what_is_not_new_is_not_written():
    review = a_review()
    assert save(review, "", 0).outcome == "unchanged"
    save(review, "One.", 0)
    before = (again(review).version, AuditEntry.objects.count(), SectionRevision.objects.count())
    assert save(review, "One.\r\n", 1).outcome == "unchanged"
    assert (again(review).version, AuditEntry.objects.count(), SectionRevision.objects.count()) == before


def test_two_authors_in_different_lines_are_merged():
    review, other = a_review(), person("otto", "author")
    save(review, "One\n\nTwo\n\nThree", 0)
    save(review, "ONE\n\nTwo\n\nThree", 1)
    saved = save(review, "One\n\nTwo\n\nTHREE", 1, actor=other)
    assert (saved.outcome, saved.section.body) == ("merged", "ONE\n\nTwo\n\nTHREE")


def test_a_stale_save_without_news_brings_what_is_new():
    review = a_review()
    save(review, "One", 0)
    save(review, "One two", 1)
    saved = save(review, "One", 1, actor=person("otto", "author"))
    assert (saved.outcome, saved.section.body, SectionRevision.objects.count()) == ("merged", "One two", 2)


def test_what_cannot_be_merged_is_kept_and_shown():
    review, other = a_review(), person("otto", "author")
    save(review, "It began at 15:45.", 0)
    save(review, "It began at 15:41.", 1)
    saved = save(review, "It began at 15:40.", 1, actor=other)
    assert (saved.outcome, saved.theirs) == ("conflict", "It began at 15:41.")
    assert ReviewSection.objects.get().body == "It began at 15:41."
    kept = SectionRevision.objects.get(is_conflicting=True)
    assert (kept.body, kept.actor_label) == ("It began at 15:40.", "otto")
    assert save(review, "It began at 15:40.", 1, actor=other).outcome == "conflict"
    assert SectionRevision.objects.filter(is_conflicting=True).count() == 1
    assert save(review, "It began at 15:40.", 2, actor=other).outcome == "saved"


def test_a_version_that_never_was_loses_nothing():
    review = a_review()
    save(review, "One", 0)
    assert save(review, "Two", 99).outcome == "conflict"
    assert SectionRevision.objects.get(is_conflicting=True).body == "Two"


def test_body_and_note_are_saved_each_by_itself():
    review = a_review()
    save(review, "Public.", 0, note="Ours.")
    save(review, None, 1, note="Ours alone.")
    row = ReviewSection.objects.get()
    assert (row.body, row.note) == ("Public.", "Ours alone.")


def test_a_body_at_the_limit_is_taken_and_one_over_it_refused():
    review = a_review()
    assert save(review, "x" * 25_000, 0).outcome == "saved"
    with pytest.raises(Refused, match="25,001 characters"):
        save(review, "x" * 25_001, 1)
    with pytest.raises(Refused, match="25,001 characters"):
        save(review, None, 1, note="x" * 25_001)
    assert SectionRevision.objects.count() == 1


def test_two_texts_that_would_be_too_long_together_are_kept_apart():
    review = a_review()
    save(review, "one\n\ntwo", 0)
    save(review, "x" * 20_000 + "\n\none\n\ntwo", 1)
    saved = save(review, "one\n\ntwo\n\n" + "y" * 20_000, 1, actor=person("otto", "author"))
    assert saved.outcome == "conflict"


@pytest.mark.parametrize(("name", "given"), [("key", {"key": "blame"}), ("actor", {"actor": person})])
def test_an_unknown_section_and_a_stranger_are_refused(name, given):
    review = a_review()
    if name == "actor":
        given = {"actor": person("nobody")}
    with pytest.raises(Refused):
        save(review, "One", 0, **given)
    assert not ReviewSection.objects.exists()


def test_one_sitting_is_one_entry_of_the_log_and_one_step_of_the_history():
    review, start = a_review(), timezone.now()
    for number in range(4):
        save(review, "word " * (number + 1), number, now=start + timedelta(minutes=number))
    save(review, "word " * 4 + "otto", 4, actor=person("otto", "author"), now=start + timedelta(minutes=5))
    save(review, "word " * 4 + "otto more", 5, now=start + timedelta(minutes=6))
    assert AuditEntry.objects.filter(verb="section.saved").count() == 3
    steps = steps_of(ReviewSection.objects.get())
    assert [(step.actor_label, step.number) for step in steps] == [("wanda", 6), ("otto", 5), ("wanda", 4)]
    assert steps[-1].old == ""


def test_every_text_is_kept_as_it_was_cleaned():
    review, version = a_review(), 0
    for text in CASES:
        saved = save(review, text, version, note=text)
        version = saved.section.version
        assert save(review, saved.section.body, version).outcome == "unchanged"
    assert version > 10


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_lose_nothing():
    review = a_review()
    people = [person("one", "author"), person("two", "author")]
    save(review, "first\n\nmiddle\n\nlast", 0)
    together, outcomes = Barrier(2), []

    def work(actor, body):
        together.wait()
        outcomes.append(save(review, body, 1, actor=actor).outcome)
        connection.close()

    bodies = ["FIRST\n\nmiddle\n\nlast", "first\n\nmiddle\n\nLAST"]
    threads = [Thread(target=work, args=pair) for pair in zip(people, bodies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["merged", "saved"]
    assert ReviewSection.objects.get().body == "FIRST\n\nmiddle\n\nLAST"

"""Publication: what stands in its way, what follows from it, and that a version never changes."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from incidents.actions import amending, remediation, withholding
from incidents.actions import incident as incident_actions
from incidents.actions import review as review_actions
from incidents.actions import review_publishing as publishing
from incidents.actions import review_workflow as workflow
from incidents.actions.refusals import Conflict, Refused
from incidents.chain.verification import verify
from incidents.domain.canonical import canonical, sha256_of
from incidents.models import (
    AuditEntry,
    Correction,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    Promise,
    RecordEntry,
    ReviewVersion,
)
from tests.factories import MARIA, make_component, open_incident, post_update, utc
from tests.workflow_world import (
    SUMMARY,
    administrator,
    again,
    approve_again,
    approved,
    approver,
    draft,
    in_review,
    publish,
    published,
    publisher,
    render,
    resolved_incident,
    slight,
    write,
    writer,
)

pytestmark = pytest.mark.django_db


def holds() -> bool:
    return verify().findings == []


def test_a_version_is_the_canonical_text_of_what_was_approved():
    review = published(title="The router dropped requests")
    version = ReviewVersion.objects.get()
    envelope = json.loads(version.document)
    assert version.document == canonical(envelope).decode()
    assert (envelope["version"]["number"], envelope["version"]["kind"], envelope["version"]["standing"]) == (
        1, "final", "final",
    )  # fmt: skip
    assert envelope["version"]["sha256"] == sha256_of(envelope["review"]) == version.sha256
    assert version.sha256 == review.approvals.get().content_hash
    assert [row["kind"] for row in envelope["version"]["approvals"]] == ["technical"]
    assert envelope["version"]["is_two_person"]
    assert "asha" not in version.document
    assert "wanda" not in version.document
    assert (version.page, version.page_csp) == ("<p>version 1</p>", "default-src 'none'")
    assert review.state == "published"
    assert holds()


def test_nothing_is_published_before_it_is_approved_or_by_who_may_not():
    review = in_review(slight())
    with pytest.raises(Refused, match="not approved"):
        publish(review)
    review = approve_again(review)
    for actor in (writer(), approver()):
        with pytest.raises(Refused, match="groups"):
            publish(review, actor=actor)
    assert not ReviewVersion.objects.exists()
    assert not IncidentUpdate.objects.filter(stage="postmortem").exists()


def test_one_character_after_the_approval_stops_the_publication():
    review = approved(slight())
    write(review, "summary", SUMMARY + ".")
    with pytest.raises(Refused, match="not approved"):
        publish(review)
    assert not ReviewVersion.objects.exists()


def test_a_stale_form_is_told_so():
    review = approved(slight())
    with pytest.raises(Conflict):
        publish(review, seen_version=review.version - 1)


def test_a_blocking_comment_and_a_finding_stand_in_the_way():
    review = approved(slight())
    comment = workflow.comment_on_review(
        actor=approver(), review_id=review.pk, anchor="section:impact", body="Whom?", is_blocking=True
    )
    with pytest.raises(Refused, match="Whom"):
        publish(review)
    workflow.resolve_comment(actor=approver(), comment_id=comment.pk)
    review_actions.edit_review(actor=writer(), review_id=review.pk, assistance="")
    review = approve_again(review)
    with pytest.raises(Refused, match="1 finding stands in the way.*machine"):
        publish(review)
    assert not ReviewVersion.objects.exists()


def test_of_an_incident_that_is_not_over_only_a_preliminary_review_is_published():
    row = open_incident(make_component(), level="degraded_performance")
    review = draft(row)
    review_actions.edit_review(
        actor=writer(), review_id=review.pk,
        unknown_milestones=dict.fromkeys(
            ("detected", "identified", "first_recovery", "resolved"), "It goes on."
        ),
    )  # fmt: skip
    review = approve_again(review)
    with pytest.raises(Refused, match="not resolved"):
        publish(review)
    publish(review, "preliminary", actor=administrator(), is_break_glass=True, reason="People wait for word.")
    assert Incident.objects.get().stage == "investigating"
    assert not IncidentUpdate.objects.filter(stage="postmortem").exists()


@pytest.mark.parametrize(("first", "second", "word"), [
    ("final", "final", "correction"), ("final", "preliminary", "correction"),
    ("preliminary", "preliminary", "correction"), ("final", "correction", "Nothing was changed"),
    ("preliminary", "retraction", "Choose"), ("preliminary", "", "Choose"),
])  # fmt: skip
def test_some_kinds_do_not_follow_others(first, second, word):
    review = published(kind=first)
    with pytest.raises(Refused, match=word):
        publish(review, second, reason="R")
    assert ReviewVersion.objects.count() == 1


def test_nothing_is_corrected_before_it_is_published():
    with pytest.raises(Refused, match="Nothing was published"):
        publish(approved(slight()), "correction", reason="R")


def test_from_the_second_version_on_a_reason_is_needed():
    review = published(kind="preliminary")
    with pytest.raises(Refused, match="reason"):
        publish(review, "final")
    publish(review, "final", reason="The analysis is complete.")
    assert [row.kind for row in review.versions.all()] == ["preliminary", "final"]
    assert holds()


def test_a_corrected_fact_is_material_needs_approval_and_is_a_public_correction():
    review = published()
    first = ReviewVersion.objects.get()
    before = (first.document, first.page)
    write(review, "cause", "Two versions of the control plane could not read each other.")
    assert again(review).state == "draft"
    with pytest.raises(Refused, match="not approved"):
        publish(review, "correction", reason="The cause was another.")
    review = approve_again(review)
    version = publish(review, "correction", reason="The cause was another.")
    envelope = json.loads(version.document)["version"]
    assert (envelope["standing"], envelope["supersedes"], envelope["is_material"]) == ("final", 1, True)
    assert [row["path"] for row in envelope["changes"]] == ["sections/cause/text"]
    correction = Correction.objects.get()
    assert (correction.path, correction.reason) == (f"/reviews/{review.slug}/changes/1/2", "The cause was another.")
    assert correction.changes[0]["old"] == "What there is to say of the cause."
    assert OutboxEvent.objects.filter(verb="review.corrected", reach="subscribers").count() == 1
    first.refresh_from_db()
    assert (first.document, first.page) == before
    assert Incident.objects.get().updates.filter(stage="postmortem").count() == 2
    assert holds()


def test_a_begin_and_a_cause_that_were_wrong_are_two_material_changes():
    """As in a well-known review of October 2025: preliminary, then corrected in both."""
    begun = utc("2025-10-29 15:45")
    row = open_incident(make_component(), level="degraded_performance", started_at=begun, now=utc("2025-10-29 16:18"))
    post_update(row, "resolved", now=utc("2025-10-30 00:05"))
    review = draft(row)
    write(review, "cause", "An inadvertent change of configuration.")
    publish(approve_again(review), "preliminary")
    amending.state_milestone(
        actor=MARIA, incident_id=row.pk, milestone="impact_started", at=utc("2025-10-29 15:41"), reason="By the logs."
    )
    write(review, "cause", "Two versions of the control plane together made what the data plane could not read.")
    write(review, "summary", SUMMARY + " For all.")
    version = publish(approve_again(review), "correction", reason="The logs say otherwise.")
    envelope = json.loads(version.document)["version"]
    material = {each["path"]: (each["old"], each["new"]) for each in envelope["changes"] if each["is_material"]}
    assert material[f"milestones/{row.code}/impact_started/at"] == ("2025-10-29 15:45 UTC", "2025-10-29 15:41 UTC")
    assert "sections/cause/text" in material
    assert "sections/summary/text" not in material
    assert "sections/summary/text" in {each["path"] for each in envelope["changes"]}
    assert (envelope["kind"], envelope["standing"], version.is_material) == ("correction", "preliminary", True)
    assert publish(again(review), "final", reason="It is complete.").number == 3
    assert holds()


def test_wording_is_corrected_without_approval_and_nobody_is_mailed():
    review = published()
    write(review, "summary", SUMMARY + " At once.")
    version = publish(review, "correction", reason="A sentence was missing.")
    assert not version.is_material
    assert json.loads(version.document)["version"]["is_two_person"]
    assert OutboxEvent.objects.get(verb="review.corrected").reach == "page"
    assert Incident.objects.get().updates.filter(stage="postmortem").count() == 1
    assert Correction.objects.count() == 1


def test_the_incident_says_that_its_review_is_published_and_stays_over(settings):
    settings.SITE_URL = "https://status.example.org"
    row = slight()
    review = published(row)
    row.refresh_from_db()
    update = row.updates.last()
    assert (row.stage, row.is_open, update.stage, update.is_notifying) == ("postmortem", False, "postmortem", False)
    assert "The router dropped requests." in update.body
    assert "It was rolled back" not in update.body
    assert f"(https://status.example.org/reviews/{review.slug})" in update.body
    assert OutboxEvent.objects.filter(incident=row, sequence=update.sequence).count() == 0


def test_a_reviewed_incident_takes_no_update_but_can_be_reopened_and_resolved_again():
    row = slight()
    review = published(row)
    with pytest.raises(Refused, match="Reopen"):
        incident_actions.post_update(actor=MARIA, incident_id=row.pk, stage="monitoring", body="B")
    incident_actions.reopen_incident(actor=MARIA, incident_id=row.pk, body="It is back.")
    assert again(review).state == "draft"
    assert AuditEntry.objects.get(verb="incident.reopened").changes["stage"] == ["postmortem", "investigating"]
    incident_actions.post_update(actor=MARIA, incident_id=row.pk, stage="resolved", body="Gone.")
    review = approve_again(review)
    publish(review, "correction", reason="It came back.")
    row.refresh_from_db()
    assert row.stage == "postmortem"
    assert holds()


def test_an_incident_with_a_public_review_is_not_withdrawn_until_that_is_retracted():
    row = slight()
    review = published(row)
    with pytest.raises(Refused, match="Retract"):
        withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="A mistake.")
    publishing.retract_review(actor=administrator(), review_id=review.pk, reason="A mistake.", render=render)
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="A mistake.")
    assert holds()


def test_a_withdrawn_incident_is_not_reviewed_in_public():
    row = slight()
    review = approved(row)
    withholding.withdraw_incident(actor=MARIA, incident_id=row.pk, reason="A mistake.")
    with pytest.raises(Refused, match="withdrawn"):
        publish(review)


def test_a_review_whose_owner_is_gone_is_published_all_the_same():
    review = approved(slight())
    User.objects.get(username="wanda").delete()
    publish(review)
    assert again(review).state == "published"


def test_the_glass_is_broken_by_an_administrator_with_a_reason_and_a_promise():
    review = in_review(resolved_incident())
    with pytest.raises(Refused, match="groups"):
        publish(review, is_break_glass=True, reason="R")
    with pytest.raises(Refused, match="cannot wait"):
        publish(review, actor=administrator(), is_break_glass=True)
    version = publish(review, "preliminary", actor=administrator(), is_break_glass=True, reason="Rumours spread.")
    about = json.loads(version.document)["version"]
    assert (about["is_break_glass"], about["break_glass_reason"], about["approvals"]) == (True, "Rumours spread.", [])
    assert not about["is_two_person"]
    promise = Promise.objects.get()
    assert (promise.review_id, promise.is_public, promise.deliverable) == (review.pk, True, "other")
    assert AuditEntry.objects.get(verb="review.published").changes["break_glass"] == ["", "yes"]
    assert holds()


def test_the_promise_of_a_broken_glass_is_kept_by_the_next_version_that_was_approved():
    review = in_review(slight())
    publish(review, "preliminary", actor=administrator(), is_break_glass=True, reason="Rumours spread.")
    publish(approve_again(review), "final", reason="It is complete.")
    assert Promise.objects.get().fulfilled_by == f"/reviews/{review.slug}"
    assert holds()


def test_remediations_become_public_with_it_in_the_same_entry_of_the_record():
    review = draft(slight())
    row = remediation.save_remediation(
        actor=writer(), review_id=review.pk, title="Add a guard", owner_team="Edge",
        due_on=timezone.now().date() + timedelta(days=30), priority="P1",
    )  # fmt: skip
    remediation.save_remediation(
        actor=writer(), review_id=review.pk, title="Ask around", is_public=False,
        due_on=timezone.now().date() + timedelta(days=30),
    )  # fmt: skip
    publish(approve_again(review), "preliminary")
    row.refresh_from_db()
    assert row.published_at
    names = [told["row"] for told in RecordEntry.objects.last().rows]
    assert f"remediation:{row.code}" in names
    assert sum(name.startswith("remediation:") for name in names) == 1
    assert holds()


def test_a_publication_is_one_happening():
    published()
    assert AuditEntry.objects.first().verb == "review.published"
    assert RecordEntry.objects.last().verb == "review.published"
    assert OutboxEvent.objects.filter(verb="review.published").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_does():
    review, together, outcomes = approved(slight()), Barrier(2), []
    people = [publisher(), administrator()]

    def work(actor):
        together.wait()
        try:
            publish(review, actor=actor)
            outcomes.append("published")
        except Refused:
            outcomes.append("refused")
        connection.close()

    threads = [Thread(target=work, args=[actor]) for actor in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["published", "refused"]
    assert ReviewVersion.objects.count() == 1
    assert holds()


# --- retraction --------------------------------------------------------------------------------------------------


def test_a_retraction_takes_the_texts_away_everywhere_and_leaves_a_tombstone():
    marks = ("quokka", "numbat")
    review = draft(slight())
    write(review, "summary", "The quokka was dropped.")
    write(review, "cause", "A numbat.")
    review = approve_again(review)
    publish(review)
    write(review, "cause", "Not a numbat.")
    publish(approve_again(review), "correction", reason="It was none.")
    with pytest.raises(Refused, match="groups"):
        publishing.retract_review(actor=publisher(), review_id=review.pk, reason="R", render=render)
    with pytest.raises(Refused, match="reason"):
        publishing.retract_review(actor=administrator(), review_id=review.pk, reason="", render=render)
    version = publishing.retract_review(
        actor=administrator(), review_id=review.pk, reason="It was of another incident.", render=render
    )
    envelope = json.loads(version.document)
    assert (version.number, version.kind, envelope["review"]) == (3, "retraction", None)
    assert envelope["version"]["reason"] == "It was of another incident."
    earlier = ReviewVersion.objects.exclude(pk=version.pk)
    assert {(row.document, row.page, row.withheld_at is None) for row in earlier} == {("", "", False)}
    public = [
        *(json.dumps([entry.contents, entry.rows]) for entry in RecordEntry.objects.all()),
        *(json.dumps(row.changes) for row in Correction.objects.all()),
        *(json.dumps(row.facts) for row in OutboxEvent.objects.all()),
        *IncidentUpdate.objects.values_list("body", flat=True),
        *IncidentUpdate.objects.values_list("body_html", flat=True),
    ]
    assert [text for text in public for mark in marks if mark in text] == []
    assert again(review).state == "retracted"
    assert Correction.objects.filter(verb="review.retracted").count() == 1
    assert holds()


def test_what_is_retracted_is_over():
    review = published()
    given: dict[str, Any] = {"actor": administrator(), "review_id": review.pk, "reason": "R", "render": render}
    publishing.retract_review(**given)
    with pytest.raises(Refused, match="retracted"):
        publishing.retract_review(**given)
    with pytest.raises(Refused, match="retracted"):
        write(review, "summary", "Another.")
    with pytest.raises(Refused, match="retracted"):
        publish(review, "correction", reason="R")


def test_what_was_never_published_is_not_retracted():
    with pytest.raises(Refused, match="nothing to retract"):
        publishing.retract_review(actor=administrator(), review_id=draft(slight()).pk, reason="R", render=render)

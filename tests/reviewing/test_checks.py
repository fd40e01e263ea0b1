"""Each check, where it fires and where it does not: on a case that is in order, and spoilt in one point."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import amending, factor, remediation, review_parts, review_workflow, section
from incidents.actions import incident as incident_actions
from incidents.actions import review as reviews
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.review import ApprovalKind, VersionKind
from incidents.models import Agreement, ImpactInterval, Promise, Review
from incidents.reviewing import document
from incidents.reviewing.checks import CHECKS, Finding, blocking, findings
from tests.agreement_world import agree
from tests.factories import make_component, open_incident, post_update, utc
from tests.review_cases import AUTHOR, Played, play, write_sections

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
BAD = [
    case["input"]
    for group in GROUPS
    if group["group"] in ("markdown", "text_unicode_xml")
    for case in group["cases"]
    if isinstance(case["input"], str)
]


def found_by(key: str, played: Played) -> list[Finding]:
    return [each for each in findings(played.review, played.now) if each.check == key]


def say(key: str, body: str) -> Callable[[Played], None]:
    return lambda played: write_sections(played, {key: body})


def an_entry(played: Played, **given: object) -> None:
    values = {"at": utc("2025-06-12 18:00"), "body": "Looked.", "is_public": True, "source": "Notes"} | given
    review_parts.save_entry(actor=AUTHOR, review_id=played.review.pk, now=played.now, **values)  # type: ignore[arg-type]


def late_detection(played: Played) -> None:
    amending.state_milestone(
        actor=AUTHOR, incident_id=played.incident.pk, milestone="detected", at=utc("2025-06-13 02:00"),
        reason="Read off a graph.", now=played.now,
    )  # fmt: skip


def no_change_before(played: Played) -> None:
    for role in played.review.change_roles.select_related("change"):
        role.change.started_at = utc("2025-06-12 19:00")
        role.change.completed_at = None
        role.change.save()


def left_open(played: Played) -> None:
    ImpactInterval.objects.filter(component__name="Workspace").update(ended_at=None)


def open_factor(played: Played) -> None:
    factor.save_factor(
        actor=AUTHOR, review_id=played.review.pk, code="LAT-2", title="A race", now=played.now,
        entry_refs=[played.entries["herd"]],
    )  # fmt: skip


def a_remediation(**given: object) -> Callable[[Played], None]:
    def save(played: Played) -> None:
        values = {
            "title": "Reject empty fields", "owner_team": "Core", "due_on": date(2025, 12, 1),
            "factor_ids": [played.factors[0]],
        } | given  # fmt: skip
        remediation.save_remediation(actor=AUTHOR, review_id=played.review.pk, now=played.now, **values)  # type: ignore[arg-type]

    return save


def only_training(played: Played) -> None:
    played.review.remediations.update(strength="training")


def a_name(played: Played) -> None:
    User.objects.create_user("mrossi", first_name="Maria", last_name="Rossi")
    say("response", "Maria pressed the button. Nothing was tried that failed.")(played)


def an_internal_text(played: Played) -> None:
    an_entry(
        played,
        note="The tenant was Acme Widgets Limited",
        body="It began at the tenant: The tenant was Acme Widgets Limited.",
    )


def about(played: Played, **given: object) -> None:
    reviews.edit_review(actor=AUTHOR, review_id=played.review.pk, now=played.now, **given)  # type: ignore[arg-type]
    played.review.refresh_from_db()


def promised(played: Played) -> None:
    update = played.incident.updates.first()
    assert update is not None
    amending.amend_update(
        actor=AUTHOR,
        update_id=update.pk,
        body="We will share a list of the tenants.",
        reason="Said so.",
        now=played.now,
    )


BREAKS: dict[str, tuple[Callable[[Played], object], str, str]] = {
    "A0": (say("impact", ""), "section:impact", "preliminary"),
    "A1": (late_detection, "milestone:resolved", "preliminary"),
    "A2": (lambda played: an_entry(played, source=""), "entry:", "preliminary"),
    "A3": (no_change_before, "section:timeline", "never"),
    "A4": (left_open, "incident:", "preliminary"),
    "A5": (say("impact", "It lasted 17 hours."), "section:impact", "final"),
    "A6": (open_factor, "factor:", "final"),
    "A7": (lambda played: played.review.factors.update(effect="triggered"), "section:factors", "never"),
    "A8": (a_remediation(owner_team="", due_on=None), "remediation:", "final"),
    "A9": (only_training, "section:remediations", "never"),
    "A10": (a_remediation(title="Improve the tests"), "remediation:", "never"),
    "A11": (a_name, "section:response", "preliminary"),
    "A12": (say("impact", "A brief interruption."), "section:impact", "never"),
    "A13": (say("response", ""), "section:response", "final"),
    "A14": (say("lucky", ""), "section:lucky", "never"),
    "A15": (lambda played: about(played, is_without_agreement=False), "section:agreements", "final"),
    "A16": (lambda played: an_entry(played, body="On db-1.prod.internal"), "entry:", "preliminary"),
    "A17": (say("impact", "The BGP table was full."), "section:impact", "never"),
    "A18": (lambda played: play("T6"), "section:factors", "final"),
    "A20": (lambda played: about(played, assistance=""), "assistance", "preliminary"),
    "A21": (promised, "update:", "final"),
}  # fmt: skip


def test_every_check_is_tried():
    assert {check.key for check in CHECKS} == {*BREAKS, "A19"}
    assert [check.key for check in CHECKS] == [f"A{number}" for number in range(22)]


@pytest.mark.parametrize("key", BREAKS)
def test_a_check_is_silent_until_its_point_is_spoilt_and_then_fires_there(key):
    played = play("T1")
    assert found_by(key, played) == []
    spoil, anchor, blocks = BREAKS[key]
    spoil(played)
    found = found_by(key, played)
    assert found
    one = next((each for each in found if each.anchor.startswith(anchor)), None)
    assert one is not None, found
    assert (one.blocks_preliminary, one.blocks_final, one.is_blocking) == {
        "preliminary": (True, True, True), "final": (False, True, True), "never": (False, False, False),
    }[blocks]  # fmt: skip
    assert one.sentence.endswith((".", "?", ":", "”"))
    assert 0 < len(one.ref) <= 200


def test_a_review_in_which_all_is_in_order_yields_nothing():
    played = play("T1")
    review_workflow.submit_review(actor=AUTHOR, review_id=played.review.pk, now=played.now)
    missing = found_by("A19", played)
    assert {each.check for each in findings(played.review, played.now)} == {"A19"}
    kinds = [each.ref.removeprefix("approval:") for each in missing]
    assert ApprovalKind.TECHNICAL in kinds
    seen = document.content_hash(played.review)
    for kind in kinds:
        other = Actor("seed", "Reader")
        review_workflow.approve_review(
            actor=other, review_id=played.review.pk, kind=kind, seen_hash=seen, now=played.now
        )
    played.review.refresh_from_db()
    assert findings(played.review, played.now) == ()
    say("lucky", "The red button was new.")(played)
    assert {each.check for each in findings(played.review, played.now)} == {"A19"}


def test_an_internal_text_that_stands_in_public_word_for_word_is_found():
    played = play("T1")
    an_internal_text(played)
    (found,) = found_by("A16", played)
    assert "Acme Widgets" in found.sentence
    assert found.blocks_preliminary


def test_a_milestone_that_is_not_known_is_stated_or_explained():
    played = play("T7")
    assert found_by("A1", played) == []
    about(played, unknown_milestones={"detected": ""})
    (found,) = found_by("A1", played)
    assert (found.anchor, found.blocks_preliminary) == ("milestone:detected", True)


def test_a_milestone_in_the_future_is_found():
    played = play("T1")
    played.now = utc("2025-06-12 23:00")
    assert [each.ref for each in found_by("A1", played)] == [f"{played.incident.code} resolved future"]


def test_an_alert_before_the_impact_is_no_disorder():
    played = play("T1")
    amending.state_milestone(
        actor=AUTHOR, incident_id=played.incident.pk, milestone="detected", at=utc("2025-06-12 17:46"),
        reason="The first alert.", now=played.now,
    )  # fmt: skip
    assert found_by("A1", played) == []


def test_what_is_not_over_stops_the_final_version_only():
    played = play("T1")
    incident_actions.reopen_incident(
        actor=AUTHOR, incident_id=played.incident.pk, body="It is back.", now=played.now + timedelta(hours=1),
        components=[],
    )  # fmt: skip
    ImpactInterval.objects.filter(component__name="Workspace").update(ended_at=None)
    played.now += timedelta(hours=2)
    found = [each for each in findings(played.review, played.now) if each.check in ("A1", "A4")]
    assert {each.check for each in found} == {"A1", "A4"}
    assert all(each.blocks_final and not each.blocks_preliminary for each in found)


def test_a_small_incident_is_asked_for_little():
    row = make_component("Search", now=utc("2026-01-01 00:00"))
    told = open_incident(row, level="degraded_performance", now=utc("2026-06-01 10:00"))
    post_update(told, "resolved", now=utc("2026-06-01 10:20"))
    at = utc("2026-06-01 11:00")
    review = reviews.start_review(actor=AUTHOR, incident_ids=[told.pk], now=at)
    asked = {each.check for each in findings(review, at)}
    assert asked == {"A0", "A19", "A20"}
    for key, body in {"summary": "Search was slow.", "cause": "An index was rebuilt."}.items():
        section.save_section(actor=AUTHOR, review_id=review.pk, key=key, body=body, seen_version=0, now=at)
    reviews.edit_review(actor=AUTHOR, review_id=review.pk, assistance="none", now=at)
    review.refresh_from_db()
    assert {each.check for each in findings(review, at)} == {"A19"}


def test_an_earlier_review_is_linked_to_or_dismissed():
    played = play("T1")
    other = play("T6").review
    (found,) = found_by("A18", played)
    assert found.ref == f"review:{other.code}"
    assert "CHG-1" in found.sentence
    about(played, dismissed_similar={other.code: "Another system, another cause."})
    assert found_by("A18", played) == []
    about(played, dismissed_similar={})
    say("factors", f"Much as [in another one](/reviews/{other.slug}).")(played)
    assert found_by("A18", played) == []


def test_no_agreement_may_be_said_to_apply_where_one_does():
    played = play("T1")
    agree(
        *[
            row.component
            for row in ImpactInterval.objects.select_related("component").filter(component__name="Workspace")
        ]
    )
    assert Agreement.objects.count() == 1
    (found,) = found_by("A15", played)
    assert "Enterprise plan" in found.sentence
    about(played, is_without_agreement=False)
    assert found_by("A15", played) == []


def test_a_promise_made_in_an_update_is_kept_or_waived():
    played = play("T1")
    promised(played)
    at = utc("2025-06-12 19:00")
    promise = Promise.objects.create(
        code="p1", deliverable="other", sentence="A list of the tenants", source="update", incident=played.incident,
        update=played.incident.updates.first(), anchor_at=at, first_due_at=at, due_at=at, made_at=at,
    )  # fmt: skip
    (found,) = found_by("A21", played)
    assert found.ref == "promise:p1"
    assert found.anchor.startswith("update:")
    Promise.objects.filter(pk=promise.pk).update(fulfilled_at=at, fulfilled_by="/reviews/x")
    assert found_by("A21", played) == []


def test_a_waiver_covers_the_finding_that_it_names_until_it_is_withdrawn():
    played = play("T1")
    say("impact", "Ask help@example.org.")(played)
    (found,) = found_by("A16", played)
    assert blocking([found], VersionKind.PRELIMINARY) == [found]
    waiver = review_workflow.waive_finding(
        actor=AUTHOR, review_id=played.review.pk, check_key="A16", subject=found.ref, reason="A public address.",
        now=played.now,
    )  # fmt: skip
    (signed,) = found_by("A16", played)
    assert signed.waiver == waiver
    assert signed.is_waived
    assert blocking([signed], VersionKind.FINAL) == []
    say("impact", "Ask help@example.org or other@example.org.")(played)
    assert [each.is_waived for each in found_by("A16", played)] == [True, False]
    review_workflow.withdraw_waiver(actor=AUTHOR, waiver_id=waiver.pk, now=played.now)
    assert not any(each.is_waived for each in found_by("A16", played))


def test_missing_approvals_cannot_be_waived():
    played = play("T1")
    for each in found_by("A19", played):
        played.review.waivers.create(
            check_key="A19", subject=each.ref, reason="In a hurry.", actor_label="Case", signed_at=played.now
        )
    assert len(blocking(found_by("A19", played), VersionKind.FINAL)) == len(found_by("A19", played)) > 0
    assert blocking(found_by("A19", played), VersionKind.RETRACTION) == []


def test_findings_name_the_part_in_which_they_are_put_right():
    played = play("T1")
    say("impact", "A brief interruption of 17 hours on db-1.prod.internal.")(played)
    found = findings(played.review, played.now)
    assert [each.check for each in found if each.anchor == "section:impact"] == ["A5", "A12", "A16"]
    assert {each.check for each in found if each.anchor == "approvals"} == {"A19"}


def queries_of(review: Review) -> int:
    review = Review.objects.get(pk=review.pk)
    with CaptureQueriesContext(
        connection,
    ) as held:
        findings(review)
    return len(held)


def test_two_hundred_entries_cost_no_more_queries_than_two():
    played = play("T1")
    before = queries_of(played.review)
    for number in range(200):
        at = utc("2025-06-12 18:00") + timedelta(minutes=number)
        played.review.entries.create(
            at=at, body=f"Step {number} of many: a look at table {number}.", is_public=True, source="Notes",
            author_label="Case", created_at=at,
        )  # fmt: skip
        played.review.remediations.create(
            code=f"r{number}", title=f"Reject table {number}", created_at=at, updated_at=at, due_on=date(2026, 1, 1)
        )
    began = time.monotonic()
    assert queries_of(played.review) == before
    assert time.monotonic() - began < 5


def test_no_text_that_somebody_may_type_stops_the_checks():
    played = play("T12")
    for text in BAD:
        with suppress(Refused):
            write_sections(played, {"impact": text})
        assert findings(played.review, played.now)


def test_a_placeholder_of_no_figure_is_found_before_readers_see_it():
    played = play("T1")
    say("impact", "It lasted {{time_to_resolve}}, that is {{duration}}.")(played)
    (found,) = found_by("A5", played)
    assert (found.anchor, found.blocks_preliminary) == ("section:impact", True)
    assert "“duration”" in found.sentence

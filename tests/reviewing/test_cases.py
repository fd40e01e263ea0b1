"""Real incidents, played through the ordinary actions: every figure that their reports imply comes out of the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from incidents.actions import review_workflow
from incidents.actions.refusals import Refused
from incidents.domain.actor import Actor
from incidents.domain.review import ApprovalKind, RollbackPossible, VersionKind
from incidents.models import ChangeEvent, ReviewApproval
from incidents.reviewing import document, timeline
from incidents.reviewing.checks import Finding, blocking, findings
from incidents.reviewing.figures import figures_of
from tests import review_cases
from tests.review_cases import AUTHOR, NAMES, Played, load, play

pytestmark = pytest.mark.django_db


def seconds_in(expected: dict[str, int]) -> int:
    return expected.get("minutes", 0) * 60 + expected.get("days", 0) * 86400


def assert_figures(played: Played, expect: dict[str, Any]) -> None:
    known = {figure.name: figure.seconds for figure in figures_of(played.review)}
    wanted = {name: seconds_in(expected) for name, expected in expect["figures"].items()}
    assert {name: known[name] for name in wanted} == wanted
    for span in expect.get("spans", ()):
        assert played.at(span["to"]) - played.at(span["from"]) == timedelta(minutes=span["minutes"]), span


def named(found: Finding) -> str:
    return f"{found.check} {found.ref}"


def fires(played: Played) -> tuple[Finding, ...]:
    """All but the approvals: nobody approved a case yet."""
    return tuple(found for found in findings(played.review, played.now) if found.check != "A19")


@pytest.mark.parametrize("name", NAMES)
def test_every_expected_figure_comes_out_of_the_rows(name):
    assert_figures(play(name), load(name)["expect"])


@pytest.mark.parametrize("name", NAMES)
def test_checks_fire_where_the_case_says_and_nowhere_else(name):
    expect = load(name)["expect"]
    found = fires(play(name))
    for wanted in expect["fires"]:
        assert any(named(each).startswith(wanted) for each in found), (wanted, [named(each) for each in found])
    loud = [(named(each), each.sentence) for each in found if each.check in expect["silent"]]
    assert loud == []


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_of_a_case_names_the_report_that_it_is_summarised_from(name):
    case = load(name)
    assert case["summarised_from"]["url"].startswith("https://")
    for row in [*case["entries"], *case["changes"]]:
        assert row["source"]


def test_two_times_of_one_beginning_stand_in_the_record_as_disputed():
    played = play("T1")
    entry = next(row for row in timeline.timeline_of(played.review) if row.ref == played.ref("second_start"))
    assert (entry.certainty, f"{entry.at:%H:%M}") == ("disputed", "17:51")
    public = document.build(played.review)
    assert "disputed" in [row["certainty"] for row in public["timeline"]]


def test_prose_that_contradicts_its_own_timeline_is_named():
    found = [each for each in fires(play("T2")) if each.check == "A5"]
    assert [(each.anchor, time) for each in found for time in ("11:20", "13:04") if time in each.ref] == [
        ("section:summary", "11:20"),
        ("section:response", "13:04"),
    ]
    assert len(found) == 2
    nearest = " ".join(each.sentence for each in found)
    assert "11:28" in nearest
    assert "13:05" in nearest
    assert all(each.blocks_final and not each.blocks_preliminary for each in found)


def test_downtime_of_a_component_that_was_down_twice_is_counted_once_each():
    played = play("T2")
    known = {figure.name: figure.seconds for figure in figures_of(played.review)}
    assert known["downtime:turnstile"] == load("T2")["expect"]["downtime"]["Turnstile"] * 60


@pytest.mark.parametrize("name", ["T2", "T6"])
def test_remediations_without_owner_date_or_end_are_found(name):
    found = fires(play(name))
    incomplete = [each for each in found if each.check == "A8" and each.ref.startswith("remediation:")]
    assert len(incomplete) == len(load(name)["remediations"])
    assert all("an owner team, a due date" in each.sentence for each in incomplete)
    assert any(each.ref == "remediations" for each in found if each.check == "A8")
    assert {each.is_blocking for each in found if each.check == "A10"} == {False}


def test_a_customer_is_said_to_have_set_it_off_without_blame():
    played = play("T6")
    change = ChangeEvent.objects.get(pk=played.changes["customer"])
    assert change.initiator == "customer"
    assert not [each for each in fires(played) if each.check == "A11"]


def test_a_change_was_taken_back_long_before_the_impact_was_over():
    played = play("T7")
    change = ChangeEvent.objects.get(pk=played.changes["content"])
    assert (change.rollback_possible, change.rollback_outcome) == (RollbackPossible.PARTLY, "partly")
    known = {figure.name: figure.seconds or 0 for figure in figures_of(played.review)}
    assert known["exposure_window"] == 78 * 60
    assert known["time_to_resolve"] > 10 * 86400


def test_phases_known_to_the_day_are_told_in_days_and_wrong_answers_are_no_downtime():
    played = play("T9")
    expect = load("T9")["expect"]
    public = document.build(played.review)
    told = {row["name"]: (row["seconds"], row["precision"], row["is_quality"]) for row in public["phases"]}
    assert told == {name: (days * 86400, "day", True) for name, days in expect["phases"].items()}
    assert {row["name"]: row["duration"] for row in public["phases"]}["Routing"] == "44 days"
    assert all(share in str([row["share"] for row in public["phases"]]) for share in expect["shares"])
    assert [figure.name for figure in figures_of(played.review) if figure.name.startswith("downtime")] == []
    assert {row["is_quality"] for row in public["components"]} == {True}


def test_a_review_from_before_the_last_fix_can_only_be_preliminary():
    played = play("T9", updates=1)
    stopped = blocking(fires(played), VersionKind.FINAL)
    assert {each.check for each in stopped} == {"A1", "A4"}
    assert any("Sonnet 4 is still affected" in each.sentence for each in stopped)
    assert blocking(fires(played), VersionKind.PRELIMINARY) == []
    review_cases.go_on(played, 1)
    assert blocking(fires(played), VersionKind.FINAL) == []
    assert f"{played.at('resolved'):%Y-%m-%d}" == "2025-09-18"


def test_an_internal_text_cannot_be_published_until_what_it_gives_away_is_dealt_with():
    played = play("T12")
    original = load("T12")["original"]
    assert blocking(fires(played), VersionKind.FINAL) == []
    review_cases.write_sections(played, original["sections"])
    found = fires(played)
    missing = [wanted for wanted in original["fires"] if wanted not in map(named, found)]
    assert missing == []
    stopped = blocking(found, VersionKind.PRELIMINARY)
    assert {each.check for each in stopped} == {"A11", "A16"}
    review_workflow.submit_review(actor=AUTHOR, review_id=played.review.pk, now=played.now)
    with pytest.raises(Refused, match="jdoe"):
        approve(played)
    for each in stopped:
        played.review.waivers.create(
            check_key=each.check, subject=each.ref, reason="Invented.", actor_label="Case", signed_at=played.now
        )
    assert blocking(fires(played), VersionKind.FINAL) == []
    assert approve(played).kind == ApprovalKind.TECHNICAL


def approve(played: Played) -> ReviewApproval:
    return review_workflow.approve_review(
        actor=Actor("seed", "Reader"), review_id=played.review.pk, kind=ApprovalKind.TECHNICAL,
        seen_hash=document.content_hash(played.review), now=played.now,
    )  # fmt: skip


def test_the_final_version_of_a_review_corrects_beginning_and_cause():
    played = play("T5")
    before = document.build(played.review)
    review_cases.make_final(played)
    assert_figures(played, load("T5")["expect"]["final"])
    after = document.build(played.review)
    assert [each for each in fires(played) if each.check in load("T5")["expect"]["silent"]] == []
    started = [
        next(row["at"] for row in each["milestones"] if row["name"] == "impact_started") for each in (before, after)
    ]
    assert started == ["2025-10-29T15:45:00Z", "2025-10-29T15:41:00Z"]
    causes = [next(row["text"] for row in each["sections"] if row["key"] == "cause") for each in (before, after)]
    assert causes[0].startswith("An inadvertent change")
    assert causes[1].startswith("Valid changes by customers")


def test_approvals_are_what_is_missing_of_a_case_that_is_in_order():
    played = play("T1")
    stopped = blocking(findings(played.review, played.now), VersionKind.FINAL)
    assert {each.check for each in stopped} == {"A19"}
    assert f"approval:{ApprovalKind.TECHNICAL}" in [each.ref for each in stopped]

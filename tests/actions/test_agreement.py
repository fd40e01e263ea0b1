"""Agreements: what is refused, verdicts issued once and corrected in the open, exclusions with their reasons."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from incidents import chain
from incidents.actions import agreement as actions
from incidents.actions import component as component_actions
from incidents.actions.refusals import Conflict, Refused
from incidents.models import Agreement, Correction, RecordEntry, Verdict
from tests.agreement_world import JULY, agree, reference, terms
from tests.factories import MARIA, make_component, utc

pytestmark = pytest.mark.django_db
BAD: list[tuple[str, dict[str, Any]]] = [
    ("weight_major", {"weight_major": "1.1"}),
    ("weight_partial", {"weight_partial": "-0.1"}),
    ("weight_degraded", {"weight_degraded": "NaN"}),
    ("weight_partial", {"weight_partial": "a third"}),
    ("weight_after_monitoring", {"weight_after_monitoring": "2"}),
    ("weight_partial", {"weight_partial": "0.00001"}),
    ("target_percent", {"target_percent": "0"}),
    ("target_percent", {"target_percent": "100.0001"}),
    ("target_percent", {"target_percent": "Infinity"}),
    ("components", {"component_ids": []}),
    ("components", {"component_ids": [999_999]}),
    ("zone", {"zone": "Mars/Olympus"}),
    ("zone", {"zone": "../etc"}),
    ("clock", {"clock": "never"}),
    ("region_rule", {"region_rule": "best"}),
    ("maintenance_notice_hours", {"maintenance_notice_hours": -1}),
    ("name", {"name": " "}),
    ("credit_tiers", {"credit_tiers": [{"below_percent": "many", "credit_percent": "5"}]}),
    ("credit_tiers", {"credit_tiers": [{"below_percent": "99"}]}),
    ("credit_tiers", {"credit_tiers": [{"below_percent": "99.5", "credit_percent": "5"},
                                       {"below_percent": "99", "credit_percent": "25"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "given"), BAD, ids=str)
def test_bad_terms_are_refused_and_nothing_is_written(field, given):
    api = make_component()
    entries = RecordEntry.objects.count()
    with pytest.raises(Refused) as refusal:
        agree(api, **given)
    assert refusal.value.field == field
    assert (Agreement.objects.count(), RecordEntry.objects.count()) == (0, entries)


@pytest.mark.parametrize("slug", ["", "A", "a b", "../x", "-a", "a" * 81])
def test_a_bad_address_is_refused(slug):
    with pytest.raises(Refused) as refusal:
        agree(make_component(), slug=slug)
    assert refusal.value.field == "slug"


def test_groups_and_archived_components_are_refused_but_stay_where_they_were():
    group = make_component("Group", is_group=True)
    api = make_component()
    with pytest.raises(Refused, match="not the group"):
        agree(group)
    row = agree(api)
    component_actions.archive_component(actor=MARIA, component_id=api.pk)
    with pytest.raises(Refused, match="no such component"):
        agree(api, slug="other")
    actions.edit_agreement(actor=MARIA, agreement_id=row.pk, terms=terms(api, name="New"), reason="Renamed.")
    assert list(row.components.all()) == [api]
    assert actions.issue_due_verdicts(JULY) == 1


def test_due_verdicts_are_issued_once_signed_and_chained():
    agree(*reference(), first_month=date(2026, 5, 1))
    assert actions.issue_due_verdicts(utc("2026-06-30 23:59:59")) == 1
    assert actions.issue_due_verdicts(JULY) == 1
    assert actions.issue_due_verdicts(JULY) == 0
    may, june = Verdict.objects.all()
    assert (may.document["percent"], may.document["verdict"]) == ("100.000", "met")
    assert (june.document["percent"], june.document["verdict"], june.number) == ("99.479", "breached", 1)
    entry = RecordEntry.objects.latest("number")
    assert (entry.verb, entry.rows[0]["row"]) == ("verdict.issued", f"verdict:{june.pk}")
    assert june.document["record"] == {"number": entry.number - 1, "hash": entry.previous_hash}
    assert entry.hash == chain.hash_of(entry)


def test_no_more_than_a_bounded_number_is_issued_at_once():
    agree(make_component(), first_month=date(2023, 1, 1))
    assert actions.issue_due_verdicts(JULY) == 24
    assert actions.issue_due_verdicts(JULY) == 18
    assert Verdict.objects.count() == 42


def test_months_begin_in_the_zone_of_the_agreement():
    agree(make_component(), zone="America/Los_Angeles")
    assert actions.issue_due_verdicts(utc("2026-07-01 06:59")) == 0
    assert actions.issue_due_verdicts(utc("2026-07-01 07:00")) == 1


def test_an_archived_agreement_gets_no_more_verdicts_until_it_is_restored():
    row = agree(make_component())
    actions.archive_agreement(actor=MARIA, agreement_id=row.pk, now=utc("2026-06-10 00:00"))
    assert actions.issue_due_verdicts(JULY) == 0
    with pytest.raises(Refused, match="archived already"):
        actions.archive_agreement(actor=MARIA, agreement_id=row.pk)
    actions.restore_agreement(actor=MARIA, agreement_id=row.pk, now=JULY)
    assert actions.issue_due_verdicts(JULY) == 1


def test_an_edit_that_changes_a_verdict_adds_a_number_and_a_correction():
    rows = reference()
    row = agree(*rows)
    actions.issue_due_verdicts(JULY)
    first = Verdict.objects.get()
    was = json.dumps(first.document)
    edited = actions.edit_agreement(
        actor=MARIA, agreement_id=row.pk, terms=terms(*rows, clock="first_post"), reason="As the contract says.",
        seen_version=1, now=utc("2026-07-02 09:00"),
    )  # fmt: skip
    first.refresh_from_db()
    second = Verdict.objects.get(number=2)
    assert json.dumps(first.document) == was
    assert (second.document["percent"], second.document["verdict"], second.reason) == (
        "99.530", "met", "As the contract says.",
    )  # fmt: skip
    correction = Correction.objects.get()
    assert (correction.verb, correction.path) == ("verdict.corrected", "/agreements/enterprise/2026-06")
    assert {"field": "clock", "old": "impact", "new": "first_post"} in correction.changes
    moved = {entry["figure"]: (entry["before"], entry["after"]) for entry in correction.figures}
    assert moved == {
        "counted_minutes": ("225", "203"), "percent": ("99.479", "99.530"), "verdict": ("breached", "met"),
    }  # fmt: skip
    with pytest.raises(Conflict):
        actions.edit_agreement(
            actor=MARIA, agreement_id=row.pk, terms=terms(*rows), reason="Late.", seen_version=edited.version - 1
        )


def test_an_edit_that_changes_no_figure_issues_nothing():
    rows = reference()
    row = agree(*rows)
    actions.issue_due_verdicts(JULY)
    actions.edit_agreement(actor=MARIA, agreement_id=row.pk, terms=terms(*rows, name="Business plan"), reason="Name.")
    assert (Verdict.objects.count(), Correction.objects.count()) == (1, 0)
    with pytest.raises(Refused):
        actions.edit_agreement(actor=MARIA, agreement_id=row.pk, terms=terms(*rows), reason=" ")


def test_an_exclusion_is_granted_and_withdrawn_in_the_open():
    row = agree(*reference())
    actions.issue_due_verdicts(JULY)
    exclusion = actions.grant_exclusion(
        actor=MARIA, agreement_id=row.pk, started_at=utc("2026-06-23 15:00"), ended_at=utc("2026-06-23 15:30"),
        reason="Their own network was down.", now=utc("2026-07-03 10:00"),
    )  # fmt: skip
    second = Verdict.objects.get(number=2).document
    assert (second["counted_minutes"], second["verdict"]) == ("195", "met")
    assert [entry["saved_seconds"] for entry in second["exclusions"]] == ["1800"]
    actions.withdraw_exclusion(actor=MARIA, exclusion_id=exclusion.pk, reason="It was up.", now=utc("2026-07-04 10:00"))
    third = Verdict.objects.get(number=3)
    assert (third.document["counted_minutes"], third.document["exclusions"], third.reason) == ("225", [], "It was up.")
    with pytest.raises(Refused, match="already"):
        actions.withdraw_exclusion(actor=MARIA, exclusion_id=exclusion.pk, reason="Again.")


def test_bad_exclusions_are_refused():
    row = agree(make_component())
    other = make_component("Other")
    given: dict[str, Any] = {"actor": MARIA, "agreement_id": row.pk, "started_at": JULY, "reason": "R"}
    cases: tuple[dict[str, Any], ...] = (
        {"ended_at": JULY},
        {"ended_at": utc("2026-07-02 00:00"), "component_id": other.pk},
        {"ended_at": utc("2026-07-02 00:00"), "reason": ""},
    )
    for bad in cases:
        with pytest.raises(Refused):
            actions.grant_exclusion(**{**given, **bad})
    assert row.exclusions.count() == 0

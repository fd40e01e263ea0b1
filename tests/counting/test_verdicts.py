"""The evidence on a month: the published figures, through the code that issues verdicts."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from fractions import Fraction

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from incidents.counting import signing
from incidents.counting.verdicts import document_of, exact
from incidents.domain.canonical import canonical
from incidents.models import Agreement
from tests.agreement_world import JULY, JUNE, agree, reference, second_vector
from tests.factories import make_component, utc

pytestmark = pytest.mark.django_db


def ways(document: dict) -> dict[str, tuple[str, str, str]]:
    return {
        row["key"]: (row["percent"], row["counted_minutes"], row["verdict"]) for row in document["sensitivity"]["rows"]
    }


def test_june_comes_out_as_the_scenario_says():
    document = document_of(agree(*reference()), JUNE, JULY)
    assert (document["percent"], document["counted_minutes"], document["verdict"]) == ("99.479", "225", "breached")
    assert (document["allowed_minutes"], document["window"]["seconds"]) == ("216", "2592000")
    found = ways(document)
    assert found["as_agreed"] == found["clock_impact"] == ("99.479", "225", "breached")
    assert found["clock_first_post"] == ("99.530", "203", "met")
    assert found["recovery_0.3"] == ("99.527", "204", "met")
    assert "first post" in document["sensitivity"]["sentence"]
    assert {row["verdict"] for row in document["by_region"]} == {"breached"}
    assert [row["weighed_seconds"] for row in document["stretches"]] == ["13500"] * 4


@pytest.mark.parametrize(
    ("given", "percent", "verdict"),
    [({"clock": "first_post"}, "99.530", "met"), ({"weight_after_monitoring": "0.3"}, "99.527", "met")],
)
def test_the_terms_of_the_agreement_decide(given, percent, verdict):
    document = document_of(agree(*reference(), **given), JUNE, JULY)
    assert (document["percent"], document["verdict"]) == (percent, verdict)
    assert json.loads(json.dumps(document)) == document


def test_the_second_vector_to_the_digit():
    document = document_of(agree(second_vector()), JUNE, JULY)
    assert document["counted_minutes"] == "69"
    assert [(row["region"], row["counted_minutes"]) for row in document["by_region"]] == [
        ("region-1", "69"),
        ("region-2", "18"),
    ]
    told = [(row["region"], row["level"], row["weight"], row["weighed_seconds"]) for row in document["stretches"]]
    assert told == [
        ("region-1", "major_outage", "1", "3600"),
        ("region-1", "partial_outage", "0.3", "540"),
        ("region-2", "partial_outage", "0.3", "1080"),
    ]
    assert document["saved_by_maintenance_seconds"] == exact(Fraction(45 * 60) - Fraction("0.3") * 15 * 60)


def test_a_month_that_runs_is_counted_so_far_and_queries_do_not_grow(django_assert_num_queries):
    rows = reference(3)
    agreement = Agreement.objects.get(pk=agree(*rows).pk)
    with django_assert_num_queries(7):
        document = document_of(agreement, JUNE, utc("2026-06-23 15:30"))
    assert document["is_final"] is False
    assert document["counted_minutes"] == "60"


def test_a_tier_is_the_lowest_that_holds():
    tiers = [
        {"below_percent": "99", "credit_percent": "25"},
        {"below_percent": "99.48", "credit_percent": "10"},
        {"below_percent": "99.5", "credit_percent": "5"},
    ]
    document = document_of(agree(*reference(), credit_tiers=tiers), JUNE, JULY)
    assert document["tier"] == {"below_percent": "99.48", "credit_percent": "10"}
    assert document_of(agree(make_component("Calm"), slug="calm", credit_tiers=tiers), JUNE, JULY)["tier"] is None


def test_the_signature_holds_for_what_was_signed_and_nothing_else():
    document = document_of(agree(*reference()), JUNE, JULY)
    evidence = signing.evidence_of(document, signing.signature_of(document), signing.public_key())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(evidence["public_key"]))
    signature = base64.b64decode(evidence["signature"])
    key.verify(signature, canonical(evidence["document"]))
    with pytest.raises(InvalidSignature):
        key.verify(signature, canonical({**document, "percent": "99.500"}))


@pytest.mark.parametrize(
    ("value", "text"), [(Fraction(12960), "12960"), (Fraction("4140.5"), "4140.5"), (Fraction(1, 3), "1/3"), (0, "0"),
                        (Fraction(Decimal("0.000001")), "0.000001")]
)  # fmt: skip
def test_figures_are_exact_text(value, text):
    assert exact(Fraction(value)) == text

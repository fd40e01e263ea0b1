"""The pages of the record: agreements, verdicts, corrections and tombstones."""

from __future__ import annotations

import itertools

import pytest

from incidents.models import Verdict
from incidents.publishing import agreement_pages, pages, snapshot
from incidents.publishing.tree import Page
from tests import every_public_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def corrected() -> dict[str, Page]:
    """A verdict that a correction of the ledger issued again, a withheld text and a withdrawn incident."""
    truth = snapshot.build(every_public_world.corrected()["now"])
    made = (pages, agreement_pages)
    found = itertools.chain(
        (page for each in made for page in each.hot(truth)),
        (cold.render() for each in made for cold in each.cold(truth)),
    )
    return {page.path: page for page in found if page.content_type.startswith("text/html")}


def test_a_correction_of_the_ledger_issues_the_verdict_again_and_says_so(corrected):
    first, second = Verdict.objects.order_by("number")
    assert [row.document["counted_seconds"] for row in (first, second)] == [str(69 * 60), str(129 * 60)]
    assert second.reason == "The logs show errors from 09:00."
    told = corrected["/corrections"].body.decode()
    assert "verdict of 2026-06" in told
    assert told.count("The logs show errors from 09:00.") == 2

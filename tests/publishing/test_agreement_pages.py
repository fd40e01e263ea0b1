"""The pages of agreements: verdict first, each counted stretch, what it hangs on, and evidence to download."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import agreement as actions
from incidents.publishing import agreement_pages, snapshot
from incidents.publishing.agreements import agreement_views
from incidents.publishing.tree import Page
from tests.agreement_world import JULY, agree, reference, set_status, terms
from tests.factories import MARIA, make_component, utc
from tests.publishing.page_world import Reading, text_of

pytestmark = pytest.mark.django_db
JUNE_PAGE = "/agreements/enterprise/2026-06"


def published(at: str = "2026-07-02 12:00") -> dict[str, Page]:
    truth = snapshot.build(utc(at))
    found = [*agreement_pages.hot(truth), *(cold.render() for cold in agreement_pages.cold(truth))]
    assert len({page.path for page in found}) == len(found)
    return {page.path: page for page in found}


def keys(at: str) -> dict[str, str]:
    return {cold.path: cold.key for cold in agreement_pages.cold(snapshot.build(utc(at)))}


def test_the_month_says_the_verdict_first_and_all_that_it_hangs_on():
    agree(*reference(), audience="For **everybody**.", note="Chosen for a test.",
          credit_tiers=[{"below_percent": "99.5", "credit_percent": "10"}])  # fmt: skip
    actions.issue_due_verdicts(JULY)
    text = text_of(published()[JUNE_PAGE])
    assert text.index("Breached: less uptime than promised") < text.index(
        "Enterprise plan , June 2026".replace(" ,", ",")
    )
    assert "99.479 % uptime of 99.5 % promised: 225 min counted, 216 min allowed. A credit of 10 % is due" in text
    for said in ("99.530 %", "203 min", "99.527 %", "204 min", "Part 0", "Region-1", "× 1", "Chosen for a test."):
        assert said in text, said
    assert "For everybody." in text_of(published()["/agreements/enterprise"])


def test_every_page_is_well_formed_and_has_its_headings_in_order():
    agree(*reference())
    actions.issue_due_verdicts(JULY)
    for page in published().values():
        if page.content_type.startswith("text/html"):
            reading = Reading(page)
            assert reading.headings[0] == 1
            assert all(
                after <= before + 1 for before, after in zip(reading.headings, reading.headings[1:], strict=False)
            )
            assert "style" not in {name for _tag, name, _value in reading.attributes}


def test_names_are_escaped():
    agree(make_component("<b>API</b>"), name="<script>1</script>", note="<i>n</i>")
    bodies = b"".join(page.body for page in published("2026-06-02 12:00").values() if "html" in page.content_type)
    assert b"<script>1" not in bodies
    assert b"<i>n</i>" not in bodies


def test_evidence_and_json_stand_beside_the_month_for_other_sites():
    agree(*reference())
    actions.issue_due_verdicts(JULY)
    pages = published()
    evidence = json.loads(pages[f"{JUNE_PAGE}/evidence.json"].body)
    assert set(evidence) == {"document", "signature", "public_key", "algorithm"}
    assert json.loads(pages[f"{JUNE_PAGE}.json"].body) == evidence["document"]
    assert ("Access-Control-Allow-Origin", "*") in pages[f"{JUNE_PAGE}.json"].headers
    assert "maria" not in pages[f"{JUNE_PAGE}/evidence.json"].body.decode()


def test_the_running_month_is_told_so_far_and_has_no_evidence():
    agree(*reference())
    pages = published("2026-06-24 12:00")
    assert "Breached already, and the month still runs" in text_of(pages[JUNE_PAGE])
    assert f"{JUNE_PAGE}/evidence.json" not in pages


def test_earlier_numbers_stay_to_be_read():
    rows = reference()
    row = agree(*rows)
    actions.issue_due_verdicts(JULY)
    actions.edit_agreement(
        actor=MARIA, agreement_id=row.pk, terms=terms(*rows, clock="first_post"), reason="By contract.", now=JULY
    )
    pages = published()
    assert "this is number 2 of this verdict. By contract." in text_of(pages[JUNE_PAGE])
    assert json.loads(pages[f"{JUNE_PAGE}/evidence-1.json"].body)["document"]["percent"] == "99.479"
    assert json.loads(pages[f"{JUNE_PAGE}/evidence.json"].body)["document"]["percent"] == "99.530"


def test_pages_are_written_again_only_when_what_they_say_has_changed():
    api = make_component()
    agree(api)
    before = keys("2026-06-02 12:00")
    assert keys("2026-06-02 13:00") == before
    other = make_component("Not covered")
    set_status(other, "major_outage", "2026-06-02 12:00")
    assert keys("2026-06-02 13:00") == before
    set_status(api, "major_outage", "2026-06-02 12:30")
    assert keys("2026-06-02 13:00") != before


def test_queries_do_not_grow_with_agreements(django_assert_num_queries):
    rows = reference(3)
    agree(*rows)
    with CaptureQueriesContext(connection) as one:
        agreement_views(utc("2026-07-02 12:00"))
    for number in range(4):
        agree(*rows, slug=f"plan-{number}")
    with django_assert_num_queries(len(one)):
        agreement_views(utc("2026-07-02 12:00"))

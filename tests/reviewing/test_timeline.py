"""The merged timeline: where entries come from, their order, and the gaps between them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import amending, maintenance, maintenance_schedule, withholding
from incidents.domain.review import Role
from incidents.models import Component, ImpactInterval, Incident, Review
from incidents.reviewing.timeline import Entry, gaps_in, timeline_of
from tests.factories import MARIA, change, make_component, make_region, open_incident, post_update, utc
from tests.reviewing.review_world import add_change, add_entry, add_phase, make_review

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Component:
    return make_component("API *beta*")


@pytest.fixture
def incident(api: Component) -> Incident:
    """From ten to half past eleven; it got better at eleven."""
    row = open_incident(api, make_component("Web"), started_at=utc("2026-06-23 10:00"), now=utc("2026-06-23 10:05"))
    post_update(row, "monitoring", components=[change(api, "degraded_performance")], now=utc("2026-06-23 11:00"))
    post_update(row, "resolved", now=utc("2026-06-23 11:30"))
    return row


@pytest.fixture
def review(incident: Incident) -> Review:
    return make_review(incident)


def told(review: Review, provenance: str) -> list[tuple[str, str]]:
    """(time, text) of the entries that come from one place."""
    return [(f"{row.at:%H:%M}", row.text) for row in timeline_of(review) if row.provenance == provenance]


def one(review: Review, ref: str) -> Entry:
    return next(row for row in timeline_of(review) if row.ref == ref)


def test_levels_that_begin_at_one_instant_are_one_entry(review):
    assert told(review, "ledger") == [
        ("10:00", r"Major outage: API \*beta\*, Web."),
        ("11:00", r"Degraded performance: API \*beta\*."),
        ("11:30", r"Operational: API \*beta\*, Web."),
    ]


def test_regions_are_named_where_they_differ(db):
    region = make_region("one", name="Region 1")
    both = make_component("API", region_ids=[region.pk, make_region("two", name="Region 2").pk])
    incident = open_incident(make_component("Web"), now=utc("2026-06-23 10:00"))
    post_update(incident, components=[change(both, region_ids=(region.pk,))], now=utc("2026-06-23 10:10"))
    assert ("10:10", "Major outage: API (Region 1).") in told(make_review(incident), "ledger")


def test_a_superseded_interval_is_not_there(review):
    ImpactInterval.objects.filter(level="degraded_performance").update(superseded_at=utc("2026-06-24 09:00"))
    assert "Degraded" not in str(told(review, "ledger"))


def test_updates_stand_with_their_newest_text_and_withheld_ones_as_withheld(review, incident):
    first, second, last = incident.updates.all()
    amending.amend_update(
        actor=MARIA, update_id=first.pk, body="Errors since ten.", reason="Clearer.", seen_version=None
    )
    withholding.withhold_text(
        actor=MARIA, update_id=second.pk, reason="It named a customer.", now=utc("2026-06-24 09:00")
    )
    texts = told(review, "update")
    assert texts[0] == ("10:05", "Errors since ten.")
    assert texts[1] == ("11:00", "This text was withheld on 2026-06-24. Reason: It named a customer.")
    assert one(review, f"update:{last.code}").kind == "all_clear"


def test_the_publication_of_a_review_is_no_part_of_what_happened(review, incident):
    before = timeline_of(review)
    row = incident.updates.last()
    row.pk, row.code, row.sequence, row.stage = None, "later", 9, "postmortem"
    row.save()
    assert timeline_of(review) == before


def test_a_change_stands_with_its_start_its_end_and_its_being_taken_back(review):
    add_change(
        review, Role.TRIGGER, Role.LATENT_DEFECT, title="Push [7]", started_at=utc("2026-06-23 09:50"),
        completed_at=utc("2026-06-23 09:55"), rollback_started_at=utc("2026-06-23 10:50"),
        rollback_completed_at=utc("2026-06-23 11:00"), source="Change log", certainty="probable",
    )  # fmt: skip
    add_change(review, Role.RULED_OUT, code="c2", time_note="Not known.")
    add_change(
        review,
        Role.EFFECTIVE_MITIGATION,
        code="c3",
        started_at=utc("2026-06-23 11:00"),
        completed_at=utc("2026-06-23 11:00"),
    )
    entries = {row.ref: row for row in timeline_of(review) if row.provenance == "change"}
    assert set(entries) == {"change:c1:start", "change:c1:end", "change:c1:rollback", "change:c3:start"}
    assert entries["change:c1:start"].text == r"Push \[7\] begins."
    assert entries["change:c1:start"].label == "Trigger, Latent defect"
    assert entries["change:c1:start"].certainty == "probable"
    assert entries["change:c1:rollback"].ended_at == utc("2026-06-23 11:00")
    assert entries["change:c3:start"].kind == "mitigation"


def test_maintenance_of_the_same_components_that_ran_meanwhile_is_there(review, api):
    for component, begin in ((api, "10:30"), (make_component("Other"), "10:30"), (api, "12:30")):
        maintenance.schedule_maintenance(
            actor=MARIA, title=f"Work at {begin}", body="Work.", scope=[(component.pk, ())],
            now=utc("2026-06-22 09:00"), scheduled_for=utc(f"2026-06-23 {begin}"),
            scheduled_until=utc(f"2026-06-23 {begin}") + timedelta(minutes=20),
        )  # fmt: skip
    assert told(review, "maintenance") == []  # planned is not done
    for at in ("10:30", "10:50", "12:30", "12:50"):
        maintenance_schedule.advance_due(utc(f"2026-06-23 {at}"))
    assert told(review, "maintenance") == [
        ("10:30", "Maintenance begins: Work at 10:30."),
        ("10:50", "Maintenance ends: Work at 10:30."),
    ]


def test_a_stated_milestone_stands_with_its_public_reason(review, incident):
    amending.state_milestone(
        actor=MARIA, incident_id=incident.pk, milestone="detected", at=utc("2026-06-23 10:02"), reason="The alert.",
        now=utc("2026-06-24 09:00"),
    )  # fmt: skip
    entry = one(review, "milestone:detected")
    assert (entry.kind, entry.text, entry.is_public) == ("detection", "The alert.", True)


def test_the_audit_log_is_internal_and_tells_of_the_incident_alone(review):
    entries = [row for row in timeline_of(review) if row.provenance == "audit"]
    assert entries
    assert not any(row.is_public for row in entries)
    assert "opened the incident" in entries[0].text


def test_authored_entries_carry_source_and_phase(review):
    phase = add_phase(review, "Recovery", utc("2026-06-23 11:00"))
    row = add_entry(
        review, "2026-06-23 11:10", "Traffic was shed.", phase=phase, precision="hour", source_url="https://x.example"
    )
    entry = one(review, f"entry:{row.pk}")
    assert (entry.text, entry.phase, entry.precision) == ("Traffic was shed.", "Recovery", "hour")
    assert (entry.source, entry.source_url) == ("Chat", "https://x.example")


def test_the_order_is_by_time_then_kind_then_reference(review):
    add_entry(review, "2026-06-23 10:00", "An alert.", kind="alert")
    add_entry(review, "2026-06-23 10:00", "What was before.", kind="background")
    entries = timeline_of(review)
    assert [row.kind for row in entries if row.at == utc("2026-06-23 10:00")] == ["background", "symptom", "alert"]
    assert list(entries) == sorted(entries, key=lambda row: row.at)
    assert timeline_of(Review.objects.get(pk=review.pk)) == entries


def test_two_hundred_entries_are_read_in_as_many_queries_as_two(review):
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            timeline_of(review)
        return len(caught)

    add_entry(review, "2026-06-23 10:10")
    few = queries()
    for number in range(200):
        add_entry(review, "2026-06-23 10:10", f"Step {number}")
    assert queries() == few <= 15


def test_gaps_lie_between_public_entries_of_the_incident(review):
    add_entry(review, "2026-06-23 10:30", "A hunch.", is_public=False)
    add_entry(review, "2026-06-23 06:00", "Long before.")
    (gap,) = gaps_in(timeline_of(review))
    assert (gap.start, gap.end, gap.text) == (utc("2026-06-23 10:05"), utc("2026-06-23 11:00"), "55 min")
    assert gaps_in(timeline_of(review), longer_than=timedelta(hours=1)) == ()
    add_entry(review, "2026-06-23 10:30", "A fact.")
    assert gaps_in(timeline_of(review)) == ()


def test_seconds_make_no_gap_between_what_was_posted_every_half_hour(review):
    entry = add_entry(review, "2026-06-23 10:35:59", "A fact.")
    assert gaps_in(timeline_of(review)) == ()
    entry.at = utc("2026-06-23 10:36:00")
    entry.save()
    (gap,) = gaps_in(timeline_of(review))
    assert (gap.start, gap.end) == (utc("2026-06-23 10:05"), entry.at)


def test_a_withdrawn_incident_is_told_of_no_more(review, incident):
    Incident.objects.update(withdrawn_at=utc("2026-06-24 09:00"))
    assert timeline_of(review) == ()


def test_a_review_of_nothing_yet_has_no_entry(db):
    assert timeline_of(make_review()) == ()

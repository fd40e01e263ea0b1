"""Worlds of the public pages that the demonstration does not show, each at a time of its own. For `every_state`."""

from __future__ import annotations

from datetime import date
from typing import Any

from incidents.actions import agreement, incident, ledger, remediation, withholding
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import ImpactInterval
from tests.agreement_world import JULY, agree, second_vector
from tests.factories import MARIA, make_component, make_region, open_incident, post_update, utc
from tests.publishing import planned_world
from tests.publishing.review_world import a_correction, a_review, an_envelope, retract
from tests.publishing.review_world import make_review as make_told_review
from tests.publishing.review_world import publish as publish_version
from tests.remediation_world import NOON, approver, author, make_factor, make_review, publish, save

LATER = utc("2026-07-02 09:00")
World = dict[str, Any]


def remedied() -> World:
    """A remediation in each state, one of them overdue and moved."""
    review = make_review()
    factors = [make_factor(review).pk]
    names = ("proposed", "accepted", "in_progress", "delivered", "verified", "declined", "superseded")
    rows = {
        name: save(
            review, title=f"Something {name}", body="With **weight**.\n\n- and a list", owner_team="Delivery",
            public_url="https://example.org/work", factor_ids=factors,
        )
        for name in names
    }  # fmt: skip
    publish(review)
    by: dict[str, Any] = {"actor": author(), "now": NOON}
    remediation.slip_remediation(
        **by, remediation_id=rows["delivered"].pk, due_on=date(2026, 7, 8), reason="The vendor was late."
    )
    for name in ("accepted", "in_progress", "delivered"):
        remediation.move_remediation(**by, remediation_id=rows[name].pk, state=name, status_note="It goes on.")
    remediation.move_remediation(**by, remediation_id=rows["verified"].pk, state="delivered")
    remediation.verify_remediation(
        actor=approver(), now=NOON, remediation_id=rows["verified"].pk, method="drill", evidence="It *held*."
    )
    remediation.decline_remediation(**by, remediation_id=rows["declined"].pk, reason="It costs more than it saves.")
    remediation.supersede_remediation(
        **by, remediation_id=rows["superseded"].pk, by_id=rows["verified"].pk, reason="The other does both."
    )
    return {"now": utc("2026-07-10 12:00")}


def corrected() -> World:
    """A verdict that a correction of the ledger issued again, a withheld text and a withdrawn incident."""
    agree(second_vector())
    agreement.issue_due_verdicts(JULY)
    wrong = ImpactInterval.objects.get(level="major_outage")
    ledger.correct_interval(
        actor=MARIA, interval_id=wrong.pk, level="major_outage", started_at=utc("2026-06-01 09:00"),
        ended_at=wrong.ended_at, reason="The logs show errors from 09:00.", now=LATER,
    )  # fmt: skip
    web = make_component("Web", now=utc("2026-01-01 00:00"))
    leaking = open_incident(web, now=LATER)
    text = incident.post_update(actor=MARIA, incident_id=leaking.pk, stage="identified", body="A secret.", now=LATER)
    withholding.withhold_text(actor=MARIA, update_id=text.pk, reason="It held a password.", now=LATER)
    mistaken = open_incident(web, title="Nothing", now=LATER)
    withholding.withdraw_incident(actor=MARIA, incident_id=mistaken.pk, reason="A drill.", now=LATER)
    return {"now": LATER}


def reviewed() -> World:
    """A corrected review, a retracted one, and the pages that point at them."""
    incident = open_incident(make_component("Claude.ai"), now=utc("2026-06-23 14:52"))
    post_update(incident, "resolved", now=utc("2026-06-23 18:15"))
    review, first = make_told_review(incident), an_envelope(a_review(incident.code))
    publish_version(review, first)
    publish_version(review, a_correction(first))
    gone = make_told_review(incident, slug="gone")
    publish_version(gone, first)
    retract(gone, first)
    return {"now": utc("2026-07-05 09:00")}


def working() -> World:
    """A maintenance that goes on past its end, and trouble in one region of two."""
    east, west = make_region("east"), make_region("west")
    api = make_component("API", region_ids=[east.pk, west.pk], now=utc("2026-06-01 00:00"))
    web = make_component("Web", region_ids=[east.pk, west.pk], now=utc("2026-06-01 00:00"))
    planned_world.begin(planned_world.plan(web), utc("2026-06-23 14:00"))
    hit = [ComponentChange(api.pk, Level.PARTIAL_OUTAGE, region_ids=(east.pk,))]
    open_incident(components=hit, title="Errors in the east", now=utc("2026-06-23 15:00"))
    return {"now": utc("2026-06-23 16:20")}

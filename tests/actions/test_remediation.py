"""Remediations: what may be said of them, by whom, and that nothing public of them changes unseen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from incidents.actions import remediation, roles
from incidents.actions.refusals import Conflict, Refused
from incidents.chain import verification
from incidents.domain.actor import Actor
from incidents.models import AuditEntry, Correction, PublicPage, Remediation
from tests.acts_remedy import ACTS
from tests.remediation_world import (
    DUE,
    NOON,
    approver,
    author,
    delivered,
    make_factor,
    make_review,
    person,
    publish,
    published,
    save,
)

pytestmark = pytest.mark.django_db
LATER = date(2026, 7, 18)


def slip(row, due_on=LATER, reason="The vendor was late.", **given):
    return remediation.slip_remediation(
        **{"actor": author(), "remediation_id": row.pk, "due_on": due_on, "reason": reason, "now": NOON, **given}
    )


def verify(row, **given):
    values: dict[str, Any] = {
        "actor": approver(),
        "remediation_id": row.pk,
        "method": "drill",
        "evidence": "It held.",
        "now": NOON,
    }
    return remediation.verify_remediation(**{**values, **given})


def edit(row, **given):
    row.refresh_from_db()
    names = (
        "title",
        "body",
        "note",
        "kind",
        "strength",
        "priority",
        "owner_team",
        "due_on",
        "tracker_url",
        "public_url",
    )
    kept = {name: getattr(row, name) for name in names}
    factors = list(row.factors.values_list("pk", flat=True))
    values: dict[str, Any] = {
        "actor": author(),
        "review_id": row.review_id,
        "remediation_id": row.pk,
        "factor_ids": factors,
        "now": NOON,
    }
    return remediation.save_remediation(**{**values, **kept, **given})


def refused(act, field=None):
    before = (AuditEntry.objects.count(), PublicPage.objects.get().revision)
    with pytest.raises(Refused) as caught:
        act()
    assert (AuditEntry.objects.count(), PublicPage.objects.get().revision) == before
    if field is not None:
        assert caught.value.field == field
    return caught.value.sentence


def is_sound():
    return verification.verify().findings == []


def test_a_draft_is_private_and_its_dates_may_change_freely():
    row = save(make_review())
    revision = PublicPage.objects.get().revision
    edit(row, due_on=LATER)
    row.refresh_from_db()
    assert (row.original_due_on, row.due_on, row.published_at) == (LATER, LATER, None)
    assert PublicPage.objects.get().revision == revision


def test_a_new_one_belongs_to_whoever_wrote_it_and_can_be_given_to_another():
    row = save(make_review())
    assert row.owner_label == "ana"
    other = person("cem", "author")
    edit(row, owner_id=other.user_id)
    row.refresh_from_db()
    assert (row.owner_id, row.owner_label) == (other.user_id, "cem")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"body": "x" * 25_001}, "body"),
        ({"kind": "hope"}, "kind"),
        ({"strength": "hope"}, "strength"),
        ({"priority": "P9"}, "priority"),
        ({"owner_team": "x" * 121}, "owner_team"),
        ({"owner_id": 999}, "owner_id"),
        ({"factor_ids": [999]}, "factor_ids"),
        ({"due_on": date(2026, 6, 29)}, "due_on"),
        ({"tracker_url": "javascript:alert(1)"}, "tracker_url"),
        ({"public_url": "https://[::1"}, "public_url"),
        ({"actor": Actor("user", "nobody", None)}, ""),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(given, field):
    review = make_review()
    refused(lambda: save(review, **given), field)
    assert not Remediation.objects.exists()


def test_a_stale_edit_is_a_conflict():
    row = save(make_review())
    edit(row, note="One", seen_version=row.version)
    with pytest.raises(Conflict):
        edit(row, note="Two", seen_version=1)


def test_publishing_tells_of_the_public_ones_and_of_the_slips_that_they_had():
    review = make_review()
    row, hidden = save(review), save(review, title="Hidden", is_public=False)
    slip(row)
    publish(review)
    row.refresh_from_db()
    hidden.refresh_from_db()
    assert row.published_at == NOON
    assert hidden.published_at is None
    assert is_sound()


def test_a_slip_needs_a_reason_and_another_date_that_is_still_to_come():
    row = published()
    refused(lambda: slip(row, reason=" "), "reason")
    refused(lambda: slip(row, reason="x" * 301), "reason")
    refused(lambda: slip(row, due_on=DUE), "due_on")
    refused(lambda: slip(row, due_on=date(2026, 6, 29)), "due_on")
    slip(row)
    slip(row, due_on=date(2026, 7, 20))
    row.refresh_from_db()
    assert (row.original_due_on, row.due_on) == (DUE, date(2026, 7, 20))
    assert [(each.old_due_on, each.new_due_on) for each in row.slips.all()] == [(DUE, LATER), (LATER, row.due_on)]
    assert is_sound()


def test_a_published_one_gets_its_first_date_without_a_slip():
    row = published(due_on=None)
    slip(row)
    row.refresh_from_db()
    assert (row.original_due_on, row.due_on, row.slips.count()) == (LATER, LATER, 0)
    assert is_sound()


def test_a_public_text_changes_only_by_a_public_correction():
    row = published()
    refused(lambda: edit(row, title="Roll out by zone"), "reason")
    refused(lambda: edit(row, due_on=LATER, reason="R"), "due_on")
    refused(lambda: edit(row, is_public=False, reason="R"), "is_public")
    edit(row, title="Roll out by zone", kind="detect", reason="The first name was wrong.")
    told = Correction.objects.get()
    assert told.reason == "The first name was wrong."
    assert told.path == f"/remediations#remediation-{row.code}"
    assert told.changes == [
        {"field": "title", "old": "Roll out by region", "new": "Roll out by zone"},
        {"field": "kind", "old": "Prevent", "new": "Detect"},
    ]
    assert is_sound()


def test_other_factors_of_a_public_one_are_a_correction_too():
    review = make_review()
    factor = make_factor(review)
    row = published(review)
    edit(row, factor_ids=[factor.pk], reason="It was left out.")
    assert Correction.objects.get().changes[0]["new"] == "CHG-1 It reached everything at once"


def test_internal_fields_of_a_published_one_change_without_a_public_word():
    row = published()
    revision, updated_at = PublicPage.objects.get().revision, row.updated_at
    edit(
        row,
        note="Ask Dan",
        tracker_url="https://tracker.invalid/1",
        owner_id=approver().user_id,
        now=NOON + timedelta(1),
    )
    row.refresh_from_db()
    assert (row.note, row.updated_at, PublicPage.objects.get().revision) == ("Ask Dan", updated_at, revision)


def test_states_go_only_where_they_may():
    row = published()
    move: dict[str, Any] = {"actor": author(), "remediation_id": row.pk, "now": NOON}
    for state in ("verified", "declined", "superseded", "proposed", "hoped"):
        refused(lambda state=state: remediation.move_remediation(**move, state=state), "state")
    remediation.move_remediation(**move, state="delivered", status_note="On in both regions.")
    row.refresh_from_db()
    assert (row.state, row.delivered_at, row.status_note) == ("delivered", NOON, "On in both regions.")
    refused(lambda: remediation.move_remediation(**move, state="accepted"), "state")
    remediation.move_remediation(**move, state="delivered", status_note="On everywhere.")
    remediation.move_remediation(**move, state="in_progress", status_note="It was turned off again.")
    row.refresh_from_db()
    assert row.delivered_at is None
    assert is_sound()


def test_it_is_verified_by_somebody_else_and_with_evidence():
    row = delivered()
    refused(lambda: verify(row, actor=author()), "")
    refused(lambda: verify(row, actor=Actor("import", "Ana")), "")
    refused(lambda: verify(row, evidence=" "), "evidence")
    refused(lambda: verify(row, method="hope"), "method")
    refused(lambda: verify(row, actor=person("vic", "viewer")), "")
    verify(row)
    row.refresh_from_db()
    assert (row.state, row.verified_by_label, row.settled_at, row.evidence) == ("verified", "ben", NOON, "It held.")
    refused(lambda: verify(row))
    refused(lambda: slip(row))
    assert is_sound()


def test_its_owner_cannot_hand_it_on_to_verify_it():
    row = delivered()
    refused(lambda: edit(row, owner_id=approver().user_id), "owner_id")


def test_what_is_not_delivered_cannot_be_verified():
    row = published()
    assert "not delivered" in refused(lambda: verify(row))


def test_the_owner_stays_the_owner_when_the_account_is_gone():
    row = delivered()
    row.owner.delete()
    refused(lambda: verify(row, actor=person("ana", "approver")))


def test_it_is_declined_with_a_reason_and_can_be_taken_up_again():
    row = published()
    by: dict[str, Any] = {"actor": author(), "remediation_id": row.pk, "now": NOON}
    refused(lambda: remediation.decline_remediation(**by, reason=""), "reason")
    refused(lambda: remediation.decline_remediation(**by, reason="x" * 301), "reason")
    remediation.decline_remediation(**by, reason="The vendor does it.")
    row.refresh_from_db()
    assert (row.state, row.declined_reason, row.settled_at) == ("declined", "The vendor does it.", NOON)
    remediation.move_remediation(**by, state="accepted")
    row.refresh_from_db()
    assert (row.state, row.declined_reason, row.settled_at) == ("accepted", "", None)
    assert is_sound()


def test_one_takes_the_place_of_another_and_never_in_a_circle():
    review = make_review()
    first, second, third = (save(review, title=title) for title in ("A", "B", "C"))
    publish(review)
    draft = save(review, title="D")

    def supersede(row, by):
        return remediation.supersede_remediation(
            actor=author(), remediation_id=row.pk, by_id=by, reason="It does more.", now=NOON
        )

    refused(lambda: supersede(first, first.pk), "by_id")
    refused(lambda: supersede(first, 999), "by_id")
    refused(lambda: supersede(first, draft.pk), "by_id")
    supersede(first, second.pk)
    supersede(second, third.pk)
    refused(lambda: supersede(third, first.pk), "by_id")
    refused(lambda: supersede(third, second.pk), "by_id")
    remediation.decline_remediation(actor=author(), remediation_id=third.pk, reason="R")
    refused(lambda: supersede(draft, third.pk), "by_id")
    assert is_sound()


def test_only_one_that_was_never_public_can_be_removed():
    review = make_review()
    row, draft = published(review), save(review, title="Draft")
    by: dict[str, Any] = {"actor": author()}
    refused(lambda: remediation.remove_remediation(**by, remediation_id=row.pk))
    remediation.remove_remediation(**by, remediation_id=draft.pk)
    assert list(Remediation.objects.all()) == [row]


def test_the_remediations_of_a_retracted_review_are_followed_all_the_same():
    row = delivered()
    type(row.review).objects.filter(pk=row.review_id).update(state="retracted")
    verify(row)
    row.refresh_from_db()
    assert row.state == "verified"
    refused(lambda: edit(row, note="More"))


@pytest.mark.parametrize("verb", ACTS)
def test_each_act_is_one_entry_of_the_audit_log(verb):
    act = ACTS[verb]()
    before = AuditEntry.objects.count()
    act()
    assert [row.verb for row in AuditEntry.objects.order_by("id")[before:]] == [verb]


def test_nobody_but_an_author_writes():
    row = published()
    vic = person("vic", "viewer", "publisher")
    refused(lambda: slip(row, actor=vic))
    refused(lambda: remediation.move_remediation(actor=vic, remediation_id=row.pk, state="delivered"))
    refused(lambda: remediation.decline_remediation(actor=vic, remediation_id=row.pk, reason="R"))
    assert not roles.roles_of(vic) & {"author"}

"""What the public reads of promises: the ledger, the incident, the calendar, and when each page comes to say more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from incidents.actions import promise, promise_keeping, withholding
from incidents.domain.actor import SYSTEM
from incidents.models import Promise
from incidents.publishing import calendar, pages, promise_pages, snapshot, store
from tests.factories import MARIA, utc
from tests.promise_world import BEGIN, DUE, RESOLVED, make_calendar, make_policy, make_promise, person, resolved

pytestmark = pytest.mark.django_db
SOON = RESOLVED + (DUE - RESOLVED) * 0.8
AFTER = utc("2026-07-03 12:00")


def text_of(renderer, path: str, now) -> str:
    page = next(page for page in renderer.cold(snapshot.build(now)) if page.path == path)
    return " ".join(page.render().body.decode().split())


def ledger(now, path: str = "/promises") -> str:
    return text_of(promise_pages, path, now)


def incident_page(row, now) -> str:
    return text_of(pages, f"/incidents/{row.code}", now)


def keep(row, at) -> None:
    for each in Promise.objects.filter(incident=row):
        each.fulfilled_at, each.fulfilled_by = at, "/reviews/errors"
        each.save()


@pytest.fixture
def promised():
    make_policy()
    return resolved()


def test_the_incident_says_by_when_its_review_is_due_then_that_it_came_or_that_it_did_not(promised):
    page = incident_page(promised, RESOLVED)
    assert 'data-due="2026-06-30T23:59:59+00:00"' in page
    assert "<bdi>Review</bdi> due by" in page
    assert ">Tue 30 Jun 2026, 23:59 UTC</time>" in page
    assert "was due by" in incident_page(promised, AFTER)
    keep(promised, DUE - timedelta(hours=1))
    assert 'Kept</span> <bdi>Review</bdi>: <a href="/reviews/errors">' in incident_page(promised, AFTER)
    keep(promised, DUE + timedelta(hours=5))
    page = incident_page(promised, AFTER)
    assert "Kept late" in page
    assert "5 h after it was due" in page


def test_the_ledger_counts_what_was_kept_and_says_by_what_each_was_counted(promised):
    assert "Counted: 5 business days from the resolution, the day itself is not counted, without Saturday, Sunday, " \
           "to the end of the day, UTC." in ledger(RESOLVED)  # fmt: skip
    assert "Running" in ledger(RESOLVED)
    missed = ledger(AFTER)
    assert 'id="missed"' in missed
    assert "0 of 1" in missed
    keep(promised, DUE)
    assert "1 of 1</td>" in ledger(AFTER).replace(" <small>100 %</small>", "")


def test_holidays_that_were_passed_over_are_named():
    make_policy(calendar_id=make_calendar(holidays=[{"date": "2026-06-25", "name": "Feast"}]).pk)
    resolved()
    assert "without 2026-06-25 (Feast)" in ledger(RESOLVED)


def test_what_was_put_off_or_waived_stands_with_its_reason(promised):
    row = Promise.objects.get()
    later = DUE + timedelta(days=9)
    promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=later, reason="Two <b>causes</b>.", now=RESOLVED)
    page = ledger(RESOLVED)
    assert "Two &lt;b&gt;causes&lt;/b&gt;." in page
    assert "Put off from" in incident_page(promised, RESOLVED)
    promise.waive_promise(actor=SYSTEM, promise_id=row.pk, reason="Merged.", now=AFTER)
    assert "Merged." in ledger(AFTER)
    assert "Waived" in incident_page(promised, AFTER)


def test_what_was_missed_and_promised_anew_stays_missed_and_says_both_times(promised):
    row, late = Promise.objects.get(), DUE + timedelta(days=1)
    later = DUE + timedelta(days=9)
    promise.extend_promise(actor=SYSTEM, promise_id=row.pk, due_at=later, reason="R", now=late)
    for page in (ledger(late), incident_page(promised, late)):
        assert "30 Jun 2026, 23:59 UTC</time>, now promised by" in page
        assert "Thu 9 Jul 2026" in page
    assert 'id="missed"' in ledger(late)


def test_the_next_updates_stand_in_the_ledger_and_not_on_the_rail_of_the_incident():
    row = resolved(next_update_due_at=BEGIN + timedelta(hours=1))
    page = ledger(AFTER)
    assert "Next updates" in page
    assert f'href="/incidents/{row.code}#update-' in page
    assert 'class="promised"' not in incident_page(row, AFTER)


def test_nothing_that_is_not_public_changes_a_byte():
    row = resolved()
    before = ledger(AFTER), incident_page(row, AFTER)
    make_policy(name="CANARY policy", is_public=False)
    make_promise(sentence="CANARY", incident_id=row.pk, is_public=False)
    canary = person("canary")
    Promise.objects.update(owner=canary, owner_label="CANARY", escalation_group="CANARY")
    assert (ledger(AFTER), incident_page(row, AFTER)) == before
    assert Promise.objects.count() == 1


def test_owner_and_group_of_a_public_promise_are_told_nobody(promised):
    before = ledger(RESOLVED), incident_page(promised, RESOLVED)
    Promise.objects.update(owner=person("canary"), owner_label="CANARY", escalation_group="CANARY")
    assert (ledger(RESOLVED), incident_page(promised, RESOLVED)) == before


def test_promises_of_a_withdrawn_incident_are_gone(promised):
    withholding.withdraw_incident(actor=MARIA, incident_id=promised.pk, reason="A mistake.", now=AFTER)
    assert "Final review" not in ledger(AFTER)


def test_a_year_has_a_page_that_leaves_nothing_out():
    for number in range(33):
        make_promise(sentence=f"Promise {number}.", now=BEGIN, due_at=BEGIN + timedelta(days=1, minutes=number))
    now = BEGIN + timedelta(days=3)
    assert ledger(now).count("Missed</span>") == promise_pages.NEWEST
    assert "3 older ones stand" in ledger(now)
    assert ledger(now, "/promises/2026").count("Missed</span>") == 33


def test_the_pages_come_to_say_more_at_four_fifths_and_after_the_time(promised):
    def next_change(now):
        return snapshot.build(now).next_change_at

    at_soon = SOON.replace(microsecond=0)
    assert abs(next_change(at_soon - timedelta(minutes=2)) - SOON) < timedelta(seconds=1)
    assert next_change(DUE - timedelta(minutes=2)) == DUE + timedelta(seconds=1)
    assert next_change(DUE) == DUE + timedelta(seconds=1)
    assert "Due soon" in ledger(DUE)
    assert "Missed" in ledger(DUE + timedelta(seconds=1))


def test_due_dates_stand_in_the_calendar_and_are_cancelled_when_waived(promised):
    def event(now):
        page = next(calendar.cold(snapshot.build(now))).render()
        (found,) = Calendar.from_ical(page.body).walk("VEVENT")
        return found

    row = Promise.objects.get()
    first = event(RESOLVED)
    assert first["uid"].startswith(f"{row.code}@")
    assert first["dtstart"].dt == DUE
    assert (first["status"], first["sequence"]) == ("CONFIRMED", 0)
    promise.extend_promise(
        actor=SYSTEM, promise_id=row.pk, due_at=DUE + timedelta(days=1), reason="R", now=RESOLVED + timedelta(hours=1)
    )
    promise.waive_promise(actor=SYSTEM, promise_id=row.pk, reason="R", now=RESOLVED + timedelta(hours=2))
    last = event(RESOLVED + timedelta(hours=2))
    assert (last["uid"], last["status"], last["sequence"]) == (first["uid"], "CANCELLED", 2)
    assert last["dtstart"].dt == DUE + timedelta(days=1)


def test_the_ledger_is_published_and_linked_from_the_foot_of_every_page(promised):
    store.republish(RESOLVED)
    assert {"/promises", "/promises/2026"} <= set(store.the_tree().manifest.paths())
    assert '<a href="/promises">Promises</a>' in incident_page(promised, RESOLVED)


def test_a_kept_promise_is_published_with_the_version_that_kept_it(promised):
    kept = promise_keeping.fulfil_promises([promised], "final", "/reviews/errors", DUE)
    assert [row.fulfilled_by for row in kept] == ["/reviews/errors"]
    assert "/reviews/errors" in ledger(AFTER)

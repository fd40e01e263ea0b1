"""An update taken back in the seconds before anybody is told."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from incidents import relay
from incidents.actions import incident as actions
from incidents.actions import page, suggesting, undoing, withholding
from incidents.actions.days import differences
from incidents.actions.refusals import Forbidden, Refused
from incidents.actions.updates import Typed
from incidents.chain.verification import verify
from incidents.domain.actor import SYSTEM, Actor
from incidents.domain.impact import ComponentChange
from incidents.domain.status import Level
from incidents.models import (
    Correction,
    Delivery,
    Draft,
    ImpactInterval,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    Promise,
    Proposal,
    PublicPage,
)
from tests.factories import account, make_component, make_region, make_subscriber, open_incident, post_update
from tests.promise_world import make_policy

pytestmark = pytest.mark.django_db
TYPED = Typed("/console/incidents/x/update", {"body": ["Wrong words"], "stage": ["resolved"]})


@pytest.fixture
def maria(responder: User) -> Actor:
    return Actor("user", "maria", responder.pk)


@pytest.fixture
def now():
    return timezone.now()


def broken(now: Any, **overrides: Any) -> Incident:
    """An open incident, told of an hour ago."""
    return open_incident(make_component("API"), now=now - timedelta(hours=1), is_notifying=False, **overrides)


def posted(maria: Actor, incident: Incident, now: Any, stage: str = "identified", **overrides: Any) -> IncidentUpdate:
    values = {"body": "Wrong words", "stage": stage, "typed": TYPED, "now": now}
    return actions.post_update(**{"actor": maria, "incident_id": incident.pk, **values, **overrides})


def undo(maria: Actor, update: IncidentUpdate, now: Any, seconds: float = 4) -> IncidentUpdate:
    return undoing.take_back_update(actor=maria, update_id=update.pk, now=now + timedelta(seconds=seconds))


def told() -> int:
    return Delivery.objects.count()


def ledger() -> list[tuple[Any, ...]]:
    rows = ImpactInterval.objects.filter(superseded_at__isnull=True).order_by("component_id", "started_at")
    return list(rows.values_list("component__name", "region__key", "level", "started_at", "ended_at"))


def test_for_the_window_the_page_shows_it_and_nobody_is_told(maria, now, drain, public_root):
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    incident = broken(now)
    drain(now)
    posted(maria, incident, now)
    drain(now + timedelta(seconds=1))
    assert "Wrong words" in (public_root / "cold" / f"incidents/{incident.code}.html").read_text()
    drain(now + timedelta(seconds=9.9))
    assert told() == 0
    drain(now + timedelta(seconds=10))
    assert told() == 1


def test_undone_within_it_nobody_is_ever_told_and_a_tombstone_stands_in_public(maria, now, drain, public_root):
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    incident = broken(now)
    update = posted(maria, incident, now)
    drain(now + timedelta(seconds=1))
    undo(maria, update, now)
    for later in (5, 11, 3600):
        drain(now + timedelta(seconds=later))
    assert told() == 0
    page = (public_root / "cold" / f"incidents/{incident.code}.html").read_text()
    assert "Wrong words" not in page
    assert "Taken back after 4 seconds, before anybody was told." in page
    log = next(public_root.rglob("corrections.html")).read_text()
    assert "Taken back after 4 seconds" in log
    assert verify().findings == []


def test_a_resolution_that_is_undone_leaves_ledger_stage_promises_and_advice_as_they_were(maria, now, drain):
    make_policy(minimum_impact="none")
    incident = broken(now, advice="Retry.")
    web, before = make_component("Web"), ledger()
    update = posted(
        maria, incident, now, "resolved", advice="",
        components=[ComponentChange(web.pk, Level.OPERATIONAL)],
    )  # fmt: skip
    assert not Incident.objects.get().is_open
    assert Promise.objects.count() == 1
    undo(maria, update, now)
    incident.refresh_from_db()
    assert (incident.stage, incident.is_open, incident.advice) == ("investigating", True, "Retry.")
    assert ledger() == before
    assert Promise.objects.get().waived_at is not None
    assert list(differences()) == []
    assert verify().findings == []


def test_what_it_began_is_superseded_and_what_it_ended_goes_on(maria, now):
    east, west = make_region("east"), make_region("west")
    api = make_component("Storage", region_ids=[east.pk, west.pk])
    web = make_component("Web")
    incident = open_incident(api, now=now - timedelta(hours=1), is_notifying=False)
    before = ledger()
    update = posted(
        maria, incident, now,
        components=[
            ComponentChange(api.pk, Level.OPERATIONAL, now - timedelta(minutes=5), (east.pk,)),
            ComponentChange(web.pk, Level.PARTIAL_OUTAGE, now - timedelta(minutes=20)),
        ],
    )  # fmt: skip
    assert len(ledger()) == 3
    undo(maria, update, now)
    assert ledger() == before
    reasons = set(Correction.objects.values_list("reason", flat=True))
    assert reasons == {"Taken back after 4 seconds, before anybody was told."}
    assert Correction.objects.filter(verb="update.taken_back").count() == 4
    assert verify().findings == []
    assert list(differences()) == []


def test_an_incident_that_was_opened_by_it_is_withdrawn_and_its_proposal_waits_again(maria, now, drain):
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    api = make_component("API")
    suggesting.suggest(
        SYSTEM, origin="prometheus", fingerprint="a", title="Errors", body="", components=[], started_at=now,
        source=None, now=now,
    )  # fmt: skip
    incident = actions.open_incident(
        actor=maria, title="Errors", body="Wrong words", components=[ComponentChange(api.pk, Level.MAJOR_OUTAGE)],
        proposal_id=Proposal.objects.get().pk, typed=Typed("/console/incidents/open", {"title": ["Errors"]}), now=now,
    )  # fmt: skip
    assert Proposal.objects.get().state == "published"
    undo(maria, incident.updates.get(), now)
    drain(now + timedelta(minutes=1))
    incident.refresh_from_db()
    assert incident.withdrawn_at
    assert ledger() == []
    assert told() == 0
    assert Proposal.objects.get().state == "open"
    assert Draft.objects.get().fields == {"title": ["Errors"]}
    assert verify().findings == []


def test_a_reopening_that_is_undone_is_resolved_again_since_the_same_time(maria, now):
    incident = broken(now)
    post_update(incident, "resolved", is_notifying=False, now=now - timedelta(minutes=30))
    before = ledger()
    api = ImpactInterval.objects.get().component
    update = actions.reopen_incident(
        actor=maria, incident_id=incident.pk, body="Again", components=[ComponentChange(api.pk, Level.MAJOR_OUTAGE)],
        typed=TYPED, now=now,
    )  # fmt: skip
    undo(maria, update, now)
    incident.refresh_from_db()
    assert not incident.is_open
    assert ledger() == before


def test_its_text_is_a_draft_of_its_author_again_under_a_new_key(maria, now):
    incident = broken(now)
    update = posted(maria, incident, now, key="used")
    undo(maria, update, now)
    draft = Draft.objects.get()
    assert (draft.path, draft.fields, draft.key, draft.state) == (TYPED.path, dict(TYPED.fields), "", "writing")


def test_after_the_window_it_is_refused_in_a_sentence(maria, now, drain):
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    update = posted(maria, broken(now), now)
    with pytest.raises(Refused, match="Too late: subscribers are being told"):
        undo(maria, update, now, seconds=10)
    drain(now + timedelta(seconds=10))
    with pytest.raises(Refused, match="Too late"):
        undo(maria, update, now, seconds=5)
    assert IncidentUpdate.objects.get(pk=update.pk).body == "Wrong words"


def test_a_second_undo_and_one_of_an_update_that_did_not_wait_are_refused(maria, now):
    incident = broken(now)
    quiet = posted(maria, incident, now, is_notifying=False)
    with pytest.raises(Refused, match="it did not wait"):
        undo(maria, quiet, now)
    update = posted(maria, incident, now)
    undo(maria, update, now)
    with pytest.raises(Refused, match="it did not wait"):
        undo(maria, update, now)


def test_only_the_newest_update_is_taken_back(maria, now):
    incident = broken(now)
    first = posted(maria, incident, now)
    posted(maria, incident, now + timedelta(seconds=1), "monitoring")
    with pytest.raises(Refused, match="Only the newest"):
        undo(maria, first, now)


def test_what_follows_in_the_same_incident_waits_with_it_and_others_do_not(maria, now, drain):
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    incident, other = broken(now), open_incident(title="Other", now=now, is_notifying=False)
    posted(maria, incident, now)
    post_update(incident, "monitoring", now=now + timedelta(seconds=1))
    post_update(other, now=now + timedelta(seconds=1))
    drain(now + timedelta(seconds=2))
    assert list(Delivery.objects.values_list("incident__title", flat=True)) == ["Other"]
    drain(now + timedelta(seconds=10))
    rows = Delivery.objects.filter(incident=incident).order_by("sequence").values_list("sequence", "state")
    assert list(rows) == [(2, "superseded"), (3, "sent")]


@pytest.mark.parametrize("seconds", [0, 30])
def test_the_window_is_a_setting_of_the_page(maria, now, drain, seconds):
    User.objects.update(is_superuser=True)
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    page.edit_page(actor=maria, name="Status", time_zone="Etc/UTC", undo_seconds=seconds, now=now)
    posted(maria, broken(now), now)
    drain(now + timedelta(seconds=max(0, seconds - 1)))
    assert told() == (0 if seconds else 1)
    drain(now + timedelta(seconds=seconds))
    assert told() == 1


def test_only_administrators_set_it_and_within_bounds(maria):
    values = {"actor": maria, "name": "Status", "time_zone": "Etc/UTC"}
    paul = account("paul", "publisher")
    with pytest.raises(Forbidden):
        page.edit_page(**values | {"actor": Actor("user", "paul", paul.pk)}, undo_seconds=0)
    with pytest.raises(Refused, match="from 0 to 120"):
        page.edit_page(**values, undo_seconds=121)
    page.edit_page(**values, undo_seconds=None)
    assert PublicPage.objects.get().undo_seconds == 10


def test_a_text_that_is_withheld_while_it_waits_is_kept_nowhere(maria, now):
    update = posted(maria, broken(now), now)
    withholding.withhold_text(actor=maria, update_id=update.pk, reason="A secret", now=now + timedelta(seconds=2))
    assert all("Wrong words" not in str(event.before) + str(event.facts) for event in OutboxEvent.objects.all())


def test_once_relayed_the_event_keeps_nothing_of_the_form(maria, now, drain):
    posted(maria, broken(now), now)
    assert OutboxEvent.objects.exclude(before={}).count() == 1
    drain(now + timedelta(seconds=10))
    assert OutboxEvent.objects.exclude(before={}).count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(6))
def test_undo_and_fan_out_at_once_never_both(round_, responder, monkeypatch):
    """Both begin in the last instant of the window: the one reads a clock before its end, the other after it."""
    maria = Actor("user", "maria", responder.pk)
    make_subscriber(now=timezone.now() - timedelta(hours=2))
    now = timezone.now()
    incident = broken(now)
    update = posted(maria, incident, now)
    relay.relay(now)
    ready = threading.Barrier(2)
    outcome: dict[str, Any] = {}

    def take_back() -> None:
        ready.wait(10)
        try:
            undoing.take_back_update(actor=maria, update_id=update.pk, now=now + timedelta(seconds=9.999))
            outcome["undone"] = True
        except Refused as refused:
            outcome["undone"], outcome["said"] = False, refused.sentence
        connection.close()

    def fan_out() -> None:
        ready.wait(10)
        relay.relay(now + timedelta(seconds=10))
        connection.close()

    order = (take_back, fan_out) if round_ % 2 else (fan_out, take_back)
    threads = [threading.Thread(target=each) for each in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    relay.relay(now + timedelta(seconds=60))
    assert outcome["undone"] == (told() == 0)
    if not outcome["undone"]:
        assert "Too late" in outcome["said"]

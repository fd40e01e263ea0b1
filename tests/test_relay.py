"""After commit: the page first, then the mails; a fault in one holds up no other, and nothing is done twice."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from incidents import queries, relay
from incidents.actions import maintenance_schedule, review_publishing, series
from incidents.actions.maintenance import schedule_maintenance
from incidents.models import Delivery, OutboxEvent, ReviewVersion
from incidents.notifying import fanout
from incidents.publishing import review_pages, store
from tests import workflow_world
from tests.factories import MARIA, make_component, make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db


def test_a_relayed_event_is_on_the_page_and_delivered_and_relayed_once():
    make_subscriber()
    open_incident(make_component(), title="Errors everywhere")
    assert relay.relay() == 2, "the component and the incident"
    assert relay.relay() == 0
    assert b"Errors everywhere" in (store.the_tree().root / "current" / "index.html").read_bytes()
    relay.deliver()
    assert Delivery.objects.get().state == "sent"


def test_maintenance_begins_and_is_published_in_one_round():
    begin = utc("2026-06-23 22:00")
    row = schedule_maintenance(
        actor=MARIA, title="Upgrade", body="B", scheduled_for=begin, scheduled_until=utc("2026-06-23 23:00"),
        scope=[(make_component(now=utc("2026-06-20 09:00")).pk, ())], now=utc("2026-06-20 09:00"),
    )  # fmt: skip
    relay.keep_current(begin)
    row.refresh_from_db()
    assert row.stage == "in_progress"
    assert not OutboxEvent.objects.filter(relayed_at__isnull=True).exists()
    assert not store.is_stale(begin)


def test_a_schedule_that_cannot_be_kept_holds_up_neither_the_other_nor_the_page(monkeypatch, caplog):
    def broken(now=None):
        raise KeyError("poison")

    advanced: list[datetime | None] = []
    monkeypatch.setattr(series, "announce_due", broken)
    monkeypatch.setattr(maintenance_schedule, "advance_due", advanced.append)
    open_incident(make_component(), title="Errors everywhere")
    relay.keep_current()
    assert advanced == [None]
    assert "poison" in caplog.text
    assert b"Errors everywhere" in (store.the_tree().root / "current" / "index.html").read_bytes()


def test_a_database_that_does_not_answer_is_said_once_and_not_by_each_schedule(monkeypatch, caplog):
    asked: list[datetime | None] = []

    def gone(now=None):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(series, "announce_due", gone)
    monkeypatch.setattr(maintenance_schedule, "advance_due", asked.append)
    with pytest.raises(OperationalError):
        relay.keep_current()
    assert asked == []
    assert caplog.text == ""


def test_a_page_that_cannot_be_rendered_holds_up_nobody_who_must_be_told(monkeypatch, caplog):
    make_subscriber()
    open_incident(make_component())

    def broken(now=None):
        raise OSError("disk full")

    monkeypatch.setattr(store, "republish", broken)
    relay.relay()
    relay.deliver()
    assert Delivery.objects.get().state == "sent"
    assert "disk full" in caplog.text
    monkeypatch.undo()
    assert store.is_stale(), "the next sweep tries again"


def test_a_sweep_delivers_though_the_page_cannot_be_written_and_does_not_call_it_alive(monkeypatch):
    make_subscriber()
    open_incident(make_component())

    def broken(now=None):
        raise OSError("disk full")

    monkeypatch.setattr(store, "republish", broken)
    with pytest.raises(OSError, match="disk full"):
        relay.sweep()
    assert Delivery.objects.get().state == "sent"
    assert store.the_tree().heartbeat() == {}


def test_an_event_that_cannot_be_fanned_out_holds_up_its_own_incident_alone(monkeypatch, caplog):
    make_subscriber()
    sick, well = open_incident(make_component("A"), title="Sick"), open_incident(make_component("B"), title="Well")
    post_update(sick)
    poison = OutboxEvent.objects.filter(incident=sick).earliest("id")
    genuine = fanout.fan_out

    def fan_out(event):
        if event.pk == poison.pk:
            raise KeyError("component_ids")
        return genuine(event)

    monkeypatch.setattr(fanout, "fan_out", fan_out)
    relay.sweep()
    assert list(Delivery.objects.values_list("incident", flat=True)) == [well.pk]
    assert f"Event {poison.pk} could not be fanned out" in caplog.text
    monkeypatch.undo()
    relay.sweep()
    assert Delivery.objects.filter(incident=sick, state="sent").count() == 1, "the newest, which holds both"


@pytest.mark.parametrize("file", ["current/index.html", "current/index.html.meta", "cold/incidents/{}.html", "cold"])
def test_a_page_that_was_damaged_on_disk_is_written_anew(file):
    now = utc("2026-06-23 15:00")  # the component page counts the seconds of what is going on
    incident = open_incident(make_component(now=now), now=now)
    relay.relay(now)
    assert store.look_over() == 0
    root = store.the_tree().root
    whole = {path: path.read_bytes() for path in root.glob("cold/**/*.html")}
    victim = root / file.format(incident.code)
    if victim.is_dir():
        shutil.rmtree(victim)
    elif victim.suffix == ".meta":
        victim.resolve().unlink()
    else:
        victim.resolve().write_bytes(b"half a pa")

    assert store.look_over() >= 1
    assert store.is_stale(now)
    relay.sweep(now)
    assert store.the_tree().damaged() == []
    assert {path: path.read_bytes() for path in root.glob("cold/**/*.html")} == whole
    assert incident.title.encode() in (root / "current/index.html").read_bytes()


def test_programs_that_poll_find_an_incident_as_soon_as_it_is_relayed():
    relay.relay()
    incident = open_incident(make_component())
    relay.relay()
    root = store.the_tree().root
    summary = json.loads((root / "current/api/v2/summary.json").read_bytes())
    assert [row["id"] for row in summary["incidents"]] == [incident.code]
    alone = json.loads((root / f"cold/incidents/{incident.code}.json").read_bytes())
    assert alone["incident"] == summary["incidents"][0]
    assert json.loads((root / f"cold/i/{incident.code}.html.meta").read_bytes())["status"] == 302


def test_an_update_that_is_silent_reaches_the_page_and_nobody_else(drain):
    make_subscriber()
    incident = open_incident(make_component(), is_notifying=False)
    drain()
    assert not Delivery.objects.exists()
    assert incident.title.encode() in (store.the_tree().root / "current" / "index.html").read_bytes()


def test_a_sweep_republishes_when_a_promise_falls_due_and_not_before():
    due = utc("2026-06-23 15:30")
    open_incident(make_component(), now=utc("2026-06-23 14:52"), next_update_due_at=due, level="degraded_performance")
    relay.relay(utc("2026-06-23 15:28"))
    assert not store.is_stale(utc("2026-06-23 15:29"))
    assert store.is_stale(due)
    before = store.the_tree().version
    relay.sweep(due)
    assert store.the_tree().version == before + 1
    assert not store.is_stale(due)


def test_a_write_that_nobody_relayed_here_makes_the_tree_stale():
    api = make_component()
    relay.relay()
    assert not store.is_stale()
    open_incident(api)
    OutboxEvent.objects.update(relayed_at=timezone.now())
    assert store.is_stale(), "another host relayed it into a tree of its own"


def test_a_page_that_did_not_change_keeps_its_bytes_and_its_validator():
    incident = open_incident(make_component(), now=utc("2026-06-23 14:52"))
    relay.relay(utc("2026-06-23 14:53"))
    page = store.the_tree().root / "cold" / "incidents" / f"{incident.code}.html.meta"
    before = page.read_bytes()
    make_component("Another")
    assert store.republish(utc("2026-06-23 14:54")) is not None
    assert page.read_bytes() == before
    post_update(incident, now=utc("2026-06-23 14:55"))
    relay.relay(utc("2026-06-23 14:55"))
    assert page.read_bytes() != before


def test_what_is_published_already_is_not_rendered_again():
    make_component()
    relay.relay()
    assert store.republish() is None


def test_the_heartbeat_says_which_revision_lives():
    make_component()
    relay.sweep()
    beat = store.the_tree().heartbeat()
    assert (beat["revision"], beat["record"]) == (store.the_tree().version, queries.the_page().record_hash)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ['{"time": "garbage"}', '{"time": 5}', '{"tim', "[]", "\0" * 40])
def test_a_heartbeat_that_cannot_be_read_is_replaced(text):
    file = store.the_tree().root / "heartbeat.json"
    file.write_text(text)
    assert store.the_tree().heartbeat_at() is None
    relay.sweep()
    assert store.the_tree().heartbeat_at() is not None


def test_publishers_at_once_leave_the_newest_state_whole():
    """Four threads republish while updates are written; the tree ends at the last update, whichever came last."""
    incident = open_incident(make_component())
    faults: list[BaseException] = []

    def publish() -> None:
        try:
            for _ in range(5):
                relay.relay()
                store.republish()
        except BaseException as error:  # a thread's fault must reach the test
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(5):
        post_update(incident, body=f"Update number {number}.")
    for thread in threads:
        thread.join()
    relay.relay()
    assert faults == []
    page = settings.PUBLIC_ROOT / "cold" / "incidents" / f"{incident.code}.html"
    assert "Update number 4." in page.read_text()
    assert OutboxEvent.objects.filter(relayed_at=None).count() == 0


def test_a_review_that_is_due_is_published_by_the_sweep_and_stands_on_the_page_before_it_is_mailed():
    make_subscriber()
    review = workflow_world.approved(workflow_world.slight())
    review_publishing.schedule_publication(
        actor=workflow_world.publisher(), review_id=review.pk, at=timezone.now() + timedelta(minutes=1), kind="final"
    )
    relay.sweep()
    assert not ReviewVersion.objects.exists()
    relay.sweep(timezone.now() + timedelta(minutes=2))
    version = ReviewVersion.objects.get()
    page = store.the_tree().root / f"cold/reviews/{review.slug}/versions/1.html"
    assert page.read_text() == version.page
    assert Delivery.objects.get(event__verb="review.published").state == "sent"


def test_a_review_that_was_retracted_leaves_no_word_of_itself_in_the_public_tree():
    review = workflow_world.draft(workflow_world.slight(), title="The router")
    workflow_world.write(review, "summary", "The quokka was dropped.")
    workflow_world.publish(workflow_world.approve_again(review), render=review_pages.version_page)
    relay.relay()
    root = store.the_tree().root
    assert [path for path in root.rglob("*.html") if "quokka" in path.read_text()]
    review_publishing.retract_review(
        actor=workflow_world.administrator(), review_id=review.pk, reason="It was of another incident.",
        render=review_pages.version_page,
    )  # fmt: skip
    relay.relay()
    served = [path for place in ("current", "cold") for path in (root / place).resolve().rglob("*") if path.is_file()]
    left = {str(path) for path in served if b"quokka" in path.read_bytes()}
    assert left == set()
    assert "It was of another incident." in (root / f"cold/reviews/{review.slug}/versions/2.html").read_text()

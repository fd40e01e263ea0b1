"""Upstreams are asked beside everything else: what one of them does delays neither the page nor the mails."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command

from incidents import relay
from incidents.importing import upstreams
from incidents.models import Incident, Proposal, Upstream
from incidents.publishing import store
from statuspage.celery import Sweep
from tests.factories import make_component, open_incident
from tests.sink import sink
from tests.test_fetching import drip
from tests.upstream_world import BEGIN, follow, incident, summary

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    settings.FETCH_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with sink() as told:
        yield told


def front() -> str:
    return (store.the_tree().root / "current" / "index.html").read_text()


def test_what_is_due_is_asked_noted_and_published(server):
    server.say("/api/v2/summary.json", summary("major", "Partial System Outage", incidents=[incident()]), ETag='"1"')
    follow(server)
    assert relay.follow_upstreams(BEGIN) == 1
    assert relay.follow_upstreams(BEGIN) == 0, "not due again"
    relay.keep_current(BEGIN)
    assert "Partial System Outage" in front()
    server.say("/api/v2/summary.json", status="304 Not Modified")
    later = BEGIN + timedelta(minutes=1)
    assert relay.follow_upstreams(later) == 1
    assert 'If-None-Match: "1"' in server.requests[-1]
    assert Upstream.objects.get().ok_at == later


def test_a_page_that_nobody_follows_a_provider_on_is_as_it_was():
    make_component()
    relay.keep_current(BEGIN)
    assert "What we depend on" not in front()


def test_a_round_asks_a_few_and_the_next_one_the_rest(server):
    server.say("/api/v2/summary.json", summary())
    for number in range(6):
        follow(server, name=f"Cloud {number}")
    assert [relay.follow_upstreams(BEGIN) for _ in range(3)] == [4, 2, 0]


def test_feed_import_11_one_that_drips_fails_alone(server, monkeypatch):
    monkeypatch.setattr(upstreams, "DEADLINE_SECONDS", 0.3)
    server.do("/slow/api.json", drip)
    server.say("/api/v2/summary.json", summary())
    follow(server, "/slow/api.json", name="Slow")
    follow(server, name="Quick")
    relay.follow_upstreams(BEGIN)
    slow, quick = Upstream.objects.order_by("pk")
    assert (slow.failures, slow.fault) == (1, "The answer was not complete after 0.3 seconds.")
    assert quick.ok_at == BEGIN


@pytest.mark.django_db(transaction=True)
def test_one_that_drips_keeps_no_update_from_the_page(server):
    dripping, enough, over = threading.Event(), threading.Event(), threading.Event()

    def slowly(used):
        used.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        dripping.set()
        while not enough.wait(0.05):
            used.sendall(b" ")

    server.do("/api/v2/summary.json", slowly)
    follow(server)

    def ask():
        relay.follow_upstreams(BEGIN)
        over.set()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        assert dripping.wait(5)
        open_incident(make_component(), title="Errors everywhere")
        relay.keep_current()
        assert "Errors everywhere" in front()
        assert not over.is_set(), "it drips still"
    finally:
        enough.set()
        thread.join(10)
    assert over.is_set()


def test_trouble_proposes_one_incident_for_our_component_and_then_its_end(server):
    api = make_component()
    server.say("/api/v2/summary.json", summary("major", "Partial System Outage", incidents=[incident("[a](b) fails")]))
    follow(server, is_proposing=True, component_id=api.pk)
    for minute in range(4):
        relay.follow_upstreams(BEGIN + timedelta(minutes=minute))
    [row] = Proposal.objects.all()
    assert (row.title, row.state, row.count, row.started_at) == ("Cloud: [a](b) fails", "open", 1, BEGIN)
    assert row.components == [{"component_id": api.pk, "level": "partial_outage", "region_ids": []}]
    assert "fails" not in row.body, "what is rendered as Markdown is ours"
    assert not Incident.objects.exists(), "a person decides"
    server.say("/api/v2/summary.json", summary())
    relay.follow_upstreams(BEGIN + timedelta(minutes=5))
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("over", BEGIN + timedelta(minutes=5))


def test_silence_of_an_upstream_in_trouble_is_not_the_end_of_it(server):
    server.say("/api/v2/summary.json", summary("critical", "Down"))
    follow(server, is_proposing=True)
    relay.follow_upstreams(BEGIN)
    for minute, status in enumerate(("500 No", "500 No", "500 No", "500 No", "410 Gone"), start=1):
        server.say("/api/v2/summary.json", status=status)
        relay.follow_upstreams(BEGIN + timedelta(minutes=20 * minute))
    assert Upstream.objects.get().disabled_reason
    assert Proposal.objects.get().state == "open"


def test_it_has_a_thread_of_its_own_in_the_worker():
    assert "incidents.relay.follow_upstreams" in Sweep.rounds


def test_one_round_without_a_worker_asks_and_publishes_too(server):
    server.say("/api/v2/summary.json", summary("minor", "Slow disks"))
    follow(server)
    call_command("deliver", once=True)
    assert "Slow disks" in front()

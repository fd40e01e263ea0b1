"""The doorbell must never hold up who rings it; the sweep must go on whatever happens."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from statuspage import celery
from statuspage.celery import Bell, Sweep


def app_for(broker_url):
    app = Bell("test", set_as_current=False)
    app.add_defaults(lambda: {**celery.configuration(), "broker_url": broker_url})
    app.conf.broker_transport_options = celery._transport_options(broker_url)
    return app


def test_the_write_side_rings_through_this_app_in_every_thread(settings):
    found = []
    thread = threading.Thread(target=lambda: found.append(current_app.main))
    thread.start()
    thread.join()
    assert found == ["candor"]


@pytest.mark.alone
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_takes_the_connection_and_says_nothing_costs_less_than_a_second(scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = app_for(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}//")
        for _ in range(2):
            started = time.monotonic()
            with suppress(OperationalError, OSError):  # saying so is as good as giving up
                app.send_task("incidents.relay", ignore_result=True, retry=False)
            assert time.monotonic() - started < 1


@pytest.mark.alone
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_told_at_once(scheme):
    started = time.monotonic()
    with pytest.raises(OperationalError):
        app_for(f"{scheme}://127.0.0.1:9//").send_task("incidents.relay", ignore_result=True, retry=False)
    assert time.monotonic() - started < 1


def test_the_sweep_goes_on_after_a_failure_and_stops_with_the_worker(monkeypatch, caplog):
    rounds = []
    three = threading.Event()

    hanging = threading.Event()

    def keep_current():
        rounds.append(1)
        if len(rounds) >= 3:
            three.set()
        raise RuntimeError("the database is away")

    jobs = {
        "incidents.relay.keep_current": keep_current,
        "incidents.relay.deliver": lambda: hanging.wait(20),
        "incidents.relay.follow_upstreams": lambda: hanging.wait(20),
    }

    monkeypatch.setattr(celery, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(celery, "import_string", jobs.__getitem__)
    step = Sweep(parent=None)
    step.start(None)
    assert three.wait(5), "a delivery or an upstream that hangs keeps no update from the page"
    hanging.set()
    step.stop(None)
    assert not any(thread.is_alive() for thread in step._threads)
    assert "the database is away" in caplog.text


def test_every_job_of_the_schedule_is_a_task_that_exists():
    celery.app.loader.import_default_modules()
    assert {row["task"] for row in celery.SCHEDULE.values()} <= set(celery.app.tasks)
    assert "incidents.relay" in celery.app.tasks

"""Celery: the doorbell and the hands. The schedule, and what runs inside a worker besides its tasks.

Nothing rests on the broker: tasks carry no truth, there are no ETAs, and the sweep finds in the database what a lost
message stood for. Run: `celery -A statuspage.celery worker -P threads`; with EMBED_BEAT=1 that worker keeps the
schedule too (never `worker -B`, whose scheduler is a child that outlives a killed worker; then all is scheduled twice).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Celery, bootsteps
from celery.beat import EmbeddedService
from celery.schedules import crontab
from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string

from statuspage import spool

log = logging.getLogger(__name__)
SWEEP_SECONDS = 2.0
BELL_SECONDS = 0.8

# The whole schedule. Every job claims rows or only deletes, so that two schedulers at once do no harm. What must happen
# within seconds is not here: the sweep does it, without a broker.
SCHEDULE = {
    # Sign-ups that nobody confirmed, and other leavings.
    "prune": {"task": "incidents.prune", "schedule": crontab(minute="17")},
    # Pages on disk that are not what was written.
    "look_over": {"task": "incidents.look_over", "schedule": crontab(minute="*/10")},
}


class Bell(Celery):
    """Celery whose messages may fail, but never hold up the person whose click sent them."""

    _ringing = threading.Lock()

    def send_task(self, *args: Any, **kwargs: Any) -> Any:
        """Send, giving up waiting after 0.8 s: a black-holed broker answers neither yes nor no.

        Returns Celery's result, or None when nothing was confirmed in time. Raises what the broker's client raises in
        that time. While one message hangs, others are not sent: the sweep is then the only messenger anyway.
        """
        if not self._ringing.acquire(timeout=BELL_SECONDS):
            log.warning("the broker does not answer; the sweep will find the work")
            return None
        done = threading.Event()
        outcome: dict[str, Any] = {}
        send = super().send_task

        def ring() -> None:
            try:
                outcome["result"] = send(*args, **kwargs)
            except Exception as error:  # handed to the caller below, or logged when it no longer waits
                outcome["error"] = error
                if done.is_set():
                    log.warning("the broker did not take a message: %s", error)
            finally:
                self._ringing.release()
                done.set()

        threading.Thread(target=ring, name="bell", daemon=True).start()
        if not done.wait(BELL_SECONDS):
            done.set()
            log.warning("the broker does not answer; the sweep will find the work")
            return None
        if "error" in outcome:
            raise outcome["error"]
        return outcome["result"]


class ThreadBeat(bootsteps.StartStopStep):
    """The schedule as a thread of the worker, so that the two live and die together. On with EMBED_BEAT=1."""

    # Not Consumer: that step blocks, and one that waits for it never starts.
    requires = ("celery.worker.components:Pool",)

    def include_if(self, parent: Any) -> bool:  # noqa: ARG002
        """Only where the environment asks for it."""
        return os.environ.get("EMBED_BEAT") == "1"

    def create(self, parent: Any) -> Any:
        """A scheduler without a state file: every job is safe to run early, late or twice."""
        return EmbeddedService(parent.app, thread=True, scheduler_cls="celery.beat:Scheduler")


class Sweep(bootsteps.StartStopStep):
    """Looks every two seconds for work that no message told of. Never through the broker.

    A thread each: what readers see waits neither for mail servers nor for what others say of themselves.
    """

    rounds = ("incidents.relay.keep_current", "incidents.relay.deliver", "incidents.relay.follow_upstreams")

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in self.rounds]

    def start(self, parent: Any) -> None:  # noqa: ARG002
        """Begin with the worker's pool."""
        for thread in self._threads:
            thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        """End with the worker, letting a round under way finish for up to 10 s."""
        self._stopping.set()
        until = time.monotonic() + 10
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    terminate = stop

    def _run(self, name: str) -> None:
        fault = ""
        while not self._stopping.is_set():
            seconds = SWEEP_SECONDS
            close_old_connections()
            try:
                import_string(name)()  # by name: models cannot be imported with this module
                if name == self.rounds[0]:  # the time in which an update can be taken back may end sooner
                    seconds = import_string("incidents.relay.pause_at_most")(SWEEP_SECONDS)
                if fault:
                    log.warning("%s works again", name)
                fault = ""
            except Exception as error:
                # The same fault every two seconds is news once.
                if type(error).__name__ != fault:
                    log.exception("%s failed; it is tried again every %s s", name, SWEEP_SECONDS)
                fault = type(error).__name__
            close_old_connections()
            self._stopping.wait(seconds)


def configuration() -> dict[str, Any]:
    """Celery's settings, from Django's; called when first needed."""
    return {
        # A host name, though a folder has none: without one kombu warns of it at every start.
        "broker_url": "spool://localhost" if settings.BROKER_URL == "spool://" else settings.BROKER_URL,
        "broker_transport_options": _transport_options(settings.BROKER_URL),
        "broker_connection_timeout": 0.5,
        "broker_connection_retry_on_startup": True,
        "task_default_queue": settings.BROKER_QUEUE,
        "task_ignore_result": True,
        "task_publish_retry": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "beat_schedule": SCHEDULE,
        # With a polling broker, tasks a second = threads x prefetch / polling interval; 1 x 0.2 s gave 40 a second.
        "worker_prefetch_multiplier": 4,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "worker_enable_remote_control": not settings.BROKER_URL.startswith("spool"),
    }


def _transport_options(url: str) -> dict[str, Any]:
    if url.startswith("spool"):
        return spool.transport_options(settings.DATA_DIR)
    if url.startswith("redis"):
        # Restoring after a killed worker is the sweep's business: a message that waits an hour harms nobody.
        return {"socket_connect_timeout": 0.5, "socket_timeout": 5, "retry_on_timeout": False, "max_retries": 0}
    return {"max_retries": 0, "read_timeout": 5, "write_timeout": 0.5}


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
spool.register()
app = Bell("candor")
app.add_defaults(configuration)
app.set_default()  # `celery.current_app` in every thread: the write side knows task names only
app.autodiscover_tasks(["incidents"])
app.steps["worker"].update((ThreadBeat, Sweep))

"""Celery's entry points: one call each, no logic. They are doorbells; what is to be done stands in rows."""

from __future__ import annotations

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from incidents import relay as after_commit
from incidents.actions import drafts, guards, picture, retention, subscriber
from incidents.publishing import store


@shared_task(name="incidents.relay")
def relay() -> None:
    """Publish, fan out and deliver what waits."""
    after_commit.relay()
    after_commit.deliver()


@shared_task(name="incidents.look_over")
def look_over() -> None:
    """Find pages on disk that are damaged."""
    store.look_over()


@shared_task(name="incidents.prune")
def prune() -> None:
    """Forget what nobody asks for any more: unconfirmed sign-ups, keys of writes, old drafts and attempts, pictures
    that nothing shows, and sessions that ended."""
    subscriber.forget_unconfirmed()
    guards.forget_results(timezone.now())
    drafts.forget_old_drafts(timezone.now())
    retention.forget_attempts()
    picture.forget_pictures()
    SessionStore.clear_expired()

"""No mailed token in any log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from incidents.notifying.tokens import Purpose, make_token
from incidents.web.public.redaction import NoTokens
from tests.factories import make_subscriber


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of the settings would write."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(NoTokens())
    root = logging.getLogger("django.request")
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.django_db
def test_refusals_are_logged_without_the_token(client: Client, log: io.StringIO) -> None:
    token = make_token(Purpose.MANAGE, make_subscriber().pk, 1, timezone.now())
    assert client.post(f"/subscriptions/{token}", {"scope": "junk"}).status_code == 422
    assert client.get(f"/unsubscribe/{token}").status_code == 404
    assert "/subscriptions/…" in log.getvalue()
    assert "/unsubscribe/…" in log.getvalue()
    assert token not in log.getvalue()


def test_every_handler_has_the_filter() -> None:
    handlers: Any = settings.LOGGING["handlers"]
    for handler in handlers.values():
        assert "no_tokens" in handler["filters"]

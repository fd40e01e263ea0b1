"""Mail as files: whole, sorted, readable, and nothing else is."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.models import ChannelPause, Delivery
from incidents.notifying import mailbox
from tests.factories import make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
T0 = utc("2026-06-23 14:52")


def tell(drain: Callable[..., None]) -> None:
    make_subscriber(now=T0 - timedelta(hours=1))
    incident = open_incident(title="Größe & <mehr>", now=T0)
    drain(T0)
    post_update(incident, "resolved", now=T0 + timedelta(minutes=5))
    drain(T0 + timedelta(minutes=5))


def test_messages_are_listed_newest_first_and_read_back_as_they_were_written(drain: Callable[..., None]) -> None:
    tell(drain)
    newest, oldest = mailbox.messages()
    assert (newest.sent_at, oldest.sent_at) == (T0 + timedelta(minutes=5), T0)
    assert oldest.subject == "[Status] Größe & <mehr> — Investigating"
    assert oldest.to == "reader@example.org"
    assert "We are looking into it." in oldest.text
    assert "<p>We are looking into it.</p>" in oldest.html
    assert "Größe &amp; &lt;mehr&gt;" in oldest.html
    assert mailbox.message(oldest.name) == oldest
    assert mailbox.messages(limit=1) == [newest]
    assert dict(oldest.headers)["Message-ID"] == Delivery.objects.earliest("id").message_id


@pytest.mark.parametrize("name", ["../secret_key", "/etc/passwd", "", "x.eml", "20260623T145200.000000Z_../../x.eml"])
def test_no_other_file_can_be_read(drain: Callable[..., None], name: str) -> None:
    tell(drain)
    assert mailbox.message(name) is None


def test_half_a_message_is_never_seen(drain: Callable[..., None]) -> None:
    tell(drain)
    (mailbox.folder() / ".writing-abc").write_bytes(b"From: half")
    assert len(mailbox.messages()) == 2
    assert not [name for name in os.listdir(mailbox.folder()) if name.startswith(".writing") and "abc" not in name]


def test_a_folder_that_cannot_be_written_pauses_the_channel(drain: Callable[..., None], settings: Any) -> None:
    Path(settings.DATA_DIR, "mail").write_text("a file, not a folder")
    make_subscriber(now=T0 - timedelta(hours=1))
    open_incident(now=T0)
    drain(T0)
    assert Delivery.objects.get().state == "pending"
    assert ChannelPause.objects.exists()


def test_an_empty_mailbox_is_an_empty_list() -> None:
    assert mailbox.messages() == []

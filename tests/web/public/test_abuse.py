"""What somebody gets who means harm with the subscription form: nothing to learn, nothing to send, nothing to change.

Ids are those of `subscribe_abuse` and `token_link` in the bad inputs.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from incidents.actions import subscriber as actions
from incidents.models import OutboxEvent, SignUp, Subscriber
from incidents.notifying import mailbox
from incidents.publishing import store
from tests.factories import make_component, make_subscriber, open_incident
from tests.web.public.test_subscriptions import ask, link, token_path

pytestmark = pytest.mark.django_db
Drain = Callable[..., None]
LARGEST_GAP_SECONDS = 0.005


def test_subscribe_abuse_08_without_the_counts_no_mail_goes_out_and_the_page_is_still_read(
    client: Client, drain: Drain, monkeypatch: pytest.MonkeyPatch, public_root: Any
) -> None:
    store.republish()

    def gone(*_args: Any, **_kwargs: Any) -> int:
        raise OperationalError("the table is not there")

    monkeypatch.setattr(actions, "_count", gone)
    client.raise_request_exception = False
    answer = ask(client)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    drain()
    assert (Subscriber.objects.count(), OutboxEvent.objects.count(), mailbox.messages()) == (0, 0, [])
    assert (public_root / "VERSION").exists()


@pytest.mark.alone
def test_subscribe_abuse_13_known_and_new_addresses_take_the_same_time(client: Client) -> None:
    """Medians of 200 each, in turns: the gap is under five milliseconds."""
    for number in range(200):
        make_subscriber(f"known{number}@example.org")
    SignUp.objects.all().delete()
    took: dict[str, list[float]] = {"known": [], "new": []}
    for number in range(200):
        for kind in ("known", "new") if number % 2 else ("new", "known"):
            started = time.perf_counter()
            answer = ask(client, f"{kind}{number}@example.org", REMOTE_ADDR=f"10.{number}.0.1")
            took[kind].append(time.perf_counter() - started)
            assert answer.status_code == 200
        if number % 50 == 49:
            SignUp.objects.all().delete()  # the limit of one domain is not what is measured
    gap = abs(statistics.median(took["known"]) - statistics.median(took["new"]))
    assert gap < LARGEST_GAP_SECONDS, f"{gap * 1000:.2f} ms between known and new"


def test_subscribe_abuse_15_whoever_types_anothers_address_sees_nothing_and_changes_nothing(
    client: Client, drain: Drain
) -> None:
    api = make_component()
    victim = make_subscriber("victim@example.org", component_ids=[api.pk])
    before = Subscriber.objects.values().get(pk=victim.pk)
    answer = client.post("/subscribe", {"address": "victim@example.org", "reviews": "no"})
    drain()
    assert b"victim" not in answer.content
    assert Subscriber.objects.values().get(pk=victim.pk) == before
    assert list(victim.components.all()) == [api]
    (mail,) = mailbox.messages()
    assert mail.to == "victim@example.org"
    assert "confirm/" not in mail.text or client.post(link("confirm", mail.text)).status_code in (200, 404)
    assert Subscriber.objects.values().get(pk=victim.pk) == before


def test_subscribe_abuse_18_who_left_hears_nothing_until_a_new_confirmation(client: Client, drain: Drain) -> None:
    subscriber = make_subscriber()
    actions.unsubscribe(subscriber_id=subscriber.pk)
    ask(client, "reader@example.org")
    drain()
    (asked,) = mailbox.messages()
    assert asked.subject == "[Status] Confirm your subscription"
    open_incident(title="Before")
    drain()
    assert len(mailbox.messages()) == 1
    client.post(link("confirm", asked.text))
    open_incident(title="After")
    drain()
    assert [message.subject for message in mailbox.messages()][0] == "[Status] After — Investigating"
    assert len(mailbox.messages()) == 2


class Forms(HTMLParser):
    """The forms of a page: what each of their buttons sends."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.sent: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.hidden = {}
        is_kept = given.get("type") == "hidden" or (given.get("type") in ("radio", "checkbox") and "checked" in given)
        if tag == "input" and is_kept:
            self.hidden[given.get("name", "")] = given.get("value", "")
        if tag == "button" and given.get("type", "submit") == "submit":
            self.sent.append({**self.hidden, given.get("name", ""): given.get("value", "")})


def test_token_link_05_a_scanner_that_presses_every_button_does_nothing_that_cannot_be_undone(
    client: Client, drain: Drain
) -> None:
    ask(client)
    drain()
    mail = mailbox.messages()[0].text
    for kind in ("confirm", "unsubscribe", "subscriptions"):
        found = re.search(rf"(/{kind}/\S+)", mail)
        if not found:
            continue
        for sent in Forms(client.get(found[1]).content.decode()).sent:
            assert client.post(found[1], sent).status_code in (200, 404, 422)
    # Whatever it pressed, in whatever order: the reader has a way in and a way out, by the links that are mailed.
    subscriber = Subscriber.objects.get()
    way_out = token_path("unsubscribe", subscriber)
    client.post(way_out, {"List-Unsubscribe": "One-Click"})
    assert not Subscriber.objects.get().is_told
    if subscriber.confirmed_at:
        assert b"You are subscribed again." in client.post(way_out, {"undo": "1"}).content
        assert Subscriber.objects.get().is_told
    drain()
    assert len(mailbox.messages()) == 1, "no goodbye mails for machines"

"""Subscribing from the form to the last mail: double opt-in, choice, leaving; what abuse and machines get."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from incidents.actions import subscriber as actions
from incidents.models import Delivery, OutboxEvent, SignUp, Subscriber
from incidents.notifying import mailbox
from incidents.notifying.tokens import Purpose, make_token
from tests.factories import make_component, make_subscriber, open_incident

pytestmark = pytest.mark.django_db
Drain = Callable[..., None]
BAD = json.loads((Path(__file__).parents[2] / "data" / "bad_inputs.json").read_text())


def link(kind: str, text: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:8000(/{kind}/\S+)", text)
    assert found
    return found[1]


def token_path(kind: str, subscriber: Subscriber, generation: int | None = None) -> str:
    purpose = {"confirm": Purpose.CONFIRM, "subscriptions": Purpose.MANAGE, "unsubscribe": Purpose.UNSUBSCRIBE}[kind]
    return f"/{kind}/{make_token(purpose, subscriber.pk, generation or subscriber.generation, timezone.now())}"


def ask(client: Client, address: str = "new@example.org", **more: Any) -> Any:
    return client.post("/subscribe", {"address": address}, **more)


def test_nobody_is_told_before_the_mailed_link_was_confirmed_by_its_button(client: Client, drain: Drain) -> None:
    assert ask(client).status_code == 200
    drain()
    path = link("confirm", mailbox.messages()[0].text)

    page = client.get(path)
    assert page.status_code == 200
    assert b'<form class="panel" method="post">' in page.content
    assert client.head(path).status_code == 200
    assert Subscriber.objects.get().confirmed_at is None
    open_incident(title="Before")
    drain()
    assert len(mailbox.messages()) == 1

    assert client.post(path).status_code == 200
    assert Subscriber.objects.get().is_told
    open_incident(title="After")
    drain()
    assert [message.subject for message in mailbox.messages()][0] == "[Status] After — Investigating"


def test_what_was_chosen_in_the_form_is_what_is_told(client: Client, drain: Drain) -> None:
    api, website = make_component("API"), make_component("Website")
    client.post("/subscribe", {"address": "new@example.org", "components": [api.pk]})
    drain()
    client.post(link("confirm", mailbox.messages()[0].text))
    open_incident(website, title="Not this")
    open_incident(api, title="But this")
    drain()
    assert {message.subject for message in mailbox.messages()} == {
        "[Status] Confirm your subscription", "[Status] But this — Investigating",
    }  # fmt: skip


@pytest.mark.parametrize(("answer", "is_wanted"), [(["no", "yes"], True), (["no"], False), ([], True)])
def test_whether_reviews_are_wanted_is_asked_and_reviews_are_the_default(
    client: Client, answer: list[str], is_wanted: bool
) -> None:
    client.post("/subscribe", {"address": "new@example.org", "reviews": answer})
    assert Subscriber.objects.get().has_reviews is is_wanted


def test_a_subscriber_can_do_without_reviews_and_a_refusal_keeps_that_choice(client: Client) -> None:
    path = token_path("subscriptions", make_subscriber())
    assert b'value="yes"\n           checked' in client.get(path).content
    refused = client.post(path, {"scope": "some", "reviews": "no"})
    assert refused.status_code == 422
    assert b'value="yes"\n           checked' not in refused.content
    client.post(path, {"scope": "all", "reviews": "no"})
    assert not Subscriber.objects.get().has_reviews
    client.post(path, {"scope": "all"})
    assert not Subscriber.objects.get().has_reviews
    client.post(path, {"scope": "all", "reviews": ["no", "yes"]})
    assert Subscriber.objects.get().has_reviews
    again = client.post("/subscribe", {"address": "no address", "reviews": "no"})
    assert b'value="yes"\n           checked' not in again.content


def test_the_answer_is_the_same_bytes_for_every_address(client: Client, drain: Drain) -> None:
    make_subscriber("known@example.org")
    left = make_subscriber("left@example.org")
    actions.unsubscribe(subscriber_id=left.pk)
    dead = make_subscriber("dead@example.org")
    actions.suspend_subscriber(subscriber_id=dead.pk, reason="550")
    ask(client, "pending@example.org")

    answers = [ask(client, f"{who}@example.org") for who in ("new", "known", "left", "dead", "pending", "pending")]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    kept = [{name: value for name, value in answer.headers.items() if name != "X-Request-ID"} for answer in answers]
    assert all(headers == kept[0] for headers in kept)


def test_fifty_requests_for_one_address_send_one_mail(client: Client, drain: Drain) -> None:
    answers = {ask(client, REMOTE_ADDR=f"198.51.100.{number}").content for number in range(50)}
    drain()
    assert len(answers) == 1
    assert len(mailbox.messages()) == 1


def test_one_network_is_told_to_wait_and_what_it_typed_is_kept(client: Client) -> None:
    for number in range(20):
        assert ask(client, f"a{number}@example.org", REMOTE_ADDR=f"2001:db8:1:2::{number:x}").status_code == 200
    refused = ask(client, "one-more@example.org", REMOTE_ADDR="2001:db8:1:2:ffff::1")
    assert refused.status_code == 429
    assert b'value="one-more@example.org"' in refused.content
    assert ask(client, "other@example.org", REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


def test_a_domain_gets_two_hundred_confirmations_an_hour_and_no_more(client: Client) -> None:
    for number in range(220):
        ask(client, f"a{number}@victim.example", REMOTE_ADDR=f"203.0.{number % 200}.{number // 200}")
    assert SignUp.objects.filter(is_mailed=True).count() == 200


@pytest.mark.parametrize(
    ("forwarded", "remote", "trusted", "expected"),
    [
        ("1.2.3.4", "203.0.113.9", [], "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9", "127.0.0.1", [], "203.0.113.9"),
        ("9.9.9.9, 203.0.113.9, 10.0.0.7", "127.0.0.1", ["10.0.0.0/8"], "203.0.113.9"),
        ("1.2.3.4, junk", "127.0.0.1", [], ""),
        ("1.2.3.4, ::ffff:203.0.113.9", "", [], "203.0.113.9"),
        ("", "127.0.0.1", [], "127.0.0.1"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_not_ours(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, forwarded: str, remote: str, trusted: list[str],
    expected: str,
) -> None:  # fmt: skip
    settings.TRUSTED_PROXIES = trusted
    seen: list[str] = []
    monkeypatch.setattr(actions, "sign_up", lambda **given: seen.append(given["client_ip"]))
    ask(client, HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR=remote)
    assert seen == [expected]


def test_a_form_from_another_site_is_refused_and_one_without_origin_is_not(client: Client) -> None:
    assert ask(client, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert ask(client, HTTP_ORIGIN="null").status_code == 403
    assert Subscriber.objects.count() == 0
    assert ask(client, HTTP_ORIGIN="http://127.0.0.1:8000").status_code == 200


def test_who_fills_the_trap_gets_the_same_answer_and_nothing_else(client: Client) -> None:
    trapped = client.post("/subscribe", {"address": "bot@example.org", "website": "http://spam"})
    assert trapped.content == ask(client).content
    assert Subscriber.objects.filter(address="bot@example.org").count() == 0


def _text(given: Any) -> str:
    if isinstance(given, dict):
        return str(given["prefix"] + given["repeat"] * given["count"] + given["suffix"])
    return str(given)


EMAIL_CASES = next(group for group in BAD["groups"] if group["group"] == "email_addr")["cases"]
_NUMBERS = {"01", "04", "05", "07", "09", "10", "11", "12", "14", "15", "16", "20", "26", "27"}
REFUSED_ADDRESSES = [case for case in EMAIL_CASES if case["id"][-2:] in _NUMBERS]


@pytest.mark.parametrize("case", REFUSED_ADDRESSES, ids=lambda case: case["id"])
def test_an_address_that_cannot_be_is_refused_with_a_sentence_and_kept(
    client: Client, drain: Drain, case: dict[str, Any]
) -> None:
    answer = ask(client, _text(case["input"]))
    drain()
    assert answer.status_code == 422
    assert b"That is not an e-mail address" in answer.content
    assert (Subscriber.objects.count(), mailbox.messages()) == (0, [])


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@exаmple.com", "a@xn--exmple-4nf.com"),
        (" a@b.co ", "a@b.co"),
        ("a@b.co\n", "a@b.co"),
        ("user+status@example.com", "user+status@example.com"),
        ("A@B.CO", "A@b.co"),
    ],
)
def test_an_address_is_stored_as_mail_servers_read_it(client: Client, typed: str, stored: str) -> None:
    assert ask(client, typed).status_code == 200
    assert Subscriber.objects.get().address == stored


def test_capitals_make_no_second_subscriber(client: Client, drain: Drain) -> None:
    ask(client, "A@B.CO")
    ask(client, "a@b.co")
    drain()
    assert (Subscriber.objects.count(), len(mailbox.messages())) == (1, 1)


def test_our_own_sending_address_cannot_subscribe(client: Client, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "status@example.org"
    assert ask(client, "Status@Example.org").status_code == 422


@pytest.mark.parametrize("address", ["a" * 1_000_000 + "@b.co", "a@b.co\x00"])
def test_a_form_that_is_too_large_or_broken_is_refused_quickly(client: Client, address: str) -> None:
    assert ask(client, address).status_code in (413, 422)
    assert Subscriber.objects.count() == 0


@pytest.mark.parametrize("ids", [["999999"], ["x"], ["1' OR 1=1"], ["-1"], ["9" * 30]])
def test_components_that_are_not_on_the_page_are_refused(client: Client, ids: list[str]) -> None:
    answer = client.post("/subscribe", {"address": "new@example.org", "components": ids})
    assert answer.status_code == 422
    assert Subscriber.objects.count() == 0


def test_a_component_that_is_not_there_does_not_tell_who_is_subscribed(client: Client) -> None:
    make_subscriber("known@example.org")
    answers = [
        client.post("/subscribe", {"address": address, "components": ["999999"]})
        for address in ("known@example.org", "other@example.org")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].content.replace(b"known@", b"other@") == answers[1].content


def test_the_form_that_is_shown_again_can_be_sent_again(client: Client) -> None:
    """With no-referrer a browser sends `Origin: null`, and the second try would be refused as another site's."""
    answer = ask(client, "a@b")
    assert answer.status_code == 422
    assert answer["Referrer-Policy"] == "same-origin"
    assert ask(client, "a@b.co", HTTP_ORIGIN="null").status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [True, False])
def test_sign_ups_at_the_same_moment_stay_within_the_limits(is_known: bool) -> None:
    make_component()
    if is_known:
        make_subscriber("new@example.org")
    together = threading.Barrier(6)
    failures: list[BaseException] = []

    def sign_up(number: int) -> None:
        together.wait()
        try:
            actions.sign_up(address="new@example.org", client_ip=f"192.0.2.{number}")
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert SignUp.objects.filter(is_mailed=True).count() == 1
    assert OutboxEvent.objects.filter(verb="subscriber.signed_up").count() == 1


@pytest.mark.parametrize("kind", ["confirm", "subscriptions", "unsubscribe"])
class TestEveryPageReachedByToken:
    def test_it_is_private_and_sets_no_cookie(self, client: Client, kind: str) -> None:
        answer = client.get(token_path(kind, make_subscriber()))
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not answer.cookies

    def test_get_head_and_prefetch_change_nothing(self, client: Client, kind: str) -> None:
        path = token_path(kind, make_subscriber())
        before = list(Subscriber.objects.values())
        client.get(path)
        client.get(path, HTTP_SEC_PURPOSE="prefetch")
        client.head(path)
        assert client.options(path).status_code == 405
        assert list(Subscriber.objects.values()) == before

    def test_another_token_is_not_found(self, client: Client, kind: str) -> None:
        subscriber = make_subscriber()
        others = {"confirm", "subscriptions", "unsubscribe"} - {kind}
        for token in ["1", "1.1.x", "x" * 500, *(token_path(other, subscriber).split("/")[2] for other in others)]:
            for method in (client.get, client.post):
                answer: HttpResponse = method(f"/{kind}/{token}")  # type: ignore[assignment]
                assert answer.status_code == 404
        assert Subscriber.objects.get().is_told

    def test_a_forged_host_is_refused(self, client: Client, kind: str) -> None:
        answer = client.post("/subscribe", {"address": "new@example.org"}, HTTP_HOST="evil.example")
        assert answer.status_code == 400


def test_one_click_ends_it_at_once_without_cookie_or_page(drain: Drain) -> None:
    make_subscriber()
    open_incident()
    drain()
    headers = dict(mailbox.messages()[0].headers)
    path = link("unsubscribe", headers["List-Unsubscribe"].strip("<>"))
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    machine = Client(enforce_csrf_checks=True)
    answer = machine.post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert not Subscriber.objects.get().is_told
    open_incident(title="Later")
    drain()
    assert len(mailbox.messages()) == 1
    assert machine.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_another_body_shows_the_page_and_changes_nothing(client: Client) -> None:
    path = token_path("unsubscribe", make_subscriber())
    answer = client.post(path, {"x": "1"})
    assert answer.status_code == 200
    assert b'name="List-Unsubscribe"' in answer.content
    assert Subscriber.objects.get().is_told


def test_leaving_can_be_undone_on_the_same_page(client: Client) -> None:
    path = token_path("unsubscribe", make_subscriber())
    left = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert b'name="undo"' in left.content
    assert b"You are subscribed again." in client.post(path, {"undo": "1"}).content
    assert Subscriber.objects.get().is_told


def test_a_link_to_leave_works_for_ever_and_through_new_generations(client: Client) -> None:
    subscriber = make_subscriber()
    path = token_path("unsubscribe", subscriber)
    Subscriber.objects.update(generation=9)
    client.post(path, {"List-Unsubscribe": "One-Click"})
    assert not Subscriber.objects.get().is_told


def test_an_old_confirmation_is_void_once_a_newer_one_was_sent(client: Client, drain: Drain) -> None:
    now = timezone.now()
    for minutes in (30, 15):
        actions.sign_up(address="new@example.org", client_ip="192.0.2.1", now=now - timedelta(minutes=minutes))
        drain(now - timedelta(minutes=minutes))
    newer, older = (link("confirm", message.text) for message in mailbox.messages())
    assert client.get(older).status_code == 404
    assert client.post(older).status_code == 404
    assert client.post(newer).status_code == 200
    assert Subscriber.objects.get().is_told


def test_an_old_confirmation_does_not_bring_back_who_left(client: Client, drain: Drain) -> None:
    ask(client)
    drain()
    path = link("confirm", mailbox.messages()[0].text)
    client.post(path)
    actions.unsubscribe(subscriber_id=Subscriber.objects.get().pk)
    assert client.post(path).status_code == 404
    assert not Subscriber.objects.get().is_told


def test_who_never_asked_can_end_it_from_the_confirmation_mail(client: Client, drain: Drain) -> None:
    ask(client)
    drain()
    text = mailbox.messages()[0].text
    client.post(link("unsubscribe", text), {"List-Unsubscribe": "One-Click"})
    assert client.post(link("confirm", text)).status_code == 404


def test_the_subscription_can_be_narrowed_widened_and_ended(client: Client) -> None:
    group = make_component("Models", is_group=True)
    child = make_component("Opus", group_id=group.pk)
    subscriber = make_subscriber()
    path = token_path("subscriptions", subscriber)
    assert b"Opus" in client.get(path).content

    client.post(path, {"scope": "some", "components": [child.pk]})
    subscriber.refresh_from_db()
    assert not subscriber.has_all_components
    assert list(subscriber.components.all()) == [child]

    empty = client.post(path, {"scope": "some"})
    assert empty.status_code == 422
    assert b"Choose at least one component" in empty.content
    refused = client.post(path, {"scope": "some", "components": [group.pk, 999]}).content.decode()
    assert re.findall(r'value="(\w+)"\s+checked', refused) == ["some", str(group.pk), "yes"], "what was ticked stays"

    client.post(path, {"scope": "all"})
    subscriber.refresh_from_db()
    assert subscriber.has_all_components
    assert client.post(path, {"scope": "junk"}).status_code == 422
    assert client.post(path, {"leave": "1"}).status_code == 200
    subscriber.refresh_from_db()
    assert not subscriber.is_told
    client.post(path, {"undo": "1"})
    subscriber.refresh_from_db()
    assert subscriber.is_told


def test_two_thousand_guesses_find_nothing_and_are_slowed_down(client: Client) -> None:
    good = token_path("unsubscribe", make_subscriber())
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as clock:
        statuses = [client.get(f"/unsubscribe/{number}.1.{'A' * 32}").status_code for number in range(2_000)]
        assert statuses == [404] * 120 + [429] * 1_880
        assert client.get(good).status_code == 429, "while it guesses, a network learns nothing"
        assert client.get(good, REMOTE_ADDR="192.0.2.1").status_code == 200
        clock.shift(60)
        assert client.get(good).status_code == 200


def test_unconfirmed_requests_are_forgotten_after_a_week(client: Client) -> None:
    ask(client)
    assert actions.forget_unconfirmed(now=timezone.now() + timedelta(days=8)) == 1
    assert Subscriber.objects.count() == SignUp.objects.count() == Delivery.objects.count() == 0

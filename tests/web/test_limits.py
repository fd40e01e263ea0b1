"""How often a stranger may send something in: every way to do so without signing in has a limit, run here by number.

The table for people stands in SECURITY.md.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from incidents.actions import subscriber as sign_ups
from incidents.models import SignUp, Subscriber
from incidents.web import throttle
from incidents.web.accounts import guessing
from incidents.web.api.v1 import keys
from incidents.web.client import network_of
from incidents.web.public import policy_reports
from tests.factories import make_subscriber
from tests.inbound_world import make_source, post
from tests.test_urls import OPEN
from tests.web.public.test_subscriptions import token_path

pytestmark = pytest.mark.django_db
SECURITY = (Path(__file__).parents[2] / "SECURITY.md").read_text()
# Every address that takes a POST from somebody who has not signed in, and what limits it.
LIMITED = {
    "public:subscribe": "by network, by address, by domain and in all; counted in the database",
    "public:confirm": "wrong links by network 120 a minute; right ones 30 a minute for each subscriber",
    "public:subscription": "as for confirming",
    "public:unsubscribe": "as for confirming",
    "public:csp-reports": "by network 30 a minute, in all 300; 16 KB",
    "inbound:receive": "wrong keys by network 120 a minute; right ones 600 a minute for each source; 1 MB",
    "v1:door": "wrong keys by network 120 a minute; right ones 60 a minute for each key; 1 MB",
    "console:sign-in": "a pause that doubles, after 5 tries for one account and 30 from one network",
    "console:set-up": "a token of 256 bits that is void once anybody can sign in",
    "console:set-password": "a token of Django's for one account and one password",
    # django-allauth's steps, slowed down as signing in is.
    "console:ask-reset": "as for signing in", "console:reset-password": "as for signing in",
    "console:last-resort": "as for signing in", "account_login": "as for signing in",
    "account_inactive": "a sentence",
    "mfa_authenticate": "as for signing in", "mfa_login_webauthn": "as for signing in",
    "sso_begin": "leads elsewhere", "openid_connect_callback": "a state of its own for each try",
}  # fmt: skip


def views(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{space}{entry.name or getattr(entry.callback, '__name__', '')}", entry.callback
        else:
            yield from views(entry, f"{entry.namespace}:" if entry.namespace else space)


def takes_posts(view: Any) -> bool:
    """Whether a view is meant for more than reading: `require_safe` is told by what it wraps."""
    return "health" not in inspect.unwrap(view).__module__


def test_every_way_to_send_something_in_without_signing_in_has_a_limit():
    found = {
        name
        for name, view in views(get_resolver())
        if takes_posts(view)
        and (not name.startswith(("console:", "account", "socialaccount", "mfa", "sso", "openid")) or name in OPEN)
    }
    assert found <= set(LIMITED), f"no limit is named for {sorted(found - set(LIMITED))}"


@pytest.mark.parametrize("name", [name for name in LIMITED if name.startswith(("public:", "inbound:", "v1:"))])
def test_each_stands_in_the_table_for_people(name):
    address = {"v1:door": "/v1", "inbound:receive": "/inbound", "public:subscription": "/subscriptions"}.get(
        name, f"/{name.partition(':')[2]}"
    )
    assert re.search(rf"^\| `POST {address}\b", SECURITY, re.MULTILINE), address


def test_the_numbers_of_the_table_are_those_of_the_code():
    assert (sign_ups.CLIENT_LIMIT.count, sign_ups.ADDRESS_LIMIT.count) == (20, 3)
    assert (sign_ups.DOMAIN_LIMIT.count, sign_ups.TOTAL_LIMIT.count) == (200, 2_000)
    assert sign_ups.REPEAT_PAUSE.total_seconds() == 600
    assert (throttle.WRONG_TOKENS.count, throttle.WRONG_KEYS.count, throttle.DELIVERIES.count) == (120, 120, 600)
    assert (throttle.SUBSCRIPTION_POSTS.count, throttle.POLICY_REPORTS.count) == (30, 30)
    assert (throttle.ALL_POLICY_REPORTS.count, keys.CALLS_PER_MINUTE) == (300, 60)
    assert (guessing.FREE_BY_ACCOUNT, guessing.FREE_BY_NETWORK, guessing.LONGEST_PAUSE_SECONDS) == (5, 30, 300)
    for number in (
        "20 an hour",
        "3 a day",
        "200 an hour",
        "2,000 an hour",
        "120 a minute",
        "600 a minute",
        "30 a minute",
    ):
        assert number in SECURITY, number


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-06-23 14:00Z", tick=False) as found:
        yield found


def statuses(send: Callable[[int], Any], count: int) -> list[int]:
    return [send(number).status_code for number in range(count)]


def test_the_limit_on_all_sign_ups_holds_whoever_asks_from_wherever(client):
    for number in range(20):
        answer = client.post("/subscribe", {"address": f"a{number}@d{number}.example"}, REMOTE_ADDR=f"10.0.{number}.1")
        assert answer.status_code == 200
    sent = SignUp.objects.get(address_hash=SignUp.objects.latest("pk").address_hash)
    SignUp.objects.bulk_create(
        SignUp(at=sent.at, client_key=f"{n}", address_hash=f"{n}", domain=f"{n}", is_mailed=True) for n in range(1_980)
    )
    before = Subscriber.objects.count()
    answer = client.post("/subscribe", {"address": "late@example.org"}, REMOTE_ADDR="10.9.9.9")
    assert answer.status_code == 200, "neutral for whoever asks"
    assert Subscriber.objects.count() == before, "and nobody is mailed"


@pytest.mark.parametrize("kind", ["confirm", "subscriptions", "unsubscribe"])
def test_a_right_link_takes_thirty_posts_a_minute_and_then_says_when(client, clock, kind):
    path = token_path(kind, make_subscriber())
    assert set(statuses(lambda _n: client.post(path, {"x": "1"}), 30)) <= {200, 422}
    refused = client.post(path, {"x": "1"})
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert client.get(path).status_code == 200, "reading goes on"
    clock.shift(60)
    assert client.post(path, {"x": "1"}).status_code in (200, 422)


def test_a_monitor_that_floods_and_one_that_guesses_are_told_to_wait(clock):
    source, key = make_source()
    wrong = statuses(lambda n: post("generic", f"guess{n}", {}, REMOTE_ADDR="192.0.2.9"), 121)
    assert wrong == [404] * 120 + [429]
    assert post("generic", key, {"title": "x"}, REMOTE_ADDR="192.0.2.9").status_code == 429
    assert post("generic", key, {}, REMOTE_ADDR="192.0.2.10").status_code != 429
    assert throttle.DELIVERIES.count == 600
    for _ in range(600):
        throttle.DELIVERIES.count_one(str(source.pk))
    refused = post("generic", key, {"title": "x"}, REMOTE_ADDR="192.0.2.10")
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")


def test_a_program_that_guesses_keys_is_told_to_wait(clock):
    guesser = Client(headers={"Authorization": "OAuth wrong"}, REMOTE_ADDR="192.0.2.9")
    assert statuses(lambda _n: guesser.get("/v1/pages/x"), 122) == [401] * 120 + [429] * 2
    other = Client(headers={"Authorization": "OAuth wrong"}, REMOTE_ADDR="192.0.2.10")
    assert other.get("/v1/pages/x").status_code == 401


def test_networks_are_counted_as_one_address_of_ipv4_and_a_64_of_ipv6():
    assert network_of("192.0.2.9") == "192.0.2.9/32"
    assert network_of("::ffff:192.0.2.9") == "192.0.2.9/32"
    assert network_of("2001:db8:1:2:3::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("junk") == network_of("") == "unknown"


def test_whoever_claims_to_come_from_elsewhere_is_counted_where_they_are(clock, settings):
    def guess(number: int) -> Any:
        forged = f"198.51.100.{number % 250}, 203.0.113.9"
        return Client().get("/unsubscribe/x", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forged)

    assert statuses(guess, 121)[-1] == 429
    settings.TRUSTED_PROXIES = ["203.0.113.9"]  # now it is a proxy of ours, and who stands before it counts
    assert guess(1).status_code == 404


def test_the_counts_of_a_whole_network_of_attackers_do_not_throw_away_each_other(settings):
    limit = throttle.Limit("trial", 5)
    for _ in range(5):
        limit.count_one("first")
    for number in range(3_000):
        limit.count_one(f"10.0.{number // 250}.{number % 250}")
    assert limit.is_reached("first"), "the cache keeps as many as there are"


# --- reports of browsers --------------------------------------------------------------------------------------------


def report(page: str = "https://status.example.org/console/", refused: str = "inline") -> str:
    told = {"document-uri": page, "effective-directive": "script-src", "blocked-uri": refused}
    return json.dumps({"csp-report": told})


def send_report(body: str, ip: str = "192.0.2.9", **more: Any) -> Any:
    return Client().post("/csp-reports", body, content_type="application/csp-report", REMOTE_ADDR=ip, **more)


@pytest.fixture
def no_reports():
    policy_reports.forget()
    yield
    policy_reports.forget()


def test_a_report_is_logged_once_for_each_kind_and_nothing_private_of_it(no_reports, caplog):
    for _ in range(3):
        page = "https://status.example.org/unsubscribe/12.1.s3cret?x=hidden#y"
        assert send_report(report(page, "https://evil.example/a.js?who=me")).status_code == 204
    modern = [{"type": "csp-violation", "body": {"documentURL": "https://s/x", "effectiveDirective": "img-src"}}]
    assert send_report(json.dumps(modern)).status_code == 204
    lines = [each.getMessage() for each in caplog.records if "content policy" in each.getMessage()]
    assert len(lines) == 2
    assert "script-src refused https:evil.example/a.js on https:status.example.org/unsubscribe/…" in lines[0]
    assert not any(word in line for line in lines for word in ("s3cret", "hidden", "who=me"))


@pytest.mark.parametrize(
    "body", ["", "null", "[", "[[1]]", '{"csp-report": 3}', '{"body": {"documentURL": 5}}', "[" * 5000]
)
def test_a_report_of_another_shape_is_taken_and_says_nothing(no_reports, caplog, body):
    assert send_report(body).status_code == 204
    assert "Traceback" not in caplog.text


def test_reports_are_bounded_in_size_number_and_kinds(no_reports, clock, caplog, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert send_report("x" * 20_000, "192.0.2.1").status_code == 413
        assert statuses(lambda _n: send_report(report()), 31)[-1] == 429
        found = statuses(lambda n: send_report(report(), f"198.51.{n}.1"), 270)
    assert found[:268] == [204] * 268
    assert found[-1] == 429, "in all"
    for number in range(800):
        policy_reports._seen.add((str(number), "", "")) if len(policy_reports._seen) < 500 else None
    clock.shift(60)
    caplog.clear()
    send_report(report(refused="https://one-more.example"))
    assert "one-more" not in caplog.text, "whoever invents kinds fills no log"
    assert Client().get("/csp-reports").status_code == 405


def test_a_line_of_the_log_cannot_be_forged_by_a_report(no_reports, caplog):
    send_report(report(refused="https://x/\n2026-06-23 INFO root all is well\x1b[31m"))
    assert "\n" not in caplog.records[-1].getMessage()
    assert "\x1b" not in caplog.records[-1].getMessage()

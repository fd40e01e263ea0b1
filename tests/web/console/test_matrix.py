"""Role × address × method of the console, from the URLconf: who reaches what, and what everybody else is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from incidents.domain.permissions import GROUPS, group_of
from incidents.domain.review import ApprovalKind, PersonRole
from incidents.models import AuditEntry
from incidents.web.reach import ACCOUNT, POSTED, REACH
from tests.factories import account

pytestmark = pytest.mark.django_db
ARGUMENTS = {
    "code": "abcdefghijkl", "number": 1, "milestone": "detected", "token": "x", "name": "x.eml", "rest": "nowhere",
    "key": "summary", "other": "abcdefghijkl", "change": "abcdefghijkl", "uidb64": "MQ", "provider_id": "company",
    "pk": 1,
}  # fmt: skip
METHODS = ("GET", "POST")
NO_ROLE = "no role"
WHO = (*PersonRole, group_of(ApprovalKind.LEGAL), NO_ROLE)
MASKED = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


def console_routes() -> dict[str, URLPattern]:
    """Every address under /console/ that the root URLconf has, whoever's it is, by its full name."""
    found: dict[str, URLPattern] = {}
    for included in get_resolver().url_patterns:
        if str(included.pattern) == "console/":
            space = f"{included.namespace}:" if included.namespace else ""
            found |= {f"{space}{each.name}": each for each in included.url_patterns if isinstance(each, URLPattern)}
    return found


ROUTES = console_routes()


def address(name: str) -> str:
    return reverse(name, kwargs={each: ARGUMENTS[each] for each in ROUTES[name].pattern.regex.groupindex})


def short(name: str) -> str:
    """What the table calls it."""
    return name.removeprefix("console:")


def spied(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def reached(_request: Any, **_arguments: Any) -> HttpResponse:
        return HttpResponse("reached")

    return reached


@pytest.fixture
def spies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every view of the console only says that it was reached; the guard in front of it is the real one."""
    cache.clear()
    for pattern in ROUTES.values():
        monkeypatch.setattr(pattern, "callback", spied(pattern.callback))
    yield
    cache.clear()


def client_of(who: str) -> Client:
    user = account("somebody", *([] if who == NO_ROLE else [who]))
    if who == NO_ROLE:
        user.groups.clear()
    client = Client()
    client.force_login(user)
    return client


def told(answer: Any) -> bytes:
    """The body without the token of the form for signing out, which is masked anew in every answer."""
    return MASKED.sub(b"", answer.content)


def test_every_address_says_who_reaches_it_and_the_table_names_no_other():
    assert len(ROUTES) > 180
    assert sorted(map(short, ROUTES)) == sorted(REACH)
    assert set(POSTED) <= set(REACH)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("method", METHODS)
def test_a_role_reaches_what_the_table_gives_it_and_all_else_is_not_there(spies, method, who):
    client = client_of(who)
    for name in ROUTES:
        table = REACH if method in ("GET", "HEAD") else POSTED | {k: v for k, v in REACH.items() if k not in POSTED}
        wanted = table[short(name)]
        answer = client.generic(method, address(name))
        if wanted is ACCOUNT or GROUPS.get(who) in wanted:
            assert (answer.status_code, answer.content) in ((200, b"reached"), (200, b"")), name
        else:
            assert answer.status_code == 404, name
            assert "There is nothing here" in answer.content.decode()


FORBIDDEN = ("/console/tokens", "/console/deliveries/hold", "/console/people/1/set")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_is_a_way_around(spies, method):
    viewer = client_of("viewer")
    assert viewer.generic(method, "/console/incidents").content in (b"reached", b"")
    for path in FORBIDDEN:
        assert viewer.generic(method, path).status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "BREW"])
def test_methods_that_no_address_has_are_refused_before_anybody_asks_who_it_is(spies, method):
    answers = [client_of("viewer").generic(method, path) for path in ("/console/incidents", *FORBIDDEN)]
    assert {answer.status_code for answer in answers} == {405}
    assert all(b"reached" not in answer.content for answer in answers)


@pytest.mark.parametrize("method", METHODS)
def test_whoever_is_not_signed_in_reaches_what_is_open_and_nothing_else(spies, method):
    for name, pattern in ROUTES.items():
        answer = Client().generic(method, address(name))
        if getattr(pattern.callback, "is_open_to_anybody", False):
            assert answer.content in (b"reached", b""), name
        else:
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/console/sign-in?next=")


@pytest.mark.parametrize("who", ["viewer", "author", NO_ROLE])
def test_what_one_may_not_reach_is_answered_as_what_is_missing_byte_for_byte(who):
    client = client_of(who)
    missing = client.get("/console/there/is/no/such/address")
    assert missing.status_code == 404
    for path in ("/console/tokens", "/console/people", "/console/audit", "/console/export", "/console/deliveries/7"):
        forbidden = client.get(path)
        assert forbidden.status_code == 404
        assert told(forbidden) == told(missing)
        names = ("Content-Type", "Content-Security-Policy", "Cache-Control", "Vary")
        assert [forbidden.get(name) for name in names] == [missing.get(name) for name in names]


def test_whoever_has_no_role_is_told_so_and_sees_nothing_of_the_console():
    answer = client_of(NO_ROLE).get("/console/")
    assert answer.status_code == 404
    text = answer.content.decode()
    assert "Your account has no role yet" in text
    for name in ("Audit log", "Tokens", "New incident", "Subscribers"):
        assert name not in text


def test_an_attempt_to_write_what_one_may_not_is_in_the_log_and_cannot_fill_it():
    cache.clear()
    client = client_of("viewer")
    for _ in range(30):
        assert client.post("/console/deliveries/hold", headers={"X-Request-ID": "guard-1234"}).status_code == 404
    entries = AuditEntry.objects.filter(verb="act.refused")
    assert 0 < entries.count() <= 20
    newest = entries.first()
    assert newest is not None
    assert newest.changes == {"request": ["", "POST /console/deliveries/hold"]}
    assert (newest.actor_label, newest.ip, newest.request_id) == ("somebody", "127.0.0.1", "guard-1234")
    cache.clear()


def test_templates_ask_only_for_addresses_that_there_are():
    asked = {
        name.replace("_", "-")
        for file in Path(settings.BASE_DIR, "templates").rglob("*.html")
        for name in re.findall(r"\bmay\.(\w+)", file.read_text())
    }
    assert asked <= set(REACH)
    assert len(asked) > 50

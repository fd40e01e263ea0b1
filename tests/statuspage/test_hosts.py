"""A forged name of the site, and headers that caches do not look at: nothing of them comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from incidents.models import Subscriber
from incidents.notifying import mailbox
from incidents.publishing.tree import Page, Tree
from statuspage.forward import Forwarder
from statuspage.front import Front
from statuspage.shelf import Shelf
from tests.factories import make_component, make_subscriber, open_incident
from tests.live.guard import live_guard
from tests.statuspage.test_bad_requests import send
from tests.web.public.test_subscriptions import token_path
from tests.web.test_every_answer import ask

FORGED = [
    {"HTTP_X_FORWARDED_HOST": "evil.example"},
    {"HTTP_FORWARDED": "host=evil.example"},
    {"HTTP_X_HOST": "evil.example"},
    {"HTTP_X_FORWARDED_SERVER": "evil.example"},
    {"HTTP_X_ORIGINAL_URL": "/evil.example", "HTTP_X_REWRITE_URL": "/evil.example"},
    {"HTTP_X_FORWARDED_PREFIX": "/evil.example", "HTTP_X_SCRIPT_NAME": "/evil.example"},
    {"HTTP_X_FORWARDED_PORT": "6666", "HTTP_X_FORWARDED_SCHEME": "nonsense"},
]
# What a cache in front does not look at, and must not be able to change what it keeps.
UNKEYED = [
    *FORGED,
    {"HTTP_COOKIE": "session=evil; theme=dark"},
    {"HTTP_USER_AGENT": "<script>evil</script>", "HTTP_REFERER": "https://evil.example/"},
    {"HTTP_ACCEPT_LANGUAGE": "evil, ar;q=0.9", "HTTP_DNT": "1"},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE", "HTTP_X_FORWARDED_PROTO": "evil"},
    {"HTTP_ORIGIN": "https://evil.example", "HTTP_SAVE_DATA": "on"},
    {"HTTP_X_REQUEST_ID": "evil-evil-evil"},
    {"HTTP_RANGE": "bytes=0-1", "HTTP_EXPECT": "evil"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("forged", FORGED, ids=lambda given: next(iter(given)))
def test_a_forged_name_is_in_no_answer_no_mail_and_no_redirect(
    forged: Any, drain: Callable[..., None], responder: Any, settings: Any
) -> None:
    settings.SITE_URL = "https://status.example.org"
    settings.ALLOWED_HOSTS = ["status.example.org"]
    reader = make_subscriber()
    client = Client(HTTP_HOST="status.example.org")
    answers = [
        client.get("/console/", **forged),
        client.get("/console/incidents", **forged),
        client.get("/console/sign-in", **forged),
        client.post("/console/sign-in", {"username": "maria", "password": "correct horse battery"}, **forged),
        client.get("/console/people", **forged),
        client.get(token_path("subscriptions", reader), **forged),
        client.post("/subscribe", {"address": "new@example.org"}, **forged),
        client.get("/nothing", **forged),
    ]
    for answer in answers:
        assert answer.status_code < 500
        text = str(answer.headers) + answer.content.decode()
        assert "evil" not in text
        assert answer.headers.get("Location", "/").startswith("/")
    drain()
    (mail,) = mailbox.messages()
    assert "evil" not in str(mail)
    assert "https://status.example.org/confirm/" in mail.text
    assert Subscriber.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", ["evil.example", "status.example.org.evil.example", "status.example.org@evil.example", ""]
)
@pytest.mark.parametrize("path", ["/console/", "/console/sign-in", "/subscribe", "/v1/pages/x", "/inbound/generic/x"])
def test_django_refuses_a_name_that_is_not_ours(host: str, path: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["status.example.org"]
    for method in ("get", "post"):
        answer = getattr(Client(raise_request_exception=False), method)(path, HTTP_HOST=host)
        assert answer.status_code in (400, 404, 401), "machines are known by their key, whatever the name"
        assert "evil" not in answer.content.decode()
        assert "Location" not in answer.headers
        assert "no-store" in answer["Cache-Control"]


@pytest.fixture
def front(public_root: Path, drain: Callable[..., None]) -> Front:
    open_incident(make_component("Web API"), title="Errors")
    drain()
    return Front(Shelf(public_root), Forwarder("http://127.0.0.1:9", at_once=2, deadline_seconds=1), [])


@pytest.mark.django_db
@pytest.mark.parametrize("given", UNKEYED, ids=lambda given: next(iter(given)))
def test_no_header_that_a_cache_does_not_look_at_changes_what_it_would_keep(
    front: Front, given: dict[str, str]
) -> None:
    for path in ("/", "/history.atom", "/api/v2/summary.json", "/nothing", "/history/", "/gate/web-api", "/subscribe"):
        plain = ask(front, path, HTTP_HOST="status.example.org")
        got = ask(front, path, HTTP_HOST="status.example.org", **given)
        assert got == plain, path
        assert "evil" not in str(got)


@pytest.mark.django_db
def test_what_an_answer_depends_on_stands_in_vary(front: Front) -> None:
    for path in ("/", "/history.atom", "/api/v2/summary.json"):
        assert ask(front, path)[1]["Vary"] == "Accept-Encoding"
    assert "Accept" in ask(front, "/history", QUERY_STRING="page=1", HTTP_ACCEPT="text/html")[1].get("Vary", "Accept")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: status.example.org\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nHost: status.example.org\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : evil.example\r\nHost: status.example.org\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: status.example.org\r\nConnection: close\r\n\r\n",
        b"GET http://status.example.org/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: status.example.org, evil.example\r\nConnection: close\r\n\r\n",
        b"GET //evil.example/ HTTP/1.1\r\nHost: status.example.org\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET @evil.example/ HTTP/1.1\r\nHost: status.example.org\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: status.example.org\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
    ids=["two-ours-first", "two-theirs-first", "blank-before-colon", "absolute", "absolute-other", "list", "slashes"]
    + ["none", "userinfo", "smuggled"],
)
def test_a_request_of_two_names_gets_our_page_or_a_refusal(hosted: int, raw: bytes) -> None:
    got = send(hosted, raw)
    assert got.status in (200, 400, 404, 421), got.status
    assert b"evil" not in got.body
    assert "evil" not in str(got.headers)


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Tree(tmp_path_factory.mktemp("public"))
    made.swap([Page("/", b"<h1>Ours</h1>", "text/html; charset=utf-8")])
    with live_guard(made.root, ALLOWED_HOSTS="status.example.org") as port:
        yield port

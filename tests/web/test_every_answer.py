"""What every answer carries, whoever gives it: the guard from its tree, its own refusals, Django, its faults, files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.http import Http404
from django.test import Client
from django.urls import get_resolver

from incidents.domain.headers import CLOSED_POLICY, transport_headers
from incidents.web import access
from statuspage.forward import Forwarder
from statuspage.front import FORWARDED, Front
from statuspage.shelf import Shelf
from tests.factories import make_component, make_subscriber, open_incident
from tests.test_urls import filled, patterns
from tests.web.public.test_subscriptions import token_path

pytestmark = pytest.mark.django_db
ROUTES = [(name, filled(route)) for name, route in patterns(get_resolver())]
SITE = "https://status.example.org"
OF_PAGES = {
    "Referrer-Policy": ("same-origin", "no-referrer"),
    "X-Frame-Options": ("DENY", "SAMEORIGIN"),  # the second where the console shows a preview in a frame of its own
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Permissions-Policy": ("camera=(), geolocation=(), microphone=()",),
}
UNSAFE = re.compile(r"unsafe-|\*|(?<!data:)\bhttps?:|blob:")


def assert_safe(headers: dict[str, str], where: str) -> None:
    """Every header that an answer must carry, for what it is."""
    named = {name.lower(): value for name, value in headers.items()}
    policy = named["content-security-policy"]
    assert not UNSAFE.search(policy), (where, policy)
    assert "default-src 'none'" in policy, where
    assert "frame-ancestors" in policy or "sandbox" in policy, where
    assert named["x-content-type-options"] == "nosniff", where
    assert named["strict-transport-security"] == "max-age=31536000", where
    if named.get("content-type", "").startswith("text/html"):
        for name, allowed in OF_PAGES.items():
            assert named.get(name.lower()) in allowed, (where, name)
        assert "form-action" in policy or policy == CLOSED_POLICY, where
    assert "server" not in named, where
    assert "x-powered-by" not in named, where


@pytest.fixture(autouse=True)
def at_https(settings: Any) -> None:
    settings.SITE_URL = SITE
    settings.ALLOWED_HOSTS = ["status.example.org", "testserver"]


@pytest.mark.parametrize(("name", "path"), ROUTES, ids=[f"{name}-{path}" for name, path in ROUTES])
def test_every_address_of_django_carries_the_headers_for_everybody_and_every_method(console, name, path):
    for client in (Client(raise_request_exception=False), console):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"):
            answer = client.generic(method, path)
            assert answer.status_code < 500, (method, answer.status_code)
            assert_safe(dict(answer.headers), f"{method} {path}")
            assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])
            if method in ("TRACE", "NONSENSE"):
                assert answer.status_code == 405, method


def test_faults_and_refusals_carry_them_too_and_the_number_that_the_log_has(client, monkeypatch, caplog):
    client.raise_request_exception = False
    given: Any = {"HTTP_X_REQUEST_ID": "of-the-guard-12345"}
    raised: list[Exception] = []

    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise raised[-1]

    monkeypatch.setattr(access, "redirect_to_login", fails)
    found = {
        400: client.get("/confirm/x", HTTP_HOST="evil.example", **given),
        404: client.get("/static/incidents/nothing.css", **given),
        405: client.get("/subscribe", **given),
    }
    for status, error in ((404, Http404()), (500, KeyError("s3cret")), (503, OperationalError("s3cret"))):
        raised.append(error)
        found[status] = client.get("/console/", **given)
    strict = Client(enforce_csrf_checks=True)
    found[403] = strict.post("/console/sign-in", {"username": "x"}, **given)
    assert sorted(found) == [400, 403, 404, 405, 500, 503]
    for status, answer in found.items():
        assert answer.status_code == status
        assert_safe(dict(answer.headers), str(status))
        assert answer["X-Request-ID"] == "of-the-guard-12345"
        text = answer.content.decode()
        assert "s3cret" not in text
        assert "Traceback" not in text
        assert "evil" not in text
        if status in (400, 403, 500, 503):
            assert "of-the-guard-12345" in text, status
        assert answer["Cache-Control"]


def test_a_number_that_could_forge_a_line_of_the_log_is_replaced(client):
    for given in ("short", "x" * 200, "two\r\nlines-of-log", "{evil}<script>"):
        assert re.fullmatch("[0-9a-f]{32}", client.get("/healthz", HTTP_X_REQUEST_ID=given)["X-Request-ID"])


def test_files_of_the_console_carry_them_and_no_folder_is_listed(client):
    folder = Path(str(finders.find("incidents/console.css"))).parent
    for file in sorted(folder.rglob("*.*")):
        path = f"/static/incidents/{file.relative_to(folder)}"
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert_safe(dict(answer.headers), path)
    for path in ("/static/", "/static/incidents/", "/static/incidents", "/static/../statuspage/settings.py"):
        assert client.get(path).status_code == 404, path


def test_pages_reached_by_a_token_send_no_referrer_and_the_others_only_home(client):
    for kind in ("confirm", "subscriptions", "unsubscribe"):
        assert client.get(token_path(kind, make_subscriber(f"{kind}@example.org")))["Referrer-Policy"] == "no-referrer"
        assert client.get(f"/{kind}/wrong")["Referrer-Policy"] == "no-referrer"
    assert client.get("/console/sign-in")["Referrer-Policy"] == "same-origin"


# --- the guard ------------------------------------------------------------------------------------------------------


def ask(front: Front, path: str, method: str = "GET", **environ: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a call of the guard in this process."""
    told: list[Any] = []
    given = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": "", "wsgi.url_scheme": "http", **environ}
    body = b"".join(front(given, lambda status, headers, exc_info=None: told.extend((status, headers))))  # type: ignore[arg-type]
    return int(told[0].split()[0]), dict(told[1]), body


@pytest.fixture
def front(public_root: Path, drain: Callable[..., None]) -> Front:
    open_incident(make_component("Web API"), title="Errors")
    drain()
    always = transport_headers(SITE)
    forwarder = Forwarder("http://127.0.0.1:9", at_once=2, deadline_seconds=1, always=always)
    return Front(Shelf(public_root, always), forwarder, ["status.example.org"])


def published(root: Path) -> Iterator[str]:
    for sidecar in root.rglob("*.meta"):
        yield json.loads(sidecar.read_bytes())["path"]


def test_every_published_address_carries_them(front, public_root):
    addresses = sorted(set(published(public_root)))
    assert len(addresses) > 60
    for path in addresses:
        status, headers, _body = ask(front, path, HTTP_HOST="status.example.org")
        if path == "/embed/frame":  # other sites frame it: that is what it is for
            policy = headers["Content-Security-Policy"].replace("frame-ancestors *", "frame-ancestors 'none'")
            headers = {**headers, "Content-Security-Policy": policy, "X-Frame-Options": "DENY"}
        assert status in (200, 301, 302, 308, 404, 503), path
        assert_safe(headers, path)


def test_what_the_guard_says_itself_carries_them(front):
    host = {"HTTP_HOST": "status.example.org"}
    asked = [
        (404, "/nothing", "GET", host), (404, "/gate/nothing", "GET", host), (404, "/api/v2/nothing.json", "GET", host),
        (405, "/", "POST", host), (405, "/", "TRACE", host), (405, "/console/", "TRACE", host),
        (405, "/console/", "NONSENSE", host), (405, "/api/v2/status.json", "PUT", host),
        (308, "/history/", "GET", host),
        (204, "/feed.json", "OPTIONS", host), (400, "/", "GET", {"HTTP_HOST": "evil.example"}),
        (404, "/console/../x", "GET", host), (503, "/console/", "GET", host), (503, "/v1/pages", "GET", host),
        (413, "/subscribe", "POST", {**host, "CONTENT_LENGTH": "99999999"}),
        (411, "/subscribe", "POST", {**host, "HTTP_TRANSFER_ENCODING": "chunked"}),
    ]  # fmt: skip
    for expected, path, method, environ in asked:
        status, headers, body = ask(front, path, method, **environ)
        assert status == expected, path
        assert_safe(headers, f"{method} {path}")
        assert b"evil" not in body


def test_every_first_part_of_an_address_that_django_knows_is_handed_on():
    first = {re.split(r"[/(]", path.lstrip("/^"))[0] for _name, path in ROUTES}
    assert first - {"subscribe"} <= {each[1:] for each in FORWARDED}

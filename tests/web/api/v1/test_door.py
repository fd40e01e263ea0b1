"""The door of the write API: who is let in, how often, and what becomes of bodies that cannot be read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from incidents import queries
from incidents.actions import token as actions
from incidents.domain.scopes import Scope
from incidents.models import ApiToken, AuditEntry, Component
from incidents.web.api.v1 import keys
from incidents.web.api.v1.door import door
from incidents.web.api.v1.routes import ROUTES
from tests.acts_api import administrator
from tests.factories import make_component, utc
from tests.web.api.v1.v1_world import Caller, a_token

pytestmark = pytest.mark.django_db
WRITING = [route for route in ROUTES if route.method != "GET"]


def filled(path: str) -> str:
    page = queries.the_page().code
    return "/v1" + path.replace("{page_id}", page).replace("{", "").replace("}", "")


def asked(path: str, method: str = "GET", query: str = "", **headers: str) -> HttpResponse:
    """What the door says, without all that stands before it: there are hundreds of these."""
    request = RequestFactory(headers=headers).generic(
        method, path, b"{}", content_type="application/json", query_params={"api_key": query} if query else None
    )
    return door(request, path.removeprefix("/v1/"))


def said(answer: HttpResponse) -> str:
    return str(json.loads(answer.content)["message"])


def test_no_address_answers_without_a_good_key():
    """Every address of the table, with no key, an unknown, an expired, a revoked one, and one in the query."""
    cache.clear()
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        expired = a_token(name="old", expires_at=timezone.now() + timedelta(days=1))[1]
    row, revoked = a_token(name="gone")
    good = a_token()[1]
    actions.revoke_token(actor=administrator(), token_id=row.pk)
    tries = {
        "Send a key": {}, "not known": {"Authorization": "OAuth candor_guess"},
        "has expired": {"Authorization": f"OAuth {expired}"}, "was revoked": {"Authorization": f"Bearer {revoked}"},
        "Send a key in the header": {"Authorization": f"Basic {good}"},
    }  # fmt: skip
    for route in ROUTES:
        for sentence, headers in tries.items():
            answer = asked(filled(route.path), route.method, **headers)
            assert answer.status_code == 401, (route, sentence)
            assert sentence in said(answer)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        answer = asked(filled(route.path), route.method, good, Authorization=f"OAuth {good}")
        assert (answer.status_code, "ends up in logs" in said(answer)) == (401, True)
    assert ApiToken.objects.filter(last_used_at__isnull=False).count() == 0


def test_every_writing_address_asks_for_its_scope_and_the_log_keeps_who_tried(monkeypatch):
    monkeypatch.setattr(keys, "CALLS_PER_MINUTE", 10_000)
    key = a_token(Scope.READ, name="reader")[1]
    for route in WRITING:
        answer = asked(filled(route.path), route.method, Authorization=f"OAuth {key}")
        assert answer.status_code == 403
        assert said(answer) == f"This key does not have the scope “{route.scope.value}”."
    entries = AuditEntry.objects.filter(verb="token.refused")
    assert entries.count() == len(WRITING)
    assert {entry.actor_label for entry in entries} == {"reader"}
    assert key not in json.dumps(list(entries.values("changes", "subject_label")))
    writers = {scope: a_token(scope, name=f"only {scope}")[1] for scope in Scope if scope != Scope.READ}
    for route in ROUTES:
        for scope, other in writers.items():
            answer = asked(filled(route.path), route.method, Authorization=f"OAuth {other}")
            is_let_in = route.method != "GET" and scope == route.scope
            assert (answer.status_code != 403) == is_let_in, (route, scope)


def test_a_key_opens_nothing_of_another_page(api: Caller):
    for route in ROUTES:
        if "{page_id}" in route.path:
            other = filled(route.path).replace(queries.the_page().code, "aaaaaaaaaaaa")
            if route.method == "GET":
                assert api.call(route.method, other).status_code == 404


def test_use_is_noted_once_a_minute_and_the_key_is_nowhere(django_assert_num_queries):
    cache.clear()
    with time_machine.travel(utc("2026-06-23 12:00"), tick=False) as clock:
        row, key = a_token(Scope.READ)
        caller = Caller(key)
        for seconds, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
            clock.move_to(utc("2026-06-23 12:00") + timedelta(seconds=seconds))
            caller.get("/components")
            row.refresh_from_db()
            assert row.last_used_at == utc("2026-06-23 12:00") + timedelta(seconds=noted)
    assert key not in json.dumps(list(ApiToken.objects.values()), default=str)
    assert (row.sha256, row.first_characters) == (actions.digest_of(key), key[:12])


def test_past_the_limit_it_says_when_to_go_on(api: Caller):
    with time_machine.travel(utc("2026-06-23 12:00:10"), tick=False) as clock:
        assert {api.call("GET", "").status_code for _ in range(keys.CALLS_PER_MINUTE)} == {200}
        answer = api.call("GET", "")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "50")
        assert Caller(a_token(name="another")[1]).call("GET", "").status_code == 200
        clock.shift(50)
        assert api.call("GET", "").status_code == 200


@pytest.mark.parametrize(
    ("raw", "kind", "status", "sentence"),
    [
        (b"{", "application/json", 400, "not JSON"),
        (b"[" * 5000, "application/json", 400, "not JSON"),
        (b'{"component":{"name":"\xff"}}', "application/json", 400, "not JSON"),
        (b'{"component":{"name":"\\ud800"}}', "application/json", 400, "not JSON"),
        (b'{"component":{"name":"A\\u0000"}}', "application/json", 400, "NUL"),
        (b'{"component":{"name":NaN}}', "application/json", 400, "not JSON"),
        (b'{"component":{"name":1e999}}', "application/json", 400, "too large"),
        (b'{"component":{"name":' + b"9" * 5000 + b"}}", "application/json", 400, ""),
        (b'{"component":"A"}', "application/json", 400, "component: "),
        (b'["component"]', "application/json", 400, "object"),
        (b"null", "application/json", 400, "object"),
        (b'{"name":"A"}', "application/json", 400, "component: Field required"),
        (b'{"component":{"showcase":"true","name":"A"}}', "application/json", 400, "component.showcase: "),
        (b'{"component":{"name":"' + b"x" * 1_000_000 + b'"}}', "application/json", 413, "at most 1 MB"),
        (b"<component/>", "application/xml", 415, "Send JSON"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415, "Send JSON"),
        (b"component[name]=%FF", "application/x-www-form-urlencoded", 400, "percent-encoded UTF-8"),
        (b"component[name]=\xc3\xa9", "application/x-www-form-urlencoded", 400, "percent-encoded UTF-8"),
        (b"component[name]=A%00", "application/x-www-form-urlencoded", 400, "NUL"),
        (b"component[name]=A&component=B", "application/x-www-form-urlencoded", 400, "component"),
        (b"component=B&component[name]=A", "application/x-www-form-urlencoded", 400, "two ways"),
        (b"component[a][]=1&component[a][b]=2", "application/x-www-form-urlencoded", 400, "two ways"),
        (b"component[][name]=A", "application/x-www-form-urlencoded", 400, "cannot be read"),
        (b"component" + b"[a]" * 50 + b"=1", "application/x-www-form-urlencoded", 400, "cannot be read"),
        (b"a=1&" * 3000, "application/x-www-form-urlencoded", 400, "at most 2,000"),
        (b"component[showcase]=perhaps&component[name]=A", "application/x-www-form-urlencoded", 400, "showcase"),
        (b"", "application/x-www-form-urlencoded", 400, "component: Field required"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(api: Caller, raw, kind, status, sentence):
    answer = api._checked("POST", "/components", raw, kind, {})
    assert answer.status_code == status, answer.content
    assert sentence in answer.json()["message"]
    assert not Component.objects.exists()


def test_addresses_and_methods_that_are_not_there(api: Caller):
    for path in (
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/pages/",
        f"{api.page}/components/../x",
        f"{api.page}/components/%0A",
    ):
        assert api.refused("GET", path, 404)
    assert api.call("GET", f"{api.page}/components/é").status_code == 404
    answer = api.call("POST", "")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PATCH, PUT")
    assert api.call("TRACE", "/components").status_code == 405
    assert api.call("HEAD", "/components").status_code == 200


def test_a_database_that_does_not_answer_is_said_in_the_same_shape(api: Caller, monkeypatch):
    def broken(*_args: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(keys, "note_use", broken)
    answer = Client(headers={"Authorization": f"OAuth {api.key}"}).get(api.page)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Try again" in answer.json()["message"]


@pytest.mark.parametrize(("fault", "status"), [(KeyError("secret of the server"), 500), (OperationalError("x"), 503)])
@pytest.mark.parametrize("path", ["/v1/pages", "/v1", "/inbound/generic/some-key"])
def test_a_fault_that_nobody_foresaw_is_said_in_the_same_shape(monkeypatch, caplog, fault, status, path):
    def broken(*_args: Any) -> None:
        raise fault

    monkeypatch.setattr("incidents.web.api.v1.door.keys.token_of", broken)
    monkeypatch.setattr("incidents.actions.inbound.source_of", broken)
    answer = Client(raise_request_exception=False).post(path, b"{}", content_type="application/json")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
    assert answer.headers["Content-Type"].startswith("application/json")
    told = answer.json()
    assert set(told) == {"message", "error"}
    assert "secret" not in told["message"]
    assert "Traceback" in caplog.text


def test_a_repeat_under_one_key_is_done_once_and_another_request_is_a_conflict(api: Caller):
    row = make_component("Web")
    bodies: dict[str, dict[str, Any]] = {
        "/components": {"component": {"name": "API"}},
        "/component-groups": {"component_group": {"name": "Europe", "components": [row.code]}},
        "/incidents": {"incident": {"name": "Errors", "components": {row.code: "major_outage"}}},
        "/subscribers": {"subscriber": {"email": "a@example.org"}},
        "/incident_templates": {"template": {"name": "One", "body": "Text."}},
    }
    for path, body in bodies.items():
        first, second = (api.call("POST", path, body, Idempotency_Key=f"key {path}") for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["id"] == second.json()["id"]
        entries = AuditEntry.objects.count()
        (name,) = body
        other = {name: body[name] | {"name": f"Other {name}", "email": "b@example.org", "components": []}}
        assert api.call("POST", path, other, Idempotency_Key=f"key {path}").status_code == 409
        assert AuditEntry.objects.count() == entries
        assert Caller(a_token(name=path)[1]).call("POST", path, other, Idempotency_Key=f"key {path}").status_code == 201


def test_a_repeated_update_is_posted_once_even_where_it_reopens(api: Caller):
    made = api.post("/incidents", incident={"name": "Errors"})
    path = f"/incidents/{made['id']}"
    for number, status in enumerate(("resolved", "investigating", "resolved")):
        body = {"incident": {"status": status, "name": f"Errors {number}"}}
        answers = [api.call("PATCH", path, body, Idempotency_Key=f"k{number}").json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert len(answers[0]["incident_updates"]) == number + 2
    assert api.call("PATCH", path, {"incident": {"body": "B"}}, Idempotency_Key="k0").status_code == 409
    assert api.call("PATCH", path, {"incident": {"body": "B"}}, Idempotency_Key="x" * 256).status_code == 400

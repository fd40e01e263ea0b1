"""The address of monitors: who gets in, what is answered, what a flood costs."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connection
from django.http.request import UnreadablePostError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions import inbound
from incidents.domain.inbound import SourceKind
from incidents.models import AuditEntry, ImpactInterval, InboundSource, Proposal, PublicPage
from incidents.web.public.redaction import NoTokens
from tests.factories import make_component
from tests.inbound_world import make_rule, make_source, post
from tests.web.api import samples

pytestmark = pytest.mark.django_db
GENERIC: dict[str, Any] = {"fingerprint": "f", "title": "Errors"}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("alertmanager", samples.ALERTMANAGER), ("grafana", samples.GRAFANA), ("pagerduty", samples.PAGERDUTY),
        ("pagerduty", samples.PAGERDUTY_EVENTS_V2), ("generic", samples.GENERIC),
    ],
)  # fmt: skip
def test_what_each_monitor_sends_becomes_a_proposal(kind, payload):
    _source, key = make_source(kind)
    answer = post(kind, key, payload)
    assert (answer.status_code, answer.json()["proposals"]) == (202, 1)
    assert Proposal.objects.get().state == "open"
    assert (answer["Cache-Control"], answer.cookies, answer.has_header("Vary")) == ("no-store", {}, False)


def test_a_key_that_opens_nothing_a_wrong_kind_and_a_disabled_source_are_one_and_the_same():
    source, key = make_source("grafana")
    off, off_key = make_source("grafana", "Off", is_enabled=False)
    answers = [
        post("grafana", "guess", {}), post("generic", key, {}), post("grafana", off_key, {}), post("nothing", key, {}),
    ]  # fmt: skip
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert source.pk != off.pk


def test_only_the_hash_of_a_key_is_kept():
    source, key = make_source()
    assert len(key) >= 32
    kept = InboundSource.objects.values().get(pk=source.pk)
    assert key not in str(kept)
    assert kept["key_prefix"] == key[:6]


def test_only_post_is_answered_and_no_token_of_a_form_is_needed():
    _source, key = make_source()
    answer = Client().get(f"/inbound/generic/{key}")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(f"/inbound/generic/{key}", GENERIC, content_type="application/json")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"[]", 400, "must be a JSON object"),
        (b"{}", 400, "fingerprint"),
        (b'{"fingerprint": "\\u0000\\ud800"}', 400, "fingerprint"),
        (b'{"fingerprint": "' + b"x" * 1_000_001 + b'"}', 413, "1 MB"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason_and_the_source_says_so(body, status, reason):
    source, key = make_source()
    answer = Client().post(f"/inbound/generic/{key}", body, content_type="application/json")
    assert answer.status_code == status
    assert reason in answer.json()["message"]
    assert not Proposal.objects.exists()
    source.refresh_from_db()
    assert (reason in source.last_error) == (status == 400)


def test_odd_texts_are_cleaned_and_bounded():
    _source, key = make_source()
    payload = {"fingerprint": "f" * 5_000, "title": "A\x00B\n" + "t" * 999, "body": "\x00b" * 9_000}
    answer = post("generic", key, payload | {"component": "a\x00b", "labels": {"a\x00": "b\x00"}})
    assert answer.status_code == 202
    row = Proposal.objects.get()
    assert (len(row.fingerprint), len(row.title), row.title[:3], len(row.body)) == (64, 255, "AB ", 5_000)
    assert row.components == []


def test_a_thousand_repeats_are_one_proposal_with_a_count_and_leave_the_page_alone():
    source, key = make_source()
    make_rule(source, make_component())
    post("generic", key, GENERIC)
    entries, revision = AuditEntry.objects.count(), PublicPage.objects.get().revision
    body = json.dumps({"alerts": [GENERIC] * 333})
    with CaptureQueriesContext(
        connection,
    ) as captured:
        for _ in range(3):
            Client().post(f"/inbound/generic/{key}", body, content_type="application/json")
    row = Proposal.objects.get()
    assert (row.count, row.state, row.version) == (1_000, "open", 1)
    assert AuditEntry.objects.count() == entries
    assert PublicPage.objects.get().revision == revision
    statements = [each["sql"] for each in captured.captured_queries]
    assert not any("publicpage" in sql for sql in statements), "a repeat must not wait for the lock on the page"
    assert len(statements) <= 3 * 6


def test_a_flood_of_different_alerts_is_bounded_and_the_source_says_so():
    source, key = make_source()
    alerts = [{"fingerprint": str(number)} for number in range(300)]
    answer = post("generic", key, {"alerts": alerts})
    assert answer.status_code == 202
    assert Proposal.objects.count() == 200
    assert "200 proposals of this source wait" in answer.json()["refused"][0]
    source.refresh_from_db()
    assert "200 proposals" in source.last_error


def test_more_alerts_than_are_read_at_once_are_told_of():
    _source, key = make_source()
    answer = post("generic", key, {"alerts": [GENERIC] * 501})
    assert (answer.json()["alerts"], Proposal.objects.get().count) == (500, 500)
    assert "first 500 alerts" in answer.json()["refused"][0]


def test_a_body_that_broke_off_is_refused_and_the_source_says_so(monkeypatch):
    source, key = make_source()

    def broken(*_args: Any) -> bytes:
        raise UnreadablePostError("gone")

    monkeypatch.setattr(WSGIRequest, "read", broken)
    answer = Client(raise_request_exception=False).post(f"/inbound/generic/{key}", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["message"]) == (400, "The body ended too early.")
    source.refresh_from_db()
    assert source.last_error == "The body ended too early."


def test_a_rule_that_holds_sets_the_component_and_an_alert_that_is_refused_holds_up_no_other():
    source, key = make_source()
    web, api = make_component("Web"), make_component("API")
    make_rule(source, web, act="hold", match={"at": "web"})
    make_rule(source, api, act="hold", match={"at": "api"})
    type(web).objects.filter(pk=web.pk).update(archived_at="2026-01-01T00:00Z")
    alerts = [GENERIC | {"fingerprint": at, "labels": {"at": at}} for at in ("web", "api")]
    answer = post("generic", key, {"alerts": alerts})
    assert answer.json()["changed"] == 1
    assert "Web is archived" in answer.json()["refused"][0]
    assert ImpactInterval.objects.get().component == api


def test_a_database_that_does_not_answer_asks_for_the_delivery_again(monkeypatch):
    _source, key = make_source()

    def gone(**_given):
        raise DatabaseError("gone")

    monkeypatch.setattr(inbound, "receive", gone)
    answer = post("generic", key, GENERIC)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_the_key_is_kept_out_of_the_logs():
    entry = logging.LogRecord("x", logging.WARNING, "", 0, "Not Found: /inbound/grafana/secretkey", (), None)
    NoTokens().filter(entry)
    assert entry.getMessage() == "Not Found: /inbound/grafana/…"


def test_the_example_of_the_documentation_is_taken():
    _source, key = make_source()
    text = (Path(__file__).parents[3] / "docs" / "inbound.md").read_text()
    example = re.search(r"-d '(\{.*?\})'", text, re.DOTALL)
    assert example
    assert post("generic", key, json.loads(example[1])).status_code == 202
    for kind in SourceKind:
        assert f"/inbound/{kind}/<key>" in text or f"`{kind}`" in text

"""What may be typed as an e-mail address, at every door that takes one: the group `email_addr` of the bad inputs."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from incidents.models import Subscriber
from incidents.notifying import mailbox
from tests.bad_inputs import cases
from tests.web.api.v1.v1_world import Caller

pytestmark = pytest.mark.django_db
# What is taken, and how it is kept; everything else of the group is refused.
TAKEN = {
    "email_addr-08": ["a@b.co"],
    "email_addr-17": ["a@xn--e1afmkfd.xn--p1ai"],
    "email_addr-22": ["A@b.co"],
    "email_addr-23": ["a@b.co"],
    "email_addr-24": ["user+status@example.com"],
}
# Cases that are told in words: what they stand for.
TYPED = {
    "email_addr-18": "a@ex\u0430mple.com",
    "email_addr-22": "A@B.CO",
    "email_addr-29": "noreply@status.own.example",
    "email_addr-30": "status@status.own.example",
}
TAKEN["email_addr-18"] = ["a@xn--exmple-4nf.com"]


@pytest.fixture(autouse=True)
def own_sender(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "status@status.own.example"


def kept() -> list[str]:
    return list(Subscriber.objects.values_list("address", flat=True))


@pytest.mark.parametrize(("case", "raw"), cases("email_addr"))
def test_the_public_form_takes_or_refuses_it(
    client: Client, drain: Callable[..., None], caplog: pytest.LogCaptureFixture, case: str, raw: str
) -> None:
    typed = TYPED.get(case, raw)
    started = time.thread_time()
    answer = client.post("/subscribe", {"address": typed})
    assert time.thread_time() - started < 0.5
    drain()
    assert kept() == TAKEN.get(case, [])
    assert len(mailbox.messages()) == len(TAKEN.get(case, []))
    assert answer.status_code == (200 if case in TAKEN else 413 if len(typed) > 64 * 1024 else 422)
    assert all(len(record.getMessage()) < 2_000 for record in caplog.records), "not logged in full"
    for message in mailbox.messages():
        assert "Bcc" not in dict(message.headers)


@pytest.mark.parametrize(("case", "raw"), cases("email_addr"))
def test_the_form_of_the_console_takes_or_refuses_it_alike(console: Client, responder: User, case: str, raw: str):
    responder.groups.add(Group.objects.get_or_create(name="administrator")[0])
    answer = console.post("/console/subscribers/add", {"address": TYPED.get(case, raw)})
    assert answer.status_code in (200, 302, 413, 422)
    assert kept() == TAKEN.get(case, [])
    if case == "email_addr-18":
        assert "a@xn--exmple-4nf.com" in console.get("/console/subscribers").content.decode()


@pytest.mark.parametrize(("case", "raw"), cases("email_addr"))
def test_the_write_api_takes_or_refuses_it_alike(case: str, raw: str):
    answer = Caller().call("POST", "/subscribers", {"subscriber": {"email": TYPED.get(case, raw)}})
    assert answer.status_code in ((201,) if case in TAKEN else (400, 413, 422)), answer.content
    assert kept() == TAKEN.get(case, [])
    assert len(answer.content) < 5_000
    assert "message" in json.loads(answer.content) or case in TAKEN


def test_what_is_wrong_is_said_so_that_it_can_be_mended(client: Client):
    def said(typed: str) -> str:
        return client.post("/subscribe", {"address": typed}).content.decode()

    assert "before the @ only a to z" in said(
        "\u0442\u0435\u0441\u0442@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444"
    )
    assert "cannot be seen" in said("\u202ea@b.co")
    assert "missing part or a slip" in said("a@b")


def test_colleagues_at_our_own_domain_may_subscribe(client: Client):
    client.post("/subscribe", {"address": "maria@status.own.example"})
    assert kept() == ["maria@status.own.example"]
    for answering in ("postmaster", "No-Reply", "bounces+x", "mailer-daemon"):
        assert client.post("/subscribe", {"address": f"{answering}@status.own.example"}).status_code == 422
    assert client.post("/subscribe", {"address": "abuse@example.com"}).status_code == 200, "somebody's desk elsewhere"


def test_capitals_make_one_subscriber_and_one_mail(client: Client, drain: Callable[..., None]):
    for typed in ("A@B.CO", "a@b.co"):
        client.post("/subscribe", {"address": typed})
    drain()
    assert (len(kept()), len(mailbox.messages())) == (1, 1)


@pytest.mark.parametrize(("case", "raw"), cases("email_addr"))
def test_a_list_that_is_imported_is_read_by_the_same_rule(tmp_path: Path, case: str, raw: str):
    file = tmp_path / "list.csv"
    with file.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["email", "consent"], [TYPED.get(case, raw), "asked on paper, 2026-06-01"]])
    with suppress(CommandError):  # a field of a megabyte stops the run
        call_command("import_history", "subscribers", str(file), stdout=StringIO())
    assert kept() == TAKEN.get(case, [])

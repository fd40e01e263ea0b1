"""What must not leave by a public text unnoticed."""

from __future__ import annotations

import time

import pytest

from incidents.domain.disclosure import Leak, disclosures, disclosures_of_link

FOUND = [
    (Leak.EMAIL, "Ask maria.rossi+oncall@example.org today", "maria.rossi+oncall@example.org"),
    (Leak.PHONE, "Call +49 30 1234 5678 at night", "+49 30 1234 5678"),
    (Leak.PHONE, "or (212) 555-0100", "(212) 555-0100"),
    (Leak.ADDRESS, "The node 10.20.30.40 was full", "10.20.30.40"),
    (Leak.ADDRESS, "from 203.0.113.7.", "203.0.113.7"),
    (Leak.ADDRESS, "at 2001:db8::17 too", "2001:db8::17"),
    (Leak.HOST, "on db-01.prod.internal.", "db-01.prod.internal"),
    (Leak.HOST, "ssh.corp and build.eu.corp", "build.eu.corp"),
    (Leak.HOST, "printer.local", "printer.local"),
    (Leak.LINK, "see https://example.slack.com/archives/C1/p2", "https://example.slack.com/archives/C1/p2"),
    (Leak.LINK, "[ticket](https://acme.atlassian.net/browse/OPS-12)", "https://acme.atlassian.net/browse/OPS-12"),
    (Leak.LINK, "https://jira.example.org/x", "https://jira.example.org/x"),
    (Leak.LINK, "https://linear.app/acme/issue/OPS-1", "https://linear.app/acme/issue/OPS-1"),
    (Leak.LINK, "https://github.com/acme/private/issues/12", "https://github.com/acme/private/issues/12"),
    (Leak.KEY, "key AKIAIOSFODNN7EXAMPLE was used", "AKIAIOSFODNN7EXAMPLE"),
    (Leak.KEY, "ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9),
    (Leak.KEY, "sk-" + "abcd1234" * 4, "sk-" + "abcd1234" * 4),
    (Leak.KEY, "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
    (Leak.KEY, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", None),
    (Leak.KEY, "password: hunter2hunter2", "password: hunter2hunter2"),
    (Leak.COMMAND, "It ran\n\n    $ rm -rf /srv/table", "$ rm -rf /srv/table"),
    (Leak.COMMAND, "`kubectl delete pod/web-1`", "kubectl delete pod/web-1"),
]
PLAIN = [
    "At 14:30:15 UTC on 2026-06-23 it took 3 h 45 min (225 min).",
    "Version 1.2.3 and version 2026.11.25",
    "The std::vector of a::b",
    "99.95 % of 1,234,567,890 requests",
    "Read https://www.example.org/reviews/2026-06-23-errors and https://github.com/acme/status",
    "The internal table, local caches and the corporate network.",
    "Tokens are given out once; a secret was not known. The password of nobody was read.",
    "We use knife and sudo with care; terraform is a tool.",
    "From {{impact_started}} to {{resolved}}: {{time_to_resolve.minutes}} minutes.",
]


@pytest.mark.parametrize(("kind", "text", "found"), FOUND)
def test_what_must_not_leave_is_found(kind, text, found):
    finds = [each for each in disclosures(text) if each.kind == kind]
    assert finds, disclosures(text)
    assert found is None or found in [each.text for each in finds]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_left_alone(text):
    assert disclosures(text) == []


def test_an_installation_names_its_own_tools():
    text = "https://desk.tools.example.org/t/1 and https://other.example.org/t/1"
    assert disclosures(text) == []
    found = disclosures(text, ("tools.example.org",))
    assert [(each.kind, each.text) for each in found] == [(Leak.LINK, "https://desk.tools.example.org/t/1")]


def test_a_ticket_in_public_is_a_good_source_and_a_chat_is_none():
    assert disclosures_of_link("https://gitlab.com/acme/production/-/issues/18491") == []
    assert [each.kind for each in disclosures_of_link("https://acme.slack.com/archives/C1")] == [Leak.LINK]
    assert [each.kind for each in disclosures_of_link("http://10.0.0.7/graph")] == [Leak.ADDRESS]
    assert [each.kind for each in disclosures_of_link("https://grafana.prod.internal/d/1")] != []


def test_a_key_is_named_without_being_told_again():
    (found,) = disclosures("AKIAIOSFODNN7EXAMPLE")
    assert found.name.startswith("sha256:")
    assert "AKIA" not in found.name


@pytest.mark.parametrize(
    "piece", ["\n", "1.", "+1 ", "a.", "a@a.", ":", "fe:", "eyJ", "sudo a ", "https://", "token ", "-"]
)
def test_the_longest_text_is_read_at_once(piece):
    text = (piece * 25_000)[:25_000]
    began = time.perf_counter()
    disclosures(text)
    assert time.perf_counter() - began < 1

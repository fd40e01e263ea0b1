"""The audit log in the console: searched, printed in words, taken away as files."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from incidents.actions import client_advice, operators
from incidents.chain import log
from incidents.models import AuditEntry, PublicPage
from tests.factories import MARIA, account, colleague, make_component, open_incident

pytestmark = pytest.mark.django_db


def listed(console, query=""):
    return console.get(f"/console/audit?{query}").content.decode()


def test_it_is_searched_by_words_person_happening_object_and_day(console):
    at = datetime(2026, 6, 23, 14, 0, tzinfo=UTC)
    open_incident(make_component("API", now=at), title="Früh am Morgen", now=at)
    open_incident(title="Later", actor=colleague("noor"), now=datetime(2026, 6, 25, 9, 0, tzinfo=UTC))
    for query, found in (
        ("q=Fr%C3%BCh", True), ("q=nowhere", False), ("who=mar", True), ("who=noor", False),
        ("verb=incident.opened", True), ("verb=page.edited", False), ("kind=incident", True), ("kind=region", False),
        ("from=2026-06-23&to=2026-06-23", True), ("from=2026-06-24", False), ("to=2026-06-22", False),
    ):  # fmt: skip
        assert ("Früh am Morgen" in listed(console, query).split("<tbody>")[1]) == found, query
    assert "A day is written as" in listed(console, "from=yesterday")
    assert 'value="2026-06-23"' in listed(console, "from=2026-06-23"), "the filter stays in the form"


def test_it_prints_words_and_no_keys(console):
    api = make_component("API")
    row = open_incident(api)
    client_advice.give_advice(actor=MARIA, incident_id=row.pk, kind="retry_after", seconds=60)
    text = listed(console).split("<tbody>")[1]
    assert "try again after (seconds): 60" in text
    assert "API: Operational → Major outage" in text
    for key in ("retry_after", "major_outage", "old_level", "clientadvice"):
        assert key not in text


def test_only_an_administrator_reads_it_or_takes_it_away(console, responder):
    responder.groups.set([group for group in responder.groups.all() if group.name != "administrator"])
    assert console.get("/console/audit").status_code == 404
    assert console.post("/console/audit/export", {"format": "csv"}).status_code == 404


FORMULAS = {
    "csv-01": '=HYPERLINK("http://evil","x")', "csv-02": "+1-1", "csv-04": "@SUM(1)", "csv-07": "\uff1d1+1",
}  # fmt: skip


@pytest.mark.parametrize("case", FORMULAS)
def test_no_cell_of_the_export_is_a_formula(console, case):
    title = FORMULAS[case]
    open_incident(title=title)
    body = b"".join(console.post("/console/audit/export?verb=incident.opened", {"format": "csv"})).decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert [row["subject"] for row in rows] == [f"'{title}"]
    for line in csv.reader(io.StringIO(body, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")) for cell in line)


@pytest.mark.parametrize("name", ["\t=1", "\r=1", 'a"b\nc', "=cmd@b.co"])
def test_a_cell_that_begins_with_a_blank_or_holds_a_quote_is_one_cell_and_harmless(console, name):
    entry = AuditEntry(
        at=datetime(2026, 6, 23, tzinfo=UTC), actor_kind="user", actor_label=name, verb="page.edited",
        subject_kind="publicpage", subject_id=1, subject_label="x",
    )  # fmt: skip
    make_component()
    log.append(PublicPage.objects.get(), entry)
    body = b"".join(console.post("/console/audit/export?verb=page.edited", {"format": "csv"})).decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert len(rows) == 1
    assert rows[0]["actor"] == (name if name.startswith("a") else f"'{name}")


def test_json_lines_have_what_the_hashes_are_made_of_and_the_export_is_in_the_log(console):
    open_incident(make_component())
    answer = console.post("/console/audit/export?who=maria", {"format": "jsonl"})
    assert answer["Content-Disposition"] == 'attachment; filename="audit-log.jsonl"'
    rows = [json.loads(line) for line in b"".join(answer).decode().splitlines()]
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1)), "oldest first"
    assert rows[-1]["hash"] == AuditEntry.objects.get(verb="log.exported").hash, "that it was taken away stands in it"
    assert AuditEntry.objects.get(verb="log.exported").changes == {"who": ["", "maria"]}
    assert log.verify().findings == []


def test_an_operator_who_was_added_is_found_by_the_address(console):
    account("maria")
    operators.add_operator(actor=MARIA, address="oncall@example.org")
    assert "oncall@example.org" in listed(console, "q=oncall%40example").split("<tbody>")[1]

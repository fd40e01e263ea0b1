"""The downloads: complete, recomputable by strangers, harmless in a spreadsheet, silent about what is internal."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from incidents.actions import incident as incident_actions
from incidents.actions import ledger as ledger_actions
from incidents.domain.status import Level
from incidents.models import ImpactInterval
from incidents.publishing import downloads, months, snapshot, store
from incidents.publishing.public import Snapshot
from tests.factories import MARIA, colleague, make_component, make_region, open_incident, post_update, utc
from tests.publishing.page_world import add_past, open_the_incident, resolve, set_status, ten_components, truth_at

pytestmark = pytest.mark.django_db
CASES = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
CSV_CASES = next(group["cases"] for group in CASES if group["group"] == "csv")
CANARY = "CANARY-91c0"


def files_of(truth: Snapshot) -> dict[str, bytes]:
    return {page.path: page.render().body for page in downloads.cold(truth)}


def document_of(truth: Snapshot) -> dict[str, Any]:
    return json.loads(files_of(truth)["/uptime/ledger.json"])


def table_of(truth: Snapshot) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(files_of(truth)["/uptime/ledger.csv"].decode(), newline="")))


def a_past() -> Snapshot:
    leaves = ten_components()
    add_past(leaves)
    resolve(open_the_incident(leaves), utc("2026-06-23 18:15"))
    set_status(leaves[3], Level.PARTIAL_OUTAGE, utc("2026-06-23 18:20"))
    return truth_at("19:00")


# --- a stranger's program: knows the document and nothing of this project --------------------------------------------


def recomputed(document: dict[str, Any], code: str, year: int, month: int, today: datetime) -> str:
    """The percentage of one component in one month (UTC), second by edge; "" for no data."""
    component = next(row for row in document["components"] if row["code"] == code)
    read = datetime.fromisoformat
    start = max(datetime(year, month, 1, tzinfo=UTC), read(component["first_day"]).replace(tzinfo=UTC))
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    end = min(following, datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1))
    if start >= end:
        return ""
    rows = [row for row in document["intervals"] if row["component"]["code"] == code]
    worst = 0
    for region in component["regions"] or [None]:
        mine = [
            (max(read(row["started_at"]), start), min(read(row["ended_at"]) if row["ended_at"] else today, end),
             round(document["policy"]["weights"][row["level"]] * 10))
            for row in rows
            if row["region"] in (None, region)
        ]  # fmt: skip
        edges = sorted({edge for row in mine for edge in row[:2] if row[0] < row[1]})
        tenths = 0
        for begins, ends in zip(edges, edges[1:], strict=False):
            weight = max((w for a, b, w in mine if a <= begins and ends <= b), default=0)
            tenths += (ends - begins) // timedelta(microseconds=1) * weight
        worst = max(worst, tenths)
    whole = (end - start) // timedelta(microseconds=1) * 10
    return "100" if worst == 0 else f"{10000 * (whole - worst) // whole / 100:.2f}"


def violations(schema: dict[str, Any], value: Any, root: dict[str, Any], at: str = "$") -> list[str]:
    """What of the schema the value breaks; knows the keywords that ours uses, and refuses others."""
    if "$ref" in schema:
        return violations(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root, at)
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "format",
             "description", "minimum", "maximum", "$schema", "$id", "title", "$defs"}  # fmt: skip
    assert set(schema) <= known, set(schema) - known
    kinds = schema.get("type", [])
    if kinds and not any(is_a(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return [f"{at} is no {kinds}"]
    found = []
    if "enum" in schema and value not in schema["enum"] or "const" in schema and value != schema["const"]:
        found.append(f"{at} is {value!r}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at} does not match")
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at} is out of range")
    if isinstance(value, dict):
        names = schema.get("properties", {})
        found += [f"{at}.{name} is missing" for name in set(schema.get("required", [])) - set(value)]
        found += [f"{at}.{name} is unknown" for name in set(value) - set(names)]
        found += [
            row
            for name in set(value) & set(names)
            for row in violations(names[name], value[name], root, f"{at}.{name}")
        ]
    if isinstance(value, list):
        found += [row for i, each in enumerate(value) for row in violations(schema["items"], each, root, f"{at}[{i}]")]
    return found


def is_a(value: Any, kind: str) -> bool:
    kinds: dict[str, Any] = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
        "boolean": bool,
    }  # fmt: skip
    return isinstance(value, kinds[kind]) and (kind == "boolean" or not isinstance(value, bool))


# --- JSON -----------------------------------------------------------------------------------------------------------


def test_the_figures_of_the_pages_come_out_of_the_download():
    truth = a_past()
    document = document_of(truth)
    book = months.book(truth)
    compared = set()
    for account in book.accounts:
        for month in [] if account.view.is_group else book.months:
            mine = months.figure(account, month, book.zone, book.now).percent
            theirs = recomputed(document, account.view.code, month.year, month.month, truth.built_at)
            assert mine == theirs, (account.view.slug, month)
            compared.add(mine)
    assert len(compared) >= 10


def test_the_document_is_as_its_schema_says():
    api = make_component()
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    ledger_actions.correct_interval(
        actor=MARIA, interval_id=ImpactInterval.objects.get().pk, level=Level.PARTIAL_OUTAGE,
        started_at=utc("2026-06-23 14:40"), ended_at=None, reason="It was partial.", now=utc("2026-06-23 15:14"),
    )  # fmt: skip
    post_update(incident, "monitoring", now=utc("2026-06-23 15:20"))
    truth = truth_at("15:30")
    document, schema = document_of(truth), json.loads(files_of(truth)["/schemas/ledger.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == document["schema"] == "http://127.0.0.1:8000/schemas/ledger.json"
    assert violations(schema, document, schema) == []
    assert violations(schema, {**document, "more": 1}, schema) == ["$.more is unknown"]
    broken = {**document, "intervals": [{**document["intervals"][0], "level": "fine", "started_at": "yesterday"}]}
    assert len(violations(schema, broken, schema)) == 2


def test_what_was_corrected_stands_apart_with_its_reason():
    api = make_component()
    incident = open_incident(api, now=utc("2026-06-23 14:52"))
    old = ImpactInterval.objects.get()
    ledger_actions.correct_interval(
        actor=MARIA, interval_id=old.pk, level=Level.PARTIAL_OUTAGE, started_at=utc("2026-06-23 14:40"),
        ended_at=None, reason="It was partial.", now=utc("2026-06-23 15:14"),
    )  # fmt: skip
    document = document_of(truth_at("15:30"))
    [standing], [former] = document["intervals"], document["superseded"]
    assert (standing["level"], standing["started_at"]) == ("partial_outage", "2026-06-23T14:40:00Z")
    assert standing["incident"] == {
        "code": incident.code,
        "url": f"http://127.0.0.1:8000/incidents/{incident.code}",
        "title": incident.title,
        "first_post_at": "2026-06-23T14:52:00Z",
        "monitoring_at": None,
    }
    assert former["level"] == "major_outage"
    assert (former["id"], former["superseded_by"]) == (old.pk, standing["id"])
    assert (former["superseded_at"], former["reason"]) == ("2026-06-23T15:14:00Z", "It was partial.")


def test_microseconds_are_kept_where_there_are_some():
    open_incident(make_component(), now=utc("2026-06-23 14:52:07.000250"))
    assert document_of(truth_at("15:30"))["intervals"][0]["started_at"] == "2026-06-23T14:52:07.000250Z"


def test_the_head_says_of_which_state_it_is():
    make_component(now=utc("2026-06-23 14:00"))
    truth = truth_at("15:30")
    document = document_of(truth)
    assert document["updated_at"] == "2026-06-23T14:00:00Z"
    assert document["record"] == {"number": truth.page.record_number, "hash": truth.page.record_hash}
    assert truth.page.record_number == 1
    assert re.fullmatch("[0-9a-f]{64}", truth.page.record_hash)


def test_regions_are_named_by_key():
    east, west = make_region("east"), make_region("west")
    make_component(region_ids=[east.pk, west.pk])
    document = document_of(truth_at("15:30"))
    assert document["regions"] == [{"key": "east", "name": "East"}, {"key": "west", "name": "West"}]
    assert document["components"][0]["regions"] == ["east", "west"]


def test_the_bytes_know_no_clock_and_the_key_moves_with_the_truth():
    leaves = ten_components()
    add_past(leaves)
    early, late = truth_at("14:00"), snapshot.build(utc("2026-08-09 10:00"))
    assert files_of(early) == files_of(late)
    keys = {page.path: page.key for page in downloads.cold(early)}
    assert keys == {page.path: page.key for page in downloads.cold(late)}
    open_the_incident(leaves)
    after = {page.path: page.key for page in downloads.cold(truth_at("14:55"))}
    assert [path for path in after if after[path] != keys[path]] == ["/uptime/ledger.json", "/uptime/ledger.csv"]


def test_nothing_internal_is_in_any_byte():
    author = colleague(f"{CANARY}-author")
    api = make_component()
    open_incident(api, actor=author, now=utc("2026-06-23 14:52"))
    ledger_actions.correct_interval(
        actor=author, interval_id=ImpactInterval.objects.get().pk, level=Level.PARTIAL_OUTAGE,
        started_at=utc("2026-06-23 14:40"), ended_at=None, reason="It was partial.", now=utc("2026-06-23 15:14"),
    )  # fmt: skip
    before = files_of(truth_at("15:20"))
    ImpactInterval.objects.update(note=f"{CANARY}-note", superseded_by_label=f"{CANARY}-label")
    after = files_of(truth_at("15:20"))
    assert after == before
    assert not [path for path, body in after.items() if CANARY.encode() in body]


# --- CSV ------------------------------------------------------------------------------------------------------------


def test_the_table_says_what_the_document_says():
    truth = a_past()
    document, table, raw = document_of(truth), table_of(truth), files_of(truth)["/uptime/ledger.csv"]
    assert raw.startswith(b"id,component_code,")
    assert raw.count(b"\r\n") == raw.count(b"\n") == len(document["intervals"]) + 1
    assert len(table) == len(document["intervals"]) > 30
    for row, told in zip(table, document["intervals"], strict=True):
        assert row["id"] == str(told["id"])
        assert (row["component_name"], row["level"]) == (told["component"]["name"], told["level"])
        assert (row["started_at"], row["ended_at"]) == (told["started_at"], told["ended_at"] or "")
        assert row["incident_url"] == (told["incident"]["url"] if told["incident"] else "")


@pytest.mark.parametrize("case", [row for row in CSV_CASES if row["id"] < "csv-09"], ids=lambda row: row["id"])
def test_no_cell_is_a_formula(case):
    text = case["input"].removesuffix(" as component name")
    [cell] = next(csv.reader(StringIO(line_of([downloads.guarded(text)]), newline="")))
    if "same" in case["expect"] or "single quote" in case["expect"]:
        assert cell == f"'{text}"
    else:
        assert cell == text, "one cell, as it was"


def line_of(cells: list[str]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil","x")', "+1-1", "@SUM(1)", "-2+3", "\uff1d1+1", 'a"b, c'])
def test_a_component_that_is_called_like_a_formula_is_only_a_name(name):
    open_incident(make_component(name))
    [row] = table_of(snapshot.build())
    assert row["component_name"] == (name if name.startswith("a") else f"'{name}")
    assert not [cell for cell in row.values() if cell.startswith(downloads.FORMULA_STARTS)]


# --- in the tree ----------------------------------------------------------------------------------------------------


def test_the_files_are_published_with_their_types_and_open_to_scripts(public_root):
    open_incident(make_component(start_date=date(2026, 6, 1)))
    store.republish()
    for path, kind in (
        ("uptime/ledger.json", "application/json"),
        ("uptime/ledger.csv", "text/csv; charset=utf-8; header=present"),
        ("schemas/ledger.json", "application/schema+json"),
    ):
        meta = json.loads((public_root / "cold" / f"{path}.meta").read_text())
        assert meta["content_type"] == kind
        assert ["Access-Control-Allow-Origin", "*"] in meta["headers"]
    assert (public_root / "cold" / "uptime.html").exists()
    assert list((public_root / "cold" / "uptime").glob("2026-*.html"))


def test_an_update_that_moves_nothing_in_the_ledger_still_names_the_newest_record():
    incident = open_incident(make_component(), now=utc("2026-06-23 14:52"))
    before = document_of(truth_at("15:00"))
    incident_actions.post_update(
        actor=MARIA, incident_id=incident.pk, stage="identified", body="Found.", now=utc("2026-06-23 15:05")
    )
    after = document_of(truth_at("15:10"))
    assert after["intervals"] == before["intervals"]
    assert after["record"]["number"] == before["record"]["number"] + 1

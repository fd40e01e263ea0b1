"""Our own export, restored: all of it or nothing, and what is wrong is said with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from incidents.actions.page import make_administrator
from incidents.actions.refusals import Refused
from incidents.archive import LONGEST_LINE
from incidents.archive.harmless import harmless
from incidents.archive.values import BadValue
from incidents.models import (
    AuditEntry,
    Component,
    Delivery,
    Incident,
    IncidentUpdate,
    OutboxEvent,
    PublicPage,
    Region,
    Subscriber,
)
from incidents.publishing.csp import csp
from tests import archive_world as world
from tests.factories import make_component, make_region, make_subscriber, open_incident, post_update, utc

pytestmark = pytest.mark.django_db
NOW = utc("2026-07-01 12:00")
BEFORE = utc("2026-06-23 14:52")


def given(folder: Path, is_everything: bool = False) -> Path:
    """The export of a small page; the tables are empty afterwards."""
    api = make_component("API", region_ids=[make_region(now=BEFORE).pk], now=BEFORE)
    make_subscriber(now=BEFORE)
    incident = open_incident(api, is_notifying=True, now=BEFORE)
    post_update(incident, "resolved", now=utc("2026-06-23 18:15"))
    file = world.write_export(folder / "export.jsonl", is_everything)
    world.empty()
    return file


def counted() -> dict[str, int]:
    return {
        model.__name__: model._default_manager.count()
        for model in (Component, Region, Incident, IncidentUpdate, Subscriber, AuditEntry, OutboxEvent, User)
    }


def test_numbers_codes_and_times_are_as_they_were_and_numbering_goes_on(tmp_path):
    file = given(tmp_path)
    rows = {(row["table"], row["id"]): row for row in world.rows_in(file)}
    world.restore(file, NOW)
    incident = Incident.objects.get()
    assert rows["incident", incident.pk]["code"] == incident.code
    assert incident.created_at == BEFORE
    assert incident.updates.first().author_label == ""
    assert PublicPage.objects.get().updated_at == utc("2026-06-23 18:15"), "the page did not change: it moved"
    assert make_component("Web").pk > Component.objects.get(name="API").pk
    assert open_incident(Component.objects.get(name="API")).pk > incident.pk


def test_nobody_is_told(tmp_path):
    world.restore(given(tmp_path, True), NOW)
    assert Subscriber.objects.count() == 1
    assert PublicPage.objects.get().is_sending_held
    assert not OutboxEvent.objects.filter(relayed_at__isnull=True).exists()
    assert not Delivery.objects.filter(state__in=("pending", "sending", "held")).exists()


def test_the_same_file_again_changes_nothing(tmp_path):
    file = given(tmp_path)
    assert world.restore(file, NOW).rows["incident"] == 1
    before, head = counted(), world.head()
    assert world.restore(file, NOW).is_known
    assert (counted(), world.head()) == (before, head)


def test_an_instance_that_holds_something_is_left_alone(tmp_path):
    file = given(tmp_path)
    make_component("Mine")
    with pytest.raises(Refused, match="This instance is not empty: it holds .*components"):
        world.restore(file, NOW)
    assert Component.objects.get().name == "Mine"


def test_an_administrator_may_be_there_before_what_is_public_but_not_before_everything(tmp_path):
    public = given(tmp_path)
    everything = world.write_export(tmp_path / "everything.jsonl", True)
    make_administrator(username="noor", password="correct horse battery")
    with pytest.raises(Refused, match="before the first administrator is made"):
        world.restore(everything, NOW)
    assert world.restore(public, NOW).rows["component"] == 1


def test_accounts_come_back_with_their_passwords_and_groups(tmp_path):
    made = User.objects.create_user("noor", "noor@example.org", "correct horse battery")
    made.groups.create(name="administrator")
    file = given(tmp_path, True)
    world.restore(file, NOW)
    user = User.objects.get(username="noor")
    assert user.check_password("correct horse battery")
    assert [group.name for group in user.groups.all()] == ["administrator"]
    assert set(User.objects.values_list("username", flat=True)) == {"noor", "maria"}
    assert User.objects.create_user("next").pk > max(user.pk, User.objects.get(username="maria").pk)


def changed(table: str, **values: Any) -> Callable[[list[str]], list[str]]:
    """The lines with other values in the first row of a table; a value of `...` takes the field away."""

    def change(told: list[str]) -> list[str]:
        place = next(number for number, line in enumerate(told) if f'{{"table":"{table}"' in line)
        row = json.loads(told[place]) | values
        told[place] = json.dumps({name: value for name, value in row.items() if value is not ...})
        return told

    return change


def line(text: str) -> Callable[[list[str]], list[str]]:
    return lambda told: [*told[:2], text, *told[2:]]


def without(table: str) -> Callable[[list[str]], list[str]]:
    def change(told: list[str]) -> list[str]:
        kept = [each for each in told if f'"table":"{table}"' not in each]
        return [*kept[:-1], json.dumps({"end": len(kept) - 2})]

    return change


BAD: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("empty", lambda told: [], "Line 1: this is no export of Candor"),
    ("another file", lambda told: ["{}"], "Line 1: this is no export of Candor"),
    ("a list", lambda told: ["[]"], "Line 1: it is not a JSON object"),
    (
        "another version",
        lambda told: [told[0].replace('"version":1', '"version":2'), *told[1:]],
        "version 2 of the for",
    ),
    ("other tables", lambda told: [told[0].replace('"schema":"', '"schema":"0'), *told[1:]], "another version of Cand"),
    ("cut off", lambda told: told[:-1], "the file was cut off here"),
    ("cut in a line", lambda told: [*told[:-2], told[-2][:40]], "not one whole JSON object"),
    ("a row is gone", lambda told: [*told[:3], *told[4:]], "some are missing"),
    ("more after the end", lambda told: [*told, "{}"], "something follows the end"),
    ("no JSON", line("<html>"), "Line 3: it is not one whole JSON object"),
    ("not a number", line('{"table":"region","id":NaN}'), "Line 3: it is not one whole JSON object"),
    ("deep", line("[" * 100_000), "Line 3: it is not one whole JSON object"),
    ("no table", line('{"id":1}'), "Line 3: no table is named"),
    ("an unknown table", line('{"table":"moon","id":1}'), "Line 3: there is no table “moon”"),
    ("an internal table", line('{"table":"subscriber","id":1}'), "Line 3: there is no table “subscriber”"),
    ("a field more", changed("region", moon=1), "Line 3: “region” has a field “moon” that is not known"),
    ("a field less", changed("region", name=...), "Line 3: “region” has no field “name”"),
    ("a wrong type", changed("region", name=7), "Line 3: “name” must be a text"),
    ("true for a number", changed("region", position=True), "Line 3: “position” must be a whole number"),
    ("a huge number", changed("region", position=10**30), "Line 3: “position” "),
    ("a negative number", changed("region", position=-1), "Line 3: “position” "),
    ("null", changed("region", name=None), "Line 3: “name” must not be null"),
    ("too long", changed("region", name="x" * 1000), "Line 3: “name” "),
    ("no time", changed("component", created_at="yesterday"), "Line 4: “created_at” must be a time"),
    ("no zone", changed("component", created_at="2026-06-23T14:52:00"), "Line 4: “created_at” must be a time"),
    ("the year one", changed("component", created_at="0001-01-01T00:00:00+14:00"), "Line 4: “created_at” must be a"),
    ("a NUL", changed("region", name="a\0b"), "Line 3: it holds a NUL"),
    ("half a character", changed("region", name="\ud800"), "Line 3: it is not UTF-8"),
    ("a list of texts", changed("component", regions=["1"]), "Line 4: “regions” must be a list of the numbers"),
    ("twice", lambda told: [*told[:3], told[2], *told[3:]], "Line 4: “region” number 1 is there twice"),
    ("a region that is not there", without("region"), "Line 3: “regions” points to number 1 of “region”"),
    (
        "an incident that is not there",
        without("incident"),
        "points to number 1 of “incident”, which is not in the file",
    ),
    ("an object for a list", changed("incidentupdate", component_changes={}), "“component_changes” must be a list"),
    ("a list for an object", changed("component", wire=[]), "Line 4: “wire” must be an object"),
    ("another page", changed("publicpage", id=2), "Lines 2 to 2: the database takes one of these rows not"),
    ("no page", without("publicpage"), "The file has no page"),
    ("a day of the year one", changed("component", start_date="0001-01-01"), "Line 4: “start_date” must be a day"),
    ("a day far off", changed("component", start_date="9999-12-31"), "Line 4: “start_date” must be a day"),
    ("a time of the year two", changed("component", created_at="0002-01-01T00:00:00Z"), "“created_at” must be a time"),
    ("a code that climbs", changed("incident", code="../../x"), "“incident” code must be of letters and digits"),
    (
        "a redirect to another site",
        line('{"table":"redirect","id":1,"path":"/old","target":"//evil.example/"}'),
        "Line 3: “redirect” target must be a path of this page",
    ),
    ("a level that is none", changed("impactinterval", level="purple"), "the database takes one of these rows not"),
]


def test_html_in_a_public_file_is_rendered_anew_from_its_text(tmp_path, export):
    planted = "<script>alert(1)</script><form action=//evil.example>"
    change = changed("incidentupdate", body="Now **slow**.", body_html=planted)
    file = tmp_path / "planted.jsonl"
    file.write_text("".join(f"{each}\n" for each in change(export.splitlines())), encoding="utf-8")
    world.restore(file, NOW)
    assert IncidentUpdate.objects.get(body="Now **slow**.").body_html == "<p>Now <strong>slow</strong>.</p>"


def test_a_pinned_page_of_a_public_file_runs_no_script_but_ours():
    ours = csp()
    assert harmless("reviewversion", {"page_csp": ours}, ours) == {"page_csp": ours}
    for planted in ("script-src *", "default-src 'none'; script-src 'unsafe-inline'", ours + "; script-src *"):
        kept = harmless("reviewversion", {"page_csp": planted}, ours)["page_csp"]
        assert kept.startswith("default-src 'none'")
        assert "script" not in kept
    for address in ("javascript:alert(1)", "data:text/html,x", "//evil.example"):
        with pytest.raises(BadValue, match="must begin with https://"):
            harmless("remediation", {"public_url": address}, ours)


def test_a_pinned_page_in_other_looks_keeps_our_script_and_looks_in_a_public_file_lead_nowhere_else():
    ours, other = csp(), csp(":root{--radius:4px}")
    assert harmless("reviewversion", {"page_csp": other}, ours) == {"page_csp": other}
    longer = other.replace("style-src", "style-src https://evil.example")
    assert "script" not in harmless("reviewversion", {"page_csp": longer}, ours)["page_csp"]
    fine = {"footer_links": [{"label": "Ours", "url": "mailto:help@example.org"}]}
    assert harmless("publicpage", fine, ours) == fine
    for planted in ("javascript:alert(1)", "http://example.org", "https://example.org/ x"):
        with pytest.raises(BadValue, match="footer_links must be"):
            harmless("publicpage", {"footer_links": [{"label": "Ours", "url": planted}]}, ours)
    with pytest.raises(BadValue, match="kind must be"):
        harmless("picture", {"kind": "html"}, ours)


@pytest.mark.parametrize(("change", "sentence"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_what_is_wrong_is_said_with_its_line_and_nothing_is_written(tmp_path, export, change, sentence):
    told = change(export.splitlines())
    file = tmp_path / "bad.jsonl"
    file.write_text("".join(f"{each}\n" for each in told), encoding="utf-8")
    refuse(file, sentence)


def test_a_file_that_is_packed_or_no_text_or_not_there_is_refused(tmp_path, export):
    packed, odd, long = tmp_path / "a.gz", tmp_path / "odd", tmp_path / "long"
    packed.write_bytes(b"\x1f\x8b\x08\x00rest")
    refuse(packed, "Unpack it first")
    odd.write_bytes(export.encode().replace(b'"Region-1"', b'"\xff"'))
    refuse(odd, "Line 3: it is not UTF-8")
    with long.open("wb") as out:  # a line without an end, of which the disk holds nothing
        out.write(export.splitlines(keepends=True)[0].encode())
        out.truncate(LONGEST_LINE + 10_000)
    refuse(long, "Line 2: it is longer than any line")
    refuse(tmp_path / "nowhere", "cannot be read: No such file")
    refuse(tmp_path, "cannot be read: Is a directory")


def refuse(file: Path, sentence: str) -> None:
    before = counted()
    with pytest.raises(Refused) as refused:
        world.restore(file, NOW)
    # The numbers of PostgreSQL go on from test to test.
    assert sentence in re.sub(r"number \d+", "number 1", refused.value.sentence)
    assert counted() == before


@pytest.fixture(scope="module")
def export(django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The public export of the small page, made once."""
    atomic = transaction.atomic()
    vars(atomic)["_from_testcase"] = True
    with django_db_blocker.unblock(), atomic:
        text = given(tmp_path_factory.mktemp("given")).read_text()
        transaction.set_rollback(True)
    return text

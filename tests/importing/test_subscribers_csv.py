"""Subscribers from a CSV file: who agreed, with the proof; who left stays away; what is wrong is said by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from incidents.actions import subscriber as subscriber_actions
from incidents.importing import Unreadable, subscribers_csv
from incidents.models import AuditEntry, Delivery, OutboxEvent, Subscriber
from tests.factories import MARIA, make_component, make_subscriber
from tests.importing.worlds import take

pytestmark = pytest.mark.django_db
GROUPS = json.loads((Path(__file__).parent.parent / "data" / "bad_inputs.json").read_text())["groups"]
CASES = {case["id"]: case for entry in GROUPS if entry["group"] == "csv" for case in entry["cases"]}
HEADER = "email,consent,components\n"
PROOF = "2024-05-03 sign-up form"


def saved(folder, text: str | bytes):
    path = folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def people(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


def test_an_address_with_proof_is_told_from_now_on_and_the_proof_is_kept(tmp_path):
    web = make_component("Web")
    report = take(saved(tmp_path, people(f"A@Example.org,{PROOF},Web", f"b@example.org,{PROOF},")), kind="subscribers")
    assert report.counts["subscribers"] == {"new": 2}
    one, other = Subscriber.objects.order_by("id")
    assert (one.address, one.is_told, one.has_all_components, list(one.components.all())) == (
        "A@example.org", True, False, [web],
    )  # fmt: skip
    assert (other.has_all_components, other.is_told) == (True, True)
    entry = AuditEntry.objects.filter(verb="subscriber.confirmed").last()
    assert (entry.actor_kind, entry.actor_label, entry.changes) == ("import", "people.csv", {"consent": ["", PROOF]})


def test_nobody_is_mailed_and_twice_is_as_good_as_once(tmp_path):
    path = saved(tmp_path, people(f"a@example.org,{PROOF},", f"A@EXAMPLE.ORG,{PROOF},"))
    assert take(path, kind="subscribers").counts["subscribers"] == {"new": 1, "unchanged": 1}
    before = AuditEntry.objects.count()
    assert take(path, kind="subscribers").counts["subscribers"] == {"unchanged": 2}
    assert (Subscriber.objects.count(), AuditEntry.objects.count()) == (1, before)
    assert not OutboxEvent.objects.exists()
    assert not Delivery.objects.exists()


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path):
    path = saved(tmp_path, people(f"a@example.org,{PROOF},", f"a@example.org,{PROOF},", "b@example.org,,"))
    dry = take(path, kind="subscribers", is_dry=True)
    assert not Subscriber.objects.exists()
    assert not AuditEntry.objects.exists()
    assert take(path, kind="subscribers").counts == dry.counts


def test_who_left_or_is_refused_by_the_server_stays_away(tmp_path):
    left, refused = make_subscriber("left@example.org"), make_subscriber("full@example.org")
    subscriber_actions.unsubscribe(actor=MARIA, subscriber_id=left.pk)
    subscriber_actions.suspend_subscriber(subscriber_id=refused.pk, reason="550")
    report = take(
        saved(tmp_path, people(f"left@example.org,{PROOF},", f"full@example.org,{PROOF},")), kind="subscribers"
    )
    assert report.counts["subscribers"] == {"skipped": 2}
    assert ["line 2: This address unsubscribed here" in report.warnings[0], "line 3:" in report.warnings[1]] == [
        True,
        True,
    ]
    assert not any(row.is_told for row in Subscriber.objects.all())


def test_csv_15_a_row_without_proof_of_consent_is_left_out(tmp_path):
    assert "consent" in CASES["csv-15"]["expect"]
    report = take(saved(tmp_path, people("a@example.org,,", "b@example.org,yes,")), kind="subscribers")
    assert report.counts["subscribers"] == {"skipped": 2}
    assert "line 2: The proof of consent is missing" in report.warnings[0]
    assert not Subscriber.objects.exists()


def test_csv_12_a_header_that_is_another_is_refused_with_the_expected_one(tmp_path):
    wrong = CASES["csv-12"]["input"]
    for header in (wrong, "email", "", "email,consent,secret", "a@example.org,2024 form"):
        with pytest.raises(Unreadable, match="must be: email,consent,components"):
            subscribers_csv.read(str(saved(tmp_path, f"{header}\nx,y\n")))


def test_csv_13_bytes_that_are_no_text_are_an_error_of_their_line(tmp_path):
    assert "line number" in CASES["csv-13"]["expect"]
    body = (
        people(f"a@example.org,{PROOF},").encode() + b"caf\xe9@example.org,2024 form,\nb\x00@example.org,2024 form,\n"
    )
    report = take(saved(tmp_path, body), kind="subscribers")
    assert report.counts["subscribers"] == {"new": 1, "skipped": 2}
    assert [each.split(":")[0] for each in report.warnings] == ["line 3", "line 4"]


def test_csv_10_a_file_that_is_too_large_is_refused_unread(tmp_path):
    assert CASES["csv-10"]["name"] == "import 1 GB"
    path = tmp_path / "huge.csv"
    with open(path, "wb") as file:
        file.truncate(1_000_000_000)
    with pytest.raises(Unreadable, match="larger than 20,000,000 bytes"):
        subscribers_csv.read(str(path))


def test_csv_09_a_quote_that_an_export_put_before_a_formula_is_taken_off_again(tmp_path):
    raw = CASES["csv-09"]["input"]
    (line,) = subscribers_csv.read(str(saved(tmp_path, people(f"'{raw},{PROOF},")))).rows
    assert line.email == raw
    report = take(tmp_path / "people.csv", kind="subscribers")
    assert "not an e-mail address" in report.warnings[0]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "\ufeffemail,consent\na@example.org,2024 form\n".encode(),
        b"email;consent\r\na@example.org;2024 form\r\n",
        "email\tconsent\na@example.org\t2024 form\n".encode("utf-16"),
        b'Email , CONSENT\n"a@example.org","2024, ""form"""\n\n',
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, body):
    assert take(saved(tmp_path, body), kind="subscribers").counts["subscribers"] == {"new": 1}
    assert Subscriber.objects.get().address == "a@example.org"


def test_other_faults_are_told_by_line(tmp_path):
    rows = people(f"a@example.org,{PROOF},Nothing", f"not an address,{PROOF},", f"c@example.org,{PROOF}")
    report = take(saved(tmp_path, rows), kind="subscribers")
    assert [each[:40] for each in report.warnings] == [
        "line 2: There is no component “Nothing” ",
        "line 3: That is not an e-mail address: c",
        "line 4: It has 2 cells instead of 3.",
    ]
    with pytest.raises(Unreadable, match="Line 2 is not CSV"):
        subscribers_csv.read(str(saved(tmp_path, HEADER + '"a@example.org"x,2024,\n')))
    with pytest.raises(Unreadable, match="cannot be read"):
        subscribers_csv.read(str(tmp_path / "none.csv"))

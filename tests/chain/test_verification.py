"""Whatever is changed behind the back of the record is found, and the finding names the entry and the row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from incidents.actions import amending
from incidents.actions import page as page_actions
from incidents.chain import ORIGIN, digest, hash_of, parts_of
from incidents.chain.verification import Finding, verify
from incidents.domain.canonical import canonical
from incidents.models import ImpactInterval, Incident, IncidentUpdate, PublicPage, RecordEntry
from tests.factories import MARIA, make_component, open_incident, post_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(db) -> Incident:
    """Entries: 1 the component, 2 the incident opened, 3 an update, 4 the page named."""
    row = open_incident(make_component())
    post_update(row)
    page_actions.edit_page(actor=MARIA, name="Acme", time_zone="Etc/UTC")
    return row


def found(*expected: str) -> list[tuple[int, str]]:
    return [(finding.number, finding.row) for finding in verify(expected).findings]


def rehash() -> None:
    """What somebody does who can write the database and knows the format."""
    before = ORIGIN
    for entry in RecordEntry.objects.order_by("number"):
        entry.previous_hash = before
        entry.hash = before = hash_of(entry)
        entry.save()
    PublicPage.objects.update(record_hash=before)


def test_an_untouched_record_has_nothing_to_find(incident, capsys):
    newest = PublicPage.objects.get()
    call_command("verify_record", "--expect", RecordEntry.objects.get(number=2).hash)
    assert capsys.readouterr().out == (
        f"4 entries, head {newest.record_hash}, nothing found\n"
        f"log: {newest.log_number} entries, head {newest.log_hash}, nothing found\n"
    )


def test_an_installation_without_a_write_has_nothing_to_find(db):
    assert verify().findings == []


def test_a_changed_text_is_found(incident):
    row = incident.updates.get(sequence=2)
    IncidentUpdate.objects.filter(pk=row.pk).update(body="It was nothing.")
    assert found() == [(3, f"update:{row.code}")]


def test_a_moved_update_is_found(incident):
    row = incident.updates.get(sequence=1)
    IncidentUpdate.objects.filter(pk=row.pk).update(posted_at=row.posted_at - timedelta(minutes=5))
    assert found() == [(2, f"update:{row.code}")]


def test_a_moved_interval_is_found(incident):
    row = ImpactInterval.objects.get()
    ImpactInterval.objects.update(started_at=row.started_at + timedelta(microseconds=1), ended_at=None)
    assert found() == [(2, f"interval:{row.pk}")]


def test_a_deleted_row_is_found(incident):
    row = ImpactInterval.objects.get()
    ImpactInterval.objects.all().delete()
    assert found() == [(2, f"interval:{row.pk}")]


def test_an_added_row_is_found(incident):
    row = ImpactInterval.objects.get()
    row.pk = None
    row.save(force_insert=True)
    assert found() == [(0, f"interval:{row.pk}")]


def test_another_content_of_an_entry_is_found(incident):
    entry = RecordEntry.objects.get(number=4)
    entry.contents[0]["facts"]["name"] = "Other"
    entry.save()
    assert found() == [(4, "page:1")]


def test_a_salt_and_digest_made_anew_are_found_by_the_hash(incident):
    entry = RecordEntry.objects.get(number=3)
    place = next(place for place, told in enumerate(entry.rows) if told["row"].startswith("update:"))
    entry.contents[place]["body"] = "It was nothing."
    entry.rows[place]["digests"]["body"] = digest(entry.salts[place]["body"], "It was nothing.")
    entry.save()
    IncidentUpdate.objects.filter(sequence=2).update(body="It was nothing.")
    assert found() == [(3, "")]


def test_another_hash_is_found(incident):
    RecordEntry.objects.filter(number=2).update(hash="f" * 64)
    assert found() == [(2, ""), (3, "")]


def test_another_time_of_an_entry_is_found(incident):
    entry = RecordEntry.objects.get(number=2)
    RecordEntry.objects.filter(number=2).update(at=entry.at - timedelta(seconds=1))
    assert found() == [(2, "")]


def test_a_missing_entry_is_found(incident):
    RecordEntry.objects.filter(number=3).delete()
    assert (4, "") in found()


def test_a_lost_end_of_the_chain_is_found(incident):
    RecordEntry.objects.filter(number=4).delete()
    assert (3, "") in found()


def test_entries_in_another_order_are_found(incident):
    RecordEntry.objects.filter(number=2).update(number=99)
    RecordEntry.objects.filter(number=3).update(number=2)
    RecordEntry.objects.filter(number=99).update(number=3)
    assert {(2, ""), (3, ""), (4, "")} <= set(found())


def test_a_text_taken_away_without_a_word_is_found(incident):
    entry = RecordEntry.objects.get(number=3)
    place = next(place for place, told in enumerate(entry.rows) if told["row"].startswith("update:"))
    entry.contents[place]["body"] = entry.salts[place]["body"] = None
    entry.save()
    row = entry.rows[place]["row"]
    assert (3, row) in found()


def test_a_chain_made_anew_is_found_only_by_a_hash_that_was_kept(incident):
    kept = RecordEntry.objects.get(number=3).hash
    row = IncidentUpdate.objects.get(sequence=2)
    row.body = "It was nothing."
    row.save()
    entry = RecordEntry.objects.get(number=3)
    place = [told["row"] for told in entry.rows].index(f"update:{row.code}")
    entry.contents[place] = parts_of(row)
    entry.rows[place]["digests"] = {
        part: digest(entry.salts[place][part], content) for part, content in parts_of(row).items()
    }
    entry.save()
    rehash()
    assert verify().findings == []
    assert verify([kept]).findings == [Finding(0, "", f"no entry has the hash {kept}")]
    with pytest.raises(SystemExit) as ended:
        call_command("verify_record", "--expect", kept)
    assert ended.value.code == 1


def test_the_command_names_entry_and_row(incident, capsys):
    row = incident.updates.get(sequence=1)
    IncidentUpdate.objects.filter(pk=row.pk).update(body="Nothing.")
    with pytest.raises(SystemExit):
        call_command("verify_record")
    caught = capsys.readouterr()
    assert caught.err == f"entry 2, update:{row.code}: its body in the database is not what was recorded last\n"
    of_record, of_log = caught.out.splitlines()
    assert of_record.endswith(", 1 found")
    assert of_log.endswith(", nothing found")


def test_an_amended_text_stays_verifiable(incident):
    amending.amend_update(
        actor=MARIA, update_id=incident.updates.get(sequence=1).pk, body="Other.", reason="A name was wrong."
    )
    assert verify().findings == []


def test_canonical_json_is_sorted_without_blanks_and_in_utf_8():
    assert canonical({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'.encode()

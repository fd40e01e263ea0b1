"""The audit log as a chain that the database keeps: no entry changes, and what is changed all the same is named."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from incidents.actions import incident, withholding
from incidents.chain import lasting, log
from incidents.domain.origin import Origin, coming_from
from incidents.models import AuditEntry, PublicPage
from tests.factories import MARIA, account, make_component, open_incident, post_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[AuditEntry]:
    """Some happenings."""
    row = open_incident(make_component())
    post_update(row)
    post_update(row, stage="resolved")
    return list(AuditEntry.objects.order_by("number"))


def found() -> str:
    return "\n".join(log.verify().findings)


def forced(**values: Any) -> None:
    """Change the second entry as somebody would who owns the database."""
    lasting.let_go()
    AuditEntry.objects.filter(number=2).update(**values)
    lasting.make_lasting()


def test_entries_are_numbered_from_one_and_each_names_the_one_before(entries):
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert log.verify() == log.Verification(len(entries), entries[-1].hash, [])


@pytest.mark.parametrize("change", [{"actor_label": "noor"}, {"verb": "x"}, {"changes": {}}, {"hash": "0" * 64}])
def test_the_database_refuses_to_change_an_entry(entries, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(number=2).update(**change)
    assert found() == ""


def test_the_database_refuses_to_delete_an_entry_and_all_of_them(entries):
    for rows in (AuditEntry.objects.filter(number=2), AuditEntry.objects.all()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {AuditEntry._meta.db_table}")  # noqa: S608 - the name of our own table
    assert AuditEntry.objects.count() == len(entries)


def test_words_go_only_with_a_mark_and_nothing_else_with_them(entries):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(number=2).update(changes={}, actor_label="noor", withheld_at=entries[1].at)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"actor_label": "noor"}, "log entry 2: its hash is not the hash of what it says"),
        ({"user_id": 99}, "log entry 2: its hash"),
        ({"ip": "192.0.2.1"}, "log entry 2: its hash"),
        ({"changes": {"title": ["", "Other"]}}, "log entry 2: its words are not what was recorded"),
        ({"subject_label": "Other"}, "log entry 2: its words are not what was recorded"),
        ({"number": 77}, "it follows entry"),
        ({"hash": "0" * 64}, "log entry 3: it does not follow the entry before"),
    ],
)
def test_what_was_changed_all_the_same_is_named(entries, change, sentence):
    forced(**change)
    assert sentence in found()


def test_an_entry_that_is_missing_is_named_in_the_middle_and_at_the_end(entries):
    lasting.let_go()
    AuditEntry.objects.filter(number=2).delete()
    assert "log entry 3: it follows entry 1; what is between is missing" in found()
    AuditEntry.objects.filter(number__gt=1).delete()
    assert f"log: the page knows entry {len(entries)}" in found()


def test_words_taken_out_by_hand_are_found_though_they_are_marked(entries):
    AuditEntry.objects.filter(number=2).update(changes={}, withheld_at=entries[1].at)
    assert found() == "log entry 2: its words are not what was recorded, and no later entry says so"


def test_a_text_that_is_withheld_goes_from_the_log_and_the_chain_holds():
    row = open_incident(make_component(), body="The password is hunter2.")
    update = row.updates.get()
    incident.post_update(actor=MARIA, incident_id=row.pk, stage="identified", body="Found.")
    withholding.withhold_text(actor=MARIA, update_id=update.pk, reason="A password")
    assert not any("hunter2" in str(entry.changes) + entry.subject_label for entry in AuditEntry.objects.all())
    assert AuditEntry.objects.filter(withheld_at__isnull=False).exists()
    assert found() == ""
    taken = AuditEntry.objects.get(withheld_at__isnull=False)
    AuditEntry.objects.filter(pk=taken.pk).update(changes={"update": ["", "Something nicer."]})
    assert f"log entry {taken.number}: its words" in found()


def test_verify_record_reads_the_log_too_and_names_the_entry(entries, capsys):
    call_command("verify_record")
    assert f"log: {len(entries)} entries, head {entries[-1].hash}, nothing found" in capsys.readouterr().out
    call_command("verify_record", "--expect-log", entries[1].hash)
    with pytest.raises(SystemExit):
        call_command("verify_record", "--expect-log", "f" * 64)
    assert "log: no entry has the hash fff" in capsys.readouterr().err
    forced(actor_label="noor")
    with pytest.raises(SystemExit):
        call_command("verify_record")
    assert "log entry 2: its hash" in capsys.readouterr().err


def test_an_entry_says_where_it_came_from():
    with coming_from(Origin("192.0.2.7", "guard-12345")):
        open_incident()
    entry = AuditEntry.objects.get()
    assert (entry.ip, entry.request_id) == ("192.0.2.7", "guard-12345")
    open_incident()
    newest = AuditEntry.objects.first()
    assert newest is not None
    assert (newest.ip, newest.request_id) == ("", "")


def test_the_triggers_are_made_anew_whatever_a_migration_did(entries):
    lasting.let_go()
    call_command("migrate", verbosity=0)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_an_account_that_is_deleted_leaves_its_entries_as_they_were(entries):
    user_id = account("maria").pk
    User.objects.filter(pk=user_id).delete()
    assert set(AuditEntry.objects.values_list("user_id", flat=True)) == {user_id}
    assert found() == ""


def test_the_head_stands_in_the_row_that_every_write_locks(entries):
    page = PublicPage.objects.get()
    assert (page.log_number, page.log_hash) == (entries[-1].number, entries[-1].hash)

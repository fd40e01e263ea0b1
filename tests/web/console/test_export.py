"""An administrator takes the records away; nobody else does, and each time is written down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from incidents.models import AuditEntry, Subscriber
from tests.archive_world import empty, restore, rows_in
from tests.factories import account, make_component, make_subscriber, open_incident
from tests.workflow_world import administrator

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(responder: Any) -> Client:
    """An administrator at the console."""
    client = Client()
    client.force_login(User.objects.get(username=administrator().label))
    return client


def tables_of(answer: Any) -> set[str]:
    first, *rows, last = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert last == {"end": len(rows)}
    return {row["table"] for row in rows}


def test_an_administrator_downloads_what_is_public_or_everything(signed_in):
    open_incident(make_component())
    make_subscriber()
    assert b"Download everything" in signed_in.get("/console/export").content
    public = signed_in.post("/console/export/public")
    assert public["Content-Disposition"] == 'attachment; filename="candor-public.jsonl"'
    assert "no-store" in public["Cache-Control"]
    assert tables_of(public) == {"publicpage", "component", "incident", "incidentupdate", "impactinterval"}
    assert {"subscriber", "user", "auditentry"} <= tables_of(signed_in.post("/console/export/everything"))
    told = AuditEntry.objects.filter(verb="record.exported").order_by("id")
    assert [(entry.actor_label, entry.changes["contents"][1]) for entry in told] == [
        ("ada", "public"),
        ("ada", "everything"),
    ]


def test_for_somebody_else_it_is_not_there_and_nothing_offers_it():
    other = Client()
    other.force_login(account("noor", "viewer", "author", "publisher", "approver"))
    assert b"/console/export" not in other.get("/console/").content
    for path in ("/console/export", "/console/export/public", "/console/export/everything"):
        for answer in (other.get(path), other.post(path)):
            assert answer.status_code == 404
            assert b"Download" not in answer.content
    assert not AuditEntry.objects.filter(verb="record.exported").exists()


def test_the_commands_export_and_restore(tmp_path, capsys):
    open_incident(make_component())
    make_subscriber()
    public, everything = tmp_path / "public.jsonl", tmp_path / "everything.jsonl"
    call_command("export_records", public)
    call_command("export_records", everything, everything=True)
    assert everything.stat().st_mode & 0o777 == 0o600
    assert "subscriber" not in {row["table"] for row in rows_in(public)}
    assert sorted(each.name for each in tmp_path.glob("*.jsonl")) == ["everything.jsonl", "public.jsonl"]
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_records", tmp_path / "nowhere" / "file")
    empty()
    call_command("import_history", "candor", str(everything), dry_run=True)
    assert not Subscriber.objects.exists()
    call_command("import_history", "candor", str(everything))
    assert Subscriber.objects.count() == 1
    assert "subscriber" in capsys.readouterr().out
    with pytest.raises(CommandError, match="This instance is not empty"):
        call_command("import_history", "candor", str(public))
    with pytest.raises(CommandError, match="is no file"):
        call_command("import_history", "candor", str(tmp_path / "nowhere"))
    assert restore(everything, None).is_known

"""A page that was exported, restored elsewhere and published again is the same, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from incidents.actions import days
from incidents.chain.verification import verify
from incidents.models import Incident, Remediation, Review
from tests import archive_world as world
from tests.actions.test_record import ACTS
from tests.archive.everything import do_everything
from tests.factories import utc
from tests.importing.worlds import take
from tests.played import play_once
from tests.publishing.dialect_world import SAMPLES

Published = Callable[[Path, datetime, Any], dict[str, bytes]]
END = utc("2026-07-02 12:00")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, django_db_blocker, django_db_setup):
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), END)


def assert_round_trips(folder: Path, settings: Any, now: datetime, published: Published) -> None:
    """Publish, export both kinds; empty, restore and publish each: the same files with the same bytes, and a record
    that holds."""
    found = verify().findings  # an act on a verdict changes an agreement behind the back of the record
    before = world.without_chain(published(folder / "before", now, settings), world.head())
    files = {kind: world.write_export(folder / f"{kind}.jsonl", kind) for kind in (False, True)}
    for kind, file in files.items():
        world.empty()
        world.restore(file, now)
        after = world.without_chain(published(folder / f"after {kind}", now, settings), world.head())
        assert before.keys() == after.keys()
        assert [path for path in before if before[path] != after[path]] == []
        assert verify().findings == (found if kind else [])
        assert list(days.differences()) == []
        assert_console_opens()
        again = world.write_export(folder / "again.jsonl")
        assert again.read_bytes() == files[False].read_bytes(), "what is public of it is the same file again"


def assert_console_opens() -> None:
    """What is left out of the public records breaks no page of those who go on with them."""
    client = Client()
    client.force_login(User.objects.create_superuser(f"tester {User.objects.count()}"))
    paths = ["", "incidents", "reviews", "remediations", "promises", "maintenance", "components", "agreements", "page"]
    for model, place in ((Incident, "incidents"), (Review, "reviews"), (Remediation, "remediations")):
        rows = model._default_manager.order_by("-pk").values_list("code", flat=True)[:3]
        paths += [f"{place}/{code}{'/edit' if model is Remediation else ''}" for code in rows]
    answers = {path: client.get(f"/console/{path}", follow=True).status_code for path in paths}
    assert {path: status for path, status in answers.items() if status not in (200, 404)} == {}


@pytest.mark.slow
def test_the_story_comes_back_as_it_was(db, played, tmp_path, settings):
    assert_round_trips(tmp_path, settings, END, world.tree_at)


@pytest.mark.slow
def test_whatever_was_done_comes_back_as_it_was(db, tmp_path, settings, monkeypatch):
    done = do_everything(monkeypatch)
    assert len(done) >= 90, set(ACTS) - done
    assert_round_trips(tmp_path, settings, timezone.now(), world.pages_at)


@pytest.mark.slow
def test_a_page_that_came_from_elsewhere_comes_back_as_it_was(db, tmp_path, settings):
    at = utc("2026-08-04 16:00")
    take(SAMPLES / "codametrix-2026-08-04", at)
    assert_round_trips(tmp_path, settings, at, world.pages_at)

"""A page that was exported, restored elsewhere and published again is the same, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.chain.verification import verify
from tests import archive_world as world
from tests.factories import utc
from tests.played import play_once

END = utc("2026-07-02 12:00")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, django_db_blocker, django_db_setup):
    yield from play_once(django_db_blocker, tmp_path_factory.mktemp("played"), END)


@pytest.mark.parametrize("is_everything", [False, True], ids=["public", "everything"])
def test_the_tree_of_a_restored_page_is_the_tree_it_was_exported_from(db, played, tmp_path, settings, is_everything):
    before = world.without_chain(world.tree_at(tmp_path / "before", END, settings), world.head())
    file = world.write_export(tmp_path / "export.jsonl", is_everything)
    world.empty()
    world.restore(file, END)
    after = world.without_chain(world.tree_at(tmp_path / "after", END, settings), world.head())
    assert before.keys() == after.keys()
    assert [path for path in before if before[path] != after[path]] == []
    assert verify().findings == []

"""Saved documents in a folder of somebody else: nothing outside it is read, and nothing that never ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from incidents.importing import documents
from incidents.importing.documents import Unreadable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "saved"
    inside.mkdir()
    (inside / "summary.json").write_text('{"page": {}}')
    return inside


def test_a_link_out_of_the_folder_is_refused(folder):
    secret = folder.parent / "secret.json"
    secret.write_text('{"incidents": []}')
    (folder / "incidents.json").symlink_to(secret)
    with pytest.raises(Unreadable, match=r"“incidents.json” leads out of the folder"):
        documents.saved(str(folder))


def test_a_link_within_the_folder_is_read(folder):
    (folder / "again.json").symlink_to("summary.json")
    assert [each.name for each in documents.saved(str(folder))] == ["again.json", "summary.json"]


def test_a_pipe_and_a_device_are_refused_before_they_are_opened(folder):
    os.mkfifo(folder / "pipe.json")
    with pytest.raises(Unreadable, match=r"“pipe.json” is no ordinary file"):
        documents.saved(str(folder))
    with pytest.raises(Unreadable, match="“zero” is no ordinary file"):
        documents.saved("/dev/zero")


def test_there_is_an_end_to_how_much_and_how_many_are_read(folder, monkeypatch):
    monkeypatch.setattr(documents, "MOST_BYTES_OF_ALL", 11)
    with pytest.raises(Unreadable, match="more than is read at once"):
        documents.saved(str(folder))
    monkeypatch.setattr(documents, "MOST_FILES", 0)
    with pytest.raises(Unreadable, match="more than 0 files"):
        documents.saved(str(folder))

"""The acts of taking the records away and of putting them back, for the table in tests/actions/test_record.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from incidents.actions import export
from incidents.domain.actor import SYSTEM
from incidents.domain.verbs import Verb
from tests import archive_world


def _exported() -> Callable[[], object]:
    return lambda: export.record_export(actor=SYSTEM, is_everything=True)


def _restored() -> Callable[[], object]:
    folder = TemporaryDirectory()
    file = archive_world.write_export(Path(folder.name) / "export.jsonl")
    archive_world.empty()

    def act() -> None:
        with folder:
            archive_world.restore(file, None)

    return act


ACTS: Mapping[str, Callable[[], Callable[[], object]]] = {
    Verb.RECORD_EXPORTED: _exported,
    Verb.HISTORY_RESTORED: _restored,
}

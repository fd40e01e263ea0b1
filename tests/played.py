"""The story of the demonstration, played once for a module: each of its tests begins where the play ended.

What the tests do is taken back after each, in the database by savepoint, in the files because each has a copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import transaction
from django.test import override_settings

from incidents import outbox
from incidents.management.demo import story

Made = TypeVar("Made")


def play_once(blocker: Any, folder: Path, until: datetime) -> Iterator[Path]:
    """Play up to `until` (UTC), without the invented history, in a transaction that ends with the module; yields the
    folder with the pages and the mails. For a fixture of the scope of a module: `yield from play_once(…)`."""
    for _made in make_once(blocker, folder, lambda: story.play(until, until=until)):
        yield folder


def make_once(blocker: Any, folder: Path, make: Callable[[], Made]) -> Iterator[Made]:
    """Make a world in the same way, by anything that acts; yields what that returns."""
    atomic = transaction.atomic()
    # As Django's own TestCase does: actions are durable, and may be inside this one.
    vars(atomic)["_from_testcase"] = True
    with (
        blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(DATA_DIR=folder, PUBLIC_ROOT=folder / "public"),
    ):
        patch.setattr(outbox, "ring", lambda: None)
        patch.setattr(story, "_invented", lambda now: iter(()))
        atomic.__enter__()
        made = make()
    yield made
    with blocker.unblock():
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def take_files(played: Path, settings: Any) -> None:
    """Give a test the pages and the mails of the play, in folders of its own."""
    shutil.copytree(played, settings.DATA_DIR, symlinks=True, dirs_exist_ok=True)

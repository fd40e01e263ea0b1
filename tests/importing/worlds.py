"""Imports for tests: a database that a module shares, and where two documents differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from incidents import outbox
from incidents.importing import IMPORTERS, Options, Report
from incidents.publishing.review_pages import version_page

# Fields that cannot be equal, anywhere in a document, and why.
EXCEPT = {
    "page.url": "the page is at another address now",
    "page.updated_at": "the import changed the page, and is a change of its own",
    "shortlink": "short links are at our own address, and lead to the incident",
}


def fill_once(blocker: Any, folder: Path, fill: Callable[[], object]) -> Iterator[None]:
    """Run `fill` in a transaction that ends with the module. For a fixture of that scope: `yield from fill_once(…)`."""
    atomic = transaction.atomic()
    # As Django's own TestCase does: actions are durable, and may be inside this one.
    vars(atomic)["_from_testcase"] = True
    with (
        blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(DATA_DIR=folder, PUBLIC_ROOT=folder / "public"),
    ):
        patch.setattr(outbox, "ring", lambda: None)
        atomic.__enter__()
        fill()
    yield
    with blocker.unblock():
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def differences(captured: Any, served: Any, place: str = "") -> Iterator[str]:
    """Where two parsed documents differ, as sentences."""
    if isinstance(captured, dict) and isinstance(served, dict):
        for key in captured.keys() | served.keys():
            where = f"{place}.{key}".lstrip(".")
            if not any(where == name or where.endswith(f".{name}") for name in EXCEPT):
                yield from differences(captured.get(key, "(none)"), served.get(key, "(none)"), where)
    elif isinstance(captured, list) and isinstance(served, list) and len(captured) == len(served):
        for number, (one, other) in enumerate(zip(captured, served, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif captured != served:
        yield f"{place}: {str(captured)[:200]!r} != {str(served)[:200]!r}"


def take(source: object, now: datetime | None = None, kind: str = "statuspage", **options: Any) -> Report:
    """Import what is there."""
    importer = IMPORTERS[kind]
    return importer.write(importer.read(str(source)), Options(now=now, render=version_page, **options))

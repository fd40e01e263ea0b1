"""The documents of the Statuspage dialect as programs get them, and the captured ones beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from incidents.publishing import statuspage_v2
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Page

SAMPLES = Path(__file__).parent.parent / "samples"
CODAMETRIX = "codametrix-2026-08-04/codametrix-status-"
API = "/api/v2/"


def sample(name: str) -> Any:
    """A captured document."""
    return json.loads((SAMPLES / name).read_text())


def pages_of(truth: Snapshot) -> dict[str, Page]:
    """Every page of the dialect, by its address."""
    cold = (page.render() for page in statuspage_v2.cold(truth))
    return {page.path: page for page in (*statuspage_v2.hot(truth), *cold)}


def documents(truth: Snapshot) -> dict[str, Any]:
    """Every document, parsed, by its address."""
    found = pages_of(truth).items()
    return {path: json.loads(page.body) for path, page in found if page.content_type.startswith("application/json")}


def shapes(value: Any, name: str = "document") -> Iterator[tuple[str, tuple[str, ...]]]:
    """(what, its keys in order) of every object in a document. What is both incident and maintenance goes by its list's
    name; a group is not a component."""
    if isinstance(value, list):
        for each in value:
            yield from shapes(each, name)
    elif isinstance(value, dict):
        yield ("group" if value.get("group") else name), tuple(value)
        for key, each in value.items():
            yield from shapes(each, key)

"""The hostile and awkward inputs of tests/data/bad_inputs.json, read for tests that are parametrised by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"
GROUPS: dict[str, list[dict[str, Any]]] = {
    row["group"]: row["cases"] for row in json.loads((DATA / "bad_inputs.json").read_text())["groups"]
}


def expanded(given: Any) -> str:
    """An input as text: `{repeat, count, prefix, suffix}` written out."""
    if isinstance(given, dict):
        return str(given["prefix"] + given["repeat"] * given["count"] + given["suffix"])
    return str(given)


def cases(group: str, *numbers: str) -> list[Any]:
    """Parameters `(id, input as text)` of a group, or of some of its cases, each under its id."""
    found = [case for case in GROUPS[group] if not numbers or case["id"].rpartition("-")[2] in numbers]
    assert len(found) == len(numbers or found), f"{group} has not all of {numbers}"
    return [pytest.param(case["id"], expanded(case["input"]), id=case["id"]) for case in found]

"""Every id of every group of the bad inputs is held by a test that exists and runs it, or has a reason of its own."""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs import DATA, GROUPS

TESTS = Path(__file__).parent
HELD: dict[str, Any] = tomllib.loads((DATA / "bad_inputs_held.toml").read_text())
FILES: dict[str, str] = HELD.pop("files")
# Words of a group that are no ids. `no_channel`: a channel that does not send yet, and why.
WORDS = {"wholly", "no_channel"}


def test_the_groups_are_those_of_the_data():
    assert set(HELD) == set(GROUPS)


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_case_is_held_or_has_a_reason_of_its_own(group: str):
    known = {case["id"] for case in GROUPS[group]}
    bound = HELD[group]
    named = {f"{group}-{number}" for number in bound if number not in WORDS}
    assert named <= known, f"there is no {sorted(named - known)}"
    if not WORDS & set(bound):
        assert named == known, f"nothing holds {sorted(known - named)}"
    for reference in bound.get("wholly", ()):
        assert known <= set(parameters(reference)), (
            f"{reference} leaves out {sorted(known - set(parameters(reference)))}"
        )
    for number, tests in bound.items():
        if number in WORDS:
            continue
        if isinstance(tests, dict):
            assert list(tests) == ["because"], f"{group}-{number}: a reason is told as `because`"
            continue
        assert tests, f"{group}-{number} names no test"
        for reference in tests:
            holds = set(parameters(reference)) & known
            assert not holds or f"{group}-{number}" in holds, f"{reference} does not run {group}-{number}"


def test_no_two_cases_share_a_reason():
    reasons = [tests["because"] for bound in HELD.values() for tests in bound.values() if "because" in tests]
    assert len(set(reasons)) == len(reasons)
    assert all(len(reason) > 30 for reason in reasons), "a reason is a sentence"


def parameters(reference: str) -> Iterator[str]:
    """The ids under which pytest runs a test, as far as they are texts. Fails if there is no such test."""
    file, _, name = reference.partition("::")
    file = FILES.get(file, file)
    assert name in functions(file), f"{reference}: there is no such test"
    found = importlib.import_module("tests." + file.removesuffix(".py").replace("/", "."))
    for part in name.split("::"):
        found = getattr(found, part)
    for mark in getattr(found, "pytestmark", ()):
        if mark.name == "parametrize":
            yield from _ids(mark.args[1], mark.kwargs.get("ids"))


def functions(file: str) -> set[str]:
    """The tests of a file under tests/, those of a class behind its name and `::`."""
    names = set()
    for node in ast.parse((TESTS / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


def _ids(values: Any, ids: Any) -> Iterator[str]:
    for number, value in enumerate(values):
        own = getattr(value, "id", None)
        if own:
            yield str(own)
        elif callable(ids):
            yield str(ids(value))
        elif ids:
            yield str(list(ids)[number])
        else:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, str):
                    yield each

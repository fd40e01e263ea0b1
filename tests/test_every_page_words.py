"""Every page in a language that nobody speaks: what is still in English there was written into the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import every_world
from tests.every_state import Site, states
from tests.played import make_once
from tests.unspoken import LEFT, hard_coded, mask_everything, spoken

pytestmark = pytest.mark.django_db
# Published once, in the language of that day, and served as it was stored.
AS_STORED = ("everything /reviews/[^/]+/versions/1",)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Something of everything, recorded in that language: what is written down in words is so in those of its day."""
    with spoken(LEFT):
        yield from make_once(django_db_blocker, tmp_path_factory.mktemp("world"), every_world.everything)


def test_no_page_holds_a_word_that_cannot_be_translated(world):
    mask_everything()
    found: dict[tuple[str, str], str] = {}
    with spoken(LEFT):
        site = Site(world)
        for state in states(world):
            if state.line in AS_STORED:
                continue
            for row in hard_coded(site.shown(state).body.decode()):
                found.setdefault(row, state.line)
    assert [(line, *row) for row, line in found.items()] == []

"""A world in which mail goes to a server under the test's control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notifying.sink import Sink


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """A mail server that takes everything, until its `script` is changed; EMAIL_URL points at it."""
    with Sink() as server:
        settings.EMAIL_URL = server.url
        yield server

"""What the tests of the write API ask for."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.web.api.v1.v1_world import Caller


@pytest.fixture
def api(db: None) -> Caller:
    """A caller that may do everything a token can."""
    cache.clear()
    return Caller()

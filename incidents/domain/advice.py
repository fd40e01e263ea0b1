"""What client programs can be told to do, and how such advice is written in a header."""

from __future__ import annotations

from enum import StrEnum


class AdviceKind(StrEnum):
    """The kinds of advice; the values are wire strings."""

    RETRY_AFTER = "retry_after"
    FAIL_OVER = "fail_over"
    HOLD = "hold"
    DISCARD_SINCE = "discard_since"


SHORTEST_SECONDS, LONGEST_SECONDS = 1, 7 * 86400

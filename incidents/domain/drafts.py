"""What becomes of a draft."""

from __future__ import annotations

from enum import StrEnum


class DraftState(StrEnum):
    """`WRITING` is its author's alone. `OFFERED` waits for somebody else to publish it. The rest are its ends."""

    WRITING = "writing"
    OFFERED = "offered"
    PUBLISHED = "published"
    DROPPED = "dropped"

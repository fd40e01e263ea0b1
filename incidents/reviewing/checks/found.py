"""What a check yields, and when it stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Blocks(StrEnum):
    """Which publication a finding stands in the way of; `preliminary` includes the final one."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    NEVER = "never"


@dataclass(frozen=True)
class Found:
    """One thing that a check found. `ref` is what a waiver names (stable while the finding is the same, at most 200
    characters), `anchor` the part of the review where it is put right; `blocks` None: as the check says."""

    ref: str
    anchor: str
    sentence: str
    blocks: Blocks | None = None


def ref_of(*parts: str) -> str:
    """A reference of at most 200 characters."""
    return " ".join(part for part in parts if part)[:200]

"""Who did it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The author of a write: `kind` is user, subscriber, system, import, seed or monitor; `label` is what the audit log
    prints."""

    kind: str
    label: str
    user_id: int | None = None


SYSTEM = Actor("system", "Candor")

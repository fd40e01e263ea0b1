"""Who did it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The author of a write: `kind` is user, token, subscriber, system, import, seed, monitor or command; `label` is
    what the audit log prints. `scopes`: of a token (`domain.scopes`), by which its roles follow."""

    kind: str
    label: str
    user_id: int | None = None
    scopes: tuple[str, ...] = ()


SYSTEM = Actor("system", "Candor")

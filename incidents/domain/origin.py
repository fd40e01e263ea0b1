"""Where a write came from: address and request, for the audit log. Empty for what the program does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """`ip`: of the client, behind the proxies that are trusted; `request_id`: as the guard's log has it."""

    ip: str = ""
    request_id: str = ""


_NOWHERE = Origin()
_CURRENT: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def origin() -> Origin:
    """Of the request that is being answered."""
    return _CURRENT.get()


@contextmanager
def coming_from(where: Origin) -> Iterator[None]:
    """Say for a while where writes come from."""
    token = _CURRENT.set(where)
    try:
        yield
    finally:
        _CURRENT.reset(token)

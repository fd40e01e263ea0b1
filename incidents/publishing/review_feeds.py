"""Stub."""
from __future__ import annotations

from incidents.publishing.public import ColdPage, Snapshot
from incidents.publishing.tree import Page


def hot(snapshot: Snapshot) -> list[Page]:
    """Feeds."""
    return []


def cold(_snapshot: Snapshot) -> list[ColdPage]:
    """None."""
    return []

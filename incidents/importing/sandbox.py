"""STAND-IN until the real one is merged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class FeedRefused(Exception):
    """S."""


@dataclass(frozen=True)
class FeedEntry:
    """S."""

    id: str
    title: str
    link: str
    html: str
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class ParsedFeed:
    """S."""

    title: str
    entries: tuple[FeedEntry, ...]


def parse_feed(body: bytes, content_type: str = "", *, limit: int = 100) -> ParsedFeed:
    """S."""
    raise FeedRefused("There is no reader of feeds here yet.")

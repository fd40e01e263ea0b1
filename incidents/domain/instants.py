"""Instants as text for machines: RFC 3339. What comes in is aware, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def to_the_second(at: datetime) -> str:
    """In UTC, whole seconds, rounded down: `2026-06-23T14:30:00Z`."""
    return _zulu(at.astimezone(UTC).isoformat(timespec="seconds"))


def in_full(at: datetime) -> str:
    """In UTC, with six decimals only where they are not all zero: `2026-06-23T14:30:00Z`."""
    return _zulu(at.astimezone(UTC).isoformat())


def to_the_microsecond(at: datetime) -> str:
    """In UTC, always with six decimals: `2026-06-23T14:30:00.000000Z`."""
    return _zulu(at.astimezone(UTC).isoformat(timespec="microseconds"))


def in_zone(at: datetime, zone: ZoneInfo) -> str:
    """As the Statuspage dialect writes it: milliseconds and the offset of the zone at that instant, `Z` only where the
    zone itself is UTC."""
    local = at.astimezone(zone)
    text = local.isoformat(timespec="milliseconds")
    return _zulu(text) if local.tzname() == "UTC" else text


def _zulu(text: str) -> str:
    return text.replace("+00:00", "Z")

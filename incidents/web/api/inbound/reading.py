"""Reading JSON of which nothing is certain: a value of the expected kind, or what stands for none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from incidents.domain.inbound import BadPayload
from incidents.domain.text import clean_line

MOST_LABELS = 100
# Go prints up to nine digits of a second; Python reads six.
_FRACTION = re.compile(r"(\.\d{6})\d+")


def text(raw: Any) -> str:
    """A string as it came, numbers as text; "" for anything else."""
    if isinstance(raw, str):
        return raw
    return str(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else ""


def mapping(raw: Any) -> dict[str, Any]:
    """An object, or an empty one for anything else."""
    return raw if isinstance(raw, dict) else {}


def objects(raw: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects. Raises BadPayload for anything else: the format is another one."""
    if not isinstance(raw, list):
        raise BadPayload(_("“%(name)s” must be a list of alerts.") % {"name": name})
    if not all(isinstance(each, dict) for each in raw):
        raise BadPayload(_("Each of “%(name)s” must be an object.") % {"name": name})
    return raw


def labels(raw: Any) -> dict[str, str]:
    """Names and values as clean text; what is neither text nor number is left out."""
    pairs = list(mapping(raw).items())[:MOST_LABELS]
    return {clean_line(name): clean_line(text(value)) for name, value in pairs if text(value)}


def moment(raw: Any) -> datetime | None:
    """A time of RFC 3339, aware; without an offset it is UTC. None for none, for what is no time, and for the year 1,
    which Go prints for *not set*."""
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text(raw).strip()))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if aware.year > 1970 else None
    except (ValueError, OverflowError):
        return None


def digest(parts: Mapping[str, Any]) -> str:
    """A fingerprint for an alert that came without one: the same for the same content."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()[:32]

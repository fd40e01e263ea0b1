"""One way to write JSON down, so that equal values hash alike (RFC 8785 in spirit: sorted keys, no blanks, UTF-8)."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """The value as bytes. Instants and decimals must be text already."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_of(value: Any) -> str:
    """The sha256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()

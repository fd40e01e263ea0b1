"""The addresses of components and the keys of regions: `[a-z0-9-]+`, made of a name."""

from __future__ import annotations

import re
import unicodedata

from incidents.actions.codes import new_code
from incidents.models import Component

RESERVED = {"feed"}


def slug_of(raw: str) -> str:
    """What is left of a text in an address; "" where nothing is."""
    plain = unicodedata.normalize("NFKD", raw).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]


def free_slug(raw: str) -> str:
    """The address of a component for a name, with a number where it is taken."""
    wanted = slug_of(raw) or new_code()
    if wanted not in RESERVED and not Component.objects.filter(slug=wanted).exists():
        return wanted
    number = 2
    while Component.objects.filter(slug=f"{wanted}-{number}").exists():
        number += 1
    return f"{wanted}-{number}"

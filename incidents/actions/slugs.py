"""The addresses of components and reviews and the keys of regions: `[a-z0-9-]+`, made of a name."""

from __future__ import annotations

import re
import unicodedata

from django.utils.text import slugify

from incidents.actions.codes import new_code
from incidents.models import Component, Review

RESERVED = {"feed"}
REVIEW_LENGTH = 80


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


def free_review_slug(wanted: str) -> str:
    """The address of a review for a title, with a number where it is taken."""
    stem = slugify(wanted)[: REVIEW_LENGTH - 4].strip("-") or "review"
    taken = set(Review.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if slug not in taken)

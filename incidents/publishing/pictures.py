"""Pictures as files of their own, `/pictures/<code>.<kind>`. Pure, like `pages`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from incidents.publishing.csp import image_csp
from incidents.publishing.public import ColdPage, Snapshot
from incidents.publishing.tree import Page

TYPES = {"png": "image/png"}
FOR_EVER = "public, max-age=31536000, immutable"  # another picture has another address


def hot(_snapshot: Snapshot) -> list[Page]:
    """None: a picture never changes."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """The logos."""
    brand = snapshot.page.brand
    for logo in (brand.logo, brand.logo_dark):
        if logo:
            yield ColdPage(logo.path, logo.path, partial(_file, logo.path, logo.data))


def _file(path: str, data: bytes) -> Page:
    # A browser that opens the address by itself is told that nothing in it may run or fetch.
    headers = (("Content-Security-Policy", image_csp()), ("Cross-Origin-Resource-Policy", "cross-origin"))
    return Page(path, data, TYPES[path.rpartition(".")[2]], cache_control=FOR_EVER, headers=headers)

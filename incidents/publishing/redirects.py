"""Addresses that a former page had: each leads for good to what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.utils.html import format_html

from incidents.publishing.public import ColdPage, Snapshot, key_of
from incidents.publishing.tree import Page


def hot(_snapshot: Snapshot) -> list[Page]:
    """Nothing: these never change."""
    return []


def cold(snapshot: Snapshot) -> Iterator[ColdPage]:
    """A page for each address, which browsers and programs follow by its header and people by its link."""
    for path, target in snapshot.redirects:
        yield ColdPage(path, key_of(path, target), partial(_page, path, target))


def _page(path: str, target: str) -> Page:
    body = format_html(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Moved</title><p><a href="{}">{}</a>\n',
        target,
        target,
    )
    return Page(path, body.encode(), "text/html; charset=utf-8", status=301, headers=(("Location", target),))

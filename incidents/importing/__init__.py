"""What was told elsewhere: readers of other pages' history, and one way to write it down here.

To add a kind: a module with `read(source)`, which returns a value and raises `documents.Unreadable`, and a line in
IMPORTERS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.importing import candor, feed, statuspage, subscribers_csv, writing
from incidents.importing.documents import Unreadable
from incidents.importing.writing import Options, Report

__all__ = ["IMPORTERS", "Importer", "Options", "Report", "Unreadable"]


@dataclass(frozen=True)
class Importer:
    """`read` makes a value of a source (an address, a folder or a file); `write` makes rows of it, or only counts."""

    read: Callable[[str], Any]
    write: Callable[[Any, Options], Report]


IMPORTERS: Mapping[str, Importer] = {
    "statuspage": Importer(statuspage.read, writing.write),
    "feed": Importer(feed.read, writing.write),
    "candor": Importer(candor.read, candor.write),
    "subscribers": Importer(subscribers_csv.read, subscribers_csv.write),
}

"""The style sheets, scripts and pictures of the console, under `/static/`, put into the tree when Django starts: a page
of the console asks for several at once, which would take up every place in the queue to Django.

They are no part of a revision: they belong to the program, not to the record, and an exported site has no console.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

from incidents.publishing import store
from incidents.publishing.tree import InvalidAddress, Page, file_of

# A file keeps its name when it changes, so it is asked for again each time; the answer is a 304.
_CACHE = "public, no-cache"


def put_assets() -> int:
    """Write into the tree every file that the applications bring along and that is not there as it is; returns how many
    those are. Raises OSError where the disk does; Django then sends them itself."""
    tree = store.the_tree()
    with tree.lock():
        return tree.write_cold_pages(_page(path, file) for path, file in _files().items())


def _files() -> dict[str, Path]:
    """Address and file of each whose name can be an address of the tree; the first of a name counts, as for Django."""
    found: dict[str, Path] = {}
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            path = settings.STATIC_URL + name.replace("\\", "/")
            try:
                file_of(path)
            except InvalidAddress:
                continue
            found.setdefault(path, Path(storage.path(name)))
    return found


def _page(path: str, file: Path) -> Page:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind in ("application/javascript", "image/svg+xml")
    return Page(
        path,
        file.read_bytes(),
        f"{kind}; charset=utf-8" if is_text else kind,
        cache_control=_CACHE,
        headers=(("Content-Security-Policy", "default-src 'none'; sandbox"),),
    )

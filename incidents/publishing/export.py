"""The public site as plain files, for any web server, bucket or CDN: a copy of the tree under names that need no guard.

An address that ends in a known suffix keeps its name; any other, `/a/b`, becomes `a/b/index.html`, which nginx, S3 and
`python -m http.server` all find (some by way of `/a/b/`). `/404` becomes `404.html`, a redirect a small page that leads
on. `_headers` and `_redirects` (the form of Netlify and Cloudflare Pages) say what file names cannot: the type of what
has no suffix, the content security policy, where a redirect leads. `candor-export.json` names every file with address,
status, type, length and SHA-256. Nothing tells when it was made: the same truth gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _

from incidents.publishing import store
from incidents.publishing.tree import Tree, file_of

MANIFEST = "candor-export.json"
# What the guard sends with every page, and a browser needs of a copy as well.
_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"))


class NotExported(Exception):
    """The export was not made; nothing was changed. `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Copy:
    """One file of the copy, and what it was in the tree."""

    name: str
    address: str
    status: int
    content_type: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        """Where a redirect leads; "" for what is none."""
        return next((value for name, value in self.headers if name.lower() == "location"), "")


def export_site(folder: Path) -> int:
    """Write the public site, as it was published last, into a folder; returns the number of its pages.

    The folder may be missing, empty, or an earlier export, which is replaced as a whole. Raises NotExported.
    """
    folder = folder.resolve()
    if folder.exists() and not _is_ours(folder):
        raise NotExported(
            _("“%(folder)s” is not empty and no earlier export. Name another folder, or empty it.") % {"folder": folder}
        )
    fresh = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        count = _write(fresh)
        _swap(fresh, folder)
    except OSError as error:
        told = _("“%(folder)s” cannot be written: %(error)s.")
        raise NotExported(told % {"folder": folder, "error": error.strerror}) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return count


def _write(fresh: Path) -> int:
    tree = store.the_tree()
    with tree.lock():
        copies = sorted(_copies(tree), key=lambda copy: copy.name)
        if not copies:
            raise NotExported(_("Nothing was published yet. Run “manage.py deliver --once”, then export."))
        for copy in copies:
            file = fresh / copy.name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(copy.body)
    (fresh / "_headers").write_text("".join(map(_header_block, copies)))
    (fresh / "_redirects").write_text(
        "".join(f"{copy.address} {copy.target} {copy.status}\n" for copy in copies if copy.target)
    )
    (fresh / MANIFEST).write_text(json.dumps(_manifest(copies), ensure_ascii=False, indent=1) + "\n")
    return len(copies)


def _copies(tree: Tree) -> Iterator[Copy]:
    """Every page of the tree. What is not there needs no file to say so, but for the page that tells it."""
    for place in (tree.root / "cold", tree.root / f"rev-{tree.version}"):
        for sidecar in place.rglob("*.meta"):
            meta = json.loads(sidecar.read_bytes())
            if meta["path"].startswith(settings.STATIC_URL):
                continue  # of the console, which stays here
            if meta["status"] == 404 and meta["path"] != "/404":
                continue
            copy = Copy(
                name=name_of(meta["path"]),
                address=meta["path"],
                status=meta["status"],
                content_type=meta["content_type"],
                headers=tuple((name, value) for name, value in meta["headers"] if value),
                body=sidecar.with_suffix("").read_bytes(),
            )
            yield _leading_on(copy) if copy.target else copy


def name_of(address: str) -> str:
    """The file that a plain web server sends for an address. Raises tree.InvalidAddress."""
    if address in ("/", "/404"):
        return "404.html" if address == "/404" else "index.html"
    kept = address.removeprefix("/")
    return kept if file_of(address) == kept else f"{kept}/index.html"


def _leading_on(copy: Copy) -> Copy:
    """A redirect as a page, for servers that know of none."""
    body = format_html(
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{0}</title>'
        '<meta http-equiv="refresh" content="0; url={1}"><link rel="canonical" href="{1}"><p><a href="{1}">{1}</a>\n',
        _("Moved"),
        copy.target,
    )
    return Copy(copy.name, copy.address, copy.status, "text/html; charset=utf-8", copy.headers, body.encode())


def _header_block(copy: Copy) -> str:
    """What is sent with a file, under its address and, where that is a folder's, under that with a slash too."""
    told = [("Content-Type", copy.content_type), *_ALWAYS, *copy.headers]
    lines = "".join(f"  {name}: {value}\n" for name, value in told if name.lower() != "location")
    addresses = [copy.address] if copy.address in ("/", "/404") or copy.address[1:] == copy.name else None
    return "".join(f"{each}\n{lines}" for each in addresses or (copy.address, f"{copy.address}/"))


def _manifest(copies: list[Copy]) -> Mapping[str, Any]:
    return {
        "format": "candor-site",
        "version": 1,
        "url": settings.SITE_URL,
        "files": {
            copy.name: {
                "address": copy.address,
                "status": copy.status,
                "content_type": copy.content_type,
                "bytes": len(copy.body),
                "sha256": sha256(copy.body).hexdigest(),
                "headers": dict(copy.headers),
            }
            for copy in copies
        },
    }


def _is_ours(folder: Path) -> bool:
    """Whether a folder may be replaced: it is empty, or an export."""
    if not folder.is_dir():
        return False
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return not any(folder.iterdir())
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("format") == "candor-site"


def _swap(fresh: Path, folder: Path) -> None:
    """Put the new folder in the place of the old one: between two renames there is none for an instant."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(fresh, folder)
    shutil.rmtree(old, ignore_errors=True)

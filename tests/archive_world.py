"""A page with everything that can be public, exported, emptied, restored, and its tree compared file by file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

from incidents.archive.lines import lines
from incidents.chain import lasting
from incidents.domain.actor import SYSTEM
from incidents.importing import candor
from incidents.models import PublicPage
from incidents.publishing import snapshot, store

# The apps of django-allauth that keep something of an account.
ACCOUNTS = ("account", "mfa", "socialaccount", "usersessions")


def write_export(file: Path, is_everything: bool = False) -> Path:
    """The records as a file."""
    file.write_text("".join(lines(is_everything)), encoding="utf-8", newline="\n")
    return file


def rows_in(file: Path) -> list[dict[str, Any]]:
    """The rows of a file, without header and end."""
    return [json.loads(line) for line in file.read_text().splitlines()[1:-1]]


def empty() -> None:
    """Take every row of the app and every account away, as on a machine where nothing was written yet."""
    models = [*apps.get_app_config("incidents").get_models(include_auto_created=True)]
    accounts: list[Any] = [
        *(each for label in ACCOUNTS for each in apps.get_app_config(label).get_models()),
        User.groups.through, User, Group,
    ]  # fmt: skip
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        lasting.let_go()
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in [*models, *accounts]:
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - names of our own tables
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    lasting.make_lasting()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # as they are at the beginning of any transaction


def tree_at(folder: Path, now: datetime, settings: Any) -> dict[str, bytes]:
    """The public tree made anew from the database: the bodies by address."""
    settings.PUBLIC_ROOT = folder
    store.republish(now)
    return dict(_bodies(folder))


def pages_at(_folder: Path, now: datetime, _settings: Any) -> dict[str, bytes]:
    """What the tree would be made of, without the disk: quick."""
    truth = snapshot.build(now)
    hot = (page for each in store.RENDERERS for page in each.hot(truth))
    cold = (page.render() for each in store.RENDERERS for page in each.cold(truth))
    return {page.path: repr(replace(page, body=b"")).encode() + page.body for page in (*hot, *cold)}


def restore(file: Path, now: datetime | None) -> Any:
    """The file, restored."""
    return candor.restore(file, actor=SYSTEM, now=now)


def without_chain(tree: dict[str, bytes], chain: tuple[int, str]) -> dict[str, bytes]:
    """The tree without the number and the hash of the newest entry of the record."""
    number, digest = chain
    places = (f"Record {number} <code>HASH", f'"record":{{"number":{number},"hash":"HASH', f"Entries</dt><dd>{number}<")
    found = {}
    for path, body in tree.items():
        text = body.replace(digest.encode(), b"HASH")
        for place in places:
            text = text.replace(place.encode(), place.replace(str(number), "NUMBER").encode())
        found[path] = text
    return found


def head() -> tuple[int, str]:
    """Number and hash of the newest entry of the record."""
    return PublicPage.objects.values_list("record_number", "record_hash").get()


def _bodies(folder: Path) -> Iterator[tuple[str, bytes]]:
    for place in (folder / "cold", folder / "current"):
        for sidecar in place.rglob("*.meta"):
            meta = json.loads(sidecar.read_bytes())
            sent = {name: meta[name] for name in ("status", "content_type", "cache_control", "headers")}
            yield meta["path"], json.dumps(sent).encode() + b"\n" + sidecar.with_suffix("").read_bytes()

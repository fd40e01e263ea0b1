"""Revisions on disk: take one state of the database, render what has changed, swap it in whole."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from incidents import queries
from incidents.publishing import (
    affected,
    agreement_pages,
    api_page,
    badges,
    calendar,
    corrections_feed,
    discovery,
    downloads,
    embed,
    feeds,
    gate,
    openapi,
    pages,
    pictures,
    plain_text,
    promise_pages,
    redirects,
    remediation_pages,
    review_feeds,
    review_pages,
    snapshot,
    statuspage_v2,
    uptime_pages,
)
from incidents.publishing.public import Snapshot
from incidents.publishing.tree import Tree

log = logging.getLogger(__name__)
TOGETHER = 256  # cold pages that wait for the disk together
# In the order in which they are written: what scripts act on first.
RENDERERS = (
    gate,
    pictures,
    pages,
    uptime_pages,
    agreement_pages,
    feeds,
    calendar,
    downloads,
    corrections_feed,
    promise_pages,
    remediation_pages,
    review_pages,
    review_feeds,
    redirects,
    statuspage_v2,
    api_page,
    embed,
    discovery,
    openapi,
    badges,
    affected,
    plain_text,
)


def republish(now: datetime | None = None) -> Snapshot | None:
    """Render the public truth as of `now` (UTC; default the clock's) into the tree and return it; None if it stands
    there already, as when another publisher was quicker.

    Under a file lock, from one read transaction: two publishers can neither swap in the wrong order nor mix states.
    Cold pages are written one by one, only where their key changed, before the hot set is swapped in whole.
    """
    tree = the_tree()
    with tree.lock():
        if not is_stale(now):
            return None
        with one_state():
            truth = snapshot.build(now)
        _write(tree, truth)
    return truth


def is_stale(now: datetime | None = None) -> bool:
    """Whether the tree says less than the truth: a write that is not published here, a clock edge, newer templates."""
    state = the_tree().state()
    return (
        state.get("code") != code_version()
        or state["revision"] != queries.the_page().revision
        or datetime.fromisoformat(state["next_change_at"]) <= (now or timezone.now())
    )


def look_over() -> int:
    """Have every page written anew whose files on disk are damaged or gone; returns how many those are.

    A page is otherwise only written when what it shows has changed.
    """
    tree = the_tree()
    if not tree.state() or not tree.damaged():
        return 0
    with tree.lock():
        damaged = tree.damaged()  # looked at again: a publisher may have been at work
        for path in damaged:
            tree.manifest.forget(path)
        tree.manifest.save()
        tree.write_state({})
    log.warning("%s pages on disk are damaged and will be written anew: %s", len(damaged), ", ".join(damaged[:10]))
    return len(damaged)


def beat(every: timedelta) -> None:
    """Rewrite the heartbeat when the last one is older than `every`: the backend lives and the tree is current."""
    tree, now = the_tree(), timezone.now()
    last = tree.heartbeat_at()
    if last is None or now - last >= every:
        tree.write_heartbeat({"time": now.isoformat(), "revision": tree.version, "record": tree.state().get("record")})


def the_tree() -> Tree:
    """The tree that this installation publishes into."""
    return Tree(Path(settings.PUBLIC_ROOT))


@contextmanager
def one_state() -> Iterator[None]:
    """A read transaction that sees one state of the database and never waits for a writer nor makes one wait."""
    if connection.in_atomic_block:  # the caller's transaction is one state already
        yield
    elif connection.vendor == "sqlite":
        # Not atomic(): that would be BEGIN IMMEDIATE, which takes the lock of the one writer.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("COMMIT")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


@cache
def code_version() -> str:
    """A hash of everything that rendering is made of, so that a deploy rewrites the pages that it changes."""
    here = Path(__file__).resolve().parent
    sources = [
        *here.glob("*.py"),
        *(here.parent / "static" / "incidents").glob("public.*"),
        *(here.parent / "static" / "incidents").glob("reader*"),
        *(here.parent / "static" / "incidents").glob("embed*"),
        here.parent / "static" / "incidents" / "status-gate.py",
        *(here.parent / "templatetags").glob("*.py"),
        *(settings.BASE_DIR / "templates" / "public").rglob("*.html"),
        here.parent / "models" / "words.py",
        here.parent / "models" / "review_words.py",
        here.parent / "domain" / "branding.py",
        here.parent / "domain" / "factors.py",
        here.parent / "domain" / "gate.py",
        here.parent / "domain" / "diffing.py",
        here.parent / "reviewing" / "difference.py",
        here.parent / "reviewing" / "sections.py",
        settings.BASE_DIR / "templates" / "base.html",
    ]
    digest = hashlib.blake2b(settings.SITE_URL.encode(), digest_size=8)
    for source in sorted(sources):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()


def _write(tree: Tree, truth: Snapshot) -> None:
    wanted = [page for renderer in RENDERERS for page in renderer.cold(truth)]
    stale = [page for page in wanted if tree.manifest.get(page.path) != f"{code_version()}:{page.key}"]
    for first in range(0, len(stale), TOGETHER):
        some = stale[first : first + TOGETHER]
        tree.write_cold_pages(page.render() for page in some)
        for page in some:
            tree.manifest.set(page.path, f"{code_version()}:{page.key}")
    tree.write_history_pages(pages.history_addresses(truth))
    tree.swap(page for renderer in RENDERERS for page in renderer.hot(truth))
    tree.remove_cold_pages(set(tree.manifest.paths()) - {page.path for page in wanted})
    tree.manifest.save()
    tree.write_state(
        {
            "code": code_version(),
            "revision": truth.page.revision,
            "record": truth.page.record_hash or None,
            "next_change_at": truth.next_change_at.isoformat(),
        }
    )

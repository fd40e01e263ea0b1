"""Feeds of strangers, parsed in a child process that has 2 seconds and 64 MiB; what takes more is refused.

A DTD is refused before any parser sees it: it is how a few bytes become gigabytes, or name files and addresses to read.
"""

from __future__ import annotations

import hashlib
import json
import re
import select
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.domain.text import clean_line

WALL_SECONDS = 2.0
START_SECONDS = 20.0  # to load the parser, on a machine that is busy; nothing hostile has been read by then
_CHILD = Path(__file__).with_name("feed_child.py")
_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")
# In these the characters of a DTD are the bytes of ASCII, so that looking for the bytes is enough.
_PLAIN = re.compile(r"(?:utf-?8|us-ascii|ascii|latin-?1|iso-8859-\d+|windows-125\d|cp125\d|koi8-[ru])\Z", re.IGNORECASE)
_LONGEST_TITLE = 300


class FeedRefused(Exception):
    """Not a feed, or one that asks too much. `sentence` is fit for whoever gave its address."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class FeedEntry:
    """One item. `id` is never empty; `link` is http or https, or ""; `html` is what the feed carries, not safe to show.

    Times are UTC, None where the feed has none or what it has is no time. `published_at` and `updated_at` are not later
    than the reading; `stated_at` is `published_at` as stated, which for planned maintenance lies ahead, and `ends_at`
    the end of its window.
    """

    id: str
    title: str
    link: str
    html: str
    published_at: datetime | None
    updated_at: datetime | None
    stated_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class ParsedFeed:
    """A feed, entries newest first. `id` and `link` as the feed gives them, or ""."""

    title: str
    entries: tuple[FeedEntry, ...]
    id: str = ""
    link: str = ""


def parse_feed(body: bytes, content_type: str = "", *, limit: int = 100, now: datetime | None = None) -> ParsedFeed:
    """The newest `limit` entries of an RSS or Atom document. `content_type` as it was sent, for the sentence alone.

    `now`: the time of reading, UTC, default the clock's. Raises FeedRefused, and nothing else for any bytes.
    """
    document = _checked(body, content_type)
    raw = _in_child(document, limit)
    if not raw["version"]:
        raise FeedRefused(_("This is no RSS or Atom feed."))
    entries = [_entry(each, now or timezone.now()) for each in raw["entries"]]
    oldest = datetime.min.replace(tzinfo=UTC)
    entries.sort(key=lambda entry: entry.stated_at or entry.updated_at or oldest, reverse=True)
    return ParsedFeed(clean_line(raw["title"])[:_LONGEST_TITLE], tuple(entries), raw["id"], _safe_link(raw["link"]))


def _checked(body: bytes, content_type: str) -> bytes:
    """The document in an encoding in which it can be looked through, and looked through. Raises FeedRefused."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:4]:
        body = _as_utf8(body)
    head = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if not head:
        raise FeedRefused(_("The answer is empty: nothing is known of that page."))
    named = _ENCODING.search(body.lstrip(b"\xef\xbb\xbf"))
    if named and not _PLAIN.match(named[1].decode("ascii")):
        raise FeedRefused(_("The feed is in the encoding %(name)s, which is not read.") % {"name": named[1].decode()})
    if head.startswith((b"<!doctype html", b"<html")):
        raise FeedRefused(_("This is an HTML page, not a feed. Look for the address of its RSS or Atom feed."))
    if not head.startswith(b"<"):
        kind = clean_line(content_type)[:60] or _("something else")
        raise FeedRefused(_("This is no RSS or Atom feed, but %(kind)s.") % {"kind": kind})
    if _DTD.search(body):
        raise FeedRefused(_("The feed declares a document type or entities (a DTD). Such feeds are not read."))
    return body


def _as_utf8(body: bytes) -> bytes:
    try:
        text = body.decode("utf-32" if body[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff") else "utf-16")
    except UnicodeDecodeError:
        raise FeedRefused(_("The feed is in an encoding that is not read.")) from None
    return re.sub(r"\A\ufeff?\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace")


def _in_child(document: bytes, limit: int) -> dict[str, Any]:
    command = [sys.executable, "-I", str(_CHILD), str(limit)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, env={}
    )
    try:
        assert child.stdout, "it is a pipe"
        is_ready = select.select([child.stdout], [], [], START_SECONDS)[0] and child.stdout.readline() == b"ready\n"
        if not is_ready:
            raise FeedRefused(_("The feed could not be read now: the reader did not start. Try again."))
        out = child.communicate(document, timeout=WALL_SECONDS)[0]
        found: dict[str, Any] = json.loads(out)
    except subprocess.TimeoutExpired:
        raise FeedRefused(_("Reading the feed took more than 2 seconds. It was given up.")) from None
    except ValueError:
        raise FeedRefused(
            _("The feed is damaged, or reading it took more than 64 MiB or 2 seconds. It was given up.")
        ) from None
    finally:
        child.kill()
        child.communicate()
    return found


def _entry(raw: dict[str, str], now: datetime) -> FeedEntry:
    published, updated = _time(raw["published"]), _time(raw["updated"])
    title = clean_line(raw["title"])[:_LONGEST_TITLE]
    link = _safe_link(raw["link"])
    fallback = hashlib.sha256(f"{title}\n{raw['html']}".encode(errors="replace")).hexdigest()
    return FeedEntry(
        id=clean_line(raw["id"]) or link or fallback,
        title=title,
        link=link,
        html=raw["html"],
        published_at=min(published, now) if published else None,
        updated_at=min(updated, now) if updated else None,
        stated_at=published,
        ends_at=_rfc_time(raw["ends"]),
    )


def _time(text: str) -> datetime | None:
    """Feeds that say year 1 or 9999 mean nothing by it, and some databases cannot hold them."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if 1990 <= at.year <= 2100 else None


def _rfc_time(text: str) -> datetime | None:
    try:
        return _time((parsedate_to_datetime(text) + timedelta(0)).astimezone(UTC).isoformat()) if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _safe_link(raw: str) -> str:
    link = clean_line(raw)
    return link if re.match(r"https?://[^\s/]", link, re.IGNORECASE) and " " not in link else ""
